public import ArchiveFormat

/// Looks up what certain volumes hold of a path, by the batches that the index had when it was made: what is committed
/// later does not show.
///
/// Used by one thread at a time.
public final class MemberLookup {
  private let batches: Set<Int64>
  private let selector: MemberSelector
  private let find: Statement
  /// How many members the volumes hold.
  public let count: Int64

  /// Prepares to look on `volumes`.
  public init(_ volumes: [IndexFile.Volume], in index: IndexFile) throws(IndexError) {
    var rows: Set<Int64> = []
    var count: Int64 = 0
    for volume in volumes {
      for (batch, _, _) in try index.commits(of: volume) { rows.insert(batch) }
    }
    let members = try index.database.prepare("SELECT count(*) FROM member WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24")
    for row in rows {
      members.bind(1, row)
      if try members.step() { count += members.integer(0) }
      members.reset()
    }
    batches = rows
    self.count = count
    selector = MemberSelector(index.database)
    find = try index.database.prepare(
      "SELECT \(MemberSelector.columns) FROM directory d JOIN member m ON m.directory = d.id"
        + " WHERE d.path = ? AND m.name = ?")
  }

  /// What the volumes hold under a path, in no order.
  public func members(of path: [UInt8]) throws(IndexError) -> [MemberRecord] {
    if batches.isEmpty { return [] }
    let start = MemberName.start(in: path)
    return try path.span.withUnsafeBytes { (bytes) throws(IndexError) in
      defer { find.reset() }
      find.bind(1, borrowing: bytes[..<start])
      find.bind(2, borrowing: bytes[start...])
      var found: [MemberRecord] = []
      while try find.step() {
        guard batches.contains(find.integer(0) / Schema.membersPerBatch) else { continue }
        found.append(try selector.member(find, at: path).1)
      }
      return found
    }
  }
}
