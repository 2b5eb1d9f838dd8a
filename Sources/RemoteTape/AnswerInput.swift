internal import Glibc

/// The bytes that come from the other end, in large reads.
final class AnswerInput {
  /// Why nothing can be read.
  struct Failure: Error {
    let text: String
  }

  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var available: Range<Int> = 0..<0

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// The next byte; nil at the end.
  func byte() throws(Failure) -> UInt8? {
    if available.isEmpty {
      var count = 0
      var code: Int32 = 0
      buffer.withUnsafeMutableBytes {
        count = Self.read(descriptor, $0)
        code = errno
      }
      guard count >= 0 else { throw Failure(text: String(cString: strerror(code))) }
      if count == 0 { return nil }
      available = 0..<count
    }
    defer { available = available.dropFirst() }
    return buffer[available.lowerBound]
  }

  /// Fills `space`.
  /// - Returns: how many bytes there were; fewer only at the end.
  func read(into space: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var done = min(available.count, space.count)
    space.copyBytes(from: buffer[available.prefix(done)])
    available = available.dropFirst(done)
    while done < space.count {
      let count = Self.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: space[done...]))
      guard count >= 0 else { throw Failure(text: String(cString: strerror(errno))) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  private static func read(_ descriptor: Int32, _ space: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = Glibc.read(descriptor, space.baseAddress, space.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }
}
