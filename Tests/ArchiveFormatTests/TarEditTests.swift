import ArchiveFormat
import TapeTestSupport
import Testing

/// What is left of an archive is what GNU tar leaves of it.
struct TarEditTests {
  @Test(arguments: ["gnu", "pax", "ustar", "v7", "gnu -V label", "pax -V label", "pax --pax-option=comment=hello"])
  func whatStaysIsWhatGNUTarKeeps(_ format: String) throws {
    let folder = TestFolder()
    let long = String(repeating: "n", count: 90)
    _ = folder.run("mkdir d; for n in a b c d e \(long); do head -c 700 /dev/urandom > d/$n; done; ln d/a d/l")
    for pattern in ["d/a", "d/c d/d", "d/\(long)", "d/e d/l", "d"] {
      _ = folder.run("tar --format=\(format) --sort=name -cf a.tar d; cp a.tar b.tar")
      let deleted = Set(folder.text("tar -tf b.tar \(pattern)").split(separator: "\n").map { Array($0.utf8) })
      #expect(folder.run("tar --delete -f b.tar \(pattern)").status == 0, "\(format) \(pattern)")
      let archive = folder.read("a.tar")
      var left = try archive.withUnsafeBytes { memory in
        let reader = TarReader(MemoryBytes(memory))
        var edit = TarEdit()
        while let entry = try reader.nextEntry() {
          let slash = entry.member.kind == .directory ? [UInt8(ascii: "/")] : []
          if entry.kind == .member, deleted.contains(entry.member.path + slash) { edit.remove(entry) }
        }
        #expect(!edit.isEmpty)
        return edit.kept(endOffset: reader.endOffset ?? 0).flatMap { archive[Int($0.lowerBound)..<Int($0.upperBound)] }
      }
      let expected = folder.read("b.tar")
      // GNU tar loses global headers, and with them the label and what they say of members that stay; we keep them.
      if format.hasPrefix("pax -") { left.removeFirst(1024) }
      let isSame = expected.starts(with: left) && !expected.dropFirst(left.count).contains { $0 != 0 }
      #expect(isSame && expected.count >= left.count + 1024, "\(format) \(pattern)")
    }
  }

  @Test func appendingBeginsWhereGNUTarBegins() throws {
    let folder = TestFolder()
    _ = folder.run("echo x > a; echo y > b")
    for (name, make) in [
      ("whole", "tar -cf a.tar a"), ("lone zero", "tar -cf a.tar a; truncate -s 1536 a.tar"),
      ("no end", "tar -cf a.tar a; truncate -s 1024 a.tar"), ("big blocks", "tar -b 40 -cf a.tar a"),
      ("nothing but an end", "tar -cf a.tar -T /dev/null"),
    ] {
      _ = folder.run("rm -f a.tar; \(make)")
      let archive = folder.read("a.tar")
      let end = try archive.withUnsafeBytes { memory in
        let reader = TarReader(MemoryBytes(memory))
        while try reader.nextEntry() != nil {}
        return reader.endOffset
      }
      _ = folder.run("tar -rf a.tar b")
      let appended = try #require(try TarTree.read(folder.read("a.tar")).last?.entry)
      #expect(appended.member.path == [0x62] && appended.headerOffset == end, "\(name)")
    }
  }
}
