internal import ArchiveFormat

/// What begins with a block on its way to the drive.
struct FileBegin {
  /// How the user file is laid out.
  var layout: Layout
  /// The name of its first member, for messages.
  var path: [UInt8]
  /// Whether it ends only when its source does: then an empty block may end it.
  var isStream = false
  /// Bytes of content that it is to have, as far as that is known.
  var contentSize: Int64?
}

/// A member that has been composed to its end. An object, as a pack has thousands of them that are handed on together.
final class ComposedMember {
  /// What the catalogue says of it. Where a hard link leads is not known yet: the drive's thread numbers the files.
  let record: MemberRecord
  /// What may be removed when it is safe: the source, if it was read whole and unchanged.
  let source: (any RemovableSource)?
  /// Reads it again, with its content: given for a hard link whose target may come to lie on an earlier volume.
  let again: (any SourceMember)?
  /// Whether it is not what was to be taken over: no catalogue may list it.
  let isWithdrawn: Bool

  init(
    record: MemberRecord, source: (any RemovableSource)?, again: (any SourceMember)?, isWithdrawn: Bool
  ) {
    self.record = record
    self.source = source
    self.again = again
    self.isWithdrawn = isWithdrawn
  }

  /// What its hard links, and the links to it, are known by; nil where it has no other names.
  var linkKey: LinkKey? { record.member.linkKey }
}

/// A file that has several names, in one session.
enum LinkKey: Hashable {
  /// st_dev and st_ino of the file that was read.
  case file(device: UInt64, inode: UInt64)
  /// ``MemberOrigin/file``.
  case origin(Int64)
}

extension Member {
  /// What the file is known by that this is a name of; nil where it is not known to have other names.
  var linkKey: LinkKey? {
    if let origin { return origin.file.map { .origin($0) } }
    guard let sourceFile, kind == .hardLink || sourceFile.linkCount > 1 && kind != .directory else { return nil }
    return .file(device: sourceFile.device, inode: sourceFile.inode)
  }
}

/// What is known of a user file when its last byte has been composed.
struct ComposedFile {
  /// How it is laid out.
  var layout: Layout
  /// Bytes in it.
  var byteCount: Int64
  /// Digest of them.
  var digest: Digest
  /// Its members, but for those that blocks before brought.
  var members: [ComposedMember]
  /// Whether the batch has reached its limit with it.
  var endsBatch = false
}

/// A place in a block at which the user file can end: behind the last of the members that end in it.
struct MemberBoundary {
  /// Bytes of the block before it.
  var byteCount: Int
  /// The user file, were it to end here, with what ends every tar archive.
  var file: ComposedFile
}

/// What ends with a block on its way to the drive.
enum WriteEnd {
  /// Members, and their file goes on.
  case members(MemberBoundary)
  /// The file.
  case file(ComposedFile)

  /// The members that end.
  var members: [ComposedMember] {
    switch self {
    case .members(let boundary): boundary.file.members
    case .file(let file): file.members
    }
  }
}

/// Blocks on their way to the drive.
typealias WriteRing = BlockRing<FileBegin, WriteEnd>
