public import ArchiveFormat
internal import CSQLite
internal import TapeIO

/// A catalogue read from tape: foreign input until it has been checked.
public final class Catalogue {
  let database: Database
  let image: DatabaseImage
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
  /// - Throws: ``IndexError/badCatalogue(why:)`` when it is damaged, or anything but a catalogue.
  public convenience init(_ frame: [UInt8]) throws(IndexError) { try self.init(frame, isSpooled: false) }

  /// - Parameter isSpooled: whether it comes out of a spool: it was checked when it went in, or was made from labels by
  ///   this process; then it lists no other catalogues.
  init(_ frame: [UInt8], isSpooled: Bool) throws(IndexError) {
    isOwn = false
    image = DatabaseImage(
      owning: try CatalogueCompression.decompress(
        frame, allocate: { sqlite3_malloc64(sqlite3_uint64($0)) }, free: { sqlite3_free($0) }))
    database = try Self.open(image)
    do {
      if !isSpooled { try Self.check(database) }
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
      earlier = isSpooled ? [] : try Self.readEarlier(database, before: batch.number)
      guard isSpooled || (batch.reason != .recovered && batch.reason != .salvaged) else {
        throw IndexError.badCatalogue(why: "it says that it is none")
      }
    } catch let error as IndexError {
      if case .badCatalogue = error { throw error }
      throw .badCatalogue(why: error.description)
    } catch { preconditionFailure("only the index fails here: \(error)") }
  }

  /// Takes over what this process has just written, which needs no check.
  init(
    own image: DatabaseImage, volume: VolumeDescriptor, preceding: [VolumeDescriptor], batch: BatchRecord,
    earlier: [CataloguePlacement]
  ) throws(IndexError) {
    isOwn = true
    self.image = image
    database = try Self.open(image)
    self.preceding = preceding
    self.volume = volume
    self.batch = batch
    self.earlier = earlier
  }

  private static func open(_ image: DatabaseImage) throws(IndexError) -> Database {
    let database = try Database(path: Array(":memory:".utf8), flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    try database.read(image, as: "main")
    do throws(IndexError) {
      try database.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")
    } catch { throw .badCatalogue(why: error.description) }
    return database
  }

  /// Calls `body` for each AUL file's members, in the order in which they lie on tape.
  public func forEachMember(
    _ body: (FilePlacement, MemberRecord) throws(IndexError) -> Void
  ) throws(IndexError) {
    let selector = MemberSelector(database)
    let rows = try database.prepare("SELECT \(MemberSelector.columns) FROM member m ORDER BY m.id")
    while try rows.step() {
      let (file, record) = try selector.member(rows)
      guard file.sequence >= batch.firstSequence, file.sequence < batch.catalogueSequence else {
        throw .badCatalogue(why: "it has a member in file \(file.sequence), which is not of its batch")
      }
      try body(file, record)
    }
  }

  func memberCount() throws(IndexError) -> Int64 { try database.number("SELECT count(*) FROM member") }

  /// How many pieces it lists of members that go on on the next volume.
  public func openPieceCount() throws(IndexError) -> Int {
    Int(try database.number("SELECT count(*) FROM piece WHERE member IS NULL"))
  }

  private static func check(_ database: Database) throws(IndexError) {
    guard try database.number("PRAGMA application_id") == Schema.catalogueApplicationID else {
      throw .badCatalogue(why: "its database is no catalogue")
    }
    let version = try database.number("PRAGMA user_version")
    guard version == Schema.version else { throw .badCatalogue(why: "it has format \(version)") }
    // A virtual table has no page of its own.
    let others = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR coalesce(rootpage, 0) < 1"
    guard try database.number(others) == 0 else {
      throw .badCatalogue(why: "its database holds views, triggers or virtual tables")
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
