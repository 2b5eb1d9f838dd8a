public import ArchiveFormat

extension IndexFile {
  /// What a session left on some volumes.
  public struct Session: Sendable {
    /// Who wrote, when, and of what.
    public let record: SessionRecord
    /// The volumes of those asked about on which it committed batches.
    public fileprivate(set) var volumes: [Volume]
    /// Its batches there, in their order.
    public fileprivate(set) var batches: [Batch]
    /// When the last of them was committed.
    public var committed: Timestamp { batches.map(\.record.committed).max() ?? record.started }
  }

  /// The sessions that wrote members or changes to `volumes`, by the time of their first commit: the first is number 1.
  /// Of one volume alone they have the numbers of ``Batch/sessionNumber``.
  public func sessions(of volumes: [Volume]) throws(IndexError) -> [Session] {
    var sessions: [Session] = []
    var places: [UniqueID: Int] = [:]
    for volume in volumes {
      for batch in try batches(of: volume) where batch.record.number > 0 {
        let id = batch.record.session.id
        if let place = places[id] {
          sessions[place].batches.append(batch)
          if sessions[place].volumes.last?.row != volume.row { sessions[place].volumes.append(volume) }
        } else {
          places[id] = sessions.count
          sessions.append(Session(record: batch.record.session, volumes: [volume], batches: [batch]))
        }
      }
    }
    func first(_ session: Session) -> Timestamp { session.batches.map(\.record.committed).min() ?? session.committed }
    // What was committed at the same time stays in the order of the tape.
    return sessions.enumerated().sorted {
      (first($0.element), $0.offset) < (first($1.element), $1.offset)
    }.map(\.element)
  }

  /// Members and bytes of content in some batches.
  public func totals(ofBatches batches: [Batch]) throws(IndexError) -> (members: Int64, bytes: Int64) {
    let s = try database.prepare(
      "SELECT count(*), coalesce(sum(size), 0) FROM member WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24")
    var (members, bytes): (Int64, Int64) = (0, 0)
    for batch in batches {
      s.bind(1, batch.row)
      defer { s.reset() }
      guard try s.step() else { continue }
      members += s.integer(0)
      bytes += s.integer(1)
    }
    return (members, bytes)
  }
}

extension IndexFile {
  /// When the last batch of all volumes that are not erased was committed; nil when there is none.
  public func lastCommit() throws(IndexError) -> Timestamp? {
    try time("SELECT max(b.committed) FROM batch b JOIN volume v ON v.id = b.volume WHERE v.erased = 0")
  }

  /// When the last batch was committed that has changes of names; nil when there is none.
  public func lastChange() throws(IndexError) -> Timestamp? {
    try time(
      """
      SELECT max(b.committed) FROM batch b JOIN volume v ON v.id = b.volume
      WHERE v.erased = 0 AND b.id IN (SELECT batch FROM change)
      """)
  }

  private func time(_ query: String) throws(IndexError) -> Timestamp? {
    let s = try database.prepare(query)
    return try s.step() ? s.optionalInteger(0).map { Timestamp(totalNanoseconds: $0) } : nil
  }

  /// The volumes of a volume's set that the index has batches of, in their order: what is before it and what continues it.
  public func volumes(inSetOf volume: Volume) throws(IndexError) -> [Volume] {
    var before: [Volume] = []
    while before.count < 1_000_000, let previous = try self.volume(1, before: before.first ?? volume),
      previous.descriptor.sequenceInSet < (before.first ?? volume).descriptor.sequenceInSet
    { before.insert(previous, at: 0) }
    var known: [Volume] = []
    for volume in before where try isKnown(volume) { known.append(volume) }
    return try known + [volume] + volumes(continuing: volume)
  }
}
