public import TapeIO

/// A drive that fails when it is told to, around any other: failure as an input of tests.
///
/// The failing call does not reach the drive inside. After a failed write, filemark or flush the drive is broken as the
/// contract says, until the position is established anew.
public final class FaultDrive: TapeDrive {
  /// What can fail.
  public enum Kind: Hashable, Sendable, CaseIterable {
    case read, write, filemark, flush, locate, rewind, space, endOfData, close
  }

  /// The drive inside.
  public let inner: any TapeDrive
  /// How many calls of each kind were made, failed ones included.
  public private(set) var counts: [Kind: Int] = [:]
  private var faults: [Kind: [Int: DriveError.Cause]] = [:]
  private var isBroken = false

  /// Wraps a drive; nothing fails yet.
  public init(_ inner: any TapeDrive) { self.inner = inner }

  /// Lets the `nth` call of this kind (from 1, counted from the first ever made) fail.
  public func fail(_ kind: Kind, nth: Int, with cause: DriveError.Cause) {
    faults[kind, default: [:]][nth] = cause
  }

  /// How many calls of this kind were made.
  public func count(_ kind: Kind) -> Int { counts[kind, default: 0] }

  private func begin(_ kind: Kind, _ operation: String) throws(DriveError) {
    counts[kind, default: 0] += 1
    let writes = kind == .write || kind == .filemark || kind == .flush
    if writes, isBroken { throw DriveError(.broken, operation: operation, device: identity.name) }
    if let cause = faults[kind]?[counts[kind, default: 0]] {
      if writes { isBroken = true }
      throw DriveError(cause, operation: operation, device: identity.name, position: try inner.position())
    }
    if kind == .locate || kind == .rewind || kind == .endOfData { isBroken = false }
  }

  public var identity: DriveIdentity { inner.identity }
  public func medium() throws(DriveError) -> MediumState { try inner.medium() }
  public func position() throws(DriveError) -> BlockID { try inner.position() }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    try begin(.read, "read block")
    return try inner.read(into: &buffer)
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    try begin(.write, "write block")
    return try inner.write(block)
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    try begin(.filemark, "write filemark")
    return try inner.writeFilemark()
  }

  public func flush() throws(DriveError) {
    try begin(.flush, "flush")
    try inner.flush()
  }

  public func rewind() throws(DriveError) {
    try begin(.rewind, "rewind")
    try inner.rewind()
  }

  public func locate(to target: BlockID) throws(DriveError) {
    try begin(.locate, "locate")
    try inner.locate(to: target)
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin(.space, "space over filemarks")
    return try inner.space(filemarks: count)
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin(.space, "space over blocks")
    return try inner.space(blocks: count)
  }

  public func spaceToEndOfData() throws(DriveError) {
    try begin(.endOfData, "space to end of data")
    try inner.spaceToEndOfData()
  }

  /// Closes the drive inside even when told to fail, as `close(2)` does.
  public func close() throws(DriveError) {
    do throws(DriveError) {
      try begin(.close, "close")
    } catch {
      try inner.close()
      throw error
    }
    try inner.close()
  }
}
