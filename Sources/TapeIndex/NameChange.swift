internal import CSQLite

/// What happened to a name without anything being written under it: a row of `change`. It is about every version of the
/// member, and of everything below it, that was committed in an earlier batch; members of its own batch come after it.
public enum NameChange: Equatable, Sendable {
  /// It was deleted: nothing finds it any more, though it lies where it lay.
  case deleted([UInt8])
  /// It is known under another name.
  case renamed([UInt8], to: [UInt8])
  /// A session that archived what had changed did not find it at the source any more. Looked up as if it were deleted.
  case vanished([UInt8])

  /// The name that was.
  public var name: [UInt8] {
    switch self {
    case .deleted(let name), .renamed(let name, to: _), .vanished(let name): name
    }
  }
}

/// Writes and reads the table `change`: one place knows its columns.
enum ChangeRows {
  static let deleted: Int64 = 1
  static let renamed: Int64 = 2
  static let vanished: Int64 = 3

  static func bind(
    _ change: NameChange, to insert: Statement, batch: Int64, ordinal: Int64, with inserter: inout MemberInserter
  ) throws(IndexError) {
    let name = MemberName(path: change.name)
    var kind = Self.deleted
    insert.bind(6, nil as Int64?)
    insert.bind(7, nil as Int64?)
    switch change {
    case .deleted: break
    case .vanished: kind = vanished
    case .renamed(_, let new):
      kind = renamed
      let new = MemberName(path: new)
      insert.bind(6, try inserter.directoryID(new.directory))
      insert.bind(7, new.name)
    }
    insert.bind(1, batch)
    insert.bind(2, ordinal)
    insert.bind(3, kind)
    insert.bind(4, try inserter.directoryID(name.directory))
    insert.bind(5, name.name)
  }

  /// The columns that ``change(_:)`` expects.
  static let columns = "c.batch, c.ordinal, c.kind, d.path, c.name, n.path, c.new_name"
  static let tables =
    "change c JOIN directory d ON d.id = c.directory LEFT JOIN directory n ON n.id = c.new_directory"

  /// The change in a row; nil for a kind that a later program has made up, which changes nothing here.
  static func change(_ row: Statement) -> NameChange? {
    let name = row.blob(3) + row.blob(4)
    switch row.integer(2) {
    case deleted: return .deleted(name)
    case renamed: return .renamed(name, to: row.blob(5) + row.blob(6))
    case vanished: return .vanished(name)
    default: return nil
    }
  }

  /// Refuses changes that none can be.
  static func check(_ database: Database) throws(IndexError) {
    let bad = try database.number(
      """
      SELECT count(*) FROM change c WHERE batch != 1 OR ordinal < 0 OR kind < 1
        OR NOT EXISTS (SELECT 1 FROM directory WHERE id = c.directory) OR length(name) = 0
        OR (kind = \(renamed)) != (new_name IS NOT NULL) OR (new_name IS NULL) != (new_directory IS NULL)
        OR (new_directory IS NOT NULL AND NOT EXISTS (SELECT 1 FROM directory WHERE id = c.new_directory))
        OR length(new_name) = 0
      """)
    guard bad == 0 else { throw .badCatalogue(why: "it has a change with a value out of range") }
  }
}

extension IndexFile {
  /// What the batches of a session, by their ``Batch/row``, say of names, in their order.
  public func changes(in batches: [Int64]) throws(IndexError) -> [NameChange] {
    let rows = try database.prepare(
      "SELECT \(ChangeRows.columns) FROM \(ChangeRows.tables) WHERE c.batch = ? ORDER BY c.ordinal")
    var found: [NameChange] = []
    for batch in batches {
      rows.bind(1, batch)
      defer { rows.reset() }
      while try rows.step() { if let change = ChangeRows.change(rows) { found.append(change) } }
    }
    return found
  }
}
