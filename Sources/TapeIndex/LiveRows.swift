internal import ArchiveFormat

/// Which members are live, a bit for each: the newest version of each path that is not deleted, vanished or renamed away,
/// among some volumes. What `Selection` finds with ``MemberQuery/newestOnly``, without looking at every row of it.
struct LiveRows {
  /// A bit for each ordinal, by batch.
  private var bits: [Int64: [UInt64]] = [:]

  init(of volumes: [IndexFile.Volume], in index: IndexFile) throws(IndexError) {
    var commits: [Int64: Int64] = [:]
    for volume in volumes {
      for (batch, committed, _) in try index.commits(of: volume) { commits[batch] = committed }
    }
    if try NameHistory(of: commits, in: index.database).isEmpty {
      try addNewest(commits, index.database)
    } else {
      try addSelected(volumes, index)
    }
  }

  func contains(_ member: Int64) -> Bool {
    let (batch, ordinal) = (member / Schema.membersPerBatch, Int(member % Schema.membersPerBatch))
    guard let words = bits[batch], ordinal / 64 < words.count else { return false }
    return words[ordinal / 64] >> UInt64(ordinal % 64) & 1 != 0
  }

  /// How many of the members of some batches are live.
  func count(in batches: [Int64]) -> Int64 {
    batches.reduce(0) { $0 + (bits[$1] ?? []).reduce(0) { $0 + Int64($1.nonzeroBitCount) } }
  }

  private mutating func insert(_ member: Int64) {
    let (batch, ordinal) = (member / Schema.membersPerBatch, Int(member % Schema.membersPerBatch))
    var words = bits.removeValue(forKey: batch) ?? []
    if words.count <= ordinal / 64 {
      words.append(contentsOf: repeatElement(0, count: max(ordinal / 64 + 1 - words.count, words.count)))
    }
    words[ordinal / 64] |= 1 << UInt64(ordinal % 64)
    bits[batch] = words
  }

  /// Nothing happened to names: one pass over the index by name, in which batches count by their place in time.
  private mutating func addNewest(_ commits: [Int64: Int64], _ database: Database) throws(IndexError) {
    try database.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS batch_rank (batch INTEGER PRIMARY KEY, place INTEGER);
      DELETE FROM temp.batch_rank;
      """)
    let order = commits.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    let add = try database.prepare("INSERT INTO temp.batch_rank VALUES (?,?)")
    for (place, batch) in order.enumerated() {
      add.bind(1, batch)
      add.bind(2, Int64(place))
      try add.run()
    }
    let rows = try database.prepare(
      """
      SELECT max((r.place << 24) | (m.id & 0xFFFFFF)) FROM member m INDEXED BY member_by_name
      CROSS JOIN temp.batch_rank r ON r.batch = m.id >> 24 GROUP BY m.directory, m.name
      """)
    while try rows.step() {
      let newest = rows.integer(0)
      insert(order[Int(newest >> 24)] << 24 | newest & 0xFFFFFF)
    }
  }

  private mutating func addSelected(_ volumes: [IndexFile.Volume], _ index: IndexFile) throws(IndexError) {
    let selection = try Selection(MemberQuery(newestOnly: true), of: volumes, in: index)
    let rows = try index.database.prepare("SELECT id FROM temp.selection")
    while try rows.step() { insert(rows.integer(0)) }
    // The table is the selection's.
    withExtendedLifetime(selection) {}
  }
}
