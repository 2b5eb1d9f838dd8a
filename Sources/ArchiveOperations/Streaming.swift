internal import Glibc

/// How a drive is kept streaming. One that waits for its next block stops, and goes back before it starts again, which
/// takes seconds and wears the tape: a slow source is better met with few long rests than with many short stops.
public struct Streaming: Equatable, Sendable {
  /// The part of the buffer that has to be filled before a drive that ran dry goes on, 0 to 1.
  public var startShare = 0.75
  /// Seconds after which it goes on with what there is.
  public var longestRest: Int = 60
  /// Bytes per second at which the drive streams at its slowest: a source that brings as much lets it go on at once.
  public var lowestRate: Int64?
  /// Bytes per second that are not exceeded.
  public var highestRate: Int64?

  /// The rules for a drive that nothing more is known of.
  public init() {}
}

/// Who waited for whom in a session.
public struct WaitingTimes: Equatable, Sendable {
  /// Seconds that the drive waited for files.
  public var drive = 0.0
  /// How often it ran dry.
  public var rests = 0
  /// Seconds that the files waited for the drive.
  public var files = 0.0
  /// Seconds that the session took.
  public var session = 0.0

  /// Nothing has waited.
  public init() {}
}

/// Holds writing down to a rate.
struct RateLimit {
  private let bytesPerSecond: Double
  private let start = steadyNanoseconds()
  private var bytes = 0.0

  init(_ bytesPerSecond: Int64) { self.bytesPerSecond = Double(bytesPerSecond) }

  /// Waits until `count` more bytes may have been written.
  mutating func pass(_ count: Int) {
    bytes += Double(count)
    let ahead = bytes / bytesPerSecond - Double(steadyNanoseconds() - start) / 1e9
    // Short waits are not worth a system call.
    if ahead > 0.005 { usleep(UInt32(min(ahead, 1000) * 1e6)) }
  }
}

/// Nanoseconds of a clock that only runs forward.
func steadyNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
