import Glibc
import HostFiles

/// Files of names (`-T`) and of patterns (`-X`).
enum NameFile {
  /// The whole content of `path`; of standard input for `-`.
  /// - Parameter isTold: whether a message says what could not be done with it, which GNU tar leaves out for `-X`.
  static func read(_ path: [UInt8], isTold: Bool = true) throws(UsageError) -> [UInt8] {
    let isStandardInput = path == [UInt8(ascii: "-")]
    let descriptor = isStandardInput ? 0 : ArchiveTarget.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw failure(path, isTold ? "Cannot open: " : "") }
    // Nothing was written: closing it loses nothing.
    defer { if !isStandardInput { close(descriptor) } }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return content }
      if count > 0 { content += buffer[..<count] }
      if count < 0, errno != EINTR { throw failure(path, isTold ? "Cannot read: " : "") }
    }
  }

  /// Which file `path` is.
  static func identity(of path: [UInt8]) throws(UsageError) -> FileIdentity {
    var status = stat()
    guard ArchiveTarget.withCString(path, { stat($0, &status) }) == 0 else { throw failure(path, "Cannot stat: ") }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  private static func failure(_ path: [UInt8], _ what: String) -> UsageError {
    .fatal("\(String(decoding: path, as: UTF8.self)): \(what)\(String(cString: strerror(errno)))")
  }
}
