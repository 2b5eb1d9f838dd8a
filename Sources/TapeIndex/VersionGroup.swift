/// Takes versions of members, those of one name together, and selects those that count.
final class VersionGroup {
  struct Version {
    var id: Int64
    var committed: Int64
    var volume: Int64
  }

  private let newestOnly: Bool
  private let isExcluded: (@Sendable ([UInt8]) -> Bool)?
  private let order: [Int64: Int64]
  private let insert: Statement
  private var path: [UInt8] = []
  private var versions: [Version] = []
  private var count = 0

  init(_ query: MemberQuery, order: [Int64: Int64], in database: Database) throws(IndexError) {
    newestOnly = query.newestOnly
    isExcluded = query.isExcluded
    self.order = order
    insert = try database.prepare("INSERT OR IGNORE INTO temp.selection VALUES (?,?)")
  }

  func add(_ version: Version, _ path: [UInt8]) throws(IndexError) {
    if path != self.path { try endGroup() }
    self.path = path
    versions.append(version)
  }

  /// Ends the last name; returns how many there were.
  func end() throws(IndexError) -> Int {
    try endGroup()
    return count
  }

  private func endGroup() throws(IndexError) {
    defer { versions = [] }
    guard !versions.isEmpty, isExcluded?(path) != true else { return }
    count += 1
    if newestOnly, let newest = versions.max(by: { ($0.committed, $0.id) < ($1.committed, $1.id) }) {
      versions = [newest]
    }
    for version in versions {
      insert.bind(1, order[version.volume])
      insert.bind(2, version.id)
      try insert.run()
    }
  }
}

/// Brings versions of one name together, on disk when there are many.
final class CandidateSorter {
  private let database: Database
  private let insert: Statement

  init(_ database: Database) throws(IndexError) {
    self.database = database
    try database.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS candidate (id INTEGER PRIMARY KEY, path BLOB, committed INTEGER, volume INTEGER);
      DELETE FROM temp.candidate;
      """)
    insert = try database.prepare("INSERT OR IGNORE INTO temp.candidate VALUES (?,?,?,?)")
  }

  func add(_ version: VersionGroup.Version, _ path: [UInt8]) throws(IndexError) {
    insert.bind(1, version.id)
    insert.bind(2, path)
    insert.bind(3, version.committed)
    insert.bind(4, version.volume)
    try insert.run()
  }

  func forEach(_ body: ([UInt8], VersionGroup.Version) throws(IndexError) -> Void) throws(IndexError) {
    let rows = try database.prepare("SELECT id, path, committed, volume FROM temp.candidate ORDER BY path, id")
    while try rows.step() {
      try body(
        rows.blob(1),
        VersionGroup.Version(id: rows.integer(0), committed: rows.integer(2), volume: rows.integer(3)))
    }
  }
}
