import Foundation
import Testing

/// tar's grammar: the same command line in all the ways it can be written.
struct GrammarTests {
  @Test(arguments: [
    "cf x.vtl tree", "-cf x.vtl tree", "-c -f x.vtl tree", "-cfx.vtl tree", "-fx.vtl -c tree",
    "--create --file=x.vtl tree", "--create --file x.vtl tree", "--cre --file=x.vtl tree", "-c tree -f x.vtl --",
    "cbf 64 x.vtl tree", "-cb64 -f x.vtl tree", "-cf x.vtl -- tree", "-cf x.vtl --blocking-factor=64 tree",
    "--vsn ABC123 -cf x.vtl tree", "-cf x.vtl tree --vsn=ABC123",
  ])
  func theSameSessionInManyWords(_ words: String) throws {
    let place = try Workplace()
    try place.file("tree/file", bytes: 10)
    let result = try place.shell("$TAPIR \(words)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try place.tapir("-tf", "x.vtl").lines == ["tree/", "tree/file"])
  }

  @Test func theDirectoryIsThatInForceAtEachName() throws {
    let place = try Workplace()
    for name in ["a/one", "a/b/two", "three"] { try place.file(name, bytes: 3) }
    try place.shell("$TAPIR -cf x.vtl three -C a one -C b two")
    #expect(try place.tapir("-tf", "x.vtl").lines == ["three", "one", "two"])
    try place.shell("printf 'three\\n-C a\\none\\n -C b\\ntwo\\n' > list; $TAPIR -cf y.vtl -T list")
    #expect(try place.tapir("-tf", "y.vtl").lines == ["three", "one", "two"])
    try place.shell("printf 'three\\0a/one\\0' | $TAPIR -cf z.vtl --null -T -")
    #expect(try place.tapir("-tf", "z.vtl").lines == ["three", "a/one"])
  }

  @Test func membersAreRestoredToTheDirectoryInForceAtTheirName() throws {
    let place = try Workplace()
    for name in ["one", "two", "three"] { try place.file(name, bytes: 3) }
    try place.shell("$TAPIR -cf x.vtl one two three; mkdir -p a/b")
    for option in ["", "--no-index"] {
      try place.shell("rm -f a/one a/b/*; $TAPIR -xf x.vtl \(option) -C a one -C b two three")
      #expect(try place.shell("cd a; find . -type f | sort").lines == ["./b/three", "./b/two", "./one"])
    }
  }

  @Test func exclusionsAndMembersAreChosenAsByGNUTar() throws {
    let place = try Workplace()
    for name in ["t/a.o", "t/a.c", "t/sub/b.o", "t/sub/b.c", "t/subway", "t/obj/x"] { try place.file(name, bytes: 1) }
    for options in ["--exclude='*.o'", "--exclude=sub", "--exclude=t/sub", "--exclude='s*'", "--exclude=obj -P"] {
      try place.shell("rm -rf x.vtl; tar -cf x.tar \(options) t; $TAPIR -cf x.vtl \(options) t")
      #expect(try place.tapir("-tf", "x.vtl").text == place.shell("tar -tf x.tar").text, "\(options)")
    }
    try place.shell("rm -rf x.vtl; tar -cf x.tar t; $TAPIR -cf x.vtl t; printf '*.c\\n' > patterns")
    for options in ["t/sub", "t/sub/", "t/a.c t/obj", "--wildcards '*.o'", "--exclude='*.o' t/sub", "-X patterns"] {
      let ours = try place.shell("$TAPIR -tf x.vtl \(options)")
      let theirs = try place.shell("tar -tf x.tar \(options)")
      #expect(ours.text == theirs.text, "\(options)")
      #expect(ours.status == theirs.status)
    }
  }

  @Test func theEnvironmentHasOptionsToo() throws {
    let place = try Workplace()
    try place.file("tree/file", bytes: 10)
    try place.tapir("-c", "tree", environment: ["TAPE": place.path("x.vtl")])
    #expect(try place.tapir("-t", environment: ["TAPE": place.path("x.vtl")]).lines == ["tree/", "tree/file"])
    let excluded = try place.tapir("-tf", "x.vtl", environment: ["TAR_OPTIONS": "--exclude=file"])
    #expect(excluded.lines == ["tree/"])
  }

  @Test func componentsAreStripped() throws {
    let place = try Workplace()
    try place.file("a/b/c", bytes: 3)
    try place.shell("$TAPIR -cf x.vtl a; mkdir out")
    #expect(try place.tapir("-xvf", "x.vtl", "--strip-components=1", "-C", "out").lines == ["a/b/", "a/b/c"])
    #expect(try place.shell("cd out; find . | sort").lines == [".", "./b", "./b/c"])
  }

  /// Ours never take an abbreviation away from GNU's.
  @Test(arguments: [
    ("--index", "--index-file"), ("--vol", "--volno-file"),
    ("--sp", "--sparse-version"),
    ("--lev", "incremental level"), ("--ch", "--checkpoint"),
  ])
  func abbreviationsAreGNUTars(_ abbreviation: String, _ option: String) throws {
    let place = try Workplace()
    let result = try place.tapir(abbreviation, "x", "-tf", "x.vtl")
    // The option is known, and reads a file that is not there.
    if option == "--volno-file" {
      let number = try place.tapir(abbreviation, ".", "-tf", "/dev/null")
      return #expect(number.errors.contains("tapir: .: "), "\(number.errors)")
    }
    #expect(result.status == 2)
    // The list goes there.
    if option == "--index-file", FileManager.default.fileExists(atPath: place.path("x")) { return }
    #expect(result.errors.contains("\(option)") || result.errors.contains("is ambiguous"), "\(result.errors)")
  }

  @Test func forceIsForceLocal() throws {
    let place = try Workplace()
    try place.file("file", bytes: 10)
    #expect(try place.tapir("-cf", "a:b.vtl", "file").status == 2)
    #expect(try place.tapir("-cf", "a:b.vtl", "--force", "file").status == 0)
    #expect(try place.tapir("-tf", "a:b.vtl", "--force").lines == ["file"])
  }

  @Test func everyOptionOfGNUTarIsKnownAndTheRestIsRefusedByName() throws {
    let place = try Workplace()
    try place.file("file", bytes: 10)
    try place.tapir("-cf", "x.vtl", "file")
    let help = try place.shell("tar --help").text
    var options: Set<String> = []
    for match in help.matches(of: /(?:^|[ ,])(--[a-z][-a-z]+)/.anchorsMatchLineEndings()) {
      options.insert(String(match.1))
    }
    #expect(options.count > 100)
    for option in options.sorted() {
      let result = try place.tapir(option, "-tf", "x.vtl")
      // Known: done, or refused for what it needs, or refused by name. Never an option that nobody has heard of.
      let isRefusal =
        result.errors.contains("' is not supported") || result.errors.contains("must specify one")
        || result.errors.contains("more than one")
        || result.errors.contains("takes") || result.errors.contains("nknown") || result.errors.contains("nvalid")
        || result.errors.contains("is for -c")
        || result.errors.contains("not a VSN") || result.errors.contains("Cannot open")
        || result.errors.contains("standard input") || result.errors.contains("doesn't allow")
        || result.errors.contains("Not found")
        || result.errors.contains("No such file") || result.errors.contains("unknown date")
        || result.errors.contains("needs a date") || result.errors.contains("meaningless without")
        || result.errors.contains("is for ordinary archives") || result.errors.contains("not yet implemented")
        || result.errors.contains("Conflicting")
      #expect(result.status == 0 || isRefusal, "\(option): \(result.errors)")
    }
    let refused = try place.tapir("-tf", "x.vtl", "-L", "100")
    #expect(refused.status == 2)
    #expect(
      refused.errors
        == "tapir: option '-L' is for ordinary archives: a volume goes on on another where its medium ends\n"
        + "hint: --capacity makes a new virtual cartridge as small as that\n"
        + "tapir: Error is not recoverable: exiting now\n")
    #expect(
      try place.tapir("-tzf", "x.vtl").errors
        == "tapir: option '-z' is for ordinary archives: it changes nothing on a volume\n")
  }

  @Test func helpAndVersionAnswer() throws {
    let place = try Workplace()
    for option in ["--help", "-?"] {
      let help = try place.tapir(option)
      #expect(help.status == 0 && help.text.contains("--erase-volume=VSN") && help.errors.isEmpty)
    }
    #expect(try place.tapir("--version").text.hasPrefix("tapir "))
    #expect(try place.tapir("volume", "label", "--help").text.contains("--capacity=SIZE"))
  }
}
