/// Told of every change to the files of a cartridge, in the order in which the system was asked for them: with it a test
/// knows what can be on disk after a power cut at any instant. Nobody else has a use for it.
package protocol FileWitness: AnyObject {
  /// `change` was made to the file or folder at `path`, by the thread that uses the drive.
  func saw(_ change: FileChange, of path: [UInt8])
}

/// One change, as the system call that made it.
package enum FileChange: Sendable {
  /// `mkdir`.
  case makeFolder
  /// `open` with `O_CREAT`, and perhaps `O_TRUNC`.
  case create(truncates: Bool)
  /// `pwrite`.
  case write(offset: UInt64, bytes: [UInt8])
  /// `ftruncate`.
  case truncate(size: UInt64)
  /// `fdatasync` or `fsync` returned.
  case sync
  /// `rename`.
  case rename(to: [UInt8])
}
