import Glibc
import TapeIO

/// A device file of Linux's `st` driver, and what sysfs says about the drive behind it.
public struct TapeDevice: Equatable, Sendable {
  /// Character devices of this major number are tapes (Documentation/admin-guide/devices.txt).
  static let major: UInt = 9
  /// The bit of the minor number that says "do not rewind on close".
  static let nonRewindingBit: UInt = 128

  /// Its path, as bytes.
  public let path: [UInt8]
  /// Minor number.
  let minor: UInt

  /// The path for messages.
  public var name: String { String(decoding: path, as: UTF8.self) }

  /// Whether `path` names a tape drive: a character device of major number 9.
  public static func isTapeDevice(at path: [UInt8]) -> Bool { minorNumber(path) != nil }

  /// The device to use for `path`: itself, or the non-rewinding one of the same drive when `path` rewinds on close.
  /// - Throws: `unusable` when `path` is no tape drive, or the non-rewinding device cannot be found.
  init(at path: [UInt8]) throws(DriveError) {
    let name = String(decoding: path, as: UTF8.self)
    var status = stat()
    guard TapeDevice.withPath(path, { stat($0, &status) }) == 0 else {
      throw DriveError(
        .system(errno: errno, message: String(cString: strerror(errno))), operation: "open", device: name)
    }
    guard let minor = TapeDevice.minorNumber(path) else {
      throw DriveError(.unusable(reason: "it is not a tape drive", hint: nil), operation: "open", device: name)
    }
    if minor & TapeDevice.nonRewindingBit != 0 {
      self.path = path
      self.minor = minor
      return
    }
    // `DEVNAME=st0` in its uevent file; the other device has an `n` before it.
    let lines = TapeDevice.text("/sys/dev/char/\(TapeDevice.major):\(minor)/uevent").split(separator: "\n")
    let own = lines.first { $0.hasPrefix("DEVNAME=") }.map { String($0.dropFirst(8)) }
    let other = Array("/dev/n\(own ?? name.split(separator: "/").last.map(String.init) ?? "")".utf8)
    guard let found = TapeDevice.minorNumber(other), found == minor | TapeDevice.nonRewindingBit else {
      throw DriveError(
        .unusable(reason: "it rewinds the tape whenever it is closed", hint: "use the device with an n: /dev/nst0"),
        operation: "open", device: name)
    }
    self.path = other
    self.minor = found
  }

  /// The minor number of a tape device; nil for anything else.
  private static func minorNumber(_ path: [UInt8]) -> UInt? {
    var status = stat()
    guard withPath(path, { stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFCHR else { return nil }
    // glibc's encoding of dev_t: major 8 to 19 and 44 up, minor 0 to 7 and 20 to 43.
    let device = UInt(status.st_rdev)
    let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
    return major == TapeDevice.major ? device & 0xFF | device >> 12 & ~0xFF : nil
  }

  /// What sysfs says in the drive's file `attribute`, such as `options` or `device/vendor`; empty when it says nothing.
  func attribute(_ attribute: String) -> String {
    var text = TapeDevice.text("/sys/dev/char/\(TapeDevice.major):\(minor)/\(attribute)")
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }

  /// The unit serial number: page 80h of the vital product data, which has a header of 4 bytes (SPC-4 7.8.15).
  var serialNumber: String {
    let page = TapeDevice.bytes("/sys/dev/char/\(TapeDevice.major):\(minor)/device/vpd_pg80")
    return String(decoding: page.dropFirst(4).filter { $0 > 32 && $0 < 127 }, as: UTF8.self)
  }

  /// The device file of the same drive for commands of any kind; nil when it has none.
  var genericName: String? {
    guard let folder = opendir("/sys/dev/char/\(TapeDevice.major):\(minor)/device/scsi_generic") else { return nil }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix("sg") { return "/dev/\(name)" }
    }
    return nil
  }

  private static func text(_ path: String) -> String { String(decoding: bytes(path), as: UTF8.self) }

  /// A small file of the kernel's; empty when there is none: what it would say is then not known.
  static func bytes(_ path: String) -> [UInt8] {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { _ = Glibc.close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    // In two steps: in one, the bytes would be those from before they were read.
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  /// Lends a path as a C string.
  static func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        // Never empty: it has at least the terminator.
        body(text.baseAddress!)
      }
    }
  }
}
