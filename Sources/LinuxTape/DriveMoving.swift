import CLinuxTape
import Glibc
public import TapeIO

/// What moves the tape or the cartridge and needs nothing of the volume on it.
extension TapeDevice {
  /// Rewinds the tape in the drive at `path`, whatever the driver's options are (MTREW).
  public static func rewind(at path: [UInt8]) throws(DriveError) {
    try withDrive(at: path, "rewind") { descriptor in
      descriptor.operate(cltape_MTREW)
    }
  }

  /// Loads the cartridge that lies in the drive at `path` (MTLOAD): winds the tape to its beginning.
  public static func load(at path: [UInt8]) throws(DriveError) {
    try withDrive(at: path, "load the cartridge of") { $0.operate(cltape_MTLOAD) }
  }

  private static func withDrive(
    at path: [UInt8], _ operation: String, _ body: (Descriptor) -> Descriptor.Errno?
  ) throws(DriveError) {
    let device = try TapeDevice(at: path)
    let descriptor: Descriptor
    switch Descriptor.open(device, O_RDONLY) {
    case .success(let opened): descriptor = opened
    case .failure(let error): throw failure(error, operation, device)
    }
    let failed = body(descriptor)
    let unclosed = descriptor.close()
    if let error = failed ?? unclosed { throw failure(error, operation, device) }
  }

  private static func failure(_ error: Descriptor.Errno, _ operation: String, _ device: TapeDevice) -> DriveError {
    let cause: DriveError.Cause =
      switch error.code {
      case EBUSY: .busy(holder: nil)
      case ENOMEDIUM: .noMedium
      default: .system(errno: error.code, message: error.message)
      }
    return DriveError(cause, operation: operation, device: device.name)
  }
}
