public import ArchiveFormat
internal import CSQLite
public import TapeIO
public import TapeLabels

/// The disk-side index: what lies where on every volume it knows. Rebuilt from the volumes' catalogues at any time.
///
/// Used by one thread at a time.
public final class IndexFile {
  let database: Database

  /// What an index is opened for.
  public enum Access: Sendable {
    /// Look-ups; the file must be there.
    case readOnly
    /// Look-ups and commits; the file is made when it is not there.
    case readWrite
  }

  /// Opens the index at `path`.
  /// - Throws: ``IndexError``.
  public init(path: [UInt8], access: Access) throws(IndexError) {
    switch access {
    case .readWrite:
      database = try Database(path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
      // Only when it is known to be ours: another program's database is not changed.
      try prepare()
      try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    case .readOnly:
      let found = try Self.openForReading(path)
      if found.hasTables {
        database = found.database
        try check()
      } else {
        // Who made it was killed before there was a table in it: it knows nothing, which is no error.
        database = try Database(path: [], flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try prepare()
      }
    }
    try database.execute("PRAGMA cache_size = -24576; PRAGMA temp_store = FILE;" + Self.settings)
  }

  /// What is deleted need not be unreadable, and nothing in a schema, also that of a catalogue, has any say.
  private static let settings = "PRAGMA secure_delete = OFF; PRAGMA trusted_schema = OFF;"

  /// An index that lives as long as this object, on disk when it grows.
  public init() throws(IndexError) {
    database = try Database(path: [], flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    try prepare()
    try database.execute(
      "PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; PRAGMA temp_store = FILE;" + Self.settings)
  }

  /// A database in WAL mode wants to write beside itself even when it is only read, and to tidy up there in the end;
  /// where that is not allowed, nobody writes to it either and it can be read as it is.
  private static func openForReading(
    _ path: [UInt8]
  ) throws(IndexError) -> (database: Database, hasTables: Bool) {
    let database = try Database(path: path, flags: SQLITE_OPEN_READWRITE)
    do {
      return (database, try hasTables(database))
    } catch {
      guard case .database = error else { throw error }
      var uri = Array("file:".utf8)
      for byte in path {
        let isPlain = (0x61...0x7a).contains(byte | 0x20) || (0x2d...0x39).contains(byte) || byte == 0x5f
        uri += isPlain ? [byte] : Array("%".utf8) + Array(String(byte, radix: 16).leftPadded.utf8)
      }
      let asItIs = try Database(
        path: uri + Array("?immutable=1".utf8), flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
      return (asItIs, try hasTables(asItIs))
    }
  }

  private static func hasTables(_ database: Database) throws(IndexError) -> Bool {
    try database.number("SELECT EXISTS (SELECT 1 FROM sqlite_schema)") > 0
  }

  private func prepare() throws(IndexError) {
    guard try database.number("SELECT count(*) FROM sqlite_schema") == 0 else { return try bringUpToDate() }
    try database.transaction { () throws(IndexError) in
      // Another process may have made it meanwhile.
      guard try database.number("SELECT count(*) FROM sqlite_schema") == 0 else { return }
      try database.execute(Schema.tables)
      try database.execute(Schema.indexOnly + Schema.copies)
      try database.execute(Schema.head(applicationID: Schema.indexApplicationID))
    }
    try check()
  }

  /// Brings an index of an older version up to this one.
  private func bringUpToDate() throws(IndexError) {
    guard try check() < Schema.indexVersion else { return }
    try database.transaction { () throws(IndexError) in
      try database.execute(Schema.copies + "PRAGMA user_version = \(Schema.indexVersion)")
    }
  }

  /// Makes sure that the file is an index that this program understands.
  /// - Returns: its version.
  @discardableResult
  private func check() throws(IndexError) -> Int64 {
    guard try database.number("PRAGMA application_id") == Schema.indexApplicationID else {
      throw .notAnIndex(path: database.path)
    }
    let version = try database.number("PRAGMA user_version")
    guard version <= Schema.indexVersion else { throw .tooNew(path: database.path, version: Int(version)) }
    return version
  }

  // MARK: Volumes

  /// A volume as the index knows it.
  public struct Volume: Sendable {
    /// Row id, for look-ups in this index.
    public let row: Int64
    /// What identifies it.
    public let descriptor: VolumeDescriptor
  }

  /// The volume with this UUID.
  public func volume(_ id: UniqueID) throws(IndexError) -> Volume? {
    let s = try database.prepare("SELECT \(VolumeRows.volumeColumns) FROM volume WHERE uuid = ? AND erased = 0")
    s.bind(1, id.bytes)
    return try s.step() ? Volume(row: s.integer(0), descriptor: VolumeRows.volume(s)) : nil
  }

  /// The volume with this VSN whose catalogue was taken in from a place, with the same bytes; nil when there is none.
  public func volume(_ vsn: VSN, with catalogue: CataloguePlacement) throws(IndexError) -> Volume? {
    let s = try database.prepare(
      """
      SELECT \(VolumeRows.volumeColumns) FROM volume v WHERE vsn = ?1 AND erased = 0
        AND (SELECT (fseq, block, digest) = (?3, ?4, ?5) FROM batch WHERE volume = v.id AND number = ?2)
      """)
    s.bind(1, text: vsn.text)
    s.bind(2, Int64(catalogue.batch))
    s.bind(3, Int64(clamping: catalogue.sequence))
    s.bind(4, Int64(clamping: catalogue.header.rawValue))
    s.bind(5, catalogue.digest)
    return try s.step() ? Volume(row: s.integer(0), descriptor: VolumeRows.volume(s)) : nil
  }

  /// The volumes that are not erased, by VSN; only the one with `vsn` when that is given.
  public func volumes(vsn: VSN? = nil) throws(IndexError) -> [Volume] {
    let s = try database.prepare(
      "SELECT \(VolumeRows.volumeColumns) FROM volume WHERE erased = 0 AND (?1 IS NULL OR vsn = ?1) ORDER BY vsn")
    if let vsn { s.bind(1, text: vsn.text) }
    var result: [Volume] = []
    while try s.step() { result.append(Volume(row: s.integer(0), descriptor: try VolumeRows.volume(s))) }
    return result
  }

  /// A batch as the index knows it.
  public struct Batch: Sendable {
    /// Row id: the members of the batch have ids from this times 2^24.
    public let row: Int64
    /// What its catalogue says.
    public let record: BatchRecord
    /// Where its catalogue lies; nil when it was recovered or salvaged and no other catalogue says so.
    public let catalogue: CataloguePlacement?
    /// Block ID of what follows its catalogue; nil together with ``catalogue``.
    public let end: BlockID?
    /// Number of its session on the volume, from 1 in tape order; 0 for catalogue 0, which holds no members.
    public let sessionNumber: Int
  }

  /// The batches of a volume, by number.
  public func batches(of volume: Volume) throws(IndexError) -> [Batch] {
    let s = try database.prepare(
      "SELECT \(VolumeRows.batchColumns) FROM \(VolumeRows.batchTables) WHERE b.volume = ? ORDER BY b.number")
    s.bind(1, volume.row)
    var result: [Batch] = []
    var session: UniqueID?
    var sessionNumber = 0
    while try s.step() {
      let record = try VolumeRows.batch(s)
      let found = VolumeRows.cataloguePlacement(s)
      guard found != nil || record.reason == .recovered || record.reason == .salvaged else {
        throw .badCatalogue(why: "the index has a batch without a catalogue")
      }
      if record.number > 0, record.session.id != session {
        session = record.session.id
        sessionNumber += 1
      }
      result.append(
        Batch(
          row: s.integer(15), record: record, catalogue: found?.0, end: found?.end, sessionNumber: sessionNumber))
    }
    return result
  }

  /// When the batches of a volume were committed, in nanoseconds, by row id, and whether they are of a session: what a
  /// look-up has to know of each, and no more.
  func commits(
    of volume: Volume, in session: UniqueID? = nil
  ) throws(IndexError) -> [(batch: Int64, committed: Int64, isOfSession: Bool)] {
    let s = try database.prepare(
      """
      SELECT id, committed, ?2 IS NULL OR session = (SELECT id FROM session WHERE uuid = ?2)
      FROM batch WHERE volume = ?1 ORDER BY number
      """)
    s.bind(1, volume.row)
    s.bind(2, session?.bytes)
    var result: [(batch: Int64, committed: Int64, isOfSession: Bool)] = []
    while try s.step() { result.append((s.integer(0), s.integer(1), s.integer(2) != 0)) }
    return result
  }

  /// Members of a volume, and bytes of their content.
  public func totals(of volume: Volume) throws(IndexError) -> (members: Int64, bytes: Int64) {
    let s = try database.prepare(
      """
      SELECT count(*), coalesce(sum(m.size), 0) FROM batch b
      JOIN member m ON m.id >= b.id << 24 AND m.id < (b.id + 1) << 24 WHERE b.volume = ?
      """)
    s.bind(1, volume.row)
    return try s.step() ? (s.integer(0), s.integer(1)) : (0, 0)
  }

  /// Marks a volume as erased: its VSN may be used again.
  public func markErased(_ volume: Volume) throws(IndexError) {
    let s = try database.prepare("UPDATE volume SET erased = 1 WHERE id = ?")
    s.bind(1, volume.row)
    try s.run()
  }

  /// Takes a batch and its members out of the index; the session stays.
  private func remove(_ batch: Batch) throws(IndexError) {
    let first = batch.row * Schema.membersPerBatch
    for (table, column) in [("member", "id"), ("chunk", "member"), ("attribute", "member")] {
      let s = try database.prepare("DELETE FROM \(table) WHERE \(column) >= ? AND \(column) < ?")
      s.bind(1, first)
      s.bind(2, first + Schema.membersPerBatch)
      try s.run()
    }
    try database.execute("DELETE FROM piece WHERE \(PieceRows.isOf(batch.row))")
    for (table, column) in [("aul_file", "batch"), ("change", "batch"), ("batch", "id")] {
      let s = try database.prepare("DELETE FROM \(table) WHERE \(column) = ?")
      s.bind(1, batch.row)
      try s.run()
    }
  }

  /// Takes all batches of a volume out of the index.
  private func removeBatches(of volume: Volume) throws(IndexError) {
    let others = try database.number("SELECT count(*) FROM batch WHERE volume != \(volume.row)")
    guard others == 0 else {
      for batch in try batches(of: volume) { try remove(batch) }
      return
    }
    // Without a condition SQLite gives up a table as a whole, which takes no time for each row.
    for table in ["member", "chunk", "attribute", "piece", "aul_file", "change", "batch"] {
      try database.execute("DELETE FROM \(table)")
    }
  }

  // MARK: Commit

  /// Takes in a catalogue, in one transaction: the same for one just written and one read back years later. One that is
  /// known already changes nothing.
  /// - Parameters:
  ///   - placement: where the catalogue lies and the digest of its user file, as written or read.
  ///   - end: block ID of what follows it.
  public func ingest(
    _ catalogue: Catalogue, placement: CataloguePlacement, end: BlockID
  ) throws(IndexError) {
    try MemberCopy.prepare(database)
    defer { database.detach() }
    try database.transaction { () throws(IndexError) in try add(catalogue, found: (placement, end)) }
  }

  /// Takes in all catalogues of a spool, in one transaction; what is known already changes nothing.
  /// - Parameter replaced: the volume as the index knows it, when all that it knows is to go first.
  public func ingest(_ spool: CatalogueSpool, replacing replaced: Volume? = nil) throws(IndexError) {
    try MemberCopy.prepare(database)
    defer { database.detach() }
    try database.transaction { () throws(IndexError) in
      if let replaced {
        try removeBatches(of: replaced)
        let s = try database.prepare("DELETE FROM volume WHERE id = ?")
        s.bind(1, replaced.row)
        try s.run()
      }
      try spool.forEach { (catalogue, found) throws(IndexError) in try add(catalogue, found: found) }
      try database.execute("DELETE FROM session WHERE id NOT IN (SELECT session FROM batch)")
    }
  }

  /// Takes out what was salvaged from the end of a volume: files that no catalogue ever confirmed.
  public func removeSalvaged(of volume: Volume) throws(IndexError) {
    try database.transaction { () throws(IndexError) in
      for batch in try batches(of: volume) where batch.record.reason == .salvaged { try remove(batch) }
    }
  }

  private func add(
    _ catalogue: Catalogue, found: (CataloguePlacement, end: BlockID)?
  ) throws(IndexError) {
    let volumeRow = try volumeRow(of: catalogue.volume)
    let known = try database.prepare("SELECT 1 FROM batch WHERE volume = ? AND number = ?")
    known.bind(1, volumeRow)
    known.bind(2, Int64(catalogue.batch.number))
    if try known.step() { return }
    // Those of a volume may come in any order: the latest is what counts.
    let update = try database.prepare(
      "UPDATE volume SET expires = ?1 WHERE id = ?2 AND (expires IS NULL OR expires < ?1)")
    update.bind(1, catalogue.volume.expires?.totalNanoseconds)
    update.bind(2, volumeRow)
    try update.run()
    for other in catalogue.preceding { try addName(of: other) }
    let session = try VolumeRows.insert(catalogue.batch.session, into: database)
    let batch = try VolumeRows.insert(
      catalogue.batch, volume: volumeRow, session: session, found: found, into: database)
    try MemberCopy(to: database).copy(catalogue, batch: batch)
    let reason = catalogue.batch.reason
    if reason == .recovered || reason == .salvaged { try resolveLinks(ofBatch: batch, on: volumeRow) }
  }

  /// Finds where the hard links of a recovered batch lead, by the name that their tar headers have: the member written
  /// last under it before the link, on the same volume.
  private func resolveLinks(ofBatch batch: Int64, on volume: Int64) throws(IndexError) {
    let links = try database.prepare(
      "SELECT id, link_target FROM member WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24 AND type = 1 ORDER BY id")
    let target = try database.prepare(
      """
      SELECT m.fseq, m.offset FROM directory d JOIN member m ON m.directory = d.id AND m.name = ?2
      JOIN batch b ON b.id = m.id >> 24
      WHERE d.path = ?1 AND b.volume = ?3 AND m.id < ?4 AND m.type != 1 ORDER BY m.id DESC LIMIT 1
      """)
    let update = try database.prepare("UPDATE member SET link_fseq = ?, link_offset = ? WHERE id = ?")
    links.bind(1, batch)
    while try links.step() {
      let name = MemberName(path: links.blob(1))
      target.bind(1, name.directory)
      target.bind(2, name.name)
      target.bind(3, volume)
      target.bind(4, links.integer(0))
      if try target.step() {
        update.bind(1, target.integer(0))
        update.bind(2, target.integer(1))
        update.bind(3, links.integer(0))
        try update.run()
      }
      target.reset()
    }
  }

  /// Notes which volume another one continues, so that it can be asked for; its own catalogues say all else.
  private func addName(of descriptor: VolumeDescriptor) throws(IndexError) {
    let known = try database.prepare("SELECT 1 FROM volume WHERE uuid = ?1 OR vsn = ?2 AND erased = 0")
    known.bind(1, descriptor.id.bytes)
    known.bind(2, text: descriptor.vsn.text)
    if try !known.step() { _ = try VolumeRows.insert(descriptor, into: database) }
  }

  private func volumeRow(of descriptor: VolumeDescriptor) throws(IndexError) -> Int64 {
    if let known = try volume(descriptor.id) { return known.row }
    guard try volumes(vsn: descriptor.vsn).isEmpty else {
      throw .duplicateVSN(vsn: descriptor.vsn.text, path: database.path)
    }
    // One that was marked as erased and is there after all, as a copy of it was kept.
    let erased = try database.prepare("UPDATE volume SET erased = 0 WHERE uuid = ? RETURNING id")
    erased.bind(1, descriptor.id.bytes)
    if try erased.step() { return erased.integer(0) }
    return try VolumeRows.insert(descriptor, into: database)
  }
}

extension String {
  fileprivate var leftPadded: String { utf8.count < 2 ? "0" + self : self }
}
