import ArchiveFormat
import Glibc
import HostFiles
import Testing

/// A damaged file never has the name of a whole one, nor the rights of a program.
@Suite struct KeepDamagedTests {
  private let workspace = Workspace()
  private let notices = Notices()

  private func sink(keepingOldFiles: Bool = false) -> HostSink {
    var options = SinkOptions()
    options.preservesPermissions = true
    if keepingOldFiles { options.oldFiles = .keep }
    return HostSink(target: workspace.openTarget(), options: options) { [notices] in notices.all.append($0) }
  }

  private func file(_ mode: UInt32 = 0o6755) -> Member {
    var file = member("d/f", .regular, mode: mode)
    file.size = 10
    return file
  }

  private func begin(_ sink: HostSink) throws -> any FileWriter {
    let writer = try #require(try sink.beginFile(file()))
    try writer.write(bytes("abcd").span.bytes, at: 0)
    return writer
  }

  @Test(arguments: [4, 7, 10]) func whatWasReadIsKeptBesideTheName(size: Int64) throws {
    #expect(try begin(sink()).keepDamaged(size: size) == bytes("d/f.damaged"))
    #expect(
      workspace.text("ls -A target/d; stat -c '%a %s %Y' target/d/f.damaged") == "f.damaged\n755 \(size) 1000000000\n")
    #expect(notices.all == [])
  }

  @Test func ofNothingNothingIsKept() throws {
    let writer = try #require(try sink().beginFile(file()))
    #expect(try writer.keepDamaged(size: 0) == nil)
    #expect(workspace.text("ls -A target/d") == "")
  }

  @Test func oneThatIsThereIsReplacedOrKeptAsAnyFile() throws {
    workspace.run("mkdir target/d; echo old > target/d/f.damaged; echo mine > target/d/f")
    #expect(try begin(sink()).keepDamaged(size: 4) == bytes("d/f.damaged"))
    #expect(workspace.text("cat target/d/f target/d/f.damaged") == "mine\nabcd")
    workspace.run("rm target/d/f")
    let writer = try begin(sink(keepingOldFiles: true))
    #expect(throws: MemberNotice(bytes("d/f.damaged"), "Cannot open: File exists", .failure)) {
      try writer.keepDamaged(size: 2)
    }
    #expect(workspace.text("ls -A target/d; cat target/d/f.damaged") == "f.damaged\nabcd")
  }

  @Test func aFileThatHasItsNameLosesItAndItsSetIDBits() throws {
    let sink = sink()
    let writer = try begin(sink)
    _ = try writer.commit()
    let restored = try #require(writer.restored)
    #expect(workspace.text("stat -c %a target/d/f") == "6755\n")
    #expect(sink.setAside(restored, keeps: true) == bytes("d/f.damaged"))
    #expect(workspace.text("ls -A target/d; stat -c %a target/d/f.damaged") == "f.damaged\n755\n")
  }

  @Test func aFileThatHasItsNameIsRemovedWhenNothingIsKept() throws {
    let sink = sink()
    let writer = try begin(sink)
    _ = try writer.commit()
    #expect(sink.setAside(try #require(writer.restored), keeps: false) == nil)
    #expect(workspace.text("ls -A target/d") == "" && notices.all.isEmpty)
  }

  @Test(arguments: ["rm f; echo new > f", "rm f; ln -s /etc/passwd f", "echo more >> f"])
  func aFileThatIsNoLongerWhatWasRestoredKeepsItsName(change: String) throws {
    let sink = sink()
    let writer = try begin(sink)
    _ = try writer.commit()
    let restored = try #require(writer.restored)
    workspace.run("cd target/d; \(change)")
    #expect(sink.setAside(restored, keeps: true) == nil)
    #expect(words(notices.all) == ["d/f: Cannot rename to 'd/f.damaged': another file has its name now"])
    #expect(workspace.text("ls -A target/d") == "f\n")
  }
}
