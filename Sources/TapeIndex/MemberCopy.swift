internal import ArchiveFormat
internal import CSQLite

/// Brings the members of a catalogue into an index: row by row and value by value, as both have the same tables.
struct MemberCopy {
  private let index: Database
  private var inserter: MemberInserter

  init(to index: Database) throws(IndexError) {
    self.index = index
    inserter = try MemberInserter(index)
  }

  /// Copies all members to `batch` of the index.
  /// - Throws: ``IndexError/badCatalogue(why:)`` when the catalogue, foreign input, holds what no member can have.
  mutating func copy(_ catalogue: Catalogue, batch: Int64) throws(IndexError) {
    if !catalogue.isOwn { try Self.check(catalogue) }
    let source = catalogue.database
    var directories: [Int64: Int64] = [:]
    let paths = try source.prepare("SELECT id, path FROM directory ORDER BY id")
    while try paths.step() { directories[paths.integer(0)] = try inserter.directoryID(paths.blob(1)) }
    var ownerships: [Int64: Int64] = [:]
    let owners = try source.prepare("SELECT id, uid, gid, user_name, group_name FROM ownership ORDER BY id")
    while try owners.step() {
      let ownership = Ownership(
        user: UInt32(truncatingIfNeeded: owners.integer(1)), group: UInt32(truncatingIfNeeded: owners.integer(2)),
        userName: owners.blob(3), groupName: owners.blob(4))
      ownerships[owners.integer(0)] = try inserter.ownershipID(ownership)
    }
    let shift = (batch - 1) * Schema.membersPerBatch
    try copy(
      """
      SELECT id, fseq, block, blocks, bytes, layout, file_digest, offset, content_offset, directory, name, type,
        mode & 4095, ownership, size, mtime, min(max(mtime_ns, 0), 999999999), ctime,
        iif(ctime IS NULL, NULL, min(max(ctime_ns, 0), 999999999)), device, inode, link_target,
        iif(link_fseq > 0, link_fseq, NULL), iif(link_fseq > 0, link_offset, NULL), rdev, digest, iif(incomplete, 1, NULL)
      FROM member ORDER BY id
      """, of: source, columns: 27, into: "member"
    ) { row, insert in
      insert.bind(1, row.integer(0) + shift)
      insert.bind(10, directories[row.integer(9)])
      insert.bind(14, ownerships[row.integer(13)])
    }
    try copy(
      "SELECT batch, fseq, block, blocks, bytes, layout, digest FROM aul_file", of: source, columns: 7, into: "aul_file"
    ) { _, insert in insert.bind(1, batch) }
    try copy("SELECT member, first, digests FROM chunk", of: source, columns: 3, into: "chunk") { row, insert in
      insert.bind(1, row.integer(0) + shift)
    }
    try copy(
      "SELECT batch, fseq, section, member, block, blocks, bytes, digest, iif(last, 1, 0) FROM piece", of: source,
      columns: 9, into: "piece"
    ) { row, insert in
      insert.bind(1, PieceRows.filed(row.integer(0), of: batch))
      if let member = row.optionalInteger(3) { insert.bind(4, member + shift) }
    }
    try copy(
      "SELECT batch, ordinal, kind, directory, name, new_directory, new_name FROM change", of: source, columns: 7,
      into: "change"
    ) { row, insert in
      insert.bind(1, batch)
      insert.bind(4, directories[row.integer(3)])
      if let new = row.optionalInteger(5) { insert.bind(6, directories[new]) }
    }
    try copy("SELECT member, keyword, value FROM attribute", of: source, columns: 3, into: "attribute") { row, insert in
      insert.bind(1, row.integer(0) + shift)
    }
  }

  /// Copies rows as they are, but for what `change` binds anew.
  private func copy(
    _ select: String, of source: Database, columns: Int32, into table: String, _ change: (Statement, Statement) -> Void
  ) throws(IndexError) {
    let places = Array(repeating: "?", count: Int(columns)).joined(separator: ",")
    let insert = try index.prepare("INSERT INTO \(table) VALUES (\(places))")
    let rows = try source.prepare(select)
    while try rows.step() {
      for column in 0..<columns { insert.bind(column + 1, copyOf: rows, column) }
      change(rows, insert)
      try insert.run()
    }
  }

  private static func check(_ catalogue: Catalogue) throws(IndexError) {
    let source = catalogue.database
    let first = Schema.membersPerBatch
    let count = try source.number("SELECT count(*) FROM member")
    let good = try source.prepare(
      """
      SELECT count(*) FROM member m JOIN directory d ON d.id = m.directory JOIN ownership o ON o.id = m.ownership
      LEFT JOIN aul_file f ON m.block IS NULL AND f.batch = m.id >> 24 AND f.fseq = m.fseq
      WHERE m.id BETWEEN ?1 AND ?2 AND m.fseq >= ?3 AND m.fseq < ?4 AND m.fseq > 0
        AND coalesce(m.block, f.block) >= 0 AND coalesce(m.blocks, f.blocks) >= 0 AND coalesce(m.bytes, f.bytes) >= 0
        AND coalesce(m.layout, f.layout) BETWEEN 1 AND 3 AND length(coalesce(m.file_digest, f.digest)) = 16
        AND m.type BETWEEN 0 AND 6 AND m.size >= 0 AND m.offset >= 0 AND m.content_offset >= 0
      """)
    good.bind(1, first)
    good.bind(2, first + count - 1)
    good.bind(3, Int64(clamping: catalogue.batch.firstSequence))
    good.bind(4, Int64(clamping: catalogue.batch.catalogueSequence))
    guard try good.step(), good.integer(0) == count else {
      throw .badCatalogue(why: "it has a member with a value out of range, or of a file that is not of its batch")
    }
    let last = first + count
    for (table, column, low, high) in [
      ("chunk", "member", first, last), ("attribute", "member", first, last), ("aul_file", "batch", 1, 2),
    ] {
      let stray = try source.number("SELECT count(*) FROM \(table) WHERE \(column) < \(low) OR \(column) >= \(high)")
      guard stray == 0 else { throw .badCatalogue(why: "its table \(table) has rows of something else") }
    }
    try ChangeRows.check(source)
    try PieceRows.check(source, members: first..<last)
  }
}
