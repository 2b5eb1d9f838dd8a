internal import Glibc

/// A file that the other end reads and writes.
final class ServedFile: ServedArchive {
  private var descriptor: Int32

  init(_ path: [UInt8], flags: Int32) throws(ServedFailure) {
    descriptor = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        // An array that holds at least its NUL has an address.
        Glibc.open(text.baseAddress!, flags | O_CLOEXEC, 0o666)
      }
    }
    guard descriptor >= 0 else { throw Self.failure() }
  }

  /// Whoever went away unclosed has said so by it.
  deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

  private static func failure(_ code: Int32 = errno) -> ServedFailure {
    ServedFailure(code: code, text: String(cString: strerror(code)))
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ServedFailure) -> (answer: Int64, byteCount: Int) {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return (Int64(count), count) }
      guard errno == EINTR else { throw Self.failure() }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(ServedFailure) -> Int64 {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      if count < 0, done == 0 { throw Self.failure() }
      if count <= 0 { break }
      done += count
    }
    return Int64(done)
  }

  func seek(to offset: Int64, from whence: Int) throws(ServedFailure) -> Int64 {
    let place = lseek(descriptor, off_t(offset), Int32(whence))
    guard place >= 0 else { throw Self.failure() }
    return Int64(place)
  }

  func operate(_ operation: Int, count: Int64) throws(ServedFailure) -> Int64 { throw Self.failure(ENOTTY) }
  func status() throws(ServedFailure) -> [UInt8] { throw Self.failure(ENOTTY) }
  func state() throws(ServedFailure) -> [UInt8] { throw Self.failure(ENOTTY) }

  func close() throws(ServedFailure) {
    let closing = descriptor
    descriptor = -1
    guard Glibc.close(closing) == 0 else { throw Self.failure() }
  }
}
