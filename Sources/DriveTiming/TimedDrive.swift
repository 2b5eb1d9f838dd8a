public import TapeIO

/// Any drive, and beside it a ``ModelledDrive`` that counts how long another drive would have taken for the same: so a
/// real session can be timed on a model, without waiting.
///
/// Blocks of 80 bytes count as labels, all others as content. Of objects that were written before the drive was wrapped it
/// is not known how long they are: they count as blocks of the default size.
public final class TimedDrive: TapeDrive {
  /// The drive inside.
  public let inner: any TapeDrive
  /// The time it would take.
  public private(set) var timing: ModelledDrive
  private var offsets: ObjectOffsets
  /// Block ID at which the drive stands; nil when it is not known.
  private var object: BlockID?

  /// Wraps a drive whose cartridge has just been loaded.
  /// - Parameter precision: bytes between two places that are kept of what passes; those of objects between them come out
  ///   in proportion.
  public init(_ inner: any TapeDrive, _ timing: ModelledDrive, precision: Double = 16_000_000) {
    offsets = ObjectOffsets(step: precision)
    self.inner = inner
    self.timing = timing
    object = .beginningOfTape
  }

  public var identity: DriveIdentity { inner.identity }

  public func medium() throws(DriveError) -> MediumState { try inner.medium() }

  public func position() throws(DriveError) -> BlockID {
    let position = try inner.position()
    object = position
    return position
  }

  /// What an operation that failed did to the position is not known.
  private func counted<Result>(_ operation: () throws(DriveError) -> Result) throws(DriveError) -> Result {
    let before = object
    object = nil
    let result = try operation()
    object = before
    return result
  }

  /// One object further on, which begins at the modelled position.
  private func passOne() {
    guard let here = object?.advanced(by: 1) else { return }
    object = here
    offsets.note(here, at: timing.position)
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    let before = object
    object = nil
    let outcome = try inner.read(into: &buffer)
    object = before
    switch outcome {
    case .block(let count):
      timing.read(Double(count))
      passOne()
    case .filemark: passOne()
    case .endOfData: break
    }
    return outcome
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    let before = object
    object = nil
    let outcome = try inner.write(block)
    object = before
    if outcome != .endOfMedium {
      if let before { offsets.cut(at: before) }
      timing.write(Double(block.byteCount), as: block.byteCount == 80 ? .labels : .content)
      passOne()
    }
    return outcome
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    let outcome = try counted { () throws(DriveError) in try inner.writeFilemark() }
    if outcome != .endOfMedium {
      if let object { offsets.cut(at: object) }
      timing.writeFilemark()
      passOne()
    }
    return outcome
  }

  public func flush() throws(DriveError) {
    try counted { () throws(DriveError) in try inner.flush() }
    timing.flush()
  }

  public func rewind() throws(DriveError) {
    try counted { () throws(DriveError) in try inner.rewind() }
    timing.rewind()
    object = .beginningOfTape
  }

  public func locate(to target: BlockID) throws(DriveError) {
    try counted { () throws(DriveError) in try inner.locate(to: target) }
    arrive(at: target)
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    let outcome = try counted { () throws(DriveError) in try inner.space(filemarks: count) }
    arriveWhereItStands()
    return outcome
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    let outcome = try counted { () throws(DriveError) in try inner.space(blocks: count) }
    arriveWhereItStands()
    return outcome
  }

  public func spaceToEndOfData() throws(DriveError) {
    try counted { () throws(DriveError) in try inner.spaceToEndOfData() }
    arriveWhereItStands()
  }

  public func close() throws(DriveError) { try inner.close() }

  private func arrive(at target: BlockID) {
    if target != object { timing.locate(to: offsets.offset(of: target)) }
    object = target
  }

  private func arriveWhereItStands() {
    do { arrive(at: try inner.position()) } catch {
      // The spacing succeeded; that the drive cannot say where it is, the next call will tell. No time is counted.
      object = nil
    }
  }
}
