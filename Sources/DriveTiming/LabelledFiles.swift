/// Files of one size, written as CASTOR writes them: three labels, the file, three labels, each followed by a filemark.
/// What a synchronous mark costs, and what is won by doing without, is CERN's result of 2012; this repeats it.
public struct LabelledFiles: Sendable {
  /// When the drive's buffer is flushed.
  public enum Flushing: Equatable, Sendable {
    /// With each of the three filemarks of a file.
    case everyMark
    /// Behind each file.
    case everyFile
    /// Behind the file with which this many bytes are reached.
    case every(bytes: Double)
  }

  /// Bytes of the labels before or behind a file.
  private static let labels = 240.0

  /// Bytes of each file.
  public var size: Double
  /// When the buffer is flushed.
  public var flushing: Flushing

  /// Describes the files.
  public init(of size: Double, flushing: Flushing) {
    self.size = size
    self.flushing = flushing
  }

  /// Writes `count` of them, and flushes at their end.
  public func write(_ count: Int, to drive: inout ModelledDrive) {
    var unflushed = 0.0
    for _ in 0..<count {
      for (bytes, cause) in [(Self.labels, TimeSpent.Cause.labels), (size, .content), (Self.labels, .labels)] {
        drive.write(bytes, as: cause)
        drive.writeFilemark()
        if flushing == .everyMark { drive.flush() }
      }
      unflushed += size
      switch flushing {
      case .everyMark: break
      case .everyFile: drive.flush()
      case .every(let bytes):
        guard unflushed >= bytes else { break }
        drive.flush()
        unflushed = 0
      }
    }
    drive.flush()
  }

  /// Bytes of content a second in the long run.
  public func rate(on model: DriveModel) -> Double {
    // One period of what repeats itself is enough.
    var count = 1
    if case .every(let bytes) = flushing { count = max(1, Int((bytes / size).rounded(.up))) }
    var drive = ModelledDrive(model)
    write(count, to: &drive)
    return Double(count) * size / drive.clock
  }
}
