public import ArchiveFormat
internal import CArchive  // which brings struct stat
internal import Glibc

/// The bytes of a file or a pipe as they are, in large reads.
public final class FileInput: UserFileBytes {
  /// What it is called in messages.
  public let name: String
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer
  private var available: Range<Int> = 0..<0
  private var isAtEnd = false
  private let isSeekable: Bool

  /// Bytes read or passed over so far.
  public private(set) var position: Int64 = 0

  private static let bufferSize = 1 << 20

  /// Reads on from where `descriptor` stands; it is not closed.
  public init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    buffer = .allocate(byteCount: Self.bufferSize, alignment: 4096)
    var status = stat()
    isSeekable = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  deinit { buffer.deallocate() }

  /// The first bytes, at most `count`, without taking them; fewer only at the end.
  public func peek(_ count: Int) throws(VolumeError) -> [UInt8] {
    precondition(position == 0 && count <= buffer.count)
    while available.count < count, !isAtEnd { try fill() }
    return Array(buffer[available.prefix(count)])
  }

  public func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    if available.isEmpty {
      available = 0..<0
      if !isAtEnd { try fill() }
    }
    let part = available.prefix(limit)
    available = part.upperBound..<available.upperBound
    position += Int64(part.count)
    return UnsafeRawBufferPointer(rebasing: buffer[part])
  }

  /// Seeks where the file can; what lies behind its end is not there.
  @discardableResult
  public func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    var passed = Int64(min(count, Int64(available.count)))
    available = available.lowerBound + Int(passed)..<available.upperBound
    position += passed
    if isSeekable, count - passed > Int64(buffer.count) {
      let here = Int64(lseek(descriptor, 0, SEEK_CUR))
      // Archives may claim sizes that no file has.
      let target = here + min(count - passed, max(0, (size ?? 0) - here))
      guard here >= 0, lseek(descriptor, off_t(target), SEEK_SET) == off_t(target) else { throw failure("Cannot seek") }
      passed += target - here
      position += target - here
    }
    while passed < count {
      let part = try next(Int(min(count - passed, 1 << 30)))
      if part.isEmpty { break }
      passed += Int64(part.count)
    }
    return passed
  }

  /// Goes to byte `offset`; false where the file cannot.
  func seek(to offset: Int64) -> Bool {
    guard isSeekable, lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else { return false }
    available = 0..<0
    isAtEnd = false
    position = offset
    return true
  }

  /// Bytes of the file; nil when it is none.
  var size: Int64? {
    var status = stat()
    return isSeekable && fstat(descriptor, &status) == 0 ? Int64(status.st_size) : nil
  }

  private func fill() throws(VolumeError) {
    let space = UnsafeMutableRawBufferPointer(rebasing: buffer[available.upperBound...])
    while true {
      let count = read(descriptor, space.baseAddress, space.count)
      if count > 0 {
        available = available.lowerBound..<available.upperBound + count
        return
      }
      if count == 0 {
        isAtEnd = true
        return
      }
      if errno != EINTR { throw failure("Read error") }
    }
  }

  private func failure(_ what: String) -> VolumeError {
    .malformed(what: name, why: "\(what): \(String(cString: strerror(errno)))")
  }
}
