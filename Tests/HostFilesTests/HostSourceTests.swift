import ArchiveFormat
import Glibc
import Testing

@testable import HostFiles

@Suite struct HostSourceTests {
  private func tree() -> Workspace {
    let workspace = Workspace()
    workspace.run(
      """
      cd source && mkdir -p d/e/f empty d/g && echo 1 > d/1 && echo 2 > d/e/2.o && echo 3 > d/e/f/3 && : > zero
      ln d/1 second && ln d/1 d/e/third && ln -s d/1 sym && ln -P sym sym2 && ln -s d dirlink && mkfifo fifo
      printf x > "$(printf 'new\\nline')" && printf y > "$(printf 'bad\\377utf')" && for i in $(seq 300); do : > d/g/$i; done
      """)
    return workspace
  }

  @Test(arguments: [
    ["."], ["./"], ["d"], ["d/"], ["d//"], ["d//e"], ["./d/e", "zero"], ["d", "second", "d"], ["sym", "dirlink/"],
    ["../source/d"], [".."], ["d/../zero"], ["d/.."], ["dirlink/e"], ["nothing", "zero"], ["fifo", "empty"],
  ])
  func namesAndOrderAreThoseOfGNUTar(operands: [String]) {
    let workspace = tree()
    #expect(workspace.listing(operands) == workspace.tarListing(operands))
  }

  @Test func absoluteOperandsLoseTheirSlashAsInGNUTar() {
    let workspace = tree()
    let operand = workspace.source + "/d/e"
    #expect(workspace.listing([operand, "/" + operand]) == workspace.tarListing([operand, "/" + operand]))
    var options = SourceOptions()
    options.keepsAbsoluteNames = true
    let kept = workspace.walk([operand], options)
    #expect(kept.members.first?.member.path == bytes(operand) && kept.notices.isEmpty)
  }

  @Test func removedPrefixesAreSaidOnceEach() {
    let workspace = tree()
    let said = words(workspace.walk([workspace.source + "/d/e", workspace.source + "/d/1", "../source/zero"]).notices)
    #expect(
      said == [
        "Removing leading `/' from member names", "Removing leading `/' from hard link targets",
        "Removing leading `../' from member names", "Removing leading `../' from hard link targets",
      ])
  }

  @Test(arguments: [["e"], ["*.o"], ["d/e"], ["./d"], ["[12]*"], ["3", "g"], ["second"]])
  func exclusionsLeaveOutWhatGNUTarLeavesOut(patterns: [String]) {
    let workspace = tree()
    for operands in [["."], ["d", "second"]] {
      #expect(
        workspace.listing(operands, excluding: patterns) == workspace.tarListing(operands, excluding: patterns))
    }
  }

  @Test func withoutRecursionADirectoryComesAlone() {
    let workspace = tree()
    let operand = SourceOperand(baseDirectory: bytes(workspace.source), name: bytes("d"), recursive: false)
    let source = HostSource(operands: [operand], options: SourceOptions())
    #expect(source.next() != nil)
    #expect(source.next() == nil)
  }

  @Test func laterNamesOfAFileAreHardLinksToTheFirst() throws {
    let workspace = tree()
    let opened = try workspace.walk(["second", "d/1", "sym", "sym2"]).members.map { try $0.open().member }
    #expect(opened.map(\.kind) == [.regular, .hardLink, .symbolicLink, .hardLink])
    #expect(opened.map(\.linkTarget) == [[], bytes("second"), bytes("d/1"), bytes("sym")])
  }

  @Test func aFirstLinkThatVanishedIsNobodysTarget() throws {
    let workspace = tree()
    let members = workspace.walk(["second", "d/1", "d/e/third"]).members
    workspace.run("rm source/second")
    #expect(throws: MemberNotice.self) { try members[0].open() }
    let (first, second) = (try members[1].open().member, try members[2].open().member)
    #expect(first.kind == .regular && second.kind == .hardLink && second.linkTarget == bytes("d/1"))
  }

  @Test func metadataIsThatOfTheFile() throws {
    let workspace = Workspace()
    workspace.run("cd source && printf abc > f && chmod 6751 f && touch -d '2001-02-03 04:05:06.123456789Z' f")
    let member = try #require(workspace.walk(["f"]).members.first).open().member
    #expect(member.mode == 0o6751 && member.size == 3)
    #expect(member.modified == Timestamp(seconds: 981_173_106, nanoseconds: 123_456_789))
    #expect(String(decoding: member.ownership.userName, as: UTF8.self) + "\n" == workspace.text("id -un"))
    #expect(member.changed != nil && member.sourceFile?.linkCount == 1)
  }

  @Test func treesDeeperThanPathMaxAreWalkedWhole() {
    let workspace = Workspace()
    let name = String(repeating: "n", count: 40)
    workspace.run(
      "cd source && python3 -c 'import os\nfor i in range(400):\n os.mkdir(\"\(name)\"); os.chdir(\"\(name)\")\n open(\"f\",\"w\")'"
    )
    let found = workspace.walk(["."])
    #expect(found.notices.isEmpty && found.members.count == 801)
    // "./", 400 names of 40 bytes with a slash behind each, "f".
    #expect(found.members.map(\.member.path.count).max() == 2 + 400 * 41 + 1)
    #expect(workspace.listing([name]) == workspace.tarListing([name]))
  }

  @Test func theArchiveItselfAndSocketsAreLeftOut() {
    let workspace = Workspace()
    workspace.run(
      "cd source && : > arch && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'")
    var status = stat()
    #expect(stat(workspace.source + "/arch", &status) == 0)
    var options = SourceOptions()
    options.archives = [FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))]
    let found = workspace.walk(["arch", "sock"], options)
    #expect(found.members.isEmpty)
    #expect(words(found.notices) == ["arch: file is the archive; not dumped", "sock: socket ignored"])
    #expect(found.notices.allSatisfy { $0.severity == .information })
  }

  @Test func whatIsMissingOrVanishedIsSaidInGNUTarsWords() {
    let workspace = tree()
    let found = workspace.walk(["nothing", "zero", "d/e"], looksAgain)
    #expect(found.notices == [MemberNotice(bytes("nothing"), "Cannot stat: No such file or directory", .failure)])
    workspace.run("rm -r source/zero source/d/e")
    var caught: [MemberNotice] = []
    for member in found.members where member.member.kind == .regular {
      do throws(MemberNotice) { _ = try member.open() } catch { caught.append(error) }
    }
    #expect(caught.first == MemberNotice(bytes("zero"), "Cannot open: No such file or directory", .failure))
    #expect(
      caught.dropFirst().allSatisfy { $0.message == "File removed before we read it" && $0.severity == .difference })
    #expect(caught.count > 2)
  }

  @Test func aFileThatGrowsOrShrinksIsSaidToHaveChanged() throws {
    for command in ["echo more >> f", ": > f"] {
      let workspace = Workspace()
      workspace.run("cd source && echo text > f")
      let opened = try #require(workspace.walk(["f"]).members.first).open()
      let content = try #require(opened.content)
      usleep(20_000)
      workspace.run("cd source && \(command)")
      #expect(content.close() == MemberNotice(bytes("f"), "file changed as we read it", .difference))
    }
  }

  @Test func readingStopsAtTheRealEnd() throws {
    let workspace = Workspace()
    workspace.run("cd source && printf 0123456789 > f")
    let opened = try #require(workspace.walk(["f"]).members.first).open()
    workspace.run("truncate -s 4 source/f")
    var buffer = [UInt8](repeating: 0, count: 10)
    let content = try #require(opened.content)
    #expect(try buffer.withUnsafeMutableBytes { (b) throws(MemberNotice) in try content.read(into: b, at: 0) } == 4)
    #expect(try buffer.withUnsafeMutableBytes { (b) throws(MemberNotice) in try content.read(into: b, at: 4) } == 0)
  }

  @Test func aFIFOInPlaceOfAFileDoesNotBlock() throws {
    let workspace = Workspace()
    workspace.run("cd source && echo text > f")
    let member = try #require(workspace.walk(["f"], looksAgain).members.first)
    workspace.run("cd source && rm f && mkfifo f")
    #expect(throws: MemberNotice.self) { try member.open() }
  }

  @Test func holesAreFoundWhenAskedFor() throws {
    let workspace = Workspace()
    workspace.run("cd source && truncate -s 10M f && printf data | dd of=f bs=1 seek=5M conv=notrunc status=none")
    var options = SourceOptions()
    #expect(try #require(workspace.walk(["f"], options).members.first).open().member.dataExtents == nil)
    options.detectsHoles = true
    let opened = try #require(workspace.walk(["f"], options).members.first).open()
    let extents = try #require(opened.member.dataExtents)
    #expect(extents.count == 1)
    #expect(extents.first.map { $0.offset <= 5 << 20 && $0.length < 1 << 20 } == true)
  }

  @Test func accessControlListsHaveTheTextOfGNUTar() throws {
    let workspace = Workspace()
    workspace.run(
      "cd source && : > f && : > plain && mkdir d && setfacl -m u:daemon:rw,g:3:r f && setfacl -d -m u:daemon:rx d")
    var options = SourceOptions()
    options.accessControlLists = true
    let opened = try workspace.walk(["f", "plain", "d"], options).members.map { try $0.open().member }
    #expect(opened[1].accessACL.isEmpty && opened[2].accessACL.isEmpty && opened[0].defaultACL.isEmpty)
    let headers = workspace.text("tar --acls -H pax -C source -cf - f d | tr '\\0' '\\n'")
    #expect(headers.contains("SCHILY.acl.access=" + String(decoding: opened[0].accessACL, as: UTF8.self) + "\n"))
    #expect(headers.contains("SCHILY.acl.default=" + String(decoding: opened[2].defaultACL, as: UTF8.self) + "\n"))
  }

  @Test(.enabled(if: isRoot, "giving up rights needs some")) func whatMayNotBeReadIsSaidInGNUTarsWords() {
    let workspace = Workspace()
    workspace.run("chmod 755 . source && cd source && echo 1 > f && mkdir -m 700 d && chmod 600 f")
    let said: [MemberNotice] = asNobody {
      let found = workspace.walk(["f", "d"])
      var all = found.notices
      for member in found.members {
        do throws(MemberNotice) { _ = try member.open() } catch { all.append(error) }
      }
      return all
    }
    #expect(
      said == ["d", "f"].map { MemberNotice(bytes($0), "Cannot open: Permission denied", .failure) })
  }

  @Test func smallFilesAreOpenWhenTheyAreFoundAndClosedUnread() throws {
    let workspace = Workspace()
    workspace.run(
      "cd source && for i in $(seq 600); do echo $i > $i; done; truncate -s 1M large; : > empty; ln 1 second")
    let name = { (member: any SourceMember) in String(decoding: member.member.path, as: UTF8.self) }
    let open = { workspace.text("ls -l /proc/\(getpid())/fd 2>/dev/null | grep -c '\(workspace.source)/'") }
    do {
      let found = workspace.walk(["."], looksAgain)
      // Those with other names, the large and the empty one are opened when it is their turn, and of many only some at once.
      #expect((200...256).contains(Int(open().dropLast()) ?? 0))
      // What is there when it is read counts, when it was opened a while ago.
      let small = found.members.filter { $0.member.size > 0 && $0.member.sourceFile?.linkCount == 1 }
      workspace.run("cd source && rm \(name(small[0])) && echo other > x && mv x \(name(small[1]))")
      #expect(throws: MemberNotice.self) { try small[0].open() }
      #expect(try small[1].open().member.size == 6)
    }
    #expect(open() == "0\n")
    var options = SourceOptions()
    options.freshness = .max
    do {
      let found = workspace.walk(["."], options)
      for member in found.members where member.member.size > 0 { _ = try member.open().content?.close() }
      // Some may wait for the next to be opened.
      #expect((0...64).contains(Int(open().dropLast()) ?? -1))
    }
    #expect(open() == "0\n")
  }

  /// Files that are read and wait to be closed are descriptors too, of which the system may allow only few.
  @Test(arguments: [(16, 1), (32, 2), (1 << 19, 64)])
  func fewWaitToBeClosedWhereFewMayBeOpen(limit: Int, most: Int) {
    let workspace = Workspace()
    workspace.run("touch source/f")
    let open = { workspace.text("ls -l /proc/\(getpid())/fd 2>/dev/null | grep -c '\(workspace.source)/f'") }
    do {
      let context = SourceContext(SourceOptions(), budget: DescriptorBudget(limit: limit))
      for _ in 0..<100 { context.closeSoon(Glibc.open(workspace.source + "/f", O_RDONLY | O_CLOEXEC)) }
      #expect(open() == "\(most)\n")
      context.closeRead()
      #expect(open() == "0\n")
    }
    #expect(open() == "0\n")
  }

  /// What was opened a moment ago is archived as it was then; what became of it since is said.
  @Test func aSmallFileIsWhatItWasWhenItWasFound() throws {
    let workspace = Workspace()
    workspace.run("cd source && for i in a b c d; do echo $i > $i; done")
    var options = SourceOptions()
    options.freshness = .max
    let found = workspace.walk(["a", "b", "c", "d"], options).members
    usleep(20_000)
    workspace.run("cd source && rm a && echo other > x && mv x b && echo more >> c")
    for (name, notice) in [("a", "changed"), ("b", "changed"), ("c", "changed"), ("d", nil)] {
      let opened = try #require(found.first { $0.member.path == bytes(name) }).open()
      #expect(opened.member.size == 2)
      let content = try #require(opened.content)
      var buffer = [UInt8](repeating: 0, count: 2)
      _ = try buffer.withUnsafeMutableBytes { (b) throws(MemberNotice) in try content.read(into: b, at: 0) }
      #expect(buffer == bytes(name + "\n"))
      #expect(content.close()?.message == notice.map { "file \($0) as we read it" })
    }
  }

  /// Closing a file gives up all locks of the process on it, also those of SQLite on an index that is archived.
  @Test(arguments: [true, false]) func theIndexKeepsItsLocks(isKnown: Bool) throws {
    let workspace = Workspace()
    workspace.run("cd source && echo index > index.sqlite")
    let descriptor = open(workspace.source + "/index.sqlite", O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    #expect(fcntl(descriptor, F_SETLK, &lock) == 0)
    var status = stat()
    #expect(fstat(descriptor, &status) == 0)
    var options = SourceOptions()
    if isKnown { options.index = [FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))] }
    do {
      let found = workspace.walk(["index.sqlite", "./index.sqlite"], options)
      let opened = try #require(found.members.first).open()
      #expect(try #require(opened.content).close() == nil)
    }
    let program =
      "import fcntl, sys\ntry: fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept OSError: print('held')"
    #expect(workspace.text("python3 -c \"\(program)\" source/index.sqlite") == (isKnown ? "held\n" : ""))
  }

  /// Every name is looked up again when it is its turn.
  private var looksAgain: SourceOptions {
    var options = SourceOptions()
    options.freshness = 0
    return options
  }
}
