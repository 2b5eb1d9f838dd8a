internal import ArchiveFormat

/// How good what lies on a volume is, as far as the index knows.
public struct VolumeCondition: Sendable {
  /// Members whose source shrank or failed while they were read: how many, and the first of them by their names there.
  public var incomplete: Int64 = 0
  public var incompleteNames: [[UInt8]] = []
  /// Batches whose catalogue could not be read: their members were recovered from labels, without their digests.
  public var recoveredBatches = 0
  /// Members that were salvaged from behind the last catalogue: never committed.
  public var salvaged: Int64 = 0
  /// Members that were deleted or have vanished at their source.
  public var deleted: Int64 = 0
  /// Members that are still there, but of which there is a newer version.
  public var superseded: Int64 = 0
  /// Parts of members whose end never came.
  public var deadPieces = 0

  /// Nothing is wrong.
  public init() {}
}

extension IndexFile {
  /// Names that ``VolumeCondition/incompleteNames`` has at most.
  private static let namesInCondition = 10

  /// What the index knows of a volume's condition.
  /// - Parameter scope: the volumes that decide which versions are the newest ones, and what is deleted.
  public func condition(of volume: Volume, among scope: [Volume]) throws(IndexError) -> VolumeCondition {
    var condition = VolumeCondition()
    let batches = try batches(of: volume)
    let range = "m.id >= ?1 << 24 AND m.id < (?1 + 1) << 24"
    let broken = try database.prepare(
      "SELECT d.path, m.name FROM member m JOIN directory d ON d.id = m.directory WHERE \(range) AND m.incomplete = 1"
        + " ORDER BY m.id")
    for batch in batches {
      if batch.record.reason == .recovered { condition.recoveredBatches += 1 }
      if batch.record.reason == .salvaged { condition.salvaged += try totals(ofBatches: [batch]).members }
      broken.bind(1, batch.row)
      defer { broken.reset() }
      while try broken.step() {
        condition.incomplete += 1
        if condition.incompleteNames.count < Self.namesInCondition {
          condition.incompleteNames.append(broken.blob(0) + broken.blob(1))
        }
      }
    }
    try count(batches, volume, scope, &condition)
    return condition
  }

  private func count(
    _ batches: [Batch], _ volume: Volume, _ scope: [Volume], _ condition: inout VolumeCondition
  ) throws(IndexError) {
    let stored = try totals(ofBatches: batches).members
    let live = try LiveRows(of: scope, in: self).count(in: batches.map(\.row))
    var current = stored
    // Where anything happened to names: with that, but every version.
    if try database.number("SELECT count(*) FROM (SELECT 1 FROM change LIMIT 1)") > 0 {
      current = try Selection(MemberQuery(newestOnly: false), of: scope, in: self).count(on: volume)
    }
    (condition.deleted, condition.superseded) = (stored - current, current - live)
    let claimed = Set(
      try pieces(inBatches: commits(of: scope)).values.joined()
        .filter { $0.volume?.row == volume.row }.map(\.file.sequence))
    condition.deadPieces = try openPieces(on: volume).count { !claimed.contains($0.file.sequence) }
  }

  private func commits(of volumes: [Volume]) throws(IndexError) -> [Int64: Volume] {
    var found: [Int64: Volume] = [:]
    for volume in volumes { for batch in try batches(of: volume) { found[batch.row] = volume } }
    return found
  }
}
