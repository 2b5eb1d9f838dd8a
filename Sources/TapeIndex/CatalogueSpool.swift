public import ArchiveFormat
internal import CSQLite
public import TapeIO

/// Catalogues read from a volume, kept on disk until an index takes them all in at once: other programs that use the
/// index do not have to wait for a tape.
public final class CatalogueSpool {
  private let database: Database
  private let insert: Statement
  /// How many there are.
  public private(set) var count = 0

  /// Starts an empty spool in a temporary file.
  public init() throws(IndexError) {
    database = try Database(path: [], flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    try database.execute(
      """
      PRAGMA page_size = 65536; PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;
      CREATE TABLE catalogue (number INTEGER PRIMARY KEY, frame BLOB, fseq INTEGER, block INTEGER, digest BLOB, end INTEGER);
      """)
    insert = try database.prepare("INSERT OR REPLACE INTO catalogue VALUES (?,?,?,?,?,?)")
  }

  /// Adds the catalogue of batch `number`.
  /// - Parameters:
  ///   - frame: its database, as it lies on tape.
  ///   - found: where it lies and what follows it; nil for one that was made from labels and lies nowhere.
  public func add(_ frame: [UInt8], number: UInt32, found: (CataloguePlacement, end: BlockID)?) throws(IndexError) {
    guard frame.count < 1 << 29 else { throw .badCatalogue(why: "it has \(frame.count) bytes") }
    insert.bind(1, Int64(number))
    insert.bind(2, frame)
    insert.bind(3, found.map { Int64($0.0.sequence) })
    insert.bind(4, found.map { Int64($0.0.header.rawValue) })
    insert.bind(5, found?.0.digest.bytes)
    insert.bind(6, found.map { Int64($0.end.rawValue) })
    try insert.run()
    count += 1
  }

  /// Gives out the catalogues by ascending batch number.
  func forEach(
    _ body: (Catalogue, (CataloguePlacement, end: BlockID)?) throws(IndexError) -> Void
  ) throws(IndexError) {
    let rows = try database.prepare("SELECT number, frame, fseq, block, digest, end FROM catalogue ORDER BY number")
    while try rows.step() {
      var found: (CataloguePlacement, end: BlockID)?
      if let digest = Digest(bytes: rows.blob(4)) {
        found = (
          CataloguePlacement(
            batch: UInt32(truncatingIfNeeded: rows.integer(0)), sequence: UInt64(rows.integer(2)),
            header: BlockID(UInt64(rows.integer(3))), digest: digest), BlockID(UInt64(rows.integer(5)))
        )
      }
      try body(try Catalogue(rows.blob(1), isSpooled: true), found)
    }
  }
}
