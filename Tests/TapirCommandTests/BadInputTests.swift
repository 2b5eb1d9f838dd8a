import Foundation
import TapeIO
import TapeLabels
import Testing
import VirtualTape

/// What is wrong is said: what, on what, why; nothing is lost, and the exit status is tar's.
struct BadInputTests {
  private let fatal = "tapir: Error is not recoverable: exiting now\n"

  private func bytes(_ path: String) -> [UInt8] { Array(path.utf8) }

  /// A cartridge with these objects: 80-byte labels from text, filemarks from nil.
  private func cartridge(_ path: String, _ labels: [String?]) throws {
    try Cartridge.create(at: bytes(path), CartridgeOptions(vsn: ""))
    let drive = try VirtualDrive(path: bytes(path), access: .readWrite)
    for label in labels {
      if let label {
        let text = Array(label.utf8)
        let block = text.count > 80 ? text : text + Array(repeating: 0x20, count: 80 - text.count)
        _ = try drive.write(block.span.bytes)
      } else {
        _ = try drive.writeFilemark()
      }
    }
    try drive.flush()
    try drive.close()
  }

  @Test func aBlankCartridgeHoldsNothingToRead() throws {
    let place = try Workplace()
    try cartridge(place.path("blank.vtl"), [])
    for mode in ["-t", "-x", "-d"] {
      let result = try place.tapir("\(mode)f", "blank.vtl")
      #expect(result.status == 2)
      #expect(result.errors == "tapir: the cartridge in blank.vtl is blank\n" + fatal)
    }
    try place.file("file", bytes: 3)
    #expect(try place.tapir("-rf", "blank.vtl", "--vsn", "V00001", "file").status == 0)
    #expect(try place.tapir("-tf", "blank.vtl").text == "file\n")
  }

  @Test func aForeignCartridgeIsNotOverwrittenUnlessItsNameIsGiven() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    let vol1 = "VOL1L01001                           CTA                                     003"
    let hdr1 = "HDR1A                L0100100010001000100026325026325 000000CTA 5.11.20.0"
    try cartridge(place.path("cta.vtl"), [vol1, hdr1, nil])
    let refused = try place.tapir("-cf", "cta.vtl", "file")
    #expect(refused.status == 2)
    #expect(
      refused.errors
        == "tapir: volume L01001 in cta.vtl is not a volume of tapir, written by CTA 5.11.20.0: not overwritten\n"
        + "hint: use another cartridge; --erase-volume=L01001 gives up what is on it\n" + fatal)
    #expect(try place.tapir("-cf", "cta.vtl", "--erase-volume=L01002", "file").status == 2)
    #expect(try place.tapir("-cf", "cta.vtl", "--erase-volume=unlabelled", "file").status == 2)
    #expect(
      try place.tapir("-tf", "cta.vtl").errors.hasPrefix("tapir: volume L01001 in cta.vtl is not a volume of tapir"))
    #expect(try place.tapir("-cf", "cta.vtl", "--erase-volume=L01001", "file").status == 0)
    #expect(try place.tapir("volume", "show", "cta.vtl").text.hasPrefix("volume        L01001\n"))
  }

  @Test func aCartridgeWithoutALabelIsNotOverwritten() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try cartridge(place.path("data.vtl"), [String(repeating: "tar", count: 1000), nil])
    for label in ["tar.vtl", "mark.vtl"] { try cartridge(place.path(label), label == "mark.vtl" ? [nil] : ["short"]) }
    for name in ["data.vtl", "tar.vtl", "mark.vtl"] {
      let refused = try place.tapir("-cf", name, "file")
      #expect(refused.status == 2)
      #expect(refused.errors.hasPrefix("tapir: the cartridge in \(name) holds data without a label: not overwritten\n"))
      #expect(try place.tapir("-cf", name, "--erase-volume=unlabelled", "file").status == 0)
    }
  }

  @Test func aPrelabelledCartridgeMayBeLabelledOver() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    let vol1 = "VOL1L01001                           CTA                                     003"
    let hdr1 = "HDR1PRELABEL         L0100100010001000100026325026325 000000CTA 5.11.20.0"
    try cartridge(place.path("pre.vtl"), [vol1, hdr1, nil])
    #expect(try place.tapir("-tf", "pre.vtl").errors.contains("is labelled but holds no files"))
    #expect(try place.tapir("-cf", "pre.vtl", "--vsn", "L01001", "file").status == 0)
  }

  @Test func aVolumeWithDataIsNotOverwrittenByCreate() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "file")
    let refused = try place.tapir("-cf", "x.vtl", "file")
    #expect(refused.status == 2)
    #expect(
      refused.errors.contains(
        try Regex(
          "^tapir: volume V00001 in x.vtl holds 1 member, last written [-0-9]+ [:0-9]+ UTC: not overwritten\n"
            + "hint: -r appends, --erase-volume=V00001 starts over\n")))
    #expect(try place.tapir("-tf", "x.vtl").text == "file\n")
    #expect(try place.tapir("-cf", "x.vtl", "--erase-volume=V00001", "-C", "/", "etc/hostname").status == 0)
    #expect(try place.tapir("-tf", "x.vtl").text == "etc/hostname\n")
  }

  @Test func theWrongVolumeIsNamed() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "file")
    for mode in ["-t", "-x", "-r"] {
      let result = try place.tapir("\(mode)f", "x.vtl", "--vsn", "V00002", "file")
      #expect(result.status == 2)
      #expect(result.errors.hasPrefix("tapir: volume V00001 is in x.vtl, not V00002\nhint: load V00002\n"))
    }
    #expect(
      try place.tapir("-cf", "y.vtl", "--vsn", "v1", "file").errors
        == "tapir: 'v1' is not a VSN: six characters of A-Z and 0-9\n")
  }

  @Test func aCartridgeIsLabelledWithTheNameItHas() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try Cartridge.create(at: bytes(place.path("x.vtl")), CartridgeOptions(vsn: "T00042"))
    #expect(try place.tapir("-cf", "x.vtl", "file").errors == "")
    #expect(try place.tapir("volume", "show", "x.vtl").text.hasPrefix("volume        T00042\n"))
    // And gets the name it is labelled with.
    try place.tapir("-cf", "x.vtl", "--erase-volume=T00042", "--vsn", "T00043", "file")
    try place.tapir("-cf", "y.vtl", "--vsn", "T00044", "file")
    for (name, vsn) in [("x.vtl", "T00043"), ("y.vtl", "T00044")] {
      #expect(try Cartridge.describe(at: bytes(place.path(name))).options.vsn == vsn)
    }
  }

  @Test func aWriteProtectedCartridgeIsOnlyRead() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try place.tapir("-cf", "x.vtl", "file")
    try Cartridge.update(at: bytes(place.path("x.vtl"))) { $0.isWriteProtected = true }
    let refused = try place.tapir("-rf", "x.vtl", "file")
    #expect(refused.status == 2)
    #expect(
      refused.errors == "tapir: cannot write on x.vtl: the cartridge is write-protected\n"
        + "hint: move the cartridge's write-protect tab, or use another cartridge\n" + fatal)
    #expect(try place.tapir("-tf", "x.vtl").text == "file\n")
  }

  @Test func aCartridgeInUseIsBusyAndItsHolderNamed() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    try place.tapir("-cf", "x.vtl", "file")
    let holder = try VirtualDrive(path: bytes(place.path("x.vtl")), access: .readWrite)
    let refused = try place.tapir("-rf", "x.vtl", "file")
    #expect(refused.status == 2)
    #expect(refused.errors.contains("in use by process \(getpid())"), "\(refused.errors)")
    #expect(try place.tapir("-tf", "x.vtl").status == 2)
    try holder.close()
    #expect(try place.tapir("-rf", "x.vtl", "file").status == 0)
  }

  @Test func namesThatAreNotThereAreReportedAndTheRestIsDone() throws {
    let place = try Workplace()
    try place.file("file", bytes: 3)
    let create = try place.tapir("-cf", "x.vtl", "--vsn", "V00001", "nosuch", "file")
    #expect(create.status == 2)
    #expect(
      create.errors == "tapir: nosuch: Cannot stat: No such file or directory\n"
        + "tapir: Exiting with failure status due to previous errors\n")
    let restore = try place.tapir("-xOf", "x.vtl", "other", "file")
    #expect(restore.status == 2)
    #expect(restore.output.count == 3)
    #expect(
      restore.errors == "tapir: other: Not found in archive\n"
        + "tapir: Exiting with failure status due to previous errors\n")
    #expect(
      try place.tapir("-tf", "nosuch.vtl").errors == "tapir: nosuch.vtl: Cannot open: No such file or directory\n"
        + fatal)
  }

  @Test func anUnreadableFileIsReportedAndTheRestIsDone() throws {
    guard geteuid() == 0 else { return print("skipped: another user's file needs root") }
    let place = try Workplace()
    try place.file("a", bytes: 3)
    try place.file("b", bytes: 3)
    try place.shell("chmod 777 .; chmod 600 a; chmod 644 b")
    let result = try place.shell("setpriv --reuid 65534 --regid 65534 --clear-groups $TAPIR -cf x.vtl --vsn V00001 a b")
    #expect(result.status == 2)
    #expect(
      result.errors == "tapir: a: Cannot open: Permission denied\n"
        + "tapir: Exiting with failure status due to previous errors\n")
    #expect(try place.tapir("-tf", "x.vtl").text == "b\n")
  }

  @Test func aFileThatIsShorterThanItSaysIsPadded() throws {
    // The kernel says 4096 bytes of these and gives fewer.
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    guard let content = FileManager.default.contents(atPath: path), content.count < 4096 else {
      return print("skipped: no \(path) here")
    }
    let place = try Workplace()
    let result = try place.tapir(
      "-cf", "x.vtl", "--vsn", "V00001", "-C", "/sys/kernel/mm/transparent_hugepage", "enabled")
    #expect(result.status == 1)
    #expect(result.errors == "tapir: enabled: File shrank by \(4096 - content.count) bytes; padding with zeros\n")
    let restored = try place.tapir("-xOf", "x.vtl", "enabled")
    #expect(restored.output == content + Data(count: 4096 - content.count))
    #expect(restored.status == 1)
  }

  @Test func aFileThatVanishesIsReportedAndTheRestIsDone() throws {
    let place = try Workplace()
    try place.file("tree/victim", bytes: 3)
    try place.file("last", bytes: 3)
    // The scan has passed the victim long before the first zeros are written, and the reader is not there yet.
    let result = try place.shell(
      """
      truncate -s 8G big
      $TAPIR -cf x.vtl --vsn V00001 --buffer 1M big tree last & process=$!
      until [ -e x.vtl/data ] && [ "$(stat -c %s x.vtl/data)" -gt 2000000 ]; do :; done
      rm tree/victim; wait $process
      """)
    #expect(result.status == 1)
    #expect(result.errors == "tapir: tree/victim: File removed before we read it\n")
    #expect(try place.tapir("-tf", "x.vtl").lines == ["big", "tree/", "last"])
  }

  @Test func aFileThatGrowsIsCutAndReported() throws {
    let place = try Workplace()
    try place.shell("truncate -s 300M growing")
    let result = try place.shell(
      """
      (for ((i = 0; i < 1000000; i++)); do printf x >> growing; done) & writer=$!
      until [ "$(stat -c %s growing)" -gt 314573800 ]; do :; done
      $TAPIR -cf x.vtl --vsn V00001 growing; status=$?; kill -9 $writer; exit $status
      """)
    #expect(result.status == 1)
    #expect(result.errors == "tapir: growing: file changed as we read it\n")
    #expect(try place.shell("mkdir o; $TAPIR -xf x.vtl -C o").status == 0)
  }

  @Test func aFullDiskUnderACartridgeIsSaidAndWhatWasCommittedStays() throws {
    guard geteuid() == 0 else { return print("skipped: mounting needs root") }
    let place = try Workplace()
    try place.file("small", bytes: 1000)
    try place.file("big", bytes: 30 << 20)
    let mounted = try place.shell("mkdir disk && mount -t tmpfs -o size=16m none disk")
    guard mounted.status == 0 else { return print("skipped: \(mounted.errors)") }
    defer { _ = try? place.shell("umount -l disk") }  // a mount left behind goes with the machine
    #expect(try place.tapir("-cf", "disk/x.vtl", "--vsn", "V00001", "--index-db", "index", "small").status == 0)
    let full = try place.tapir("-rf", "disk/x.vtl", "--compression", "off", "--index-db", "index", "big")
    #expect(full.status == 2)
    #expect(full.errors.contains("No space left on device"), "\(full.errors)")
    #expect(full.errors.contains("hint: free space on the file system that holds the cartridge"), "\(full.errors)")
    #expect(try place.tapir("-tf", "disk/x.vtl", "--index-db", "index").text == "small\n")
    #expect(try place.tapir("-xOf", "disk/x.vtl", "--index-db", "index", "small").output.count == 1000)
    #expect(try place.tapir("-rf", "disk/x.vtl", "--index-db", "index", "small").status == 0)
  }

  @Test func aFullVolumeKeepsWhatFittedAndNamesWhatDidNot() throws {
    let place = try Workplace()
    for number in 1...9 { try place.file("tree/\(number)", bytes: 1 << 20) }
    let result = try place.shell("$TAPIR -cf x.vtl --vsn V00001 --capacity 8M --compression off -b32 tree/{1..9}")
    #expect(result.status == 2)
    #expect(result.errors.contains(try Regex("the volume is full: tree/[1-9] and what follows it were not archived")))
    let listed = try place.tapir("-tf", "x.vtl").lines
    #expect(listed.count > 2 && listed.count < 9)
    try place.shell("mkdir out; $TAPIR -xf x.vtl -C out")
    for name in listed { #expect(try place.shell("cmp \(name) out/\(name)").status == 0) }
    #expect(try place.tapir("-rf", "x.vtl", "tree/9").errors.hasPrefix("tapir: volume V00001 is full\n"))
  }

  @Test func commandLinesThatMakeNoSenseAreRefused() throws {
    let place = try Workplace()
    for (words, message) in [
      ("-f x.vtl", "You must specify one of the '-cdrtx' options"),
      ("-cxf x.vtl .", "You may not specify more than one '-cdrtx' option"),
      ("-cf x.vtl", "Cowardly refusing to create an empty archive"),
      ("-cf x.vtl --nosuch", "unrecognized option '--nosuch'"), ("-cf", "option requires an argument -- 'f'"),
      ("-c --vsn", "option '--vsn' requires an argument"), ("-cf x.vtl -b 0 .", "'0': Invalid blocking factor"),
      ("-cf x.vtl --capacity 5 .", "--capacity takes a size such as 512k, 64G or 12TB, not '5'"),
      ("-xf x.vtl --stream s", "--stream is for -c and -r"),
      ("-cf plain.tar --layout raw .", "option '--layout' is for volumes: plain.tar is an ordinary archive"),
      ("-tf /dev/null", "This does not look like a tar archive"),
      ("volume show /dev/null", "/dev/null is an ordinary archive, not a volume"),
      ("-tf host:tape --rsh-command=/none", "host:tape: Cannot open: Input/output error"),
      (
        "volume",
        "'volume' is followed by what to do: 'volume label', 'volume show', 'volume map', 'volume verify', 'volume copy',"
          + " 'volume repack', 'volume erase'"
      ),
      ("index find", "'index find' takes a name or a pattern"), ("volume show", "'volume show' takes an archive"),
    ] {
      let result = try place.shell("$TAPIR \(words)")
      #expect(result.status == 2, "\(words)")
      #expect(result.errors.split(separator: "\n").first.map(String.init) == "tapir: \(message)", "\(words)")
    }
  }

  @Test func anIndexOfAnotherVolumeOfThatNameAnswersNothing() throws {
    let place = try Workplace()
    let found = try place.shell(
      """
      echo one > one; echo two > two
      for name in one two; do "$TAPIR" -cf $name.vtl --vsn V00001 $name; done
      cp one.vtl/index.sqlite two.vtl/index.sqlite
      "$TAPIR" -tf two.vtl; "$TAPIR" -xOf two.vtl two
      """)
    #expect(found.status == 0 && found.lines == ["two", "two"])
    #expect(
      found.errors.components(separatedBy: "volume V00001 is not in the index: reading its catalogues").count == 3,
      "\(found.errors)")
  }
}
