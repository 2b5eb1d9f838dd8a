import CLinux
import Glibc

/// Copies the content of one open file over that of another.
enum FileCopy {
  /// Copies `size` bytes, holes as holes; nothing of what was there is left.
  /// - Returns: errno; 0 for success.
  static func copy(from source: Int32, to target: Int32, size: Int64) -> Int32 {
    guard ftruncate(target, 0) == 0, ftruncate(target, off_t(size)) == 0 else { return errno }
    return withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 4096) { buffer in
      var position = off_t(0)
      while true {
        position = lseek(source, position, clinux_SEEK_DATA)
        // No data behind it: the rest is a hole.
        if position < 0 { return errno == ENXIO ? 0 : errno }
        var end = lseek(source, position, clinux_SEEK_HOLE)
        if end < 0 { end = off_t(size) }
        while position < end {
          let count = pread(source, buffer.baseAddress, min(buffer.count, Int(end - position)), position)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return count < 0 ? errno : EIO }
          var written = 0
          while written < count {
            let part = pwrite(
              target, buffer.baseAddress.map { $0 + written }, count - written, position + off_t(written))
            if part < 0, errno == EINTR { continue }
            guard part > 0 else { return part < 0 ? errno : ENOSPC }
            written += part
          }
          position += off_t(count)
        }
      }
    }
  }
}
