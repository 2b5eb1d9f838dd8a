public import TapeIO

/// A drive that fails when it is told to, around any other: failure as an input of tests.
///
/// The failing call does not reach the drive inside. After a failed write, filemark or flush the drive is broken as the
/// contract says, until the position is established anew.
///
/// A write or filemark may also fail later than it was made, as those of a drive with a buffer do: it and what follows it
/// seem to be written, none of it is, and a later call says so.
public final class FaultDrive: TapeDrive {
  /// What can fail.
  public enum Kind: Hashable, Sendable, CaseIterable {
    case medium, position, read, write, filemark, flush, locate, rewind, space, endOfData, close
  }

  /// The drive inside.
  public let inner: any TapeDrive
  /// How many calls of each kind were made, failed ones included.
  public private(set) var counts: [Kind: Int] = [:]
  /// Whether a fault has come, at once or deferred.
  public private(set) var hasFailed = false
  private var faults: [Kind: [Int: Fault]] = [:]
  private var isBroken = false
  /// What is said of the objects in ``lost``.
  private var deferred: Fault?
  /// Objects that seem to be written behind the last one that is.
  private var lost = 0

  private struct Fault {
    var cause: DriveError.Cause
    var objects: Int
  }

  /// Wraps a drive; nothing fails yet.
  public init(_ inner: any TapeDrive) { self.inner = inner }

  /// Lets the `nth` call of this kind (from 1, counted from the first ever made) fail.
  ///
  /// With `objects`, which is for writes and filemarks, the call and up to that many behind it seem to succeed: the error
  /// comes with the next one, or when the tape is flushed, moved or closed.
  public func fail(_ kind: Kind, nth: Int, with cause: DriveError.Cause, after objects: Int = 0) {
    faults[kind, default: [:]][nth] = Fault(cause: cause, objects: objects)
  }

  /// Nothing fails any more; what was deferred is forgotten.
  public func repair() {
    faults = [:]
    deferred = nil
  }

  /// How many calls of this kind were made.
  public func count(_ kind: Kind) -> Int { counts[kind, default: 0] }

  private func begin(_ kind: Kind, _ operation: String) throws(DriveError) {
    counts[kind, default: 0] += 1
    let writes = kind == .write || kind == .filemark || kind == .flush
    if writes, isBroken { throw DriveError(.broken, operation: operation, device: identity.name) }
    if let deferred, kind != .medium, kind != .position {
      if lost < deferred.objects, kind == .write || kind == .filemark { return }
      self.deferred = nil
      try fail(deferred.cause, operation, breaks: true)
    }
    if let fault = faults[kind]?[counts[kind, default: 0]] {
      if fault.objects > 0 {
        deferred = fault
      } else {
        try fail(fault.cause, operation, breaks: writes)
      }
    }
    if kind == .locate || kind == .rewind || kind == .endOfData {
      isBroken = false
      lost = 0
    }
  }

  private func fail(_ cause: DriveError.Cause, _ operation: String, breaks: Bool) throws(DriveError) {
    hasFailed = true
    if breaks { isBroken = true }
    throw DriveError(cause, operation: operation, device: identity.name, position: try inner.position())
  }

  /// Whether the object being written is one of those that will turn out to be lost.
  private func loses() -> Bool {
    guard deferred != nil else { return false }
    lost += 1
    return true
  }

  public var identity: DriveIdentity { inner.identity }

  public func medium() throws(DriveError) -> MediumState {
    try begin(.medium, "read the state of")
    return try inner.medium()
  }

  public func position() throws(DriveError) -> BlockID {
    try begin(.position, "read the position of")
    return try inner.position().advanced(by: lost)
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    try begin(.read, "read block")
    return try inner.read(into: &buffer)
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    try begin(.write, "write block")
    return loses() ? .written : try inner.write(block)
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    try begin(.filemark, "write filemark")
    return loses() ? .written : try inner.writeFilemark()
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
