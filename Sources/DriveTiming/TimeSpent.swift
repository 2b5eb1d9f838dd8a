/// Seconds of a drive's time, by what they went into.
public struct TimeSpent: Equatable, Sendable {
  /// What time goes into.
  public enum Cause: String, CaseIterable, Sendable {
    /// User files, at the drive's full rate.
    case content
    /// Labels, at the drive's full rate.
    case labels
    /// Catalogues, at the drive's full rate.
    case catalogues
    /// What was written of a member that did not fit, and is written again elsewhere.
    case rewritten = "written twice"
    /// The source giving less than the drive takes.
    case source = "waiting for the source"
    /// Stopping, going back and starting again, beyond what the buffer takes up.
    case repositions
    /// Waiting until the buffer is on tape.
    case flushes
    /// Reading.
    case reading
    /// Going to another place on the tape.
    case locates
    /// Going back to its beginning.
    case rewinds
    /// Loading and threading cartridges.
    case loads
    /// Giving them out.
    case unloads
  }

  private var seconds: [Cause: Double] = [:]

  /// No time.
  public init() {}

  /// Time for one thing.
  public init(_ seconds: Double, _ cause: Cause) { self[cause] = seconds }

  /// Seconds that went into `cause`.
  public subscript(cause: Cause) -> Double {
    get { seconds[cause, default: 0] }
    set { seconds[cause] = newValue == 0 ? nil : newValue }
  }

  /// All seconds.
  public var total: Double { Cause.allCases.reduce(0) { $0 + self[$1] } }

  /// Adds time.
  public static func += (left: inout TimeSpent, right: TimeSpent) {
    for (cause, seconds) in right.seconds { left[cause] += seconds }
  }
}
