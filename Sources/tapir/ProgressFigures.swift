/// How far a command has come, at one moment.
struct ProgressFigures: Equatable {
  /// Who makes the others wait: what is archived or restored to, the drive, or the work between the two.
  enum Limit: String, Equatable {
    case files, drive, checksums
  }

  /// Bytes that have passed.
  var bytes: Int64 = 0
  /// Bytes that are to pass; nil where that is not known.
  var totalBytes: Int64?
  /// Members that have passed, the present one included.
  var members: Int64 = 0
  var totalMembers: Int64?
  /// Bytes a second in the last seconds, and since the first byte.
  var rate = 0.0
  var averageRate = 0.0
  /// How full the buffer is, 0 to 1; nil where there is none.
  var fill: Double?
  var limit: Limit?
  /// What is safe on the medium; nil where nothing is written.
  var committedBytes: Int64?
  var committedMembers: Int64?
  /// Seconds until everything has passed; nil where that is not known.
  var secondsLeft: Int64?
  /// What it waits for, such as `rewinding`, and for how many seconds.
  var wait: (what: String, seconds: Int64)?
  /// What it does in place of the first thing, such as `reading back`.
  var stage: String?
  /// The member that is passing, made fit to be shown.
  var member = ""

  static func == (a: Self, b: Self) -> Bool { ProgressLine.parts(a) == ProgressLine.parts(b) && a.member == b.member }
}
