import CLinuxTape
import Glibc
public import TapeIO

/// Looks at a drive without moving the tape.
///
/// The device is held open meanwhile, so no other process uses the drive: a command sent beside one that writes could be
/// told of a reset that the writer has to know of. A drive that is in use is therefore not asked anything; what the kernel
/// knows of it is said all the same.
public final class DriveInspection {
  private let device: TapeDevice
  /// Nil when another process has the drive.
  private let descriptor: Descriptor?
  /// The same drive's generic device, for which SG_IO takes no more than being let in; -1 for none.
  private var generic: Int32 = -1
  private var usesGeneric = false

  /// Opens the drive at `path` for looking at it. Does not wait for a cartridge.
  /// - Throws: `unusable` (no tape drive), `system`.
  public init(path: [UInt8]) throws(DriveError) {
    let device = try TapeDevice(at: path)
    self.device = device
    switch Descriptor.open(device, O_RDONLY) {
    case .success(let opened): descriptor = opened
    case .failure(let error) where error.code == EBUSY: descriptor = nil
    case .failure(let error):
      throw DriveError(
        .system(errno: error.code, message: error.message), operation: "open", device: device.name)
    }
  }

  deinit { if generic >= 0 { _ = Glibc.close(generic) } }

  /// Lets go of the drive. After a reset the driver refuses to close as it refuses all else; nothing was written, so there
  /// is nothing that could have failed.
  public func close() { _ = descriptor?.close() }

  // MARK: State

  /// What the drive and its driver say now.
  public func state() -> DriveState {
    var state = DriveState(device: device.name)
    state.vendor = device.attribute("device/vendor")
    state.product = device.attribute("device/model")
    state.revision = device.attribute("device/rev")
    state.serial = device.serialNumber
    state.options = DriverOptions(of: device)
    guard let descriptor else { return state }
    guard case .success(let status) = descriptor.status() else {
      state.readiness = .notReady("the driver cannot say how it is")
      return state
    }
    guard status.flags & cltape_GMT_ONLINE != 0 else {
      state.readiness = readiness(status)
      return state
    }
    state.readiness = .ready
    state.isWriteProtected = status.flags & cltape_GMT_WR_PROT != 0
    if status.density != 0 { state.density = TapeDensity(code: status.density) }
    state.blockSize = Int(status.block_size)
    state.position = position(descriptor, status)
    if case .data(let bytes) = ask(readAttributes, answer: 16_384) { state.attributes = MediumAttributes(bytes) }
    return state
  }

  private func readiness(_ status: cltape_status) -> DriveState.Readiness {
    // TEST UNIT READY: the driver has just sent one, too, and knows what it had to know.
    if case .refused(let sense) = ask([0, 0, 0, 0, 0, 0], answer: 0) {
      return sense.code == 0x3A && sense.qualifier != 4 ? .noCartridge : .notReady(sense.text)
    }
    return status.flags & cltape_GMT_DR_OPEN != 0 ? .noCartridge : .notReady("the drive does not say why")
  }

  private func position(_ descriptor: Descriptor, _ status: cltape_status) -> TapePosition {
    // After a reset the driver does not let the tape be used before it is rewound, whatever the drive says.
    guard case .success(let block) = descriptor.position(), block >= 0 else { return TapePosition() }
    var position: TapePosition
    if case .data(let bytes) = ask(readPosition, answer: 32), let found = TapePosition(longForm: bytes) {
      position = found
    } else {
      position = TapePosition()
      position.block = UInt64(block)
      if status.file >= 0 { position.file = UInt64(status.file) }
      position.partition = UInt64(max(0, status.residual))
    }
    if status.file >= 0, status.block >= 0 { position.blockInFile = UInt64(status.block) }
    // Its own memory; it is kept when the device is closed and opened again.
    if status.flags & cltape_GMT_BOT != 0 { position.isAtBeginning = true }
    position.isBehindFilemark = status.flags & cltape_GMT_EOF != 0
    position.isAtEndOfData = status.flags & cltape_GMT_EOD != 0
    position.isNearEnd = status.flags & cltape_GMT_EOT != 0
    return position
  }

  // MARK: Health

  /// What the drive's log pages and the driver's statistics say. Reading the TapeAlert page clears its flags in the drive
  /// for this computer (SSC-4): they are said once.
  public func health() -> DriveHealth {
    var health = DriveHealth()
    health.statistics = DriverStatistics(of: device)
    guard let descriptor else { return health }
    if case .success(let status) = descriptor.status(), status.flags & cltape_GMT_ONLINE != 0, status.density != 0 {
      health.density = TapeDensity(code: status.density)
    }
    for code in DriveHealth.pages {
      switch ask(logSense(code), answer: 16_384) {
      case .data(let bytes):
        if let page = LogPage(bytes), page.code == code { health.take(page) } else { health.lacking.append(code) }
      case .refused: health.lacking.append(code)
      case .unavailable(let why): health.unavailable = why
      }
    }
    return health
  }

  // MARK: Commands that do not move the tape

  /// LOG SENSE of the cumulative values of a page (SPC-4 6.8).
  private func logSense(_ page: UInt8) -> [UInt8] { [0x4D, 0, 0x40 | page, 0, 0, 0, 0, 0x40, 0, 0] }
  /// READ ATTRIBUTE of all values of partition 0.
  private var readAttributes: [UInt8] { [0x8C, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0] }
  /// READ POSITION, long form.
  private var readPosition: [UInt8] { [0x34, 0x06, 0, 0, 0, 0, 0, 0, 0, 0] }

  private enum Answer {
    case data([UInt8])
    case refused(SenseData)
    /// It could not be asked: why.
    case unavailable(String)
  }

  private func ask(_ command: [UInt8], answer count: Int) -> Answer {
    guard let descriptor else { return .unavailable("another process uses the drive") }
    let first = usesGeneric ? askGeneric(command, count) : send(command, count, descriptor.raw)
    switch first {
    // The tape device lets only those who may do everything (CAP_SYS_RAWIO).
    case .unavailable where !usesGeneric:
      usesGeneric = true
      return askGeneric(command, count)
    case .refused(let sense) where sense.isUnitAttention:
      return usesGeneric ? askGeneric(command, count) : send(command, count, descriptor.raw)
    default: return first
    }
  }

  private func askGeneric(_ command: [UInt8], _ count: Int) -> Answer {
    guard let name = device.genericName else { return .unavailable("its generic device is not there: load module sg") }
    if generic < 0 {
      generic = TapeDevice.withPath(Array(name.utf8)) { Glibc.open($0, O_RDWR | O_NONBLOCK | O_CLOEXEC) }
    }
    guard generic >= 0 else { return .unavailable("\(name): \(String(cString: strerror(errno)))") }
    return send(command, count, generic)
  }

  private func send(_ command: [UInt8], _ count: Int, _ descriptor: Int32) -> Answer {
    var buffer = [UInt8](repeating: 0, count: count)
    var answer = cltape_answer()
    let result = buffer.withUnsafeMutableBufferPointer { room in
      command.withUnsafeBufferPointer {
        cltape_ask(
          descriptor, $0.baseAddress, UInt8(command.count), room.baseAddress, UInt32(count), 60_000, &answer)
      }
    }
    guard result == 0 else { return .unavailable(String(cString: strerror(errno))) }
    if answer.status != 0 {
      let sense = withUnsafeBytes(of: answer.sense) { SenseData($0.prefix(Int(answer.sense_length))) }
      return sense.map { .refused($0) } ?? .unavailable("the drive answered with status \(answer.status)")
    }
    guard answer.host == 0 else { return .unavailable("the drive cannot be reached (host status \(answer.host))") }
    return .data(Array(buffer.prefix(count - min(count, max(0, Int(answer.missing))))))
  }
}
