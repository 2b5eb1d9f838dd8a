/// A drive that only knows how long it would take: it is told what is done, and says how many seconds each thing takes and
/// why. Nothing waits: its clock is virtual.
///
/// What is not modelled: the turn at the end of a wrap, which the buffer takes up; errors and what is written again
/// because of them; the first load of a new LTO-9 cartridge; the changer.
public struct ModelledDrive: Sendable {
  /// Which drive.
  public let model: DriveModel
  /// Bytes given for one on tape, by the drive's compression.
  public let compressionRatio: Double
  /// Seconds so far, by what they went into.
  public private(set) var spent = TimeSpent()
  /// Bytes on the tape before the position.
  public private(set) var position: Double = 0
  /// Flushes that had something to flush.
  public private(set) var flushes = 0
  /// Filemarks.
  public private(set) var filemarks = 0
  /// How often the tape stopped, went back and started again for want of data.
  public private(set) var repositions = 0
  /// Bytes written since the tape last stopped.
  private var streamed: Double = 0
  private var hasUnflushed = false

  /// A drive at the beginning of its tape, its clock at 0.
  public init(_ model: DriveModel, compressionRatio: Double = 1) {
    self.model = model
    self.compressionRatio = compressionRatio
  }

  /// Seconds so far.
  public var clock: Double { spent.total }

  private mutating func spend(_ time: TimeSpent) -> TimeSpent {
    spent += time
    return time
  }

  /// Loads a cartridge; the tape stands at its beginning.
  @discardableResult public mutating func load() -> TimeSpent {
    position = 0
    stop()
    return spend(TimeSpent(model.load, .loads))
  }

  /// Rewinds and gives the cartridge out.
  @discardableResult public mutating func unload() -> TimeSpent {
    var time = TimeSpent(model.unload, .unloads)
    time += TimeSpent(model.rewind(from: position), .rewinds)
    position = 0
    stop()
    return spend(time)
  }

  /// Writes `count` bytes.
  ///
  /// A source at or above the drive's rate costs nothing. Down to the slowest speed the tape runs as slowly as the source
  /// gives. Below it the tape runs until the buffer is empty, stops, goes back, and waits until the buffer is full; going
  /// back costs time only where the buffer is full before it is done.
  /// - Parameters:
  ///   - sourceRate: bytes a second that the source gives, before compression; nil for as many as the drive takes.
  @discardableResult public mutating func write(
    _ count: Double, as cause: TimeSpent.Cause = .content, sourceRate: Double? = nil
  ) -> TimeSpent {
    let stored = count / compressionRatio
    position += stored
    hasUnflushed = hasUnflushed || count > 0
    var time = TimeSpent(stored / model.nativeRate, cause)
    let rate = (sourceRate ?? .infinity) / compressionRatio
    guard rate < model.nativeRate else { return spend(time) }
    time[.source] = stored / rate - stored / model.nativeRate
    if rate < model.slowestRate {
      // What is written between two stops: a buffer that is emptied while it is being filled.
      let run = model.bufferSize * model.slowestRate / (model.slowestRate - rate)
      streamed += stored
      let stops = (streamed / run).rounded(.down)
      streamed -= stops * run
      repositions += Int(stops)
      time[.repositions] = stops * max(0, model.reposition - model.bufferSize / rate)
    }
    return spend(time)
  }

  /// The source gives nothing for so many seconds: the buffer runs empty and the tape stops.
  @discardableResult public mutating func rest(_ seconds: Double) -> TimeSpent {
    var time = TimeSpent(seconds, .source)
    if hasUnflushed {
      repositions += 1
      time[.repositions] = max(0, model.reposition - seconds)
    }
    streamed = 0
    return spend(time)
  }

  /// Writes a filemark in immediate mode: it goes to the buffer in its turn.
  @discardableResult public mutating func writeFilemark() -> TimeSpent {
    filemarks += 1
    hasUnflushed = true
    return TimeSpent()
  }

  /// Waits until everything is on tape; nothing to do when it is.
  @discardableResult public mutating func flush() -> TimeSpent {
    guard hasUnflushed else { return TimeSpent() }
    flushes += 1
    stop()
    return spend(TimeSpent(model.flush, .flushes))
  }

  /// Reads `count` bytes, as they were before compression.
  @discardableResult public mutating func read(_ count: Double) -> TimeSpent {
    let stored = count / compressionRatio
    position += stored
    return spend(TimeSpent(stored / model.nativeRate, .reading))
  }

  /// Goes to a byte of the tape. What is in the buffer goes onto the tape first, as a flush does.
  @discardableResult public mutating func locate(to offset: Double) -> TimeSpent {
    var time = flush()
    let way = TimeSpent(model.locate(from: position, to: offset), .locates)
    position = offset
    time += spend(way)
    return time
  }

  /// Goes to the beginning of the tape. What is in the buffer goes onto the tape first, as a flush does.
  @discardableResult public mutating func rewind() -> TimeSpent {
    var time = flush()
    let way = TimeSpent(model.rewind(from: position), .rewinds)
    position = 0
    time += spend(way)
    return time
  }

  private mutating func stop() {
    streamed = 0
    hasUnflushed = false
  }
}
