import ArchiveFormat
import HostFiles
import Testing

/// Links that are read again with their content, long after the walk.
struct ReadAgainTests {
  /// The second name of a file, which the walk gives as a link.
  private func link(_ workspace: Workspace, _ operands: [String]) throws -> any SourceMember {
    workspace.run("cd source && mkdir -p a b && echo content > a/one && ln a/one b/two")
    var link: (any SourceMember)?
    for member in workspace.walk(operands).members where try member.open().member.kind == .hardLink { link = member }
    return try #require(link)
  }

  private func content(_ member: any SourceMember) throws -> String {
    let opened = try #require(try member.openContent())
    #expect(opened.member.kind == .regular && opened.member.path == bytes("b/two"))
    var buffer = [UInt8](repeating: 0, count: 100)
    let count = try buffer.withUnsafeMutableBytes { try opened.content?.read(into: $0, at: 0) } ?? 0
    _ = opened.content?.close()
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  @Test(arguments: [["a", "b"], ["a/one", "b/two"], ["a", "./b//two"]])
  func aLinkIsReadAgainAsOftenAsNeeded(operands: [String]) throws {
    let workspace = Workspace()
    // The walk, and what it held open, is gone.
    let again = try #require(try link(workspace, operands).again())
    for _ in 0..<2 {
      // A name that was given is archived as it was given.
      if operands.last != "./b//two" { #expect(try content(again) == "content\n") }
      #expect(try again.open().member.path.suffix(3) == bytes("two"))
    }
    // It may come to lie on the wrong volume once more.
    #expect(try again.again()?.openContent() != nil)
  }

  @Test func anotherDirectoryUnderItsNameIsNotRead() throws {
    let workspace = Workspace()
    let again = try #require(try link(workspace, ["a", "b"]).again())
    workspace.run("cd source && mv b c && mkdir b && echo other > b/two")
    #expect { _ = try again.openContent() } throws: {
      ($0 as? MemberNotice)?.message == "Cannot open: its directory is another one now"
    }
    workspace.run("cd source && rm -r b")
    #expect { _ = try again.openContent() } throws: {
      ($0 as? MemberNotice)?.message == "Cannot open: No such file or directory"
    }
  }
}
