import CLinuxTape
import Glibc
import TapeIO

/// Opening a drive: waiting for its cartridge, and settings that would break us put right.
struct DriveOpening {
  let device: TapeDevice
  let access: DriveAccess
  /// Seconds to wait for a cartridge that is being loaded.
  let patience: Int
  /// Told what is being waited for, and for how many seconds so far.
  let onWait: ((String, Int) -> Void)?

  /// Opens the drive once it is ready; also whether it can only be read.
  func open() throws(DriveError) -> (descriptor: Descriptor, isWriteProtected: Bool) {
    try waitUntilReady()
    // Opened afresh: st remembers the state that it found at the open.
    var isWriteProtected = access == .readOnly
    let descriptor: Descriptor
    switch Descriptor.open(device, access == .readWrite ? O_RDWR : O_RDONLY) {
    case .success(let opened): descriptor = opened
    case .failure(let error) where error.code == EROFS || error.code == EACCES && access == .readWrite:
      isWriteProtected = true
      descriptor = try opened(O_RDONLY)
    case .failure(let error): throw translated(error)
    }
    if descriptor.has(cltape_GMT_WR_PROT) { isWriteProtected = true }
    try setOptions(descriptor)
    if let error = descriptor.operate(cltape_MTSETBLK, 0) { throw translated(error, "set variable blocks on") }
    if case .success(let status) = descriptor.status(), status.residual != 0 {
      throw unusable("the cartridge has several partitions (LTFS?)", "use a cartridge with one partition")
    }
    return (descriptor, isWriteProtected)
  }

  private func opened(_ mode: Int32) throws(DriveError) -> Descriptor {
    switch Descriptor.open(device, mode) {
    case .success(let descriptor): return descriptor
    case .failure(let error): throw translated(error)
    }
  }

  private func waitUntilReady() throws(DriveError) {
    var waited = 0
    while true {
      let descriptor = try opened(O_RDONLY)
      guard case .success(let status) = descriptor.status() else { throw translated(Descriptor.Errno(code: EIO)) }
      let isOnline = status.flags & cltape_GMT_ONLINE != 0
      if isOnline { try findPosition(descriptor) }
      if let error = descriptor.close() { throw translated(error) }
      if isOnline { return }
      if status.flags & cltape_GMT_DR_OPEN != 0 { throw failure(.noMedium) }
      guard waited < patience else { throw failure(.notReady) }
      onWait?("waiting for the drive to become ready", waited)
      sleep(1)  // polling is all that st offers
      waited += 1
    }
  }

  /// After a reset st refuses everything, closing too, until the tape is rewound. Nobody has begun to use it here.
  private func findPosition(_ descriptor: Descriptor) throws(DriveError) {
    guard case .failure(let error) = descriptor.position(), error.code == EIO else { return }
    if let error = descriptor.operate(cltape_MTREW) { throw translated(error, "rewind") }
  }

  /// Options of st(4) under which flushing would not flush, positions would not be logical, or closing would write.
  ///
  /// With asynchronous writes st says that a block was written before the drive was asked; at the physical end that
  /// block is not on the tape, and the error comes with the next one.
  private func setOptions(_ descriptor: Descriptor) throws(DriveError) {
    let unwanted = DriverOptions.unwanted
    guard let options = options else { return try change(descriptor, cltape_MT_ST_SCSI2LOGICAL, unwanted) }
    let missing = cltape_MT_ST_SCSI2LOGICAL & ~options
    try change(descriptor, missing, options & unwanted)
    guard let now = self.options, now & unwanted == 0, now & cltape_MT_ST_SCSI2LOGICAL != 0 else {
      throw unusable("its driver options cannot be used", hint)
    }
  }

  /// st's options for this device, as sysfs shows them.
  private var options: Int32? { DriverOptions(of: device)?.bits }

  private func change(_ descriptor: Descriptor, _ set: Int32, _ clear: Int32) throws(DriveError) {
    for (command, bits) in [(cltape_MT_ST_SETBOOLEANS, set), (cltape_MT_ST_CLEARBOOLEANS, clear)] where bits != 0 {
      guard let error = descriptor.operate(cltape_MTSETDRVBUFFER, Int(command | bits)) else { continue }
      if error.code == EPERM || error.code == EACCES {
        throw unusable("its driver options cannot be used, and only root can change them", hint)
      }
      throw translated(error, "set the options of")
    }
  }

  private var hint: String { DriverOptions.remedy(device.name) }

  private func failure(_ cause: DriveError.Cause) -> DriveError {
    DriveError(cause, operation: "open", device: device.name)
  }

  private func unusable(_ reason: String, _ hint: String?) -> DriveError {
    failure(.unusable(reason: reason, hint: hint))
  }

  /// errno of open(2) on a tape device.
  private func translated(_ error: Descriptor.Errno, _ operation: String = "open") -> DriveError {
    let cause: DriveError.Cause =
      switch error.code {
      case EBUSY: .busy(holder: nil)
      case ENOMEDIUM: .noMedium
      case EROFS: .writeProtected
      default: .system(errno: error.code, message: error.message)
      }
    return DriveError(cause, operation: operation, device: device.name)
  }
}
