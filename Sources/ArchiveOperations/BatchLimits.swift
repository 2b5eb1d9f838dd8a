/// When a batch ends: whichever comes first, and only between AUL files.
public struct BatchLimits: Equatable, Sendable {
  /// Bytes of user files.
  public var bytes: Int64
  /// Members; at most 16,000,000.
  public var members: Int
  /// Seconds since its first byte.
  public var seconds: Int64

  /// Limits; without arguments those of docs/tape-format.md, *Commit*.
  public init(bytes: Int64 = 64 << 30, members: Int = 50_000, seconds: Int64 = 300) {
    self.bytes = bytes
    self.members = members
    self.seconds = seconds
  }
}
