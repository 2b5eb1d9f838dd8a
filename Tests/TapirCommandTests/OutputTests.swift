import Foundation
import Testing

/// What is said where: names on standard output, everything else on standard error, in GNU tar's words.
struct OutputTests {
  private let tree =
    "mkdir -p tree/sub; printf 1 > tree/one; printf 2 > tree/sub/two; ln -s one tree/link; ln tree/one tree/hard"

  @Test func membersAreNamedAsByGNUTarAsTheyPass() throws {
    let place = try Workplace()
    try place.shell(tree)
    for verbose in ["-v", "-vv"] {
      try place.shell("rm -rf x.vtl o p; mkdir o p")
      let ours = try place.shell(
        "$TAPIR \(verbose) -cf x.vtl --vsn V00001 tree; echo; $TAPIR \(verbose) -xf x.vtl -C o")
      let theirs = try place.shell("tar \(verbose) -cf x.tar tree; echo; tar \(verbose) -xf x.tar -C p")
      #expect(ours.text == theirs.text)
      #expect(ours.errors == theirs.errors)
    }
    let piped = try place.tapir("-xvOf", "x.vtl", "tree/one")
    #expect(piped.text == "1" && piped.errors == "tree/one\n")
  }

  @Test func differencesAreSaidInGNUTarsWords() throws {
    let place = try Workplace()
    try place.shell(tree)
    // Whole seconds, all that GNU tar's own format holds.
    try place.shell("touch -d 2020-02-02 tree/one")
    try place.shell(
      "printf 3 > tree/gone; printf 4 > tree/kind; $TAPIR -cf x.vtl --vsn V00001 tree; tar -cf x.tar tree")
    #expect(try place.tapir("-df", "x.vtl").status == 0)
    try place.shell(
      """
      rm tree/hard; printf 1 > tree/hard; printf changed > tree/one; chmod 600 tree/sub/two; touch -d 2001-01-01 tree/sub/two; rm tree/gone; rm tree/kind
      mkdir tree/kind; ln -sf elsewhere tree/link; touch -d 2000-01-01 tree tree/sub
      """)
    for options in ["", "-v"] {
      let ours = try place.shell("$TAPIR \(options) -df x.vtl")
      let theirs = try place.shell("tar \(options) -df x.tar")
      #expect(ours.text == theirs.text)
      #expect(ours.errors == theirs.errors.replacingOccurrences(of: "tar: ", with: "tapir: "))
      #expect(ours.status == theirs.status)
    }
  }

  @Test func filesThatExistAreKeptWhenAskedFor() throws {
    let place = try Workplace()
    try place.shell(tree + "; $TAPIR -cf x.vtl --vsn V00001 tree; tar -cf x.tar tree; printf mine > tree/one")
    let ours = try place.tapir("-xkf", "x.vtl", "tree/one")
    let theirs = try place.shell("tar -xkf x.tar tree/one")
    #expect(ours.errors == theirs.errors.replacingOccurrences(of: "tar: ", with: "tapir: "))
    #expect(ours.status == theirs.status)
    #expect(try place.shell("cat tree/one").text == "mine")
    #expect(try place.tapir("-xf", "x.vtl", "tree/one").status == 0)
    #expect(try place.shell("cat tree/one").text == "1")
  }

  @Test func theVerbsAnswer() throws {
    let place = try Workplace()
    try place.shell(tree)
    let label = try place.tapir("volume", "label", "x.vtl", "--vsn", "V00001", "-V", "my files", "--capacity", "20M")
    #expect(label.text.contains(try Regex("^volume V00001, [-0-9a-f]{36}\n$")))
    #expect(try place.tapir("volume", "label", "x.vtl", "--vsn", "V00002").status == 2)
    try place.shell("$TAPIR -cf x.vtl tree; $TAPIR -rf x.vtl --vsn V00001 tree/one")
    let show = try place.tapir("volume", "show", "x.vtl").text
    for line in [
      "volume        V00001", "label         my files", "block size    262144", "members       7, ",
      "live          6, ",
      "state         open",
    ] {
      #expect(show.contains(line), "\(line)")
    }
    #expect(show.contains(try Regex("used          [0-9]+ bytes of 20971520")))
    let found = try place.tapir("index", "find", "-f", "x.vtl", "*one")
    #expect(found.lines.count == 2)
    // The newest first, with the file to space to and the block to locate.
    #expect(
      try #require(found.lines.first).contains(try Regex("^V00001  file 9  block [0-9]+  [-0-9]+ [:0-9]+  tree/one$")))
    let missing = try place.tapir("index", "find", "-f", "x.vtl", "nothing")
    #expect(missing.status == 2 && missing.errors.hasPrefix("tapir: nothing: Not found in the index\n"))
    #expect(try place.tapir("-t", "--vsn", "V00001", "--index-db", "x.vtl/index.sqlite").lines.count == 7)
  }
}
