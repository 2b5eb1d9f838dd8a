import HostFiles
import Testing

@Suite struct NamePatternTests {
  static let names = [
    "a", "a/b", "a/b/c.o", "x.o", "dir/x.o", "foo", "foo/bar", "xfoo", "foox", "dir/foo", "dir/foo/bar", "Foo", "a*b",
    "axb", "dir/a*b", "[x]", "x", ".hidden", "dir/.hidden", "a b", "a/foo.c", "dir/sub/a/foo.c", "a\\b",
  ]
  static let patterns = [
    "a", "*.o", "foo", "foo*", "dir/*", "*/foo", "foo/bar", "a/*", "a/*.c", "?", "[a-f]*", "a\\*b", "a*b", "[x]",
    "\\[x\\]", ".*", "*hidden", "dir", "sub/a", "/foo", "foo/", "*", "a?b", "F*", "", "a\\\\b", "dir/foo", "b/c.o",
    "./a", "[!a]*",
  ]

  /// All patterns with the given options, against what `tar -t --exclude` leaves of an archive of the names.
  private func check(_ flags: String, _ options: NamePattern.Options) throws {
    let workspace = Workspace()
    workspace.run("cd source && mkdir -p a/b dir/sub/a")
    // The archive lists plain names: made of empty files, each from a directory of its own.
    workspace.run(": > list; mkdir made")
    for (index, name) in Self.names.enumerated() {
      let parent = name.contains("/") ? String(name.prefix(upTo: name.lastIndex(of: "/")!)) : "."
      workspace.run(
        "mkdir -p made/\(index)/'\(parent)' && : > made/\(index)/'\(name)' && tar --no-unquote -rf a.tar -C made/\(index) -- '\(name)'"
      )
    }
    let all = workspace.text("tar --quoting-style=literal -tf a.tar").split(separator: "\n").map(String.init)
    #expect(all == Self.names)
    for pattern in Self.patterns {
      let kept = workspace.text("tar --quoting-style=literal -tf a.tar \(flags) --exclude='\(pattern)'")
        .split(separator: "\n").map(String.init)
      let ours = NamePattern(bytes(pattern), options)
      #expect(Self.names.filter { !ours.matches(bytes($0)) } == kept, "pattern '\(pattern)' \(flags)")
    }
  }

  @Test func defaultExclusionsMatchAsInGNUTar() throws { try check("", .exclusion) }
  @Test func anchoredExclusionsMatchAsInGNUTar() throws { try check("--anchored", [.exclusion, .anchored]) }
  @Test func caseIsIgnoredAsInGNUTar() throws { try check("--ignore-case", [.exclusion, .ignoreCase]) }
  @Test func withoutWildcardsPatternsAreLiteralAsInGNUTar() throws { try check("--no-wildcards", .subtree) }
  @Test func wildcardsStopAtSlashesAsInGNUTar() throws {
    try check("--no-wildcards-match-slash", [.exclusion, .slashIsSpecial])
  }

  @Test func selectionIsAnchoredAndTakesTheSubtree() {
    let pattern = NamePattern(bytes("a/b"), .selection)
    #expect(pattern.matches(bytes("a/b")) && pattern.matches(bytes("a/b/c")))
    #expect(!pattern.matches(bytes("x/a/b")) && !pattern.matches(bytes("a/bc")))
  }

  @Test func withoutSubtreeOnlyTheNameItselfMatches() {
    #expect(!NamePattern(bytes("a"), [.anchored]).matches(bytes("a/b")))
    #expect(!NamePattern(bytes("a?"), [.anchored, .wildcards]).matches(bytes("ab/c")))
  }

  @Test func namesOfAnyBytesMatch() {
    #expect(NamePattern(bytes("*.o"), .exclusion).matches([0xff, 0x0a] + bytes(".o")))
  }
}
