import Foundation
import Testing

/// `volume repack` and `volume erase`, from outside.
struct RepackTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  /// A volume of which 60 of 100 files have been replaced, with all that a member can have.
  private func replacedVolume(_ options: String = "") throws {
    for number in 0..<100 { try place.file("tree/f\(number)", bytes: 5000 + number * 331) }
    try place.file("tree/big", bytes: 5_000_000)
    let made = try place.shell(
      """
      set -e
      ln tree/f3 tree/link3; ln tree/f90 tree/link90; ln -s f1 tree/symbolic; mkfifo tree/fifo; mkdir tree/empty
      setfattr -n user.note -v kept tree/f91; setfacl -m u:12:r tree/f92; chmod 4755 tree/f93
      truncate -s 3M tree/sparse; echo end >> tree/sparse
      $TAPIR -cf old.vtl --vsn V00001 --xattrs --acls -S \(options) tree
      for i in $(seq 0 59); do echo newer $i > tree/f$i; done
      $TAPIR -rf old.vtl --xattrs --acls -S \(options) tree/f? tree/f[1-5]? tree/link3
      """)
    #expect(made.status == 0 && made.errors == "", "\(made.errors)")
  }

  /// Restores a volume and compares it with the tree.
  private func check(_ archive: String, _ what: String = "", links: Bool = true) throws {
    let restored = try place.shell("rm -rf out; mkdir out; $TAPIR -xf \(archive) -C out --xattrs --acls")
    #expect(restored.status == 0, "\(what): \(restored.errors)")
    let compared = try place.shell("rsync -naic\(links ? "H" : "")AX --delete tree/ out/tree/")
    #expect(compared.status == 0 && compared.text == "", "\(what): \(compared.text)")
  }

  /// The names that a volume lists, each once.
  private func names(_ archive: String) throws -> [String] { try place.shell("$TAPIR -tf \(archive)").lines.sorted() }

  @Test(arguments: ["", "--pack", "--layout=raw"])
  func theLiveMembersOfAVolumeComeToAFreshOne(_ options: String) throws {
    try replacedVolume(options)
    let live = Set(try names("old.vtl")).sorted()
    let before = try place.shell("md5sum old.vtl/data").text
    let first = try place.shell("$TAPIR volume repack old.vtl new.vtl --vsn NEW001 \(options)")
    #expect(first.status == 2)
    #expect(first.errors == "tapir: volume V00001 is in old.vtl, not NEW001\nhint: load NEW001\n")
    let run = try place.shell("$TAPIR volume repack old.vtl new.vtl \(options)")
    #expect(run.status == 0)
    #expect(run.errors.wholeMatch(of: try Regex("tapir: labelled volume V[A-Z0-9]{5}\n")) != nil, "\(run.errors)")
    #expect(run.lines.count == 2 && run.lines[0].hasPrefix("\(live.count) live members, "), "\(run.text)")
    #expect(run.lines.last == "volume V00001 may be erased: tapir volume erase old.vtl V00001")
    #expect(try names("new.vtl") == live)
    try check("new.vtl")
    #expect(try place.shell("md5sum old.vtl/data").text == before)
    // The index is that of the tape.
    #expect(try place.tapir("index", "check", "new.vtl").status == 0)
    #expect(try place.tapir("volume", "verify", "new.vtl").text.contains(", nothing damaged"))
    // Again: there is nothing left to do.
    let size = try place.shell("stat -c %s new.vtl/data").text
    let again = try place.shell("$TAPIR volume repack old.vtl new.vtl \(options)")
    #expect(again.status == 0 && again.errors == "" && again.text == run.text)
    #expect(try place.shell("stat -c %s new.vtl/data").text == size)
    // What was replaced takes no room.
    let contents = try place.shell("find tree -type f -links 1 -printf '%s\\n' | awk '{ s += $1 } END { print s }'")
    let bytes = try #require(Int(contents.text.dropLast())) - 3_145_728
    #expect(try #require(Int(size.dropLast())) < bytes + 200_000 + live.count * 4000, "\(size) of \(bytes)")
  }

  @Test func aRepackThatIsKilledAtAnyPointIsGoneOnWith() throws {
    try replacedVolume()
    let live = Set(try names("old.vtl")).sorted()
    let arguments = ["volume", "repack", "old.vtl", "new.vtl", "--sync-files", "10", "--buffer", "1M"]
    let begin = ContinuousClock.now
    #expect(try place.kill(arguments, after: nil) == 0)
    let whole = ContinuousClock.now - begin
    var partial = 0
    for kill in 1...12 {
      try place.shell("rm -rf new.vtl")
      // Again and again, on the same target.
      for share in [Double(kill) / 13, Double(14 - kill) / 14] { _ = try place.kill(arguments, after: whole * share) }
      let found = try place.tapir("-tf", "new.vtl").lines.count
      if found > 0, found < live.count { partial += 1 }
      let end = try place.tapir("volume", "repack", "old.vtl", "new.vtl")
      #expect(end.status == 0, "kill \(kill): \(end.errors)")
      #expect(try names("new.vtl") == live, "kill \(kill)")
      // A link whose content an earlier session wrote has it again: links do not lead from session to session.
      try check("new.vtl", "kill \(kill)", links: false)
    }
    print("\(partial) times something was there already")
  }

  @Test func aLibraryIsRepackedIntoAnotherThatIsTooSmallAtFirst() throws {
    for number in 0..<8 { try place.file("tree/f\(number)", bytes: 3_000_000) }
    try place.file("tree/spanned", bytes: 20_000_000)
    let made = try place.shell(
      """
      set -e; ln tree/f2 tree/link2
      $TAPIR library create a --slots 8 --capacity 8M > made; $TAPIR library create b --slots 16 --cartridges 4 --capacity 8M > made
      $TAPIR -cf a -b64 tree 2> messages
      for i in 0 1; do echo newer > tree/f$i; done; $TAPIR -rf a tree/f0 tree/f1 2> messages
      """)
    #expect(made.status == 0, "\(made.errors)")
    let short = try place.tapir("volume", "repack", "a", "b", "-b64")
    #expect(short.status == 2)
    #expect(short.text == "")
    #expect(short.errors.hasSuffix("'tapir library add' makes one\n"), "\(short.errors)")
    try place.shell("for i in 1 2 3 4 5 6 7 8; do $TAPIR library add b; done")
    let run = try place.tapir("volume", "repack", "a", "b", "-b64")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.lines.dropFirst().first == "volume V00001 may be erased: tapir volume erase a/V00001 V00001")
    #expect(try names("b") == Set(try names("a")).sorted())
    let restored = try place.shell("mkdir out && $TAPIR -xf b -C out && diff -r tree out/tree")
    #expect(restored.status == 0 && restored.text == "", "\(restored.text)\(restored.errors)")
    // One that is erased is in the scratch pool again; the others are still those of the index.
    let erased = try place.tapir("volume", "erase", "a", "V00002")
    #expect(erased.text.hasPrefix("volume V00002 is empty, ") && erased.errors == "" && erased.status == 0)
    #expect(
      try place.shell("$TAPIR library status a | grep -c '  scratch$'; $TAPIR -tf a/V00002").lines.last
        == "\(try scratch("a"))")
  }

  private func scratch(_ library: String) throws -> Int {
    try place.shell("$TAPIR library status \(library)").lines.count { $0.hasSuffix("  scratch") }
  }

  @Test func theSourceIsErasedInTheEndWhenThatIsAskedFor() throws {
    try replacedVolume()
    let run = try place.tapir("volume", "repack", "old.vtl", "new.vtl", "--erase-source")
    #expect(run.status == 0)
    #expect(run.lines.last == "volume V00001 is erased")
    #expect(try place.tapir("-tf", "old.vtl").text == "")
    try check("new.vtl")
    let again = try place.tapir("volume", "repack", "old.vtl", "new.vtl", "--erase-source")
    #expect(again.status == 0 && again.text == "nothing is on the sources\n" && again.errors == "")
    // What a repack wrote is no other session's to go on with.
    try place.shell("echo x > x; $TAPIR -cf other.vtl --vsn OTHER1 x")
    let other = try place.tapir("volume", "repack", "other.vtl", "new.vtl")
    #expect(other.status == 2 && other.errors.contains(": not overwritten\n"), "\(other.errors)")
  }

  @Test func whatIsDamagedIsNotTakenOverAndTheSourceStays() throws {
    for number in 1...4 { try place.file("tree/\(number)", bytes: number == 3 ? 9_000_000 : 30_000) }
    try place.shell("ln tree/3 tree/3link; $TAPIR -cf old.vtl --vsn V00001 --compression off tree")
    try place.shell(
      #"""
      offset=$(python3 -c "
      data = open('old.vtl/data', 'rb').read(); part = open('tree/3', 'rb').read()[8000000:8000064]
      assert data.count(part) == 1; print(data.index(part))")
      printf 'X' | dd of=old.vtl/data bs=1 seek=$offset conv=notrunc status=none
      """#)
    for options in ["", "--pack=20M"] {
      let run = try place.shell("rm -rf new.vtl; $TAPIR volume repack old.vtl new.vtl --erase-source \(options)")
      #expect(run.status == 2 && run.text == "")
      #expect(run.errors.contains("tapir: tree/3: Damaged on tape: not taken over\n"), "\(run.errors)")
      #expect(run.errors.contains("tapir: tree/3link: Damaged on tape: not taken over\n"), "\(run.errors)")
      #expect(
        run.errors.hasSuffix(
          "tapir: 2 of 6 live members were not taken over: the sources are still needed\n"
            + "hint: 'tapir -x --keep-damaged' gets what can be read of damaged members\n"), "\(run.errors)")
      #expect(try names("new.vtl") == ["tree/", "tree/1", "tree/2", "tree/4"])
      #expect(try place.tapir("volume", "verify", "new.vtl").status == 0)
      #expect(try names("old.vtl").count == 6)
    }
  }

  @Test func onlyTheNamedVolumeIsErased() throws {
    try place.shell("echo x > x; $TAPIR -cf a.vtl --vsn V00001 x; mkdir blank.vtl; head -c 2000 /dev/urandom > raw")
    func refusal(_ arguments: String) throws -> String {
      let outcome = try place.shell("$TAPIR volume erase \(arguments)")
      #expect(outcome.status == 2 && outcome.text == "", "\(arguments)")
      return outcome.errors
    }
    #expect(
      try refusal("a.vtl V00002")
        == "tapir: volume V00001 is in a.vtl, not V00002\nhint: name what is to be erased: V00001\n")
    #expect(
      try refusal("a.vtl unlabelled")
        == "tapir: volume V00001 is in a.vtl, not one without a label\nhint: name what is to be erased: V00001\n")
    #expect(try refusal("a.vtl").hasPrefix("tapir: 'volume erase' takes the VSN of what is to be erased"))
    #expect(try refusal("a.vtl 'a b'") == "tapir: 'a b' is neither a VSN nor 'unlabelled'\n")
    #expect(try place.tapir("-tf", "a.vtl").text == "x\n")
    let erased = try place.tapir("volume", "erase", "a.vtl", "--erase-volume=V00001")
    #expect(erased.status == 0 && erased.text.hasPrefix("volume V00001 is empty, "))
    #expect(try place.tapir("-tf", "a.vtl").text == "")
    #expect(try place.shell("$TAPIR -cf a.vtl x && $TAPIR -tf a.vtl").text == "x\n")
  }

  @Test func aVolumeIsNeededUntilTheMemberThatItBeginsIsElsewhere() throws {
    try place.file("tree/1", bytes: 3000)
    try place.file("tree/spanned", bytes: 12_000_000)
    try place.shell("$TAPIR -cMf v1.vtl -f v2.vtl --capacity 8M --vsn V00001,V00002 tree")
    for source in ["v1.vtl", "v2.vtl"] {
      let run = try place.tapir("volume", "repack", source, "new-\(source)", "--erase-source")
      #expect(run.status == 2 && run.text == "")
      #expect(run.errors.contains(" not taken over: the sources are still needed\n"), "\(run.errors)")
    }
    let both = try place.tapir("volume", "repack", "v1.vtl", "v2.vtl", "new.vtl", "--erase-source")
    #expect(both.status == 0)
    #expect(both.lines.dropFirst() == ["volume V00001 is erased", "volume V00002 is erased"])
    let restored = try place.shell("mkdir out && $TAPIR -xf new.vtl -C out && diff -r tree out/tree")
    #expect(restored.status == 0 && restored.text == "", "\(restored.text)\(restored.errors)")
  }

  @Test func showSaysWhatARepackGivesBack() throws {
    try place.shell(
      "for i in 1 2 3; do echo $i > $i; done; $TAPIR -cf x.vtl 1 2 3; echo longer > 2; $TAPIR -rf x.vtl 2")
    #expect(
      try place.tapir("volume", "show", "x.vtl").lines.contains(
        "live          3, 11 bytes; a repack gives back 1, 2 bytes"))
    try place.shell("$TAPIR volume repack x.vtl y.vtl")
    #expect(try place.tapir("volume", "show", "y.vtl").lines.contains("live          3, 11 bytes"))
  }

  @Test func fullCartridgesOfALibraryAreMigrated() throws {
    try place.file("tree/f", bytes: 30_000_000)
    try place.shell(
      "$TAPIR library create a --slots 8 --capacity 16M; $TAPIR library create b --cartridges 0; $TAPIR -cf a tree; mkdir out"
    )
    let none = try place.tapir("library", "migrate", "a", "b")
    #expect(none.status == 2 && none.errors.hasPrefix("tapir: 'library migrate' takes --older-than or --fuller-than"))
    let idle = try place.tapir("library", "migrate", "a", "b", "--older-than", "5")
    #expect(idle.status == 0 && idle.text == "no cartridge of a is a candidate\n")
    let run = try place.tapir("library", "migrate", "a", "b", "--fuller-than", "90")
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    let names = run.lines.filter { $0.contains(" may be removed: ") }
    #expect(names.count >= 1 && names[0] == "V00001 may be removed: tapir library remove a V00001 --into=FOLDER")
    #expect(run.lines.count == 2 * names.count)
    for number in 1...names.count {
      let verified = try place.tapir("volume", "verify", "b/V0000\(number)")
      #expect(verified.status == 0 && verified.text.hasPrefix("volume V0000\(number): "), "\(verified.errors)")
    }
    #expect(
      try place.tapir("volume", "show", "a/V00001").lines.contains {
        $0.hasPrefix("copy ") && $0.contains("/b/V00001 (")
      })
    let folder = try place.tapir("library", "migrate", "a", "--to=out", "--fuller-than=90")
    #expect(folder.status == 0, "\(folder.errors)")
    #expect(try place.shell("ls out").lines.count == names.count)
    let single = try place.tapir("library", "migrate", "a", "one.vtl", "--older-than=0")
    #expect(single.status == 2)
    #expect(
      single.errors.hasSuffix("hint: name a target for each, or another library or a folder for all\n"),
      "\(single.errors)")
  }

  @Test func oneTargetIsFollowedByTheNext() throws {
    for number in 0..<6 { try place.file("tree/f\(number)", bytes: 2_000_000) }
    try place.shell("$TAPIR -cf old.vtl --vsn V00001 tree")
    let short = try place.shell("$TAPIR volume repack old.vtl --to=n1.vtl --capacity 8M")
    #expect(short.status == 2)
    #expect(short.errors.contains("no further target is named\n"), "\(short.errors)")
    let run = try place.shell("$TAPIR volume repack old.vtl --to=n1.vtl --to=n2.vtl --capacity 8M")
    #expect(run.status == 0, "\(run.errors)")
    let restored = try place.shell("mkdir out && $TAPIR -Mxf n1.vtl -f n2.vtl -C out && diff -r tree out/tree")
    #expect(restored.status == 0, "\(restored.text)\(restored.errors)")
  }
}
