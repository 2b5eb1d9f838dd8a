import ArchiveFormat
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

struct CatalogueTests {
  /// One member of each kind, with everything that rows hold.
  private func everything() -> [MemberRecord] {
    var records: [MemberRecord] = []
    for kind in Member.Kind.allCases { records.append(Rows.record("d/\(kind)", kind)) }
    records[1].link = LinkPlacement(sequence: 1, offset: 0)
    records[1].member.linkTarget = Array("d/regular".utf8)
    records[2].member.linkTarget = [0xff, 0x20]
    records[3].member.deviceNumber = DeviceNumber(major: 0xffff_fffe, minor: 0xffff_ffff)
    records[4].member.deviceNumber = DeviceNumber(major: 8, minor: 1)
    var odd = Rows.record("odd")
    odd.member.path = [0x2f, 0xff, 0x0a, 0x2f, 0x2f]
    odd.member.mode = 0o7777
    odd.member.modified = Timestamp(seconds: -5, nanoseconds: 999_999_999)
    odd.member.changed = nil
    odd.member.ownership = Ownership(user: .max, group: .max)
    odd.member.sourceFile = SourceFile(device: .max, inode: .max, linkCount: 1)
    odd.isIncomplete = true
    records.append(odd)
    var long = Rows.record("long", size: 17_000 << 22)
    long.chunks = (0..<17_000).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
    records.append(long)
    return records
  }

  @Test func theRowsOfACatalogueComeBack() throws {
    var rows = try Rows()
    let (first, _) = try rows.frame([])
    #expect(try Catalogue(first).earlier.isEmpty)
    rows.catalogues = [
      CataloguePlacement(batch: 0, sequence: 1, header: BlockID(1), digest: Digester.digest(of: [1])),
      CataloguePlacement(batch: 1, sequence: 9, header: BlockID(99), digest: Digester.digest(of: [2])),
    ]
    let records = everything()
    let sequence = rows.nextSequence
    let (frame, batch) = try rows.frame(records)
    let catalogue = try Catalogue(frame)
    #expect(catalogue.volume == rows.volume)
    #expect(catalogue.batch == batch)
    #expect(catalogue.earlier == rows.catalogues)
    var found: [(FilePlacement, MemberRecord)] = []
    try catalogue.forEachMember { file, record in found.append((file, record)) }
    #expect(found.map(\.1) == records)
    #expect(found.map(\.0) == records.indices.map { Rows.file(sequence + UInt64($0)) })
  }

  @Test func attributesOfRawMembersComeBack() throws {
    var rows = try Rows()
    var record = Rows.record("raw")
    record.contentOffset = 0
    record.member.extendedAttributes = [
      ExtendedAttribute(name: Array("user.=%".utf8), value: [0, 255]),
      ExtendedAttribute(name: [0x75, 0xff], value: []),
    ]
    record.member.accessACL = Array("user::rw-\n".utf8)
    record.member.defaultACL = Array("group::r--\n".utf8)
    let (frame, _) = try rows.frame([record], layout: .raw)
    var found: [MemberRecord] = []
    try Catalogue(frame).forEachMember { _, record in found.append(record) }
    #expect(found == [record])
  }

  @Test func membersOfAPackShareOneFile() throws {
    let rows = try Rows()
    let writer = try CatalogueWriter()
    var records = [Rows.record("a"), Rows.record("b")]
    records[1].offset = 1024
    records[1].contentOffset = 1536
    try writer.add(Rows.file(1, layout: .pack), records)
    let batch = BatchRecord(
      number: 0, id: .random(), session: rows.session, firstSequence: 1, catalogueSequence: 2,
      committed: rows.volume.created, reason: .labelled, previousDigest: nil)
    var found: [(FilePlacement, MemberRecord)] = []
    try Catalogue(writer.finish(volume: rows.volume, batch: batch, earlier: [])).forEachMember {
      file, record in found.append((file, record))
    }
    #expect(found.map(\.0) == [Rows.file(1, layout: .pack), Rows.file(1, layout: .pack)])
    #expect(found.map(\.1) == records)
  }

  private func isBad(_ frame: [UInt8]) -> Bool {
    let catalogue: Catalogue
    do { catalogue = try Catalogue(frame) } catch {
      if case .badCatalogue = error { return true }
      return false
    }
    do {
      try catalogue.forEachMember { _, _ in }
      // What concerns the index alone is looked at when it takes the catalogue in.
      let placement = CataloguePlacement(
        batch: catalogue.batch.number, sequence: catalogue.batch.catalogueSequence, header: BlockID(1),
        digest: Digester.digest(of: frame))
      try IndexFile().ingest(catalogue, placement: placement, end: BlockID(2))
    } catch { return true }
    return false
  }

  private func members(_ frame: [UInt8]) throws -> [MemberRecord] {
    var records: [MemberRecord] = []
    try Catalogue(frame).forEachMember { _, record in records.append(record) }
    return records
  }

  @Test func aDamagedFrameIsABadCatalogue() throws {
    var generator = SeededGenerator("aDamagedFrameIsABadCatalogue")
    var rows = try Rows()
    let frame = try rows.frame(everything().dropLast()).frame
    #expect(!isBad(frame))
    for place in Array(0..<64) + (0..<200).map({ _ in Int.random(in: 0..<frame.count, using: &generator) }) {
      var damaged = frame
      damaged[place] ^= UInt8.random(in: 1...255, using: &generator)
      // LZ4 can say the same in two ways (a repeat of zeros from another place): then the rows are the same too.
      let isHarmless = try !isBad(damaged) && members(damaged) == members(frame)
      let isNoticed = isHarmless || isBad(damaged)
      #expect(isNoticed, "byte \(place)")
    }
    for count in Array(0..<32) + (0..<60).map({ _ in Int.random(in: 0..<frame.count, using: &generator) }) {
      #expect(isBad(Array(frame[..<count])), "cut at \(count)")
    }
    #expect(isBad(frame + [0]))
    #expect(isBad(frame + frame))
  }

  @Test(arguments: [
    "CREATE VIRTUAL TABLE v USING rtree(a, b, c)",
    "CREATE VIEW v AS SELECT 1", "CREATE TRIGGER t AFTER INSERT ON member BEGIN DELETE FROM member; END",
    "PRAGMA user_version = 2", "PRAGMA application_id = 1", "DELETE FROM volume", "DELETE FROM batch",
    "UPDATE volume SET vsn = 'v'", "UPDATE volume SET block_size = 1", "UPDATE volume SET uuid = x'00'",
    "UPDATE batch SET fseq = -1", "UPDATE batch SET reason = 99", "UPDATE batch SET number = -1",
    "DROP TABLE batch", "DROP TABLE earlier_catalogue", "DROP TABLE member", "UPDATE member SET type = 99",
    "DELETE FROM directory", "UPDATE member SET ownership = 99", "UPDATE member SET directory = 99 WHERE name = x'61'",
    "UPDATE member SET fseq = 1000", "UPDATE member SET size = -1", "UPDATE member SET layout = 9",
    "UPDATE member SET block = -5", "INSERT INTO earlier_catalogue VALUES (0, 1, 1, x'00')",
    "UPDATE batch SET number = 3", "INSERT INTO change VALUES (1, 0, 0, 1, x'41', NULL, NULL)",
    "INSERT INTO change VALUES (1, 0, 1, 99, x'41', NULL, NULL)",
    "INSERT INTO change VALUES (2, 0, 1, 1, x'41', NULL, NULL)",
    "INSERT INTO change VALUES (1, 0, 1, 1, x'', NULL, NULL)",
    "INSERT INTO change VALUES (1, 0, 2, 1, x'41', NULL, NULL)",
    "INSERT INTO change VALUES (1, 0, 1, 1, x'41', 1, x'42')",
    "INSERT INTO change VALUES (1, 0, 2, 1, x'41', 99, x'42')",
  ])
  func aDatabaseThatIsNoCatalogueIsRefused(_ sql: String) throws {
    var rows = try Rows()
    let frame = try rows.frame([Rows.record("a"), Rows.record("b")]).frame
    #expect(!isBad(changed(frame, "SELECT 1")))
    #expect(isBad(changed(frame, sql)))
  }

  @Test(arguments: ["-9223372036854775808", "9223372036854775807"])
  func timesOutOfRangeNeverCrash(_ time: String) throws {
    var rows = try Rows()
    let frame = changed(
      try rows.frame([Rows.record("a")]).frame,
      "UPDATE volume SET created = \(time), expires = \(time); UPDATE batch SET committed = \(time);"
        + " UPDATE session SET started = \(time); UPDATE member SET mtime = \(time), mtime_ns = \(time)")
    let catalogue = try Catalogue(frame)
    let index = try IndexFile()
    let placement = CataloguePlacement(batch: 0, sequence: 2, header: BlockID(11), digest: Digester.digest(of: frame))
    try index.ingest(catalogue, placement: placement, end: BlockID(21))
    #expect(try index.find().found == ["a 1"])
  }

  @Test func otherProgramsReadACatalogue() throws {
    var rows = try Rows()
    let folder = TestFolder()
    folder.write(try rows.frame(everything()).frame, to: "catalogue.sqlite.lz4")
    #expect(folder.run("lz4 -dq catalogue.sqlite.lz4 catalogue.sqlite").status == 0)
    func answer(_ sql: String) -> String { folder.text("sqlite3 catalogue.sqlite \"\(sql)\"") }
    #expect(answer("SELECT vsn FROM volume") == "V00001\n")
    #expect(answer("SELECT count(*) FROM member JOIN directory d ON d.id = directory WHERE d.path = x'642f'") == "7\n")
    #expect(answer("PRAGMA integrity_check") == "ok\n")
    #expect(answer("PRAGMA page_size; PRAGMA journal_mode; PRAGMA user_version") == "4096\ndelete\n1\n")
  }

  @Test func aFrameThatClaimsMoreThanItCanHoldIsRefusedBeforeMemoryIsTaken() throws {
    var rows = try Rows()
    var (frame, _) = try rows.frame([])
    // The content size of an LZ4 frame, and behind it a checksum of the header that one byte in 256 matches.
    withUnsafeBytes(of: UInt64(1 << 30).littleEndian) { frame.replaceSubrange(6..<14, with: $0) }
    var reasons: [String] = []
    for checksum in UInt8.min...UInt8.max {
      frame[14] = checksum
      do { _ = try Catalogue(frame) } catch { reasons.append(error.description) }
    }
    #expect(reasons.count == 256)
    #expect(reasons.filter { $0.contains("holds more than it can") }.count == 1)
  }
}
