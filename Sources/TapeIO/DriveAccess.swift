/// What a drive is opened for.
public enum DriveAccess: Equatable, Sendable {
  /// Reading only: several programs may read a virtual cartridge at once, and every write is refused.
  case readOnly
  /// Reading and writing; on a write-protected cartridge the drive opens, and each write is refused.
  case readWrite
}
