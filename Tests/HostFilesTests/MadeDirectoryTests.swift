import ArchiveFormat
import Testing

@testable import HostFiles

/// What a run knows of the directories that it made itself, without looking.
@Suite struct MadeDirectoryTests {
  private func sink(_ workspace: Workspace) -> HostSink {
    HostSink(target: workspace.openTarget(), options: SinkOptions()) { _ in }
  }

  private func file(_ path: String, mode: UInt32 = 0o644, _ text: String = "text\n") -> Member {
    var member = member(path, .regular)
    member.mode = mode
    member.size = Int64(text.utf8.count)
    return member
  }

  private func link(_ path: String) -> Member {
    var member = member(path, .symbolicLink)
    member.linkTarget = bytes("elsewhere")
    return member
  }

  private func put(_ path: String, mode: UInt32 = 0o644, into sink: HostSink) throws {
    let writer = try #require(try sink.beginFile(file(path, mode: mode)))
    try writer.write(Array("text\n".utf8).span.bytes, at: 0)
    _ = try writer.commitUnasked()
  }

  private func replacesOnlyFiles(_ path: String, _ sink: HostSink) throws -> Bool {
    let writer = try #require(try sink.beginFile(file(path)))
    defer { writer.discard() }
    return writer.replacesOnlyFiles
  }

  /// A file must not wait for its name where the next member would go through what has that name now.
  @Test func whatIsNoFileIsKnownByItsName() throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    try sink.create(member("d", .directory))
    #expect(try replacesOnlyFiles("d/a", sink))
    try sink.create(link("d/a"))
    try sink.create(member("d/b", .directory))
    try sink.create(member("d/p", .fifo))
    // Made in passing.
    try put("d/c/e/f", into: sink)
    var hard = member("d/h", .hardLink)
    hard.linkTarget = bytes("d/a")
    try sink.create(hard)
    for name in ["a", "b", "c", "h", "p", "c/e"] {
      #expect(try !replacesOnlyFiles("d/" + name, sink), "\(name)")
    }
    for name in ["g", "c/g", "c/e/g", "b/g", "c/e/f", "\u{e9}"] {
      #expect(try replacesOnlyFiles("d/" + name, sink), "\(name)")
    }
    workspace.run("rm target/d/a")
    try put("d/a", into: sink)
    #expect(try replacesOnlyFiles("d/a", sink))
  }

  /// What is known takes no more memory however many links an archive has: of a directory full of them each name is looked up.
  @Test func whatIsKnownDoesNotGrow() {
    let made = MadeDirectory()
    func names(_ first: String, _ count: Int) -> [[UInt8]] { (0..<count).map { bytes("\(first)\($0)") } }
    let few = names("link-", 20)
    for name in few { made.note(name) }
    #expect(
      few.allSatisfy { !made.isFree($0) && !made.isFree(bytes(String(decoding: $0, as: UTF8.self).uppercased())) })
    #expect(names("file-", 1000).count { made.isFree($0) } > 900)
    for name in names("other-", 20_000) { made.note(name) }
    #expect(few.allSatisfy { !made.isFree($0) })
    #expect(names("file-", 1000).allSatisfy { !made.isFree($0) })
  }

  /// Links of others, where they may write: each name is looked up.
  @Test(arguments: [
    "chmod 777 target/d", "setfacl -m u:65534:rwx target/d", "mv target/d target/e; mkdir -m 700 target/d",
  ])
  func whereOthersWriteNothingIsTakenForGranted(_ change: String) throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    try sink.create(member("d", .directory))
    try put("d/f", into: sink)
    #expect(try replacesOnlyFiles("d/a", sink))
    workspace.run(change)
    workspace.run("ln -s /tmp target/d/a")
    // Back in the directory after another.
    try put("x/f", into: sink)
    #expect(try !replacesOnlyFiles("d/a", sink))
  }

  @Test func aDirectoryThatGaveWayIsForgotten() throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    try sink.create(member("d", .directory))
    #expect(try replacesOnlyFiles("d/a", sink))
    try put("d", into: sink)
    workspace.run("rm target/d; mkdir -m 700 target/d; ln -s /tmp target/d/a")
    #expect(try !replacesOnlyFiles("d/a", sink))
  }

  /// What a new file is like is asked of the first of each mode only.
  @Test func filesOfEachModeGetTheirs() throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    try sink.create(member("d", .directory))
    workspace.run("setfacl -m d:u::rwx,d:g::r,d:o::r target/d")
    let modes: [UInt32] = [0o644, 0o600, 0o4755, 0o755, 0o777, 0o444, 0o000]
    for (number, mode) in (modes + modes).enumerated() { try put("d/\(number)", mode: mode, into: sink) }
    let umask = UInt32(try #require(UInt32(workspace.text("umask").prefix { $0 != "\n" }, radix: 8)))
    let isRoot = workspace.text("id -u") == "0\n"
    for (number, mode) in (modes + modes).enumerated() {
      let expected = isRoot ? mode : mode & 0o777 & ~umask
      #expect(workspace.text("stat -c %a target/d/\(number)") == String(expected, radix: 8) + "\n")
    }
  }

  /// Content of small files is written when they are committed, whichever pieces it came in.
  @Test(arguments: [
    [(0, 5), (5, 5)], [(3, 4)], [(0, 5), (7, 3)], [(0, 70_000)], [(0, 65_000), (65_000, 536), (65_536, 100)], [],
  ])
  func contentComesWholeInAnyPieces(_ pieces: [(offset: Int, count: Int)]) throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    let size = max(10, pieces.last.map { $0.offset + $0.count } ?? 0)
    var expected = [UInt8](repeating: 0, count: size)
    var made = member("f", .regular)
    made.size = Int64(size)
    let writer = try #require(try sink.beginFile(made))
    for piece in pieces {
      for place in piece.offset..<piece.offset + piece.count {
        expected[place] = UInt8(truncatingIfNeeded: place * 7 + 1)
      }
      try writer.write(Array(expected[piece.offset..<piece.offset + piece.count]).span.bytes, at: Int64(piece.offset))
    }
    _ = try writer.commit()
    #expect(workspace.run("cat target/f") == expected)
    #expect(writer.restored?.size == Int64(size))
  }

  /// A member may be longer than its header says it is, as far as a writer knows.
  @Test func contentBeyondTheSizeIsNotKept() throws {
    let workspace = Workspace()
    let sink = sink(workspace)
    let writer = try #require(try sink.beginFile(file("f")))
    try writer.write(Array("text\n".utf8).span.bytes, at: 0)
    try writer.write(Array("more".utf8).span.bytes, at: 5)
    _ = try writer.commit()
    #expect(workspace.text("cat target/f") == "text\n")
  }

  @Test func aDiskWithoutRoomIsSaidWhenTheFileIsCommitted() throws {
    let workspace = Workspace()
    // Nobody but root can mount; without it there is nothing to see here.
    guard workspace.runForStatus("mount -t tmpfs -o size=64k none target").status == 0 else { return }
    defer { workspace.run("umount -l target") }
    let sink = sink(workspace)
    var made = member("f", .regular)
    made.size = 60_000
    let content = [UInt8](repeating: 1, count: 60_000)
    for (name, fits) in [("f", true), ("g", false)] {
      made.path = bytes(name)
      let writer = try #require(try sink.beginFile(made))
      try writer.write(content.span.bytes, at: 0)
      if fits {
        _ = try writer.commitUnasked()
      } else {
        let notice = #expect(throws: MemberNotice.self) { _ = try writer.commitUnasked() }
        #expect(notice?.message == "Cannot write: No space left on device")
      }
    }
    #expect(workspace.text("ls -A target") == "f\n")
  }
}
