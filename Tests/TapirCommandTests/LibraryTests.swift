import Foundation
import Testing

/// A virtual library, as its user works with it.
struct LibraryTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.file("tree/a", bytes: 300_000)
    try place.file("tree/sub/b", bytes: 5000)
    try place.write("one\n", to: "tree/sub/x")
  }

  /// Runs a command that must succeed silently, but for what it prints.
  private func tapir(_ arguments: String...) throws -> [String] {
    let outcome = try place.shell("$TAPIR \(arguments.joined(separator: " "))")
    #expect(outcome.status == 0 && outcome.errors == "", "\(arguments): \(outcome.errors)")
    return outcome.lines
  }

  private func refusal(_ arguments: String) throws -> String {
    let outcome = try place.shell("$TAPIR \(arguments)")
    #expect(outcome.status == 2, "\(arguments)")
    #expect(outcome.text == "")
    return outcome.errors
  }

  private func status() throws -> [String] {
    try tapir("library status tapes").map { line in
      // Sizes are the cartridge format's business.
      line.replacing(try Regex("[0-9]+ bytes of"), with: "N bytes of")
    }
  }

  @Test func eightCartridgesAreCreatedLoadedUnloadedTransferredAddedAndRemoved() throws {
    #expect(
      try tapir("library create tapes --slots 8 --drives 2 --capacity 64M") == [
        "library tapes: 2 drives, 8 slots, 1 import/export slot, 8 cartridges, 8 scratch"
      ])
    #expect(
      try status() == [
        "library tapes: 2 drives, 8 slots, 1 import/export slot, 8 cartridges, 8 scratch",
        "drive 0        empty", "drive 1        empty",
        "slot 1         V00001  scratch", "slot 2         V00002  scratch", "slot 3         V00003  scratch",
        "slot 4         V00004  scratch", "slot 5         V00005  scratch", "slot 6         V00006  scratch",
        "slot 7         V00007  scratch", "slot 8         V00008  scratch", "slot 9 (i/o)   empty",
      ])
    #expect(try tapir("library load tapes V00003") == ["V00003 is in drive 0"])
    #expect(try tapir("library load tapes 4 1") == ["V00004 is in drive 1"])
    #expect(
      try refusal("library load tapes 5")
        == "tapir: no drive of tapes is empty\nhint: 'tapir library unload' empties one\n")
    #expect(try refusal("library unload tapes") == "tapir: 2 drives of tapes are loaded\nhint: say which drive\n")
    #expect(try tapir("library unload tapes 1") == ["V00004 is in slot 4"])
    #expect(try refusal("library unload tapes 1") == "tapir: drive 1 of tapes is empty\n")
    #expect(try refusal("library load tapes 3") == "tapir: slot 3 of tapes is empty\n")
    #expect(
      try refusal("library load tapes 10")
        == "tapir: there is no slot 10 in tapes\nhint: 'tapir library status' shows what there is\n")
    #expect(
      try refusal("library load tapes ABC123")
        == "tapir: there is no volume ABC123 in tapes\nhint: 'tapir library status' shows what there is\n")
    #expect(try refusal("library load tapes 5 0") == "tapir: drive 0 of tapes is full: V00003 is in it\n")
    #expect(try refusal("library transfer tapes 5 6") == "tapir: slot 6 of tapes is full: V00006 is in it\n")
    #expect(try tapir("library transfer tapes V00005 3") == ["V00005 is in slot 3"])
    #expect(try tapir("library remove tapes V00006") == ["V00006 is in slot 9, which is for import and export"])
    #expect(
      try refusal("library remove tapes V00007")
        == "tapir: no import/export slot of tapes is empty\nhint: --into moves the cartridge out to a folder\n")
    #expect(try tapir("library remove tapes V00006 --into .") == ["V00006 is in ./V00006"])
    #expect(try place.shell("ls V00006/data && test ! -e tapes/V00006").status == 0)
    #expect(try tapir("library add tapes") == ["V00006 is in slot 5"])
    #expect(try refusal("library add tapes ./V00006").contains("there is a volume V00006 already"))
    #expect(try tapir("library unload tapes") == ["V00003 is in slot 6"])
  }

  @Test func aLibraryIsWrittenListedAndRestoredAcrossItsCartridges() throws {
    try place.shell("$TAPIR library create tapes --slots 3 --capacity 16M")
    #expect(try tapir("-cf tapes tree/a tree/sub") == [])
    // The second time: a new volume from the scratch pool, in place of the first.
    try place.write("two, longer\n", to: "tree/sub/x")
    #expect(try tapir("-cf tapes tree/sub/x") == [])
    try place.file("tree/c", bytes: 777)
    #expect(try tapir("-rf tapes tree/c") == [])
    #expect(
      try status() == [
        "library tapes: 1 drive, 3 slots, 1 import/export slot, 3 cartridges, 1 scratch",
        "drive 0        V00002  N bytes of 16777216, from slot 2",
        "slot 1         V00001  N bytes of 16777216", "slot 2         empty",
        "slot 3         V00003  scratch", "slot 4 (i/o)   empty",
      ])
    let all = ["tree/a", "tree/sub/", "tree/sub/b", "tree/sub/x", "tree/sub/x", "tree/c"]
    #expect(try tapir("-tf tapes").sorted() == all.sorted())
    #expect(try tapir("-tf tapes --vsn V00002") == ["tree/sub/x", "tree/c"])
    #expect(try tapir("-tf tapes/V00001").sorted() == ["tree/a", "tree/sub/", "tree/sub/b", "tree/sub/x"])
    // The newest version of everything, from whichever volume; directories as they were.
    try place.shell("mkdir out; touch -d 2001-01-01 tree/sub; $TAPIR -rf tapes --no-recursion tree/sub")
    #expect(try tapir("-xvf tapes -C out").sorted() == ["tree/a", "tree/c", "tree/sub/", "tree/sub/b", "tree/sub/x"])
    #expect(
      try place.shell("diff -r tree out/tree && [ $(stat -c %Y out/tree/sub) = $(stat -c %Y tree/sub) ]").status == 0)
    #expect(try tapir("-df tapes") == [])
    #expect(try tapir("-xOf tapes tree/sub/x") == ["two, longer"])
    #expect(try tapir("-xOf tapes --vsn V00001 tree/sub/x") == ["one"])
    #expect(try tapir("-xOf tapes --range=5:6 tree/sub/x") == ["longer"])
    let missing = try place.tapir("-xf", "tapes", "-C", "out", "tree/nothing")
    #expect(missing.status == 2 && missing.errors.contains("tree/nothing: Not found in archive"))
    // Without the index from all catalogues, and the index made anew from them.
    let listed = try tapir("-tf tapes").sorted()
    let bare = try place.shell("rm tapes/index.sqlite*; $TAPIR -tf tapes")
    #expect(bare.lines.sorted() == listed)
    #expect(bare.errors == "tapir: library tapes has no index: reading the catalogues of its volumes\n")
    #expect(
      try tapir("index rebuild tapes") == [
        "volume V00001: 4 members in 1 batch", "volume V00002: 3 members in 3 batches",
      ])
    #expect(try tapir("-tf tapes").sorted() == listed)
    #expect(try tapir("-xOf tapes tree/sub/x") == ["two, longer"])
  }

  @Test func withoutAScratchCartridgeDataIsNotOverwritten() throws {
    try place.shell("$TAPIR library create tapes --slots 1 && $TAPIR -cf tapes tree")
    let errors = try refusal("-cf tapes tree/a")
    #expect(
      errors.hasPrefix(
        "tapir: no scratch cartridge is left in tapes\ntapir: volume V00001 in tapes/V00001 holds 5 members"))
    #expect(errors.contains("hint: -r appends, --erase-volume=V00001 starts over\n"))
    #expect(try tapir("-tf tapes").count == 5)
    #expect(try tapir("-cf tapes --erase-volume=V00001 tree/a") == [])
    #expect(try tapir("-tf tapes") == ["tree/a"])
    #expect(
      try refusal("-cf tapes --vsn V00009 tree")
        == "tapir: cannot load V00009: there is no such volume in tapes\nhint: 'tapir library status' shows what there is\n"
        + "tapir: Error is not recoverable: exiting now\n")
    #expect(
      try refusal("-cf tapes/V00009 tree")
        == "tapir: tapes/V00009: there is no such cartridge in library tapes\n"
        + "hint: 'tapir library add' makes cartridges\ntapir: Error is not recoverable: exiting now\n")
    #expect(try refusal("-rf tapes/V00001 --vsn V00009 tree").contains("holds or gets volume V00001, not V00009"))
  }

  @Test func aCartridgeThatHoldsDataIsNotTakenForScratchWhateverLibraryJSONSays() throws {
    try place.shell("$TAPIR library create tapes --slots 2 && $TAPIR -cf tapes tree/a")
    try place.shell("sed -i 's/\"scratch\": false/\"scratch\": true/' tapes/library.json")
    let again = try place.tapir("-cf", "tapes", "tree/sub")
    #expect(again.status == 0)
    #expect(again.errors == "tapir: cartridge V00001 of tapes holds data: it is not in the scratch pool any more\n")
    #expect(try tapir("-tf tapes --vsn V00001") == ["tree/a"])
    #expect(try tapir("-tf tapes --vsn V00002").first == "tree/sub/")
  }

  @Test func twoCommandsWriteThroughTwoDrivesAtOnceAndAThirdIsTold() throws {
    try place.shell("$TAPIR library create tapes --slots 4 --drives 2")
    // Each of two holds its drive until its pipe is closed.
    let outcome = try place.shell(
      """
      wait_for() { for i in $(seq 600); do [ "$($TAPIR library status tapes | grep -c 'in use by process')" = $1 ] && return; sleep 0.05; done; exit 9; }
      mkfifo p q
      $TAPIR -cf tapes --stream first < p & one=$!
      exec 3> p; wait_for 1
      $TAPIR -cf tapes --stream second < q 3>&- & two=$!
      exec 4> q; wait_for 2
      $TAPIR library status tapes | sed -n 's/, in use by process [0-9]* (tapir)/, in use/p' | cut -d' ' -f1-10,12-
      $TAPIR -rf tapes tree 2>&1
      $TAPIR library unload tapes 0 2>&1 | sed 's/process [0-9]*/process N/'
      $TAPIR library remove tapes V00002 --into . 2>&1 | sed 's/process [0-9]*/process N/'
      echo 1 >&3; echo 2 >&4; exec 3>&- 4>&-
      wait $one; echo $?; wait $two; echo $?
      $TAPIR -xOf tapes --vsn V00001; $TAPIR -xOf tapes --vsn V00002
      """)
    #expect(outcome.errors == "")
    let lines = outcome.lines
    #expect(lines.prefix(2).allSatisfy { $0.hasSuffix(", in use") && $0.contains("from slot") })
    #expect(
      lines.dropFirst(2).joined(separator: "\n") == """
        tapir: cannot load a cartridge into a drive of tapes: all of its 2 drives are in use
        hint: wait for one, or make the library with more drives
        tapir: Error is not recoverable: exiting now
        tapir: drive 0 of tapes, with V00001 in it, is in use by process N (tapir)
        hint: wait for it to finish, or use another drive
        tapir: drive 1 of tapes, with V00002 in it, is in use by process N (tapir)
        hint: wait for it to finish, or use another drive
        0
        0
        1
        2
        """)
  }

  @Test func aMoveKilledAtAnyMomentLosesNoCartridge() throws {
    try place.shell("$TAPIR library create tapes --slots 4")
    let clock = ContinuousClock()
    let whole = try clock.measure { _ = try tapir("library transfer tapes V00001 5") }
    for kill in 0..<20 {
      let target = kill % 2 == 0 ? "1" : "5"
      _ = try place.kill(["library", "transfer", "tapes", "V00001", target], after: whole * (Double(kill) / 15))
      let lines = try status().filter { $0.contains("scratch") }.dropFirst()
      #expect(lines.count == 4, "kill \(kill): \(lines)")
      #expect(lines.count { $0.contains("V00001") } == 1, "kill \(kill)")
      // Wherever it is, it goes on.
      try place.shell("$TAPIR library transfer tapes V00001 \(target)")
      #expect(try status().contains { $0.hasPrefix("slot \(target) ") && $0.contains("V00001") })
    }
  }

  @Test func cartridgesThatCameOrWentByHandAreNoticed() throws {
    try place.shell("$TAPIR library create tapes --slots 3 --cartridges 2; $TAPIR -cf bare.vtl --vsn BARE01 tree/a")
    #expect(
      try tapir("library inventory tapes") == [
        "library tapes: 1 drive, 3 slots, 1 import/export slot, 2 cartridges, 2 scratch"
      ])
    try place.shell("rm -r tapes/V00001; cp -r tapes/V00002 tapes/V00007; cp -r bare.vtl tapes/BARE01")
    let found = try place.tapir("library", "inventory", "tapes")
    #expect(found.status == 1)
    #expect(
      found.lines == [
        "V00001 is gone", "BARE01 is new, in slot 1",
        "library tapes: 1 drive, 3 slots, 1 import/export slot, 2 cartridges, 1 scratch",
      ])
    #expect(found.errors.contains("V00007 is not taken in: volume V00002 is on it: the folder's name must be that"))
    let listed = try place.tapir("-tf", "tapes")
    #expect(
      listed.errors
        == "tapir: library tapes has no index: reading the catalogues of its volumes\n")
    #expect(listed.lines == ["tree/a"])
    #expect(try tapir("index rebuild tapes --vsn BARE01") == ["volume BARE01: 1 member in 1 batch"])
    #expect(try tapir("-tf tapes") == ["tree/a"])
    // And one that is moved in.
    try place.shell("rm -r tapes/BARE01 tapes/index.sqlite*; $TAPIR library inventory tapes")
    let added = try place.tapir("library", "add", "tapes", "bare.vtl")
    #expect(added.lines == ["BARE01 is in slot 1"])
    #expect(
      added.errors
        == "tapir: 'tapir index rebuild tapes --vsn BARE01' takes what is on BARE01 into the library's index\n")
    #expect(try place.shell("test -e bare.vtl").status == 1)
    #expect(try tapir("-rf tapes tree/sub/x") == [])
    #expect(try tapir("-tf tapes --vsn BARE01").contains("tree/sub/x"))
  }

  @Test func twoVolumesOfOneVSNAreNotInOneLibrary() throws {
    try place.shell(
      """
      $TAPIR library create tapes --slots 3 --cartridges 1; $TAPIR -cf tapes tree/a; mkdir out
      $TAPIR library remove tapes V00001 --into out; $TAPIR -cf bare.vtl --vsn V00001 tree/sub
      """)
    // One that was taken out is still known.
    #expect(try tapir("library add tapes") == ["V00002 is in slot 1"])
    #expect(
      try refusal("library add tapes V00001")
        == "tapir: cannot add V00001 to tapes: there is a volume V00001 already, which the index knows\n"
        + "hint: two volumes cannot have one VSN\n")
    #expect(
      try refusal("library add tapes bare.vtl")
        == "tapir: cannot add bare.vtl to tapes: the index knows another volume V00001\n"
        + "hint: two volumes cannot have one VSN\n")
    #expect(try tapir("-tf tapes") == ["tree/a"])
    // What is not here is missed; nothing is made up for it.
    let missed = try place.shell("mkdir in; $TAPIR -xf tapes -C in; ls in")
    #expect(missed.errors.contains("cannot load V00001: there is no such volume in tapes"))
    #expect(missed.text == "")
    #expect(try place.tapir("library", "add", "tapes", "out/V00001").lines == ["V00001 is in slot 2"])
    #expect(try tapir("-df tapes") == [])
    #expect(try refusal("-cf x.vtl @tapes").contains("hint: name a cartridge in it, such as @tapes/V00001"))
  }

  @Test func aSessionThatCommittedNothingStopsNoOther() throws {
    try place.shell("$TAPIR library create tapes --slots 3; $TAPIR -cf tapes tree/a; cp -r tapes/V00002 blank")
    // V00002 as a session leaves it that was cut off behind the first label; V00003 was taken and nothing written.
    try place.shell(
      """
      $TAPIR -cf tapes tree/sub; rm tapes/index.sqlite*
      size=$(stat -c %s tapes/V00002/data); truncate -s 4400 tapes/V00002/data
      sed -i 's/"scratch": true/"scratch": false/' tapes/library.json
      """)
    let listed = try place.tapir("-tf", "tapes")
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(listed.lines == ["tree/a"])
    #expect(try place.tapir("index", "rebuild", "tapes").lines == ["volume V00001: 1 member in 1 batch"])
    #expect(try tapir("library inventory tapes").first == "V00003 is blank: it is in the scratch pool")
    #expect(try place.tapir("-cf", "tapes", "--vsn", "V00002", "tree/sub").status == 0)
  }

  @Test func aCopyIntoALibraryHasItsVolumesName() throws {
    try place.shell("$TAPIR library create tapes --slots 3 --cartridges 1; $TAPIR -cf bare.vtl --vsn BARE01 tree")
    #expect(
      try refusal("volume copy bare.vtl tapes/V00001").contains(
        "cannot copy bare.vtl to tapes/V00001: a cartridge of a library has its volume's name\n"
          + "hint: copy it to tapes/BARE01\n"))
    #expect(try refusal("volume copy bare.vtl tapes").contains("cannot copy to library tapes: it has many cartridges"))
    #expect(try place.tapir("volume", "copy", "bare.vtl", "tapes/BARE01").status == 0)
    #expect(try tapir("-tf tapes").sorted() == ["tree/", "tree/a", "tree/sub/", "tree/sub/b", "tree/sub/x"])
    #expect(try tapir("-df tapes") == [])
    #expect(try status().contains { $0.hasPrefix("slot 2         BARE01  N bytes") || $0.contains("BARE01") })
    // And out again, from the library's loaded cartridge.
    #expect(try place.tapir("volume", "copy", "tapes", "out.tap").status == 0)
    #expect(try place.tapir("-tf", "out.tap").lines.count == 5)
  }

  @Test func candidatesForMigrationAreThoseOldOrFullEnough() throws {
    try place.shell(
      "$TAPIR library create tapes --slots 3 --capacity 2M; $TAPIR -cf tapes tree/a; $TAPIR -cf tapes tree/sub/x")
    func candidates(_ options: String) throws -> [String] {
      try tapir("library status tapes --stale \(options)").map { String($0.prefix(6)) }
    }
    #expect(try candidates("--older-than 0") == ["V00001", "V00002"])
    #expect(try candidates("--older-than 1") == [])
    #expect(try candidates("--fuller-than 10") == ["V00001"])
    #expect(try candidates("--fuller-than 90") == [])
    #expect(try candidates("--fuller-than 90 --older-than 0") == ["V00001", "V00002"])
    #expect(try refusal("library status tapes --stale").contains("--stale goes with --older-than or --fuller-than"))
    #expect(try refusal("library status tapes --older-than 3").contains("--stale goes with"))
  }

  @Test func whatIsNoLibraryIsSaidToBeNone() throws {
    try place.shell("mkdir empty other; touch other/letter; $TAPIR -cf x.vtl tree/a")
    for name in ["empty", "x.vtl", "nowhere"] {
      #expect(
        try refusal("library status \(name)")
          == "tapir: \(name) is not a library\nhint: 'tapir library create' makes one; --changer names a real one\n")
    }
    #expect(
      try refusal("library create other")
        == "tapir: cannot create library other: the folder holds letter\nhint: name a new folder, or an empty one\n")
    #expect(try tapir("library create empty --cartridges 0 --slots 2").count == 1)
    #expect(
      try refusal("library create empty")
        == "tapir: cannot create library empty: it is there already\nhint: 'tapir library add' adds cartridges\n")
    #expect(
      try refusal("-cf empty tree").hasPrefix(
        "tapir: no scratch cartridge is left in empty\ntapir: no cartridge is in a drive of empty\n"))
    #expect(try refusal("volume show empty").hasPrefix("tapir: no cartridge is in a drive of empty\n"))
    #expect(
      try refusal("library load empty").contains("takes other words: tapir library load LIBRARY SLOT|VSN [DRIVE]"))
    #expect(try refusal("-tf x.vtl --changer /dev/sg0").contains("--changer goes with a tape drive"))
    #expect(try refusal("-tf empty --no-index").contains("say with --vsn which one"))
  }
}
