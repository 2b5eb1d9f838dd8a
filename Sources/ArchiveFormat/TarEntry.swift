/// What a tar archive holds at one place: mostly a member.
public struct TarEntry: Equatable, Sendable {
  /// What it is.
  public enum Kind: Equatable, Sendable {
    /// A member.
    case member
    /// The label of the volume: ``TarEntry/member`` has it as its name.
    case volumeLabel
    /// The rest of a file that another volume began, from byte `offset` of `fileSize`.
    case continuation(offset: Int64, fileSize: Int64)
  }

  /// What it is.
  public var kind: Kind
  /// Its metadata.
  public var member: Member
  /// Offset in the archive of the first header that belongs to it.
  public var headerOffset: Int64
  /// Offset of its content.
  public var dataOffset: Int64
  /// Bytes of content that stand there, padding not counted.
  public var storedSize: Int64
  /// The record that `--block-number` names: the first of long names, else the one behind extended headers.
  public var blockNumber: Int64
  /// The type in its header when that is none that is known: it is then taken for a file.
  public var unknownType: UInt8?

  /// Offset behind its content and padding.
  public var endOffset: Int64 {
    let (end, overflow) = dataOffset.addingReportingOverflow(storedSize)
    return overflow || end > Int64.max - 512 ? Int64.max : paddedToTarRecord(end)
  }

  /// What GNU tar says when it extracts a member of a type that it does not know; nil when it knows the type.
  public var unknownTypeNotice: MemberNotice? {
    unknownType.map {
      MemberNotice(
        member.path, "Unknown file type '\(String(decoding: [$0], as: UTF8.self))', extracted as normal file",
        .information)
    }
  }
}
