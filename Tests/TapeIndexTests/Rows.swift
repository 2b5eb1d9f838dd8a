import ArchiveFormat
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Made-up batches of a volume, and the catalogues of them.
struct Rows {
  var volume: VolumeDescriptor
  var session: SessionRecord
  var catalogues: [CataloguePlacement] = []
  var nextSequence: UInt64 = 1
  /// Seconds by which this volume's batches are later.
  var delay: Int64 = 0

  init(vsn: String = "V00001") throws {
    volume = VolumeDescriptor(
      id: .random(), vsn: try VSN(vsn), set: .random(), previous: .random(), text: [0xff, 0x41], owner: "OWNER",
      blockSize: 256 << 10, created: Timestamp(seconds: 1_795_219_200),
      expires: Timestamp(seconds: 1_795_219_200 + 86_400, nanoseconds: 7))
    session = SessionRecord(
      id: .random(), started: Timestamp(seconds: 1_795_219_201, nanoseconds: 1), host: "host", program: "tapir 0.1",
      series: [0x2f, 0xfe])
  }

  /// Where file `sequence` lies, when each has one block.
  static func file(_ sequence: UInt64, layout: Layout = .pax) -> FilePlacement {
    FilePlacement(
      sequence: sequence, header: BlockID(1 + (sequence - 1) * 10), blockCount: 1, byteCount: 2048, layout: layout,
      digest: Digester.digest(of: [UInt8(truncatingIfNeeded: sequence)]))
  }

  static func record(_ path: String, _ kind: Member.Kind = .regular, size: Int64 = 3) -> MemberRecord {
    let member = Member(
      path: Array(path.utf8), kind: kind, mode: 0o644,
      ownership: Ownership(user: 1000, group: 100, userName: Array("user".utf8), groupName: Array("group".utf8)),
      size: kind == .regular ? size : 0, modified: Timestamp(seconds: 1_700_000_000, nanoseconds: 5),
      changed: Timestamp(seconds: 1_700_000_001, nanoseconds: 6))
    return MemberRecord(
      member: member, offset: 0, contentOffset: 512,
      digest: kind == .regular ? Digester.digest(of: Array(path.utf8)) : nil)
  }

  /// The frame of a catalogue with these members, each in a file of its own, or in packs of 10,000 members of 4 KiB; the
  /// volume goes on behind it.
  mutating func frame(
    _ records: [MemberRecord], layout: Layout = .pax, changes: [NameChange] = []
  ) throws -> (frame: [UInt8], batch: BatchRecord) {
    let writer = try CatalogueWriter()
    for change in changes { try writer.add(change) }
    let first = nextSequence
    let packs = layout == .pack ? stride(from: 0, to: records.count, by: 10_000) : stride(from: 0, to: 0, by: 1)
    for pack in packs {
      let members = records[pack...].prefix(10_000).enumerated().map { number, record in
        var record = record
        record.offset = Int64(number) * 5632
        record.contentOffset = record.offset + 1536
        return record
      }
      try writer.add(Self.file(nextSequence, layout: layout), members)
      nextSequence += 1
    }
    for record in records where layout != .pack {
      try writer.add(Self.file(nextSequence, layout: layout), [record])
      nextSequence += 1
    }
    let batch = BatchRecord(
      number: UInt32(catalogues.count), id: .random(), session: session, firstSequence: first,
      catalogueSequence: nextSequence, committed: Timestamp(seconds: 1_795_219_300 + Int64(catalogues.count) + delay),
      reason: catalogues.isEmpty ? .labelled : .sessionEnd, previousDigest: catalogues.last?.digest)
    return (try writer.finish(volume: volume, batch: batch, earlier: catalogues), batch)
  }

  /// Commits a batch to an index as a session does.
  mutating func commit(_ paths: [String], to index: IndexFile) throws {
    try commit(paths.map { Self.record($0) }, to: index)
  }

  mutating func commit(
    _ records: [MemberRecord], to index: IndexFile, layout: Layout = .pax, changes: [NameChange] = []
  ) throws {
    let (frame, batch) = try frame(records, layout: layout, changes: changes)
    let placement = CataloguePlacement(
      batch: batch.number, sequence: nextSequence, header: Self.file(nextSequence).header,
      digest: Digester.digest(of: frame))
    nextSequence += 1
    try index.ingest(Catalogue(frame), placement: placement, end: Self.file(nextSequence).header)
    catalogues.append(placement)
  }
}

extension IndexFile {
  /// Paths of the members that a query finds on all volumes, in its order, with their files' numbers.
  func find(
    _ operands: [MemberQuery.Operand] = [], newestOnly: Bool = true, session: Int? = nil,
    sample: MemberQuery.Sample? = nil, view: MemberQuery.View = .current,
    isExcluded: (@Sendable ([UInt8]) -> Bool)? = nil
  ) throws -> (found: [String], matches: [Int]) {
    var query = MemberQuery(operands: operands, newestOnly: newestOnly, view: view, isExcluded: isExcluded)
    query.session = session
    query.sample = sample
    let selection = try Selection(query, of: volumes(), in: self)
    var found: [String] = []
    while let member = try selection.next() {
      found.append("\(String(decoding: member.record.member.path, as: UTF8.self)) \(member.file.sequence)")
    }
    #expect(selection.count == Int64(found.count))
    return (found, selection.matches)
  }
}

/// A catalogue's database after `sql`, packed anew.
func changed(_ frame: [UInt8], _ sql: String) -> [UInt8] {
  let folder = TestFolder()
  folder.write(frame, to: "c.lz4")
  let result = folder.run("lz4 -dq c.lz4 c.db && sqlite3 c.db \"\(sql)\" && lz4 -q --content-size c.db d.lz4")
  #expect(result.status == 0, "\(String(decoding: result.output, as: UTF8.self))")
  return folder.read("d.lz4")
}

func literal(_ path: String) -> MemberQuery.Operand { .literal(Array(path.utf8)) }
