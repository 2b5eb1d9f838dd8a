import HostFiles
import Testing

/// Names as GNU tar documents `--transform`. Version 1.34 itself never ends on empty matches with `g`, and repeats the
/// beginning of the name with a number.
struct NameTransformTests {
  @Test(arguments: [
    ("s/a/b/", "banana/a", "bbnana/a"), ("s/a/b/g", "banana/a", "bbnbnb/b"), ("s/a/b/2", "banana", "banbna"),
    ("s/a/b/2g", "banana", "banbnb"), ("s,^,usr/,", "x", "usr/x"), ("s,/,-,g", "a/b/c", "a-b-c"),
    ("s/\\(.\\)n/\\1-&/", "banana", "ba-anana"), ("s/(.)n/\\1/x", "banana", "baana"), ("s/B/x/i", "abc", "axc"),
    ("s/.*/\\U&/", "abc/d", "ABC/D"), ("s/\\(.*\\)\\.txt/\\u\\1.\\Utxt\\E-x/", "abc.txt", "Abc.TXT-x"),
    ("s/a/b/;s/b/c/g", "ab", "cc"), ("s/x*/-/g", "abc", "-a-b-c-"), ("s/\\//+/", "a/b", "a+b"), ("s/b$//", "ab", "a"),
  ])
  func names(_ expression: String, _ name: String, _ expected: String) throws {
    var transform = NameTransform()
    try transform.add(Array(expression.utf8))
    #expect(String(decoding: transform.transformed(Array(name.utf8), .member), as: UTF8.self) == expected)
  }

  @Test(arguments: ["s/a", "s/a/b", "x/a/b/", "s/a/b/q", "s/[/b/", "s/a/b/ s/c/d/"])
  func whatIsNoExpressionIsRefused(_ expression: String) {
    var transform = NameTransform()
    #expect(throws: NameTransform.SyntaxError.self) { try transform.add(Array(expression.utf8)) }
  }

  @Test func flagsSayWhatAnExpressionIsFor() throws {
    var transform = NameTransform()
    try transform.add(Array("s/a/b/S;s/c/d/rh".utf8))
    try transform.add(Array("flags=H;s/e/f/".utf8))
    let name = Array("ace".utf8)
    #expect(transform.transformed(name, .member) == Array("bdf".utf8))
    #expect(transform.transformed(name, .hardLink) == Array("bde".utf8))
    #expect(transform.transformed(name, .symbolicLink) == Array("adf".utf8))
    var ofMembers = NameTransform()
    try ofMembers.add(Array("flags=r;s/a/b/".utf8))
    #expect(ofMembers.transformed(name, .member) == Array("bce".utf8))
    #expect(ofMembers.transformed(name, .hardLink) == name && ofMembers.transformed(name, .symbolicLink) == name)
  }
}
