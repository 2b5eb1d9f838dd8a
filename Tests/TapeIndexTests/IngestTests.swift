import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

@testable import TapeIndex

/// Taking catalogues in: what a session has just written, one read back, and many at once give the same rows.
struct IngestTests {
  private struct Written {
    var frame: [UInt8]
    var own: Catalogue
    var placement: CataloguePlacement
    var end: BlockID
  }

  /// Three batches with all that catalogues have: versions of a name in one batch and in several, links, packs, raw files
  /// with attributes, chunks, pieces of members that span volumes, changes; directories in another order in each.
  private func batches(_ rows: Rows) throws -> [Written] {
    var written: [Written] = []
    var sequence: UInt64 = 1
    func file(_ layout: Layout = .pax) -> FilePlacement {
      defer { sequence += 1 }
      return Rows.file(sequence, layout: layout)
    }
    func batch(_ fill: (CatalogueWriter) throws -> Void) throws {
      let writer = try CatalogueWriter()
      let first = sequence
      try fill(writer)
      let record = BatchRecord(
        number: UInt32(written.count), id: .random(), session: rows.session, firstSequence: first,
        catalogueSequence: sequence, committed: Timestamp(seconds: 1_795_219_300 + Int64(written.count)),
        reason: written.isEmpty ? .labelled : .sessionEnd, previousDigest: written.last?.placement.digest)
      let before = VolumeDescriptor(
        id: try #require(rows.volume.previous), vsn: try VSN("V00000"), set: rows.volume.set, sequenceInSet: 1,
        previous: nil, text: [], owner: "", blockSize: 256 << 10, created: Timestamp(seconds: 1_795_219_100),
        expires: nil)
      let (frame, own) = try writer.finished(
        volume: rows.volume, batch: record, earlier: written.map(\.placement), preceding: [before])
      let placement = CataloguePlacement(
        batch: record.number, sequence: sequence, header: Rows.file(sequence).header, digest: Digester.digest(of: frame)
      )
      sequence += 1
      written.append(Written(frame: frame, own: own, placement: placement, end: Rows.file(sequence).header))
    }
    var link = Rows.record("d/link", .hardLink)
    link.link = LinkPlacement(sequence: 1, offset: 0)
    link.member.linkTarget = Array("d/b".utf8)
    var other = Rows.record("e/other's")
    other.member.ownership = Ownership(user: 7, group: 8, userName: [0xff], groupName: [])
    var raw = Rows.record("raw", size: 9 << 20)
    raw.chunks = [1, 2, 3]
    raw.member.extendedAttributes = [ExtendedAttribute(name: [0x61], value: [0, 1])]
    raw.member.accessACL = [0x75]
    var packed = [Rows.record("p/2"), Rows.record("p/1"), Rows.record("d/b")]
    for number in packed.indices { packed[number].offset = Int64(number) * 1024 }
    try batch { writer in
      for record in [Rows.record("d/b"), Rows.record("d/a"), Rows.record("d/b"), link] {
        try writer.add(file(), [record])
      }
      try writer.add(file(.raw), [raw])
    }
    try batch { writer in
      try writer.add(.renamed(Array("d".utf8), to: Array("new/d".utf8)))
      try writer.add(.deleted(Array("raw".utf8)))
      try writer.add(file(.pack), packed)
      try writer.add(file(), [other])
      try writer.add(
        file(), Rows.record("spans"), section: 2,
        behind: [PiecePlacement(section: 1, volumesBefore: 1, file: Rows.file(9))])
    }
    try batch { writer in
      try writer.add(.vanished(Array("e/other's".utf8)))
      try writer.add(file(), [Rows.record("d/a")])
      try writer.add(file(), openSection: 1)
    }
    return written
  }

  private static let tables = [
    "volume", "series", "session", "batch", "directory", "ownership", "member", "aul_file", "piece", "chunk",
    "attribute",
    "change",
  ]

  /// Every row of every table, as text.
  private func dump(_ index: IndexFile) throws -> [String] {
    var lines: [String] = []
    for table in Self.tables {
      let names = try index.database.prepare(
        "SELECT group_concat('quote(' || name || ')') FROM pragma_table_info('\(table)')")
      _ = try names.step()
      let columns = names.text(0).split(separator: ",").joined(separator: " || ' ' || ")
      let rows = try index.database.prepare("SELECT \(columns) FROM main.\(table) ORDER BY 1")
      while try rows.step() { lines.append("\(table) \(rows.text(0))") }
    }
    let sound = try index.database.prepare("PRAGMA main.integrity_check")
    #expect(try sound.step() && sound.text(0) == "ok")
    return lines
  }

  private func spool(_ written: [Written]) throws -> CatalogueSpool {
    let spool = try CatalogueSpool()
    for (number, batch) in written.enumerated() {
      try spool.add(batch.frame, number: UInt32(number), found: (batch.placement, batch.end))
    }
    return spool
  }

  @Test func writtenReadAndSpooledCataloguesGiveTheSameRows() throws {
    let written = try batches(Rows())
    let indexes = try (0..<3).map { _ in try IndexFile() }
    for batch in written {
      try indexes[0].ingest(batch.own, placement: batch.placement, end: batch.end)
      try indexes[1].ingest(Catalogue(batch.frame), placement: batch.placement, end: batch.end)
    }
    try indexes[2].ingest(spool(written))
    let expected = try dump(indexes[0])
    #expect(try dump(indexes[1]) == expected && dump(indexes[2]) == expected)
    // Beside the rows of another volume ids differ, and what is found does not.
    let shared = try IndexFile()
    var others = try Rows(vsn: "V00002")
    try others.commit(["e/z", "d/z"], to: shared)
    try shared.ingest(spool(written))
    let volume = try #require(try shared.volumes().first { $0.descriptor.vsn.text == "V00001" })
    let counts = try ["member", "piece", "change", "aul_file", "chunk", "attribute"].map {
      try shared.database.number("SELECT count(*) FROM \($0)")
    }
    #expect(counts == [13, 3, 3, 1, 1, 2])
    var found: [String] = []
    let selection = try Selection(MemberQuery(newestOnly: false), of: [volume], in: shared)
    while let member = try selection.next() {
      found.append("\(String(decoding: member.record.member.path, as: UTF8.self)) \(member.file.sequence)")
      if member.record.member.path == Array("spans".utf8) {
        #expect(member.pieces.map(\.section) == [1, 2] && member.pieces[0].volume?.descriptor.vsn.text == "V00000")
      }
    }
    #expect(
      found == [
        "new/d/b 1", "new/d/a 2", "new/d/b 3", "new/d/link 4", "p/2 7", "p/1 7", "d/b 7", "spans 9", "d/a 11",
      ])
  }

  @Test func aVolumeIsReplacedAndOthersStay() throws {
    let written = try batches(Rows())
    let index = try IndexFile()
    try index.ingest(spool(written))
    func volume() throws -> IndexFile.Volume { try #require(try index.volumes(vsn: VSN("V00001")).first) }
    let before = try dump(index)
    // The only one that has batches, and beside another.
    try index.ingest(spool(written), replacing: volume())
    func counts() throws -> [Int64] {
      try Self.tables.map { try index.database.number("SELECT count(*) FROM \($0)") }
    }
    #expect(try dump(index).count == before.count)
    var others = try Rows(vsn: "V00002")
    try others.commit(["e/z", "d/z"], to: index)
    let all = try counts()
    let kept = try dump(index).filter { $0.hasPrefix("member") }
    try index.ingest(spool(written), replacing: volume())
    #expect(try counts() == all)
    let rest = try dump(index).filter { $0.hasPrefix("member") }
    #expect(Set(kept).intersection(rest).count == 2, "the other volume's")
    try index.ingest(spool(Array(written[..<1])), replacing: volume())
    #expect(try index.batches(of: volume()).count == 1 && index.find([literal("e/z")]).found == ["e/z 1"])
  }

  @Test(arguments: [
    "UPDATE member SET ownership = 99 WHERE rowid = (SELECT max(rowid) FROM member)",
    "UPDATE member SET size = -1", "UPDATE piece SET section = 0", "UPDATE change SET kind = 0",
  ])
  func aCatalogueThatFailsHalfWayLeavesTheOldRows(_ sql: String) throws {
    let written = try batches(Rows())
    for number in 1...2 {
      let bad = changed(written[number].frame, sql)
      let index = try IndexFile()
      try index.ingest(spool(Array(written[...0])))
      let before = try dump(index)
      var broken = written
      broken[number].frame = bad
      let volume = try #require(try index.volumes(vsn: VSN("V00001")).first)
      #expect(throws: IndexError.self) { try index.ingest(spool(broken), replacing: volume) }
      #expect(try dump(index) == before)
      #expect(throws: IndexError.self) {
        try index.ingest(Catalogue(bad), placement: written[number].placement, end: written[number].end)
      }
      #expect(try dump(index) == before)
      try index.ingest(spool(written))
      #expect(try index.batches(of: volume).count == 3)
    }
  }

  @Test func valuesThatMeanTheSameAreStoredAlike() throws {
    var rows = try Rows()
    let (frame, batch) = try rows.frame([Rows.record("a"), Rows.record("b")])
    let odd = changed(
      frame,
      """
      UPDATE member SET mode = 65535, mtime_ns = -5, ctime_ns = 5000000000, link_fseq = -1, link_offset = 3,
        incomplete = 7 WHERE name = x'61';
      UPDATE member SET mtime_ns = 1000000000, ctime = NULL, ctime_ns = 3, incomplete = 0 WHERE name = x'62'
      """)
    let index = try IndexFile()
    let placement = CataloguePlacement(
      batch: 0, sequence: batch.catalogueSequence, header: BlockID(21), digest: Digester.digest(of: frame))
    try index.ingest(Catalogue(odd), placement: placement, end: BlockID(31))
    let values = try index.database.prepare(
      """
      SELECT concat FROM (SELECT id, quote(mode) || ' ' || quote(mtime_ns) || ' ' || quote(ctime_ns) || ' '
        || quote(link_fseq) || ' ' || quote(link_offset) || ' ' || quote(incomplete) AS concat FROM member) ORDER BY id
      """)
    #expect(try values.step() && values.text(0) == "4095 0 999999999 NULL NULL 1")
    #expect(try values.step() && values.text(0) == "420 999999999 NULL NULL NULL NULL")
  }

  @Test(arguments: [false, true]) func aSelectionGoesOnWhileCataloguesAreTakenIn(onDisk: Bool) throws {
    let folder = TestFolder()
    let index =
      try onDisk ? IndexFile(path: Array("\(folder.path)/index".utf8), access: .readWrite) : IndexFile()
    var rows = try Rows()
    try rows.commit(["a", "b", "c"], to: index)
    var others = try Rows(vsn: "V00002")
    let (frame, batch) = try others.frame([Rows.record("bad")])
    let bad = changed(frame, "DELETE FROM ownership")
    let placement = CataloguePlacement(
      batch: 0, sequence: batch.catalogueSequence, header: BlockID(21), digest: Digester.digest(of: bad))
    let selection = try Selection(MemberQuery(newestOnly: true), of: index.volumes(), in: index)
    var found: [String] = []
    while let member = try selection.next() {
      found.append(String(decoding: member.record.member.path, as: UTF8.self))
      #expect(throws: IndexError.self) { try index.ingest(Catalogue(bad), placement: placement, end: BlockID(31)) }
      try rows.commit(["x/\(found.count)", "y"], to: index)
    }
    #expect(found == ["a", "b", "c"])
    #expect(try index.find().found == ["a 1", "b 2", "c 3", "x/1 5", "x/2 8", "x/3 11", "y 12"])
  }
}
