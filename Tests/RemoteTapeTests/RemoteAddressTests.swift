import RemoteTape
import Testing

struct RemoteAddressTests {
  @Test(
    arguments: [
      ("host:path", "host", nil, "path"), ("user@host:/a/b", "host", "user", "/a/b"), ("@host:x", "host", nil, "x"),
      ("a@b@c:x", "b@c", "a", "x"), ("host:", "host", nil, ""), ("host:a:b/c", "host", nil, "a:b/c"),
      ("h o:x", "h o", nil, "x"),
    ] as [(String, String, String?, String)])
  func whatStandsBeforeTheFirstColonIsAMachine(name: String, host: String, user: String?, path: String) {
    let address = RemoteAddress(Array(name.utf8))
    #expect(address?.host == Array(host.utf8) && address?.path == Array(path.utf8))
    #expect(address?.user == user.map { Array($0.utf8) })
  }

  @Test(arguments: ["path", "a/b:c", ":x", "./host:x", "/dev/st0:1", "", "-"])
  func namesWithoutOneAreOfThisMachine(name: String) { #expect(RemoteAddress(Array(name.utf8)) == nil) }

  @Test func theShellGetsItsWordsInGNUTarsOrder() throws {
    let words = { (name: String) in
      RemoteAddress(Array(name.utf8))?.words(shell: Array("ssh".utf8), command: Array("rmt".utf8))
        .map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(words("host:x") == ["ssh", "host", "rmt"])
    #expect(words("me@host:x") == ["ssh", "host", "-l", "me", "rmt"])
  }
}
