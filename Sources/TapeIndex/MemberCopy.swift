internal import ArchiveFormat

/// Brings the members of a catalogue into an index: within SQLite and row by row as they are, as both have the same tables.
struct MemberCopy {
  private let index: Database

  init(to index: Database) { self.index = index }

  /// Makes tables for what is which, before the transaction: undoing that would end statements that still read.
  static func prepare(_ index: Database) throws(IndexError) {
    try index.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS directory_map (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT;
      CREATE TEMP TABLE IF NOT EXISTS ownership_map (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT;
      """)
  }

  /// Copies all members to `batch` of the index, within a transaction. The catalogue stays attached.
  /// - Throws: ``IndexError/badCatalogue(why:)`` when the catalogue, foreign input, holds what no member can have.
  func copy(_ catalogue: Catalogue, batch: Int64) throws(IndexError) {
    let members = Schema.membersPerBatch..<Schema.membersPerBatch + (try catalogue.memberCount())
    if !catalogue.isOwn { try Self.check(catalogue.database, members) }
    try index.attach(catalogue.image)
    try mapDirectories()
    try mapOwnerships()
    let shift = (batch - 1) * Schema.membersPerBatch
    try copy(members, of: catalogue, shift)
    try index.execute(
      """
      INSERT INTO main.aul_file
        SELECT \(batch), fseq, block, blocks, bytes, layout, digest FROM catalogue.aul_file;
      INSERT INTO main.chunk SELECT member + \(shift), first, digests FROM catalogue.chunk;
      INSERT INTO main.piece
        SELECT \(PieceRows.filed("batch", of: batch)), fseq, section, member + \(shift), block, blocks, bytes, digest,
          iif(last, 1, 0) FROM catalogue.piece;
      INSERT INTO main.change
        SELECT \(batch), c.ordinal, c.kind, d.new, c.name, n.new, c.new_name FROM catalogue.change c
        CROSS JOIN temp.directory_map d ON d.old = c.directory
        LEFT JOIN temp.directory_map n ON n.old = c.new_directory;
      INSERT INTO main.attribute SELECT member + \(shift), keyword, value FROM catalogue.attribute;
      """)
  }

  /// Copies members, of a foreign catalogue those that can be: all of them, or it is bad.
  private func copy(_ members: Range<Int64>, of catalogue: Catalogue, _ shift: Int64) throws(IndexError) {
    let batch = catalogue.batch
    let conditions = """
      LEFT JOIN catalogue.aul_file f ON m.block IS NULL AND f.batch = \(PieceRows.ownBatch) AND f.fseq = m.fseq
      WHERE m.id >= \(members.lowerBound) AND m.id < \(members.upperBound) AND m.fseq > 0
        AND m.fseq >= \(Int64(clamping: batch.firstSequence)) AND m.fseq < \(Int64(clamping: batch.catalogueSequence))
        AND coalesce(m.block, f.block) >= 0 AND coalesce(m.blocks, f.blocks) >= 0 AND coalesce(m.bytes, f.bytes) >= 0
        AND coalesce(m.layout, f.layout) BETWEEN 1 AND 3 AND length(coalesce(m.file_digest, f.digest)) = 16
        AND m.type BETWEEN 0 AND 6 AND m.size >= 0 AND m.offset >= 0 AND m.content_offset >= 0
      """
    // CASE, as functions cost more than all else in a row. CROSS JOIN keeps SQLite from beginning with a map.
    let (directory, directories) = try mapped("directory", catalogue)
    let (ownership, ownerships) = try mapped("ownership", catalogue)
    let values =
      catalogue.isOwn
      ? """
      m.mode, \(ownership), m.size, m.mtime, m.mtime_ns, m.ctime, m.ctime_ns, m.device, m.inode, m.link_target,
          m.link_fseq, m.link_offset, m.rdev, m.digest, m.incomplete
      """
      : """
      m.mode & 4095, \(ownership), m.size, m.mtime,
          CASE WHEN m.mtime_ns < 0 THEN 0 WHEN m.mtime_ns > 999999999 THEN 999999999 ELSE m.mtime_ns END,
          m.ctime, CASE WHEN m.ctime IS NULL THEN NULL WHEN m.ctime_ns < 0 THEN 0
            WHEN m.ctime_ns > 999999999 THEN 999999999 ELSE m.ctime_ns END,
          m.device, m.inode, m.link_target, iif(m.link_fseq > 0, m.link_fseq, NULL),
          iif(m.link_fseq > 0, m.link_offset, NULL), m.rdev, m.digest, iif(m.incomplete, 1, NULL)
      """
    try index.execute(
      """
      INSERT INTO main.member
        SELECT m.id + \(shift), m.fseq, m.block, m.blocks, m.bytes, m.layout, m.file_digest, m.offset, m.content_offset,
          \(directory), m.name, m.type, \(values)
        FROM catalogue.member m \(directories) \(ownerships)
        \(catalogue.isOwn ? "" : conditions) ORDER BY m.id
      """)
    guard index.changes == Int64(members.count) else {
      throw .badCatalogue(why: "it has a member with a value out of range, or of a file that is not of its batch")
    }
  }

  /// How a column of the catalogue is expressed in ids of the index, and what is joined for it: nothing where all ids are as
  /// far apart, as they are where none was known before. A foreign catalogue may name one that it does not have.
  private func mapped(_ column: String, _ catalogue: Catalogue) throws(IndexError) -> (value: String, join: String) {
    let map = "temp.\(column)_map"
    if catalogue.isOwn, try index.number("SELECT count(DISTINCT new - old) FROM \(map)") == 1 {
      return ("m.\(column) + \(try index.number("SELECT new - old FROM \(map) LIMIT 1"))", "")
    }
    return ("\(column).new", "CROSS JOIN \(map) \(column) ON \(column).old = m.\(column)")
  }

  /// Adds the directories that the index lacks, and notes which is which.
  private func mapDirectories() throws(IndexError) {
    try index.execute(
      """
      DELETE FROM temp.directory_map;
      INSERT OR IGNORE INTO main.directory (path)
        SELECT CAST(path AS BLOB) FROM catalogue.directory ORDER BY id;
      INSERT OR REPLACE INTO temp.directory_map
        SELECT c.id, d.id FROM catalogue.directory c CROSS JOIN main.directory d ON d.path = CAST(c.path AS BLOB);
      """)
  }

  /// The same of owners.
  private func mapOwnerships() throws(IndexError) {
    let values = """
      SELECT id, uid & 4294967295 AS uid, gid & 4294967295 AS gid, CAST(user_name AS BLOB) AS user_name,
        CAST(group_name AS BLOB) AS group_name FROM catalogue.ownership
      """
    try index.execute(
      """
      DELETE FROM temp.ownership_map;
      INSERT OR IGNORE INTO main.ownership (uid, gid, user_name, group_name)
        SELECT uid, gid, user_name, group_name FROM (\(values)) ORDER BY id;
      INSERT OR REPLACE INTO temp.ownership_map
        SELECT c.id, o.id FROM (\(values)) c CROSS JOIN main.ownership o
          ON o.uid = c.uid AND o.gid = c.gid AND o.user_name = c.user_name AND o.group_name = c.group_name;
      """)
  }

  private static func check(_ source: Database, _ members: Range<Int64>) throws(IndexError) {
    let (first, last) = (members.lowerBound, members.upperBound)
    for (table, column, low, high) in [
      ("chunk", "member", first, last), ("attribute", "member", first, last), ("aul_file", "batch", 1, 2),
    ] {
      let stray = try source.number("SELECT count(*) FROM \(table) WHERE \(column) < \(low) OR \(column) >= \(high)")
      guard stray == 0 else { throw .badCatalogue(why: "its table \(table) has rows of something else") }
    }
    try ChangeRows.check(source)
    try PieceRows.check(source, members: members)
  }
}
