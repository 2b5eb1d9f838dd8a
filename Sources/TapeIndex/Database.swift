internal import ArchiveFormat
internal import CSQLite

/// One SQLite connection. Used by one thread at a time: SQLite's own locks are left out.
final class Database {
  let handle: OpaquePointer
  let path: String
  /// What its database in memory lies in.
  var image: DatabaseImage?
  var isAttached = false

  // What it returns says whether SQLite is in use already: then it counts, which is slower and no error.
  private static let isLeftUncounted = csqlite_leave_out_memory_statistics() == SQLITE_OK

  /// Opens the file at `path`; an empty path is a temporary database that spills to disk, `:memory:` one that does not.
  init(path: [UInt8], flags: Int32) throws(IndexError) {
    _ = Self.isLeftUncounted
    let name = String(decoding: path, as: UTF8.self)
    var handle: OpaquePointer?
    let code = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        sqlite3_open_v2($0.baseAddress, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
      }
    }
    guard code == SQLITE_OK, let handle else {
      let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw .database(operation: "open index", path: name, message: message)
    }
    self.handle = handle
    self.path = name
    waitsAtMost(milliseconds: 10_000)
  }

  /// How long another process may write before this one gives up.
  func waitsAtMost(milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

  deinit {
    // close_v2 cannot fail: it waits for statements that are still open. Every transaction was ended before.
    sqlite3_close_v2(handle)
  }

  /// Runs statements that return nothing.
  func execute(_ sql: String) throws(IndexError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw failure("write index", code) }
  }

  func prepare(_ sql: String) throws(IndexError) -> Statement { try Statement(self, sql) }

  /// Rows that the last statement changed.
  var changes: Int64 { sqlite3_changes64(handle) }

  /// The first column of the first row, as a number.
  func number(_ sql: String) throws(IndexError) -> Int64 {
    let statement = try prepare(sql)
    return try statement.step() ? statement.integer(0) : 0
  }

  /// Runs `body` in a transaction; any error undoes it.
  func transaction(_ body: () throws(IndexError) -> Void) throws(IndexError) {
    try execute("BEGIN IMMEDIATE")
    do {
      try body()
      try execute("COMMIT")
    } catch {
      // The error that matters is the first one; a failed rollback leaves the transaction to be undone on closing.
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  func failure(_ operation: String, _ code: Int32) -> IndexError {
    switch code & 0xff {
    case SQLITE_BUSY, SQLITE_LOCKED: .locked(path: path)
    case SQLITE_NOTADB: .notAnIndex(path: path)
    default: .database(operation: operation, path: path, message: String(cString: sqlite3_errmsg(handle)))
    }
  }
}

/// A prepared statement: bind from 1, step, read columns from 0.
final class Statement {
  private let database: Database
  private let handle: OpaquePointer
  // SQLite copies what is bound: the value may be gone when the statement is stepped.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  fileprivate init(_ database: Database, _ sql: String) throws(IndexError) {
    self.database = database
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v2(database.handle, sql, -1, &handle, nil)
    guard code == SQLITE_OK, let handle else { throw database.failure("read index", code) }
    self.handle = handle
  }

  deinit { sqlite3_finalize(handle) }

  func bind(_ index: Int32, _ value: Int64?) {
    if let value { sqlite3_bind_int64(handle, index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: [UInt8]?) {
    guard let value else { return bind(index, nil as Int64?) }
    _ = value.withUnsafeBytes { bytes in
      bytes.baseAddress.map { sqlite3_bind_blob(handle, index, $0, Int32(bytes.count), Self.copied) }
        ?? sqlite3_bind_zeroblob(handle, index, 0)
    }
  }

  /// Binds bytes that stay where they are until the statement is reset: it is bound anew before it is stepped again.
  func bind(_ index: Int32, borrowing value: Slice<UnsafeRawBufferPointer>) {
    let bytes = UnsafeRawBufferPointer(rebasing: value)
    guard let base = bytes.baseAddress else { return bind(index, []) }
    sqlite3_bind_blob(handle, index, base, Int32(bytes.count), nil)
  }

  func bind(_ index: Int32, text value: String) {
    sqlite3_bind_text(handle, index, value, -1, Self.copied)
  }

  /// Binds the canonical bytes of a digest.
  func bind(_ index: Int32, _ value: Digest?) {
    guard case .xxh128(let high, let low) = value else { return bind(index, nil as Int64?) }
    let bytes: InlineArray<2, UInt64> = [high.bigEndian, low.bigEndian]
    _ = bytes.span.withUnsafeBytes { sqlite3_bind_blob(handle, index, $0.baseAddress, 16, Self.copied) }
  }

  /// Goes to the next row; false when there is none.
  func step() throws(IndexError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code:
      let error = database.failure("use index", code)
      sqlite3_reset(handle)
      throw error
    }
  }

  /// Steps a statement that returns no row and makes it ready to run again.
  func run() throws(IndexError) {
    _ = try step()
    reset()
  }

  func reset() { sqlite3_reset(handle) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

  func blob(_ column: Int32) -> [UInt8] {
    guard let base = sqlite3_column_blob(handle, column) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column))))
  }

  /// A blob with other bytes before it.
  func blob(_ column: Int32, behind first: [UInt8]) -> [UInt8] {
    guard let base = sqlite3_column_blob(handle, column) else { return first }
    let rest = UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
    return [UInt8](unsafeUninitializedCapacity: first.count + rest.count) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      first.withUnsafeBytes { bytes.copyMemory(from: $0) }
      UnsafeMutableRawBufferPointer(rebasing: bytes[first.count...]).copyMemory(from: rest)
      count = first.count + rest.count
    }
  }

  /// A digest's canonical bytes; nil when there is none.
  func digest(_ column: Int32) -> Digest? {
    guard let base = sqlite3_column_blob(handle, column), sqlite3_column_bytes(handle, column) == 16 else { return nil }
    return .xxh128(
      high: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  func text(_ column: Int32) -> String { sqlite3_column_text(handle, column).map { String(cString: $0) } ?? "" }
}
