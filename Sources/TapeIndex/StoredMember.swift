public import ArchiveFormat

/// A member where it lies.
public final class StoredMember: Sendable {
  /// Id in the index.
  public let id: Int64
  /// The volume.
  public let volume: IndexFile.Volume
  /// Its batch, as ``IndexFile/Batch/row``.
  public var batch: Int64 { id / Schema.membersPerBatch }
  /// When that was committed.
  public let committed: Timestamp
  /// The AUL file.
  public let file: FilePlacement
  /// The member in it, by its present name.
  public let record: MemberRecord
  /// Its name in the tar header on tape: another one when it was renamed.
  public let pathOnTape: [UInt8]
  /// Of a member that spans volumes, all of its pieces in their order, of which ``file`` is the last; otherwise empty.
  public let pieces: [StoredPiece]

  init(
    id: Int64, volume: IndexFile.Volume, committed: Timestamp, file: FilePlacement, record: MemberRecord,
    pathOnTape: [UInt8], pieces: [StoredPiece]
  ) {
    self.id = id
    self.volume = volume
    self.committed = committed
    self.file = file
    self.record = record
    self.pathOnTape = pathOnTape
    self.pieces = pieces
  }
}

extension StoredMember {
  /// By path, the newest version first.
  public static func isListedBefore(_ left: StoredMember, _ right: StoredMember) -> Bool {
    if left.record.member.path != right.record.member.path {
      return left.record.member.path.lexicographicallyPrecedes(right.record.member.path)
    }
    return (left.committed, left.id) > (right.committed, right.id)
  }
}
