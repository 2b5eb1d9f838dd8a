public import ArchiveFormat

/// Looks up, name by name, what volumes have of a path now: its newest version, unless it is deleted, has vanished or was
/// renamed away.
public final class LiveMembers {
  /// A version, for comparing it with what is at the source.
  public struct Version: Sendable {
    public let kind: Member.Kind
    /// Bytes of content.
    public let size: Int64
    public let modified: Timestamp
    /// When anything about it changed; nil when unknown.
    public let changed: Timestamp?
    /// st_dev and st_ino; nil when it was no file.
    public let device, inode: UInt64?
    /// Whether part of it could not be read when it was archived.
    public let isIncomplete: Bool
    /// What its session archived.
    public let series: [UInt8]
  }

  private let batches: [Int64: (committed: Int64, series: [UInt8])]
  private let history: NameHistory
  private let find: Statement

  /// Looks at `volumes` as they are now. `index` belongs to one thread from then on.
  public init(of volumes: [IndexFile.Volume], in index: IndexFile) throws(IndexError) {
    var batches: [Int64: (committed: Int64, series: [UInt8])] = [:]
    for volume in volumes {
      for batch in try index.batches(of: volume) {
        batches[batch.row] = (batch.record.committed.totalNanoseconds, batch.record.session.series)
      }
    }
    self.batches = batches
    history = try NameHistory(of: batches.mapValues { $0.committed }, in: index.database)
    find = try index.database.prepare(
      """
      SELECT id, type, size, mtime, mtime_ns, ctime, ctime_ns, device, inode, incomplete FROM member
      WHERE directory = (SELECT id FROM directory WHERE path = ?) AND name = ?
      """)
  }

  /// The newest version of `path`; nil when there is none.
  public func newest(_ path: [UInt8]) throws(IndexError) -> Version? {
    var newest: (order: (Int64, Int64), version: Version)?
    for written in history.hasRenames ? history.writtenNames(of: path) : [path] {
      let name = MemberName(path: written)
      find.bind(1, name.directory)
      find.bind(2, name.name)
      defer { find.reset() }
      while try find.step() {
        let id = find.integer(0)
        guard let batch = batches[id / Schema.membersPerBatch], let kind = Member.Kind(rawValue: Int(find.integer(1))),
          history.name(
            of: written, writtenAt: .ofMembers(committed: batch.committed, batch: id / Schema.membersPerBatch)) == path
        else { continue }
        if let newest, newest.order > (batch.committed, id) { continue }
        newest = (
          (batch.committed, id),
          Version(
            kind: kind, size: find.integer(2), modified: time(3) ?? Timestamp(seconds: 0), changed: time(5),
            device: find.optionalInteger(7).map { UInt64(bitPattern: $0) },
            inode: find.optionalInteger(8).map { UInt64(bitPattern: $0) }, isIncomplete: find.integer(9) != 0,
            series: batch.series)
        )
      }
    }
    return newest?.version
  }

  private func time(_ column: Int32) -> Timestamp? {
    find.optionalInteger(column).map {
      Timestamp(seconds: $0, nanoseconds: Int32(clamping: min(max(find.integer(column + 1), 0), 999_999_999)))
    }
  }
}
