internal import CSQLite

/// A database as one piece of memory of SQLite's allocator, which connections read where it is.
final class DatabaseImage {
  let bytes: UnsafeMutableRawBufferPointer

  /// Takes over `bytes`.
  init(owning bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  deinit { sqlite3_free(bytes.baseAddress) }
}

extension Database {
  /// Has the database `schema` be what the image holds. It cannot be written to.
  func read(_ image: DatabaseImage, as schema: String) throws(IndexError) {
    let count = Int64(image.bytes.count)
    let code = sqlite3_deserialize(
      handle, schema, image.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count, count,
      UInt32(SQLITE_DESERIALIZE_READONLY))
    guard code == SQLITE_OK else { throw .badCatalogue(why: "it is no database") }
    images[schema] = image
  }

  /// Adds a database `schema` beside the others, or puts another in its place, also within a transaction.
  func attach(_ image: DatabaseImage, as schema: String) throws(IndexError) {
    if images[schema] == nil { try execute("ATTACH ':memory:' AS \(schema)") }
    try read(image, as: schema)
  }

  /// Takes it away again, behind the transaction.
  func detach(_ schema: String) {
    // A statement that is not finished may hold it: then it stays until another takes its place.
    if images[schema] != nil, sqlite3_exec(handle, "DETACH \(schema)", nil, nil, nil) == SQLITE_OK {
      images[schema] = nil
    }
  }
}
