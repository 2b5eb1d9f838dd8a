import CLinuxTape
import Glibc
public import TapeIO

extension TapeDevice {
  /// Rewinds and unloads the cartridge in the drive at `path`, so that a changer can take it (MTOFFL). One that was
  /// ejected already, as by `mt offline`, stays so. Fails when another process has the drive.
  public static func eject(at path: [UInt8]) throws(DriveError) {
    let device = try TapeDevice(at: path)
    let descriptor = withPath(device.path) { Glibc.open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    guard descriptor >= 0 else { throw failure(errno, device) }
    let code = cltape_operate(descriptor, cltape_MTOFFL, 1) == 0 ? 0 : errno
    let closing = Glibc.close(descriptor) == 0 ? 0 : errno
    if code == ENOMEDIUM, closing == 0 { return }
    guard code == 0, closing == 0 else { throw failure(code == 0 ? closing : code, device) }
  }

  private static func failure(_ code: Int32, _ device: TapeDevice) -> DriveError {
    let cause: DriveError.Cause =
      code == EBUSY ? .busy(holder: nil) : .system(errno: code, message: String(cString: strerror(code)))
    return DriveError(cause, operation: "eject the cartridge of", device: device.name)
  }
}
