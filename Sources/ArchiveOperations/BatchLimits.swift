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

/// How much a batch holds, as far as the composing side knows: so that a pack ends where the batch is to end.
///
/// The drive's side counts by itself, and may end a batch earlier: then the next one ends early too.
struct BatchCount {
  private let limits: BatchLimits
  private var bytes: Int64 = 0
  private var members = 0
  private var began: Int64?

  init(limits: BatchLimits) { self.limits = limits }

  /// Counts files that were ended.
  mutating func add(files byteCount: Int64, members count: Int) {
    bytes += byteCount
    members += count
    if isReached(adding: 0, members: 0) { reset() }
  }

  /// Whether an open file of so many bytes and members brings the batch to a limit.
  mutating func isReached(adding byteCount: Int64, members count: Int) -> Bool {
    let now = steadySeconds()
    let began = began ?? now
    self.began = began
    return bytes + byteCount >= limits.bytes || members + count >= limits.members || now - began >= limits.seconds
  }

  /// The batch ends.
  mutating func reset() {
    bytes = 0
    members = 0
    began = nil
  }
}
