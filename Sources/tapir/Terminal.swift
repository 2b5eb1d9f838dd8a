import Glibc

/// The terminal that the process was started at, wherever standard output and standard error go.
enum Terminal {
  /// Writes on it. Without a terminal there is nobody to see it.
  static func write(_ bytes: [UInt8]) {
    let descriptor = open("/dev/tty", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
  }
}
