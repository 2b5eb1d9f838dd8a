internal import ArchiveFormat

/// What begins with a block on its way to the drive.
struct FileBegin {
  /// How the user file is laid out.
  var layout: Layout
  /// The name of its (first) member, for messages.
  var path: [UInt8]
}

/// What is known of a user file when its last byte has been composed.
struct ComposedFile {
  /// How it is laid out.
  var layout: Layout
  /// Bytes in it.
  var byteCount: Int64
  /// Digest of them.
  var digest: Digest
  /// Its members. Where a hard link leads is not known yet: the drive's thread numbers the files.
  var records: [MemberRecord]
  /// What may be removed when it is safe: the sources that were read whole and unchanged.
  var sources: [any RemovableSource] = []
}

/// Blocks on their way to the drive.
typealias WriteRing = BlockRing<FileBegin, ComposedFile>
