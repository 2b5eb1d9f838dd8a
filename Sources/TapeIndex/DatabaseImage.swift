internal import CSQLite

/// A database as one piece of memory of SQLite's allocator, which connections read where it is.
final class DatabaseImage {
  let bytes: UnsafeMutableRawBufferPointer

  /// Takes over `bytes`.
  init(owning bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  deinit { sqlite3_free(bytes.baseAddress) }
}

extension Database {
  /// The name of the database that is attached.
  static let attached = "catalogue"

  /// Has the database `schema` be what the image holds. It cannot be written to.
  func read(_ image: DatabaseImage, as schema: String) throws(IndexError) {
    let count = Int64(image.bytes.count)
    let code = sqlite3_deserialize(
      handle, schema, image.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count, count,
      UInt32(SQLITE_DESERIALIZE_READONLY))
    guard code == SQLITE_OK else { throw .badCatalogue(why: "it is no database") }
    self.image = image
  }

  /// Adds a database beside the others, or puts it in the place of the one added before, also within a transaction.
  func attach(_ image: DatabaseImage) throws(IndexError) {
    if !isAttached { try execute("ATTACH ':memory:' AS \(Self.attached)") }
    isAttached = true
    try read(image, as: Self.attached)
  }

  /// Takes it away again, behind the transaction.
  func detach() {
    // While a statement reads, that of a selection for example, SQLite goes on holding all that the transaction read; and
    // none can begin to write beside what cannot be written to. Nothing holds an empty database in its place. Should that
    // stay, it is in nobody's way.
    guard isAttached, sqlite3_deserialize(handle, Self.attached, nil, 0, 0, 0) == SQLITE_OK else { return }
    image = nil
    isAttached = sqlite3_exec(handle, "DETACH \(Self.attached)", nil, nil, nil) != SQLITE_OK
  }
}
