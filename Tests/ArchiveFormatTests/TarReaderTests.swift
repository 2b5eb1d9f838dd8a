import ArchiveFormat
import Foundation
import TapeTestSupport
import Testing

/// Archives of other programs are read as they mean them.
struct TarReaderTests {
  private func oracle(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Oracles/\(name)", ofType: nil))
  }

  /// Everything of a member that the format can hold.
  private func expectSame(_ found: Found, _ expected: Member, _ what: String, hasNanoseconds: Bool, hasOwners: Bool) {
    let member = found.member
    let name = "\(what): \(String(decoding: expected.path, as: UTF8.self))"
    #expect(member.kind == expected.kind && member.mode == expected.mode, "\(name)")
    #expect(member.ownership.user == expected.ownership.user, "\(name)")
    #expect(member.ownership.group == expected.ownership.group, "\(name)")
    if hasOwners { #expect(member.ownership == expected.ownership, "\(name)") }
    #expect(member.size == expected.size && member.linkTarget == expected.linkTarget, "\(name)")
    #expect(member.deviceNumber == expected.deviceNumber, "\(name)")
    #expect(member.modified.seconds == expected.modified.seconds, "\(name)")
    if hasNanoseconds { #expect(member.modified == expected.modified, "\(name)") }
    #expect(found.entry?.kind == .member && found.entry?.unknownType == nil, "\(name)")
  }

  /// Archives the tree with `command`, which writes a.tar, and compares what is read with what lstat(2) says.
  private func expectTree(
    _ command: String, hasNanoseconds: Bool = false, hasOwners: Bool = true, keeping: String = ""
  ) throws {
    let folder = TestFolder()
    #expect(TarTree.make(in: folder, isSmall: true))
    if !keeping.isEmpty { _ = folder.run(keeping) }
    #expect(folder.run(command).status == 0, "\(command)")
    let read = try TarTree.read(folder.read("a.tar")) { Issue.record("\(command): \($0.message)") }
    // bsdtar links in its own order: the targets are the archive's, the rest is the file system's.
    let walked = TarTree.walk(folder, read.map(\.member.path))
    #expect(read.count == walked.count && read.count > 15, "\(command)")
    for (found, expected) in zip(read, walked) {
      #expect(found.member.path == expected.member.path)
      expectSame(found, expected.member, command, hasNanoseconds: hasNanoseconds, hasOwners: hasOwners)
      if found.member.kind == .regular {
        let isSame = found.content == TarTree.content(folder, found.member.path)
        #expect(isSame, "\(command): \(found.member.path)")
      }
    }
  }

  @Test func whatGNUTarWritesIsRead() throws {
    let tame = "cd t && rm -f t-old t-minus t-33bits o2 o3"
    for format in ["gnu", "oldgnu"] { try expectTree("tar --format=\(format) -cf a.tar t") }
    try expectTree("tar --format=pax -cf a.tar t", hasNanoseconds: true)
    try expectTree("tar --format=ustar -cf a.tar t", keeping: tame)
    try expectTree("tar --format=v7 -cf a.tar t", hasOwners: false, keeping: tame + " fifo b c")
  }

  @Test func whatBsdtarWritesIsRead() throws {
    let tame = "cd t && rm -f t-old t-minus t-33bits o2 o3"
    try expectTree("LC_ALL=C.UTF-8 bsdtar --format=pax -cf a.tar t", hasNanoseconds: true, keeping: "rm -f t/t-old")
    try expectTree("LC_ALL=C.UTF-8 bsdtar --format=gnutar -cf a.tar t", keeping: tame)
    try expectTree("LC_ALL=C.UTF-8 bsdtar --format=ustar -cf a.tar t", keeping: tame)
  }

  @Test func whatPythonWritesIsRead() throws {
    let script = try oracle("tar_archive.py")
    // Python's floats do not hold nanoseconds, and it and bsdtar take fractions before 1970 the wrong way round.
    for format in ["pax", "gnu"] { try expectTree("python3 '\(script)' \(format) a.tar", keeping: "rm -f t/t-old") }
    try expectTree("python3 '\(script)' ustar a.tar", keeping: "cd t && rm -f t-old t-minus t-33bits o2 o3")
  }

  @Test(arguments: [
    "--format=gnu", "--format=pax --sparse-version=0.0", "--format=pax --sparse-version=0.1", "--format=pax",
  ])
  func sparseFilesAreRead(_ arguments: String) throws {
    let folder = TestFolder()
    _ = folder.run(
      """
      truncate -s 100000 hole; truncate -s 1M one; printf x | dd of=one bs=1 seek=500000 conv=notrunc 2>/dev/null
      for i in $(seq 60); do printf x$i | dd of=many bs=1 seek=$((i*20000)) conv=notrunc 2>/dev/null; done
      tar \(arguments) -S -cf a.tar hole one many
      """)
    let found = try TarTree.read(folder.read("a.tar")) { Issue.record("\($0.message)") }
    #expect(found.map(\.member.dataExtents?.count) == [0, 1, 60])
    for (found, name) in zip(found, ["hole", "one", "many"]) {
      #expect(found.member.path == Array(name.utf8))
      let isSame = PaxSamples.whole(Sample(member: found.member, content: found.content)) == folder.read(name)
      #expect(isSame, "\(name)")
    }
  }

  @Test func attributesOfGNUTarAndBsdtarAreRead() throws {
    let folder = TestFolder()
    let made = folder.run(
      "echo x > f && echo y > g && setfattr -n user.a%=ä -v 'b=%' f && setfattr -n user.ä -v 0x00ff g && setfacl -m u:1:r f g"
    )
    guard made.status == 0 else { return print("attributes not compared: \(folder.path) takes none") }
    // bsdtar writes names with a `=` so that nobody can read them.
    for (command, name, value) in [
      ("tar", "user.a%=ä", Array("b=%".utf8)), ("tar", "user.ä", [0, 0xff]), ("bsdtar", "user.ä", [0, 0xff]),
    ] {
      let file = name == "user.ä" ? "g" : "f"
      let made = folder.run("LC_ALL=C.UTF-8 \(command) --format=pax --xattrs --acls -cf a.tar \(file)")
      #expect(made.status == 0)
      let member = try #require(try TarTree.read(folder.read("a.tar")).first?.member)
      let attributes = member.extendedAttributes.filter { $0.name.starts(with: "user.".utf8) }
      #expect(attributes == [ExtendedAttribute(name: Array(name.utf8), value: value)], "\(command)")
      #expect(String(decoding: member.accessACL, as: UTF8.self).contains("user:daemon:r--"), "\(command)")
    }
  }

  @Test func labelsDirectoryListsAndContinuationsAreTold() throws {
    let folder = TestFolder()
    _ = folder.run("mkdir d; echo x > d/f; head -c 30000 /dev/urandom > big")
    for format in ["gnu", "pax"] {
      _ = folder.run("rm -f s; tar --format=\(format) -V label -g s -cf a.tar d")
      let archive = folder.read("a.tar")
      let found = try TarTree.read(archive)
      #expect(found.map(\.entry?.kind) == [.volumeLabel, .member, .member])
      #expect(found.map(\.member.dumpDirectory) == [nil, Array("Yf\u{0}\u{0}".utf8), nil])
      #expect(found[0].member.path == Array("label".utf8))
      try archive.withUnsafeBytes { memory in
        let reader = TarReader(MemoryBytes(memory))
        let first = try reader.next()
        #expect(first?.path == [0x64])
        #expect(reader.volumeLabel == Array("label".utf8))
      }
    }
    _ = folder.run("tar --format=gnu -ML 20 -cf a.tar -f b.tar -f c.tar big")
    let found = try TarTree.read(folder.read("b.tar"))
    #expect(found.count == 1)
    guard case .continuation(let offset, let size) = found.first?.entry?.kind else {
      Issue.record("no continuation")
      return
    }
    #expect(
      size == 30000 && found[0].content == Array(folder.read("big")[Int(offset)...].prefix(found[0].content.count)))
    #expect(found[0].content.count == Int(found[0].member.size) && !found[0].content.isEmpty)
  }

  @Test func placesAreThoseThatGNUTarNames() throws {
    let folder = TestFolder()
    #expect(TarTree.make(in: folder))
    for format in ["gnu", "pax"] {
      _ = folder.run("tar --format=\(format) -S -V label -cf a.tar t")
      let archive = folder.read("a.tar")
      let found = try TarTree.read(archive)
      let blocks = folder.text("tar --quoting-style=escape -tRf a.tar").split(separator: "\n").dropLast()
      #expect(blocks.map { $0.prefix { $0 != ":" } } == found.map { "block \($0.entry?.blockNumber ?? -1)" })
      var end: Int64 = 0
      for item in found {
        let entry = try #require(item.entry)
        #expect(entry.headerOffset == end)
        end = entry.endOffset
        let content = archive[Int(entry.dataOffset)...].prefix(Int(entry.storedSize))
        let isSame = Array(content) == item.content
        #expect(isSame || item.member.kind != .regular)
      }
      try archive.withUnsafeBytes { memory in
        let reader = TarReader(MemoryBytes(memory))
        while try reader.next() != nil {}
        #expect(reader.endOffset == end)
      }
    }
  }
}
