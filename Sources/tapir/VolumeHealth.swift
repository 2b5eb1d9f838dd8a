import ArchiveFormat
import ArchiveOperations
import TapeIndex

/// What `volume show` says of how good a volume is: what is not live on it, what is damaged, how its last session ended.
struct VolumeHealth {
  let condition: VolumeCondition
  /// The last session that wrote, its number, and what it wrote; nil when none did.
  let last: (session: IndexFile.Session, number: Int, members: Int64, bytes: Int64)?

  static func of(
    _ volume: IndexFile.Volume, among scope: [IndexFile.Volume], _ index: IndexFile
  ) throws(IndexError) -> VolumeHealth {
    let condition = try index.condition(of: volume, among: scope)
    let sessions = try index.sessions(of: [volume])
    guard let session = sessions.last else { return VolumeHealth(condition: condition, last: nil) }
    let totals = try index.totals(ofBatches: session.batches)
    return VolumeHealth(condition: condition, last: (session, sessions.count, totals.members, totals.bytes))
  }

  var rows: [(String, String)] {
    var rows: [(String, String)] = []
    if condition.deleted + condition.superseded > 0 {
      rows.append(
        ("not live", "\(condition.deleted) deleted or vanished, \(condition.superseded) with a newer version"))
    }
    if let last {
      rows.append(
        (
          "last write",
          "session \(last.number), \(last.session.committed.dateAndTime) UTC: \(last.members) "
            + "member\(last.members == 1 ? "" : "s"), \(last.bytes) bytes; \(ending)"
        ))
    }
    return rows
  }

  /// What is wrong.
  var warnings: [(String, String)] {
    var rows: [(String, String)] = []
    func row(_ text: String) { rows.append((rows.isEmpty ? "damaged" : "", text)) }
    if condition.recoveredBatches > 0 {
      row(
        "\(Self.count(condition.recoveredBatches, "catalogue")) could not be read: members were recovered from labels, "
          + "without the digests of their time")
    }
    if condition.salvaged > 0 { row("\(Self.count(Int(condition.salvaged), "member")) salvaged, never committed") }
    if condition.deadPieces > 0 { row("\(Self.count(condition.deadPieces, "piece")) of members whose end never came") }
    if condition.incomplete > 0 {
      let more = condition.incomplete > Int64(condition.incompleteNames.count) ? "; the first of them:" : ":"
      row(
        "\(Self.count(Int(condition.incomplete), "member")) incomplete, as the source shrank or failed while it was read\(more)"
      )
    }
    return rows
  }

  private static func count(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

  /// How the last session ended.
  private var ending: String {
    switch last?.session.batches.last?.record.reason {
    case .interrupted: "interrupted: what it had committed is safe"
    case .volumeFull: "the volume is full"
    case .recovered: "its catalogue could not be read"
    case .salvaged: "it was cut off, and salvaged"
    case .limit: "its last batch ended at a limit"
    case .labelled, .sessionEnd, nil: "ended as it should"
    }
  }
}
