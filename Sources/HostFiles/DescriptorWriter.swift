import Glibc

/// Writes bytes one after another to a descriptor that stays open, gaps as zeros. After a failure it writes nothing more.
final class DescriptorWriter {
  private let descriptor: Int32
  private var position: Int64 = 0
  /// errno of the first failure; 0 as long as there is none.
  private(set) var code: Int32 = 0

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func fill(to offset: Int64) {
    if position >= offset { return }
    let zeros = [UInt8](repeating: 0, count: Int(min(offset - position, 1 << 18)))
    while position < offset && code == 0 {
      put(zeros.span.bytes.extracting(first: Int(min(Int64(zeros.count), offset - position))))
    }
  }

  func put(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count && code == 0 {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          code = count < 0 ? errno : ENOSPC
          return
        }
        written += count
      }
    }
    position += Int64(bytes.byteCount)
  }
}
