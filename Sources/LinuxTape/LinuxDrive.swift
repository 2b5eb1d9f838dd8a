import CLinuxTape
import Glibc
public import TapeIO

/// The tape drive behind `/dev/nst*`: Linux's st(4), in variable-block mode.
///
/// What st leaves open is settled by the drive's own position: an error that may or may not have written something is
/// believed only after READ POSITION.
public final class LinuxDrive: TapeDrive {
  /// The longest block used; drives of the LTO family take 8 MiB or more, and st transfers often no more.
  public static let maximumBlockSize = 8 << 20

  public let identity: DriveIdentity
  /// Whether the device named rewinds on close, and the other one of the same drive is used in its place.
  public let usedNonRewinding: Bool
  /// The device in use.
  public let device: TapeDevice

  let descriptor: Descriptor
  let isWriteProtected: Bool
  var isClosed = false
  /// Whether a write failed; cleared when the position is established anew.
  var isBroken = false
  /// Whether the physical end was met: nothing more is written until the tape is moved.
  var isFull = false
  /// Whether anything was written since the last flush.
  var isUnflushed = false
  /// Whether a block was written last: st would follow it with a filemark when the tape is moved or the device closed.
  var isBehindBlock = false
  /// Where the tape is, counted along; nil when it must be asked.
  var counted: UInt64?

  /// Opens the drive and waits for its cartridge. The tape stays where it is.
  /// - Parameters:
  ///   - path: `/dev/nst0`; for a device that rewinds on close, the other one of the same drive is used.
  ///   - access: a write-protected cartridge opens for reading in either case.
  ///   - patience: seconds to wait for a cartridge that is being loaded; a new LTO-9 one may take 2 hours.
  ///   - onWait: told what is being waited for, and for how many seconds so far.
  /// - Throws: `busy`, `noMedium`, `notReady`, `unusable` (no tape drive, partitioned cartridge, driver options), `system`.
  public init(
    path: [UInt8], access: DriveAccess, patience: Int = 600, onWait: ((String, Int) -> Void)? = nil
  ) throws(DriveError) {
    let device = try TapeDevice(at: path)
    self.device = device
    usedNonRewinding = device.path != path
    (descriptor, isWriteProtected) =
      try DriveOpening(device: device, access: access, patience: patience, onWait: onWait).open()
    identity = DriveIdentity(
      name: device.name, vendor: device.attribute("device/vendor"), product: device.attribute("device/model"),
      serial: device.serialNumber)
  }

  /// What the cartridge allows. Whether it is WORM st does not say: overwriting then fails as the drive words it.
  public func medium() throws(DriveError) -> MediumState {
    try checkOpen("read the state of")
    return MediumState(
      isWriteProtected: isWriteProtected, isWORM: false,
      compresses: device.attribute("default_compression") != "0", maximumBlockSize: LinuxDrive.maximumBlockSize)
  }

  public func position() throws(DriveError) -> BlockID {
    try checkOpen("read the position of")
    return BlockID(try askPosition("read the position of"))
  }

  /// The drive's READ POSITION.
  func askPosition(_ operation: String) throws(DriveError) -> UInt64 {
    guard case .success(let block) = descriptor.position(), block >= 0 else {
      counted = nil
      throw error(.positionLost, operation)
    }
    counted = UInt64(block)
    return UInt64(block)
  }

  func checkOpen(_ operation: String) throws(DriveError) {
    guard !isClosed else { throw error(.closed, operation) }
  }

  func error(_ cause: DriveError.Cause, _ operation: String, at position: UInt64? = nil) -> DriveError {
    DriveError(cause, operation: operation, device: device.name, position: position.map { BlockID($0) })
  }

  /// errno of a read, write or ioctl on a tape device.
  func error(_ errno: Descriptor.Errno, _ operation: String, at position: UInt64? = nil) -> DriveError {
    let cause: DriveError.Cause =
      switch errno.code {
      case EIO: .mediumError(detail: errno.message)
      case EROFS, EACCES: .writeProtected
      case ENOMEDIUM: .noMedium
      default: .system(errno: errno.code, message: errno.message)
      }
    return error(cause, operation, at: position)
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    let operation = "read block"
    try beginMoving(operation)
    let start = try startingPoint(operation)
    // A longer buffer than st can transfer fails; no block is longer.
    let room = min(buffer.byteCount, LinuxDrive.maximumBlockSize)
    let result = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { descriptor.read(into: $0, count: room) } ?? .failure(Descriptor.Errno(code: EINVAL))
    }
    switch result {
    case .success(let count) where count > 0:
      counted = start + 1
      return .block(byteCount: count)
    case .success:
      if descriptor.has(cltape_GMT_EOD) { return .endOfData }
      counted = start + 1
      return .filemark
    case .failure(let errno):
      if errno.code == EIO, descriptor.has(cltape_GMT_EOD) { return .endOfData }
      return try failedRead(errno, start)
    }
  }

  /// After a failed read the position says what happened; the damaged or overlong block is passed.
  private func failedRead(_ errno: Descriptor.Errno, _ start: UInt64) throws(DriveError) -> ReadOutcome {
    let operation = "read block"
    let now = try askPosition(operation)
    if errno.code == ENOMEM, now == start + 1 { throw error(.bufferTooSmall, operation, at: start) }
    if errno.code == EIO, now == start {
      // End of data without GMT_EOD, or a drive that stopped in front of the bad block: spacing over one block tells, and
      // passes the bad one. When it cannot be passed either, the same error comes again.
      if descriptor.operate(cltape_MTFSR) != nil, descriptor.has(cltape_GMT_EOD) { return .endOfData }
      _ = try askPosition(operation)
    }
    throw error(errno, operation, at: start)
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    let operation = "write block"
    let start = try beginWriting(operation)
    guard block.byteCount <= LinuxDrive.maximumBlockSize else {
      throw error(.blockTooLarge(limit: LinuxDrive.maximumBlockSize), operation, at: start)
    }
    guard block.byteCount > 0 else {
      throw error(.unusable(reason: "a block has at least one byte", hint: nil), operation, at: start)
    }
    if isFull { return .endOfMedium }
    isUnflushed = true
    isBehindBlock = true
    return try attempt(operation, start) { () -> Descriptor.Errno? in
      switch block.withUnsafeBytes({ descriptor.write($0) }) {
      case .success(block.byteCount): nil
      case .success: Descriptor.Errno(code: EIO)  // a part of a block cannot be
      case .failure(let errno): errno
      }
    }
  }

  /// Writes one filemark: MTWEOFI of count 1, as some drives take no other count for immediate.
  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    let operation = "write filemark"
    let start = try beginWriting(operation)
    if isFull { return .endOfMedium }
    isUnflushed = true
    isBehindBlock = false
    return try attempt(operation, start) { descriptor.writeFilemark() }
  }

  private func beginWriting(_ operation: String) throws(DriveError) -> UInt64 {
    try checkOpen(operation)
    guard !isWriteProtected else { throw error(.writeProtected, operation, at: counted) }
    guard !isBroken else { throw error(.broken, operation, at: counted) }
    return try startingPoint(operation)
  }

  /// The position as counted along, or else as the drive tells it.
  private func startingPoint(_ operation: String) throws(DriveError) -> UInt64 {
    if let counted { return counted }
    return try askPosition(operation)
  }

  /// Writes one object. ENOSPC is early warning the first time, when it is tried once more, and the physical end the
  /// second time; either may have written the object (filemarks do), which the position tells.
  private func attempt(
    _ operation: String, _ start: UInt64, _ body: () -> Descriptor.Errno?
  ) throws(DriveError) -> WriteOutcome {
    for _ in 0..<2 {
      guard let errno = body() else {
        counted = start + 1
        return descriptor.metNoSpace ? .earlyWarning : .written
      }
      guard errno.code == ENOSPC else { throw try failedWrite(errno, operation, start) }
      let now: UInt64
      do throws(DriveError) { now = try askPosition(operation) } catch {
        isBroken = true
        throw error
      }
      if now == start + 1 { return .earlyWarning }
    }
    isFull = true
    return .endOfMedium
  }

  private func failedWrite(
    _ errno: Descriptor.Errno, _ operation: String, _ start: UInt64
  ) throws(DriveError) -> DriveError {
    if [EINVAL, EBUSY, ENOMEM, EOVERFLOW].contains(errno.code), case .success(Int64(start)) = descriptor.position() {
      // st refused it before the drive saw it: longer than one command can carry.
      return error(.blockTooLarge(limit: nil), operation, at: start)
    }
    isBroken = true
    counted = nil
    return error(errno, operation, at: start)
  }

  /// Brings everything onto the medium: MTWEOF of count 0, which waits. Nothing written since the last one: no command.
  public func flush() throws(DriveError) {
    let operation = "flush"
    try checkOpen(operation)
    guard !isBroken else { throw error(.broken, operation) }
    guard isUnflushed else { return }
    try writeNoFilemarks(cltape_MTWEOF, operation)
    isUnflushed = false
  }

  /// WRITE FILEMARKS of count 0: a flush, or with the immediate bit just the end of st's writing state.
  private func writeNoFilemarks(_ command: Int16, _ operation: String) throws(DriveError) {
    let errno = descriptor.operate(command, 0)
    isBehindBlock = false
    if let errno {
      isBroken = true
      throw error(errno, operation)
    }
  }

  /// Before the tape is moved: keeps st from writing a filemark of its own behind the last block.
  func beginMoving(_ operation: String) throws(DriveError) {
    try checkOpen(operation)
    if isBehindBlock { try writeNoFilemarks(cltape_MTWEOFI, operation) }
  }

  /// Ends the use of the drive; the tape stays where it is.
  ///
  /// st by itself writes a filemark when it is closed (or the tape moved) right after a block. It is kept from that: an
  /// object that nobody asked for would shift every number behind it.
  public func close() throws(DriveError) {
    let operation = "close"
    try checkOpen(operation)
    var first: DriveError?
    do throws(DriveError) { try beginMoving(operation) } catch { first = error }
    isClosed = true
    if let errno = descriptor.close() { throw first ?? error(errno, operation) }
    if let first { throw first }
  }
}
