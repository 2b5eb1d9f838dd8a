public import ArchiveFormat

extension IndexFile {
  /// A version of a member and what became of it.
  public struct Life: Sendable {
    /// Where it lies, by the name that it has there.
    public let member: StoredMember
    /// What happened to it, in order.
    public let events: [(change: NameChange, committed: Timestamp)]
  }

  /// Every version of the very member `path` on `volumes`, by any name that it has had there, the newest first.
  public func lives(of path: [UInt8], on volumes: [Volume]) throws(IndexError) -> [Life] {
    var commits: [Int64: Int64] = [:]
    for volume in volumes {
      for batch in try batches(of: volume) { commits[batch.row] = batch.record.committed.totalNanoseconds }
    }
    let history = try NameHistory(of: commits, in: database)
    var lives: [Life] = []
    var seen: Set<Int64> = []
    for name in history.hasRenames ? history.writtenNames(of: path) : [path] {
      for member in try versions(of: .literal(name), on: volumes, view: .stored) {
        let events = history.events(
          of: member.pathOnTape,
          writtenAt: .ofMembers(committed: member.committed.totalNanoseconds, batch: member.batch))
        // Any name that it has had counts.
        var names = [member.pathOnTape]
        for case .renamed(let old, let new) in events.map(\.change) {
          names.append(new + (names.last ?? []).dropFirst(old.count))
        }
        guard names.contains(path), seen.insert(member.id).inserted else { continue }
        lives.append(
          Life(
            member: member, events: events.map { ($0.change, Timestamp(totalNanoseconds: $0.committed)) }))
      }
    }
    return lives.sorted { ($0.member.committed, $0.member.id) > ($1.member.committed, $1.member.id) }
  }
}
