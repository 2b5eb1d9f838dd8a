import CLinux
import Glibc

/// Records of bytes, handed back in the reverse order of their coming.
///
/// Beyond a mebibyte they are kept in an unlinked temporary file, so that memory does not grow with their number.
final class SpilledRecords {
  private var spillSize: Int
  private var buffer: [UInt8] = []
  private var file: Int32 = -1
  /// Where each part begins that was written to the file, and its length.
  private var parts: [(offset: Int64, length: Int)] = []

  init(spillingBeyond size: Int = 1 << 20) { spillSize = size }

  deinit {
    // An unlinked file: what is not read again is not wanted.
    if file >= 0 { _ = close(file) }
  }

  /// Remembers one.
  func append(_ record: [UInt8]) {
    buffer += record
    withUnsafeBytes(of: UInt32(record.count).littleEndian) { buffer.append(contentsOf: $0) }
    if buffer.count > spillSize && !spill() {
      // Without room on disk they stay in memory: what they are for matters more. Tried again when twice as many.
      spillSize *= 2
    }
  }

  /// Hands back all, the last first, and forgets them.
  func drain(_ body: (ArraySlice<UInt8>) -> Void) throws(ErrnoFailure) {
    Self.reversed(buffer, body)
    buffer = []
    while let part = parts.popLast() {
      var bytes = [UInt8](repeating: 0, count: part.length)
      let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(part.offset)) }
      guard count == part.length else { throw ErrnoFailure(code: count < 0 ? errno : EIO) }
      Self.reversed(bytes, body)
    }
  }

  private func spill() -> Bool {
    if file < 0 {
      let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
      file = open(folder, clinux_O_TMPFILE | O_RDWR | O_CLOEXEC, 0o600)
      guard file >= 0 else { return false }
    }
    let offset = parts.last.map { $0.offset + Int64($0.length) } ?? 0
    var written = 0
    while written < buffer.count {
      let count = buffer[written...].withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(offset) + off_t(written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    parts.append((offset, buffer.count))
    buffer = []
    return true
  }

  private static func reversed(_ bytes: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
    var end = bytes.count
    while end > 0 {
      var length = 0
      for index in (end - 4..<end).reversed() { length = length << 8 | Int(bytes[index]) }
      body(bytes[(end - 4 - length)..<(end - 4)])
      end -= 4 + length
    }
  }
}

/// Fields one after the other; only this process reads them again.
struct RecordWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ field: [UInt8]) {
    add(UInt64(field.count))
    bytes += field
  }
}

/// Reads the fields of a ``RecordWriter`` in their order.
struct RecordReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func number() -> UInt64 {
    var value: UInt64 = 0
    for byte in rest.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
    rest = rest.dropFirst(8)
    return value
  }

  mutating func field() -> [UInt8] {
    let count = Int(number())
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
