import ArchiveFormat
import Glibc
import Testing

@testable import HostFiles

/// Files are removed only when they are still what was read, where it was read.
@Suite struct HostRemoverTests {
  private let workspace = Workspace()

  /// Walks, opens and reads; what is to be removed by its name.
  private func read(
    _ operands: [String], keeping kept: [FileIdentity] = []
  ) throws -> (source: HostSource, removable: [(name: String, source: any RemovableSource)]) {
    var options = SourceOptions()
    options.removesFiles = true
    options.index = kept
    let source = HostSource(
      operands: operands.map { SourceOperand(baseDirectory: bytes(workspace.source), name: bytes($0)) },
      options: options)
    var removable: [(String, any RemovableSource)] = []
    while let item = source.next() {
      guard case .member(let member) = item else { continue }
      let opened = try member.open()
      #expect(opened.content?.close() == nil)
      removable.append((String(decoding: member.member.path, as: UTF8.self), try #require(opened.removable)))
    }
    return (source, removable)
  }

  /// Removes all that was read, then the directories; what was said, in order.
  private func removeAll(
    _ read: (source: HostSource, removable: [(name: String, source: any RemovableSource)])
  ) -> [String] {
    words(read.removable.compactMap { $0.source.remove() } + read.source.removeDirectories())
  }

  @Test(arguments: [["d"], ["d/"], ["./d/."], ["d/e", "d"], ["d", "d"], ["../source/d"], ["."]])
  func aTreeThatDidNotChangeGoes(operands: [String]) throws {
    workspace.run("mkdir -p source/d/e/f; cd source/d; echo 1 > a; ln a e/b; ln -s a e/c; mkfifo e/f/p; : > e/f/zero")
    #expect(removeAll(try read(operands)) == [])
    #expect(
      workspace.text("ls -A source 2>&1")
        == (operands == ["."] ? "ls: cannot access 'source': No such file or directory\n" : ""))
  }

  @Test(arguments: [
    "echo more >> d/x", "touch d/x", "chmod 600 d/x", "printf 0 | dd of=d/x conv=notrunc status=none; touch -d @1 d/x",
    "mv d/x d/old; cp -p d/old d/x", "rm d/x; ln -s /etc/passwd d/x", "ln d/x d/y",
  ])
  func aFileThatIsNotWhatWasReadStays(change: String) throws {
    workspace.run("cd source; mkdir d; echo 1 > d/x; touch -d @1 d/x")
    let files = try read(["d"])
    workspace.run("cd source; \(change)")
    #expect(
      removeAll(files) == [
        "d/x: Cannot unlink: file changed since it was read", "d: Cannot rmdir: Directory not empty",
      ])
    #expect(workspace.runForStatus("cd source; test -e d/x").status == 0)
  }

  @Test func theClockIsPastTheChangeBeforeAFileIsRead() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &now)
    let total = now.tv_nsec + 9_000_000
    let soon = Timestamp(
      seconds: Int64(now.tv_sec + total / 1_000_000_000), nanoseconds: Int32(total % 1_000_000_000))
    HostRemover(links: LinkTable(), keeping: []).waitPast(soon)
    clock_gettime(CLOCK_REALTIME_COARSE, &now)
    #expect(Timestamp(now) > soon)
  }

  /// Before Linux 6.13 two changes within a tick of the clock, a few milliseconds, have the same time.
  @Test func aChangeIsSeenHoweverSoonItComes() throws {
    for round in 0..<30 {
      let path = workspace.source + "/x"
      func write(_ text: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
      }
      try write("before")
      let files = try read(["x"])
      try write("behind")
      #expect(removeAll(files) == ["x: Cannot unlink: file changed since it was read"], "round \(round)")
    }
  }

  @Test func whatIsGoneIsAsGoodAsRemoved() throws {
    workspace.run("cd source; mkdir -p d/e; echo 1 > d/x; echo 2 > d/e/y")
    let files = try read(["d"])
    workspace.run("rm -r source/d/e")
    #expect(removeAll(files) == [])
    #expect(workspace.text("ls -A source") == "")
  }

  @Test func everyArchivedNameOfAFileGoesAndNoOther() throws {
    workspace.run("cd source; mkdir d; echo 1 > d/a; for i in $(seq 50); do ln d/a d/$i; done; ln d/a kept")
    #expect(removeAll(try read(["d"])) == [])
    #expect(workspace.text("ls -A source; cat source/kept") == "kept\n1\n")
  }

  @Test func aChangeBetweenTwoNamesKeepsTheRest() throws {
    workspace.run("cd source; mkdir d; echo 1 > d/a; ln d/a d/b; ln d/a d/c")
    let files = try read(["d"])
    #expect(files.removable[1].source.remove() == nil)
    workspace.run("cd source/d; echo more >> $(ls | head -n 1)")
    let rest = words(files.removable.dropFirst(2).compactMap { $0.source.remove() })
    #expect(rest.count == 2 && rest.allSatisfy { $0.hasSuffix(": Cannot unlink: file changed since it was read") })
  }

  @Test func aLinkStaysWhenTheNameItWasArchivedUnderIsNotSafe() throws {
    workspace.run("cd source; mkdir d; echo 1 > d/a; ln d/a d/b")
    let files = try read(["d"])
    let link = files.removable[2]
    #expect(
      words([link.source.remove()].compactMap { $0 }) == [
        "\(link.name): Cannot unlink: its content, archived under another name, is not safe"
      ])
    #expect(workspace.text("ls source/d") == "a\nb\n")
  }

  @Test func theLastNameOfAFileIsStillArchivedAsALink() throws {
    workspace.run("cd source; mkdir d e; echo 1 > d/a; ln d/a e/b")
    var options = SourceOptions()
    options.removesFiles = true
    let source = HostSource(
      operands: ["d/a", "e/b"].map { SourceOperand(baseDirectory: bytes(workspace.source), name: bytes($0)) },
      options: options)
    var kinds: [Member.Kind] = []
    while case .member(let member)? = source.next() {
      let opened = try member.open()
      kinds.append(opened.member.kind)
      #expect(opened.removable?.remove() == nil)
    }
    #expect(kinds == [.regular, .hardLink])
    #expect(workspace.text("ls -A source/d source/e") == "source/d:\n\nsource/e:\n")
  }

  @Test func aFileIsNoTargetOfLinksOnceItsLastNameIsGone() throws {
    // Its inode number may be another file's next.
    workspace.run("cd source; echo 1 > a; ln a b")
    let table = LinkTable()
    let remover = HostRemover(links: table, keeping: [])
    var (file, parent) = (stat(), stat())
    try #require(stat(workspace.source + "/a", &file) == 0 && stat(workspace.source, &parent) == 0)
    table.record(FileState(file), as: bytes("a"))
    for name in ["a", "b"] {
      #expect(table.first(of: FileIdentity(file))?.path == bytes("a"))
      let location = SourceLocation(base: bytes(workspace.source), shownPath: bytes(name))
      #expect(
        HostRemovable(location, in: FileIdentity(parent), file, isLink: name == "b", remover: remover).remove() == nil)
    }
    #expect(table.first(of: FileIdentity(file)) == nil)
  }

  @Test func aSymbolicLinkPutInBetweenLeadsNowhere() throws {
    // The very same file has a name elsewhere, which nobody archived.
    workspace.run("mkdir -p source/d/e elsewhere/e; echo 1 > source/d/e/x; ln source/d/e/x elsewhere/e/x")
    let files = try read(["d"])
    workspace.run("mv source/d source/moved; ln -s ../elsewhere source/d")
    #expect(
      removeAll(files) == [
        "d/e/x: Cannot unlink: its directory is another one now", "d/e: Cannot rmdir: another file has its name now",
        "d: Cannot rmdir: another file has its name now",
      ])
    #expect(workspace.text("cat elsewhere/e/x source/moved/e/x") == "1\n1\n")
  }

  @Test func theIndexStays() throws {
    workspace.run("echo 1 > source/x; echo 2 > source/y")
    var status = stat()
    try #require(stat(workspace.source + "/x", &status) == 0)
    let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    #expect(removeAll(try read(["x", "y"], keeping: [identity])) == ["x: Cannot unlink: the index of the archive"])
    #expect(workspace.text("ls source") == "x\n")
  }
}
