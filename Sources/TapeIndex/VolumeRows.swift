internal import ArchiveFormat
internal import TapeIO
internal import TapeLabels

extension Timestamp {
  /// Nanoseconds since 1970: how the tables hold the times that this program makes.
  var totalNanoseconds: Int64 {
    let (whole, isOut) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (total, isSumOut) = whole.addingReportingOverflow(Int64(nanoseconds))
    // Beyond the years 1677 to 2262, which only a foreign catalogue can say.
    guard !isOut, !isSumOut else { return seconds < 0 ? .min : .max }
    return total
  }

  init(totalNanoseconds value: Int64) {
    let (whole, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(seconds: rest < 0 ? whole - 1 : whole, nanoseconds: Int32(rest < 0 ? rest + 1_000_000_000 : rest))
  }
}

/// Writes and reads the rows of volumes, sessions and batches.
enum VolumeRows {
  static func insert(_ volume: VolumeDescriptor, into database: Database) throws(IndexError) -> Int64 {
    let s = try database.prepare(
      """
      INSERT INTO volume (uuid, vsn, set_uuid, set_sequence, previous_uuid, label, owner, block_size, created, expires)
      VALUES (?,?,?,?,?,?,?,?,?,?) RETURNING id
      """)
    s.bind(1, volume.id.bytes)
    s.bind(2, text: volume.vsn.text)
    s.bind(3, volume.set.bytes)
    s.bind(4, Int64(volume.sequenceInSet))
    s.bind(5, volume.previous?.bytes)
    s.bind(6, volume.text)
    s.bind(7, text: volume.owner)
    s.bind(8, Int64(volume.blockSize))
    s.bind(9, volume.created.totalNanoseconds)
    s.bind(10, volume.expires?.totalNanoseconds)
    _ = try s.step()
    return s.integer(0)
  }

  static let volumeColumns =
    "id, uuid, vsn, set_uuid, set_sequence, previous_uuid, label, owner, block_size, created, expires"

  static func volume(_ row: Statement) throws(IndexError) -> VolumeDescriptor {
    guard let id = UniqueID(bytes: row.blob(1)), let set = UniqueID(bytes: row.blob(3)),
      let vsn = try? VSN(row.text(2)),  // try?: what is wrong with it is that it is no VSN
      VolumeDescriptor.blockSizes.contains(Int(row.integer(8))), (1...1_000_000).contains(row.integer(4))
    else { throw .badCatalogue(why: "its volume row is not one") }
    return VolumeDescriptor(
      id: id, vsn: vsn, set: set, sequenceInSet: Int(row.integer(4)), previous: UniqueID(bytes: row.blob(5)),
      text: row.blob(6), owner: row.text(7), blockSize: Int(row.integer(8)),
      created: Timestamp(totalNanoseconds: row.integer(9)),
      expires: row.optionalInteger(10).map { Timestamp(totalNanoseconds: $0) })
  }

  /// Inserts the session and its series unless they are there; returns the session's id.
  static func insert(_ session: SessionRecord, into database: Database) throws(IndexError) -> Int64 {
    let known = try database.prepare("SELECT id FROM session WHERE uuid = ?")
    known.bind(1, session.id.bytes)
    if try known.step() { return known.integer(0) }
    let addSeries = try database.prepare("INSERT OR IGNORE INTO series (name) VALUES (?)")
    addSeries.bind(1, session.series)
    try addSeries.run()
    let s = try database.prepare(
      """
      INSERT INTO session (uuid, series, started, host, program)
      VALUES (?, (SELECT id FROM series WHERE name = ?), ?, ?, ?) RETURNING id
      """)
    s.bind(1, session.id.bytes)
    s.bind(2, session.series)
    s.bind(3, session.started.totalNanoseconds)
    s.bind(4, text: session.host)
    s.bind(5, text: session.program)
    _ = try s.step()
    return s.integer(0)
  }

  /// Inserts a batch; `found` says where its catalogue lies, which the catalogue itself does not know.
  static func insert(
    _ batch: BatchRecord, volume: Int64, session: Int64, found: (CataloguePlacement, end: BlockID)?,
    into database: Database
  ) throws(IndexError) -> Int64 {
    let s = try database.prepare(
      """
      INSERT INTO batch (volume, number, uuid, session, first_fseq, fseq, block, end_block, committed, reason, digest,
        previous_digest) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id
      """)
    s.bind(1, volume)
    s.bind(2, Int64(batch.number))
    s.bind(3, batch.id.bytes)
    s.bind(4, session)
    s.bind(5, Int64(batch.firstSequence))
    s.bind(6, Int64(batch.catalogueSequence))
    s.bind(7, found.map { Int64($0.0.header.rawValue) })
    s.bind(8, found.map { Int64($0.end.rawValue) })
    s.bind(9, batch.committed.totalNanoseconds)
    s.bind(10, Int64(batch.reason.rawValue))
    s.bind(11, found?.0.digest.bytes)
    s.bind(12, batch.previousDigest?.bytes)
    _ = try s.step()
    return s.integer(0)
  }

  /// Of `batch b`, `session s` and `series r`.
  static let batchColumns = """
    b.number, b.uuid, s.uuid, s.started, s.host, s.program, r.name, b.first_fseq, b.fseq, b.committed, b.reason,
    b.previous_digest, b.block, b.digest, b.end_block, b.id
    """
  static let batchTables = "batch b JOIN session s ON s.id = b.session JOIN series r ON r.id = s.series"

  static func batch(_ row: Statement) throws(IndexError) -> BatchRecord {
    guard let id = UniqueID(bytes: row.blob(1)), let session = UniqueID(bytes: row.blob(2)),
      let reason = BatchReason(rawValue: Int(row.integer(10))), let number = UInt32(exactly: row.integer(0)),
      row.integer(7) > 0, row.integer(8) >= row.integer(7)
    else { throw .badCatalogue(why: "its batch row is not one") }
    return BatchRecord(
      number: number, id: id,
      session: SessionRecord(
        id: session, started: Timestamp(totalNanoseconds: row.integer(3)), host: row.text(4), program: row.text(5),
        series: row.blob(6)),
      firstSequence: UInt64(row.integer(7)), catalogueSequence: UInt64(row.integer(8)),
      committed: Timestamp(totalNanoseconds: row.integer(9)), reason: reason,
      previousDigest: Digest(bytes: row.blob(11)))
  }

  /// Where the batch's catalogue lies, and what follows it.
  static func cataloguePlacement(_ row: Statement) -> (CataloguePlacement, end: BlockID)? {
    guard let block = row.optionalInteger(12), block >= 0, let digest = Digest(bytes: row.blob(13)),
      let end = row.optionalInteger(14), end >= 0
    else { return nil }
    return (
      CataloguePlacement(
        batch: UInt32(truncatingIfNeeded: row.integer(0)), sequence: UInt64(row.integer(8)),
        header: BlockID(UInt64(block)), digest: digest),
      BlockID(UInt64(end))
    )
  }
}
