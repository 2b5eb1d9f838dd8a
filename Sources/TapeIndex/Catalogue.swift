public import ArchiveFormat
internal import CSQLite
internal import TapeIO

/// A catalogue read from tape: foreign input until it has been checked.
public final class Catalogue {
  let database: Database
  /// Whether it never left this process.
  let isOwn: Bool
  /// The volume it is of.
  public let volume: VolumeDescriptor
  /// Volumes before it in its set on which pieces lie that it lists.
  public let preceding: [VolumeDescriptor]
  /// The batch it ends.
  public let batch: BatchRecord
  /// Where every catalogue before it lies, by ascending number.
  public let earlier: [CataloguePlacement]

  /// Opens the LZ4 frame that ``CatalogueWriter/finish(volume:batch:earlier:)`` made.
  /// - Parameter isRecovered: whether it was not read from tape but made from labels: then it lists no other catalogues.
  /// - Throws: ``IndexError/badCatalogue(why:)`` when it is damaged, or anything but a catalogue.
  public init(_ frame: [UInt8], isRecovered: Bool = false) throws(IndexError) {
    isOwn = false
    let content = try CatalogueCompression.decompress(
      frame, allocate: { sqlite3_malloc64(sqlite3_uint64($0)) }, free: { sqlite3_free($0) })
    database = try Database(path: Array(":memory:".utf8), flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    // SQLite owns the memory from here on, also when it fails.
    let code = sqlite3_deserialize(
      database.handle, "main", content.baseAddress?.assumingMemoryBound(to: UInt8.self), Int64(content.count),
      Int64(content.count), UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY))
    guard code == SQLITE_OK else { throw .badCatalogue(why: "it is no database") }
    do {
      try Self.check(database)
      let volumes = try database.prepare("SELECT \(VolumeRows.volumeColumns) FROM volume ORDER BY id")
      guard try volumes.step() else { throw IndexError.badCatalogue(why: "it names no volume") }
      volume = try VolumeRows.volume(volumes)
      var others: [VolumeDescriptor] = []
      while try volumes.step() { others.append(try VolumeRows.volume(volumes)) }
      preceding = others
      let batches = try database.prepare("SELECT \(VolumeRows.batchColumns) FROM \(VolumeRows.batchTables)")
      guard try batches.step(), batches.integer(15) == 1 else {
        throw IndexError.badCatalogue(why: "it describes no batch")
      }
      batch = try VolumeRows.batch(batches)
      earlier = isRecovered ? [] : try Self.readEarlier(database, before: batch.number)
      guard isRecovered || (batch.reason != .recovered && batch.reason != .salvaged) else {
        throw IndexError.badCatalogue(why: "it says that it is none")
      }
    } catch let error as IndexError {
      if case .badCatalogue = error { throw error }
      throw .badCatalogue(why: error.description)
    } catch { preconditionFailure("only the index fails here: \(error)") }
  }

  /// Takes over what this process has just written, which needs no check.
  init(
    own database: Database, volume: VolumeDescriptor, preceding: [VolumeDescriptor], batch: BatchRecord,
    earlier: [CataloguePlacement]
  ) {
    isOwn = true
    self.preceding = preceding
    self.database = database
    self.volume = volume
    self.batch = batch
    self.earlier = earlier
  }

  /// Calls `body` for each AUL file's members, in the order in which they lie on tape.
  public func forEachMember(
    _ body: (FilePlacement, MemberRecord) throws(IndexError) -> Void
  ) throws(IndexError) {
    let selector = try MemberSelector(database)
    let rows = try database.prepare("SELECT \(MemberSelector.columns) FROM member m ORDER BY m.id")
    while try rows.step() {
      let (file, record) = try selector.member(rows)
      guard file.sequence >= batch.firstSequence, file.sequence < batch.catalogueSequence else {
        throw .badCatalogue(why: "it has a member in file \(file.sequence), which is not of its batch")
      }
      try body(file, record)
    }
  }

  /// How many pieces it lists of members that go on on the next volume.
  public func openPieceCount() throws(IndexError) -> Int {
    Int(try database.number("SELECT count(*) FROM piece WHERE member IS NULL"))
  }

  private static func check(_ database: Database) throws(IndexError) {
    try database.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")
    guard try database.number("PRAGMA application_id") == Schema.catalogueApplicationID else {
      throw .badCatalogue(why: "its database is no catalogue")
    }
    let version = try database.number("PRAGMA user_version")
    guard version == Schema.version else { throw .badCatalogue(why: "it has format \(version)") }
    guard try database.number("SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')") == 0 else {
      throw .badCatalogue(why: "its database holds views or triggers")
    }
    let quick = try database.prepare("PRAGMA quick_check(1)")
    guard try quick.step(), quick.text(0) == "ok" else { throw .badCatalogue(why: "its database is damaged") }
  }

  private static func readEarlier(
    _ database: Database, before number: UInt32
  ) throws(IndexError) -> [CataloguePlacement] {
    let rows = try database.prepare("SELECT number, fseq, block, digest FROM earlier_catalogue ORDER BY number")
    var result: [CataloguePlacement] = []
    while try rows.step() {
      guard let batch = UInt32(exactly: rows.integer(0)), batch == UInt32(result.count), batch < number,
        rows.integer(1) > 0, rows.integer(2) > 0, let digest = Digest(bytes: rows.blob(3))
      else { throw .badCatalogue(why: "its list of earlier catalogues is not whole") }
      result.append(
        CataloguePlacement(
          batch: batch, sequence: UInt64(rows.integer(1)), header: BlockID(UInt64(rows.integer(2))), digest: digest))
    }
    guard result.count == Int(number) else {
      throw .badCatalogue(why: "its list of earlier catalogues is not whole")
    }
    return result
  }
}
