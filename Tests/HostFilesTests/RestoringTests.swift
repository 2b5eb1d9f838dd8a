import ArchiveFormat
import Glibc
import HostFiles
import Testing

/// What becomes of files that exist, where GNU tar is no help: races of names, places outside of the target.
@Suite struct RestoringTests {
  @Test(arguments: [
    (BackupNaming.Control.simple, [], "f~"), (.simple, ["f.~1~"], "f~"), (.existing, [], "f~"),
    (.existing, ["f.~1~"], "f.~2~"), (.numbered, [], "f.~1~"), (.numbered, ["f.~9~", "f.~10~"], "f.~11~"),
    (.numbered, ["f.~x~", "f.~~", "f.~01~", "ff.~7~", "f.~3~x"], "f.~1~"),
  ])
  func backupsAreNumberedBehindTheHighest(_ control: BackupNaming.Control, _ names: [String], _ expected: String) {
    let name = BackupNaming(control).name(for: bytes("f"), among: names.map { bytes($0) })
    #expect(name == bytes(expected))
  }

  private func put(_ text: String, as member: Member, into sink: HostSink) throws(MemberNotice) {
    var member = member
    member.size = Int64(text.utf8.count)
    guard let writer = try sink.beginFile(member) else { return }
    try writer.write(Array(text.utf8).span.bytes, at: 0)
    _ = try writer.commit()
  }

  @Test func overwritingWaitsUntilTheContentIsWhole() throws {
    let workspace = Workspace()
    workspace.run("echo old > target/f; ln target/f other")
    var options = SinkOptions()
    options.oldFiles = .overwrite
    let sink = HostSink(target: workspace.openTarget(), options: options) { _ in }
    var broken = member("f", .regular)
    broken.size = 5
    let writer = try #require(try sink.beginFile(broken))
    try writer.write(Array("new".utf8).span.bytes, at: 0)
    #expect(workspace.text("cat target/f other") == "old\nold\n")
    writer.discard()
    #expect(workspace.text("cat target/f other; ls -A target") == "old\nold\nf\n")
    try put("new\n", as: member("f", .regular), into: sink)
    #expect(workspace.text("cat target/f other; ls -A target") == "new\nnew\nf\n")
  }

  @Test func overwritingKeepsHolesAndLeavesNothingOfTheOldContent() throws {
    let workspace = Workspace()
    workspace.run("head -c 3000000 /dev/urandom > target/f")
    var options = SinkOptions()
    options.oldFiles = .overwrite
    let sink = HostSink(target: workspace.openTarget(), options: options) { _ in }
    var sparse = member("f", .regular)
    sparse.size = 2_000_000
    let writer = try #require(try sink.beginFile(sparse))
    try writer.write(Array("data".utf8).span.bytes, at: 1_000_000)
    _ = try writer.commit()
    workspace.run("head -c 1000000 /dev/zero > e; printf data >> e; head -c 999996 /dev/zero >> e")
    #expect(workspace.runForStatus("cmp e target/f").status == 0)
    #expect(workspace.text("test $(stat -c %b target/f) -lt 200 && echo sparse") == "sparse\n")
  }

  @Test func overwritingGoesThroughNoLinkAndIntoNoDevice() throws {
    let workspace = Workspace()
    workspace.run("echo secret > outside; ln -s ../outside target/f; mkfifo target/p")
    var options = SinkOptions()
    options.oldFiles = .overwrite
    let sink = HostSink(target: workspace.openTarget(), options: options) { _ in }
    try put("new\n", as: member("f", .regular), into: sink)
    try put("new\n", as: member("p", .regular), into: sink)
    #expect(
      workspace.text("cat outside target/f target/p; stat -c %F target/f target/p")
        == "secret\nnew\nnew\nregular file\nregular file\n")
  }

  @Test func aTreeIsUnlinkedThroughNoLink() throws {
    let workspace = Workspace()
    workspace.run(
      "mkdir -p target/d/e outside; echo 1 > outside/f; ln -s ../../../outside target/d/e/l; ln -s ../../outside target/d/m; echo 2 > target/d/e/g"
    )
    var options = SinkOptions()
    options.oldFiles = .unlink
    options.unlinksRecursively = true
    let sink = HostSink(target: workspace.openTarget(), options: options) { _ in }
    try put("file\n", as: member("d", .regular), into: sink)
    #expect(workspace.text("cat target/d outside/f") == "file\n1\n")
    // The target itself is never unlinked.
    try sink.create(member(".", .directory))
    #expect(workspace.text("cat target/d") == "file\n")
  }

  @Test func aDamagedMemberLeavesWhatItWasToReplace() throws {
    let workspace = Workspace()
    for oldFiles in [OldFiles.unlink, .replace, .overwrite] {
      workspace.run("echo old > target/f")
      var options = SinkOptions()
      options.oldFiles = oldFiles
      options.backup = BackupNaming(.simple)
      let sink = HostSink(target: workspace.openTarget(), options: options) { _ in }
      var broken = member("f", .regular)
      broken.size = 5
      let writer = try #require(try sink.beginFile(broken))
      try writer.write(Array("new".utf8).span.bytes, at: 0)
      writer.discard()
      #expect(workspace.text("cat target/f; ls -A target") == "old\nf\n")
    }
  }
}
