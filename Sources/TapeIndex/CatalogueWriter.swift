public import ArchiveFormat
internal import CSQLite
internal import TapeIO

/// Gathers the rows of a batch as its members go to tape, and makes the catalogue's database from them.
public final class CatalogueWriter {
  private let database: Database
  private var members: MemberInserter
  private let insertPiece: Statement
  private let insertChange: Statement
  /// Members so far.
  public private(set) var memberCount = 0
  /// Changes of names so far.
  public private(set) var changeCount = 0

  /// Starts an empty catalogue in memory.
  public init() throws(IndexError) {
    database = try Database(path: Array(":memory:".utf8), flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    try database.execute("PRAGMA page_size = 4096;" + Schema.head(applicationID: Schema.catalogueApplicationID))
    try database.execute(Schema.tables)
    try database.execute(Schema.catalogueOnly)
    members = try MemberInserter(database)
    insertPiece = try database.prepare("INSERT INTO piece VALUES (?,?,?,?,?,?,?,?,?)")
    insertChange = try database.prepare("INSERT INTO change VALUES (?,?,?,?,?,?,?)")
    try database.execute("BEGIN")
  }

  /// Adds an AUL file and its members, in the order in which they lie in it.
  public func add(_ file: FilePlacement, _ records: [MemberRecord]) throws(IndexError) {
    for record in records {
      // The one batch of a catalogue has id 1.
      try members.insert(id: Schema.membersPerBatch + Int64(memberCount), file: file, record: record)
      memberCount += 1
    }
  }

  /// Adds what happened to a name. It is about members of earlier batches, whenever it is added.
  public func add(_ change: NameChange) throws(IndexError) {
    try ChangeRows.bind(
      change, to: insertChange, batch: PieceRows.ownBatch, ordinal: Int64(changeCount), with: &members)
    try insertChange.run()
    changeCount += 1
  }

  /// Adds an AUL file with the last piece of a member, whose pieces before it are on earlier volumes of the set.
  public func add(
    _ file: FilePlacement, _ record: MemberRecord, section: Int, behind pieces: [PiecePlacement]
  ) throws(IndexError) {
    let member = Schema.membersPerBatch + Int64(memberCount)
    try add(file, [record])
    for piece in pieces { try insert(piece, of: member, isLast: false) }
    try insert(PiecePlacement(section: section, volumesBefore: 0, file: file), of: member, isLast: true)
  }

  /// Adds an AUL file with a piece of a member that goes on on the next volume.
  public func add(_ file: FilePlacement, openSection section: Int) throws(IndexError) {
    try insert(PiecePlacement(section: section, volumesBefore: 0, file: file), of: nil, isLast: false)
  }

  private func insert(_ piece: PiecePlacement, of member: Int64?, isLast: Bool) throws(IndexError) {
    insertPiece.bind(1, PieceRows.ownBatch - Int64(piece.volumesBefore))
    insertPiece.bind(2, Int64(piece.file.sequence))
    insertPiece.bind(3, Int64(piece.section))
    insertPiece.bind(4, member)
    insertPiece.bind(5, Int64(piece.file.header.rawValue))
    insertPiece.bind(6, Int64(piece.file.blockCount))
    insertPiece.bind(7, piece.file.byteCount)
    insertPiece.bind(8, piece.file.digest.bytes)
    insertPiece.bind(9, isLast ? 1 : 0)
    try insertPiece.run()
  }

  /// Adds what the catalogue says of the volume and the batch, and returns the database as an LZ4 frame.
  public func finish(
    volume: VolumeDescriptor, batch: BatchRecord, earlier: [CataloguePlacement]
  ) throws(IndexError) -> [UInt8] {
    try finished(volume: volume, batch: batch, earlier: earlier).frame
  }

  /// As ``finish(volume:batch:earlier:)``, with the catalogue for the index of this process; nothing may be added then.
  /// - Parameter preceding: the volumes of the set on which pieces lie that this catalogue lists.
  public func finished(
    volume: VolumeDescriptor, batch: BatchRecord, earlier: [CataloguePlacement], preceding: [VolumeDescriptor] = []
  ) throws(IndexError) -> (frame: [UInt8], catalogue: Catalogue) {
    let volumeID = try VolumeRows.insert(volume, into: database)
    for other in preceding { _ = try VolumeRows.insert(other, into: database) }
    let sessionID = try VolumeRows.insert(batch.session, into: database)
    _ = try VolumeRows.insert(batch, volume: volumeID, session: sessionID, found: nil, into: database)
    let insert = try database.prepare("INSERT INTO earlier_catalogue VALUES (?,?,?,?)")
    for catalogue in earlier {
      insert.bind(1, Int64(catalogue.batch))
      insert.bind(2, Int64(catalogue.sequence))
      insert.bind(3, Int64(catalogue.header.rawValue))
      insert.bind(4, catalogue.digest.bytes)
      try insert.run()
    }
    try database.execute("COMMIT")
    var size: sqlite3_int64 = 0
    guard let bytes = sqlite3_serialize(database.handle, "main", &size, 0) else {
      throw .badCatalogue(why: "out of memory")
    }
    let image = DatabaseImage(owning: UnsafeMutableRawBufferPointer(start: bytes, count: Int(size)))
    let frame = try CatalogueCompression.compress(UnsafeRawBufferPointer(image.bytes))
    return (
      frame, try Catalogue(own: image, volume: volume, preceding: preceding, batch: batch, earlier: earlier)
    )
  }
}
