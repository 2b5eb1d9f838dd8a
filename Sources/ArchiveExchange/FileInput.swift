public import ArchiveFormat

/// The bytes of a medium as they are, in large reads.
public final class FileInput: UserFileBytes {
  private let medium: any ArchiveMedium
  private let buffer: UnsafeMutableRawBufferPointer
  private var available: Range<Int> = 0..<0
  private var isAtEnd = false

  /// Bytes read or passed over so far.
  public private(set) var position: Int64 = 0

  private static let bufferSize = 1 << 20

  /// Reads on from where `medium` stands; it is not closed.
  public init(_ medium: any ArchiveMedium) {
    self.medium = medium
    buffer = .allocate(byteCount: Self.bufferSize, alignment: 4096)
  }

  deinit { buffer.deallocate() }

  /// What it is called in messages.
  public var name: String { medium.name }

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
    if medium.isSeekable, let size = medium.size, count - passed > Int64(buffer.count) {
      // Archives may claim sizes that no file has.
      let target = position + min(count - passed, max(0, size - position))
      do { try medium.seek(to: target) } catch { throw failure("Cannot seek", error) }
      passed += target - position
      position = target
    }
    while passed < count {
      let part = try next(Int(min(count - passed, 1 << 30)))
      if part.isEmpty { break }
      passed += Int64(part.count)
    }
    return passed
  }

  /// Goes to byte `offset`; false where the medium cannot.
  func seek(to offset: Int64) -> Bool {
    guard medium.isSeekable else { return false }
    do { try medium.seek(to: offset) } catch { return false }
    available = 0..<0
    isAtEnd = false
    position = offset
    return true
  }

  /// Bytes of the file; nil when it is none.
  var size: Int64? { medium.isSeekable ? medium.size : nil }

  private func fill() throws(VolumeError) {
    let space = UnsafeMutableRawBufferPointer(rebasing: buffer[available.upperBound...])
    let count: Int
    do { count = try medium.read(into: space) } catch { throw failure("Read error", error) }
    available = available.lowerBound..<available.upperBound + count
    isAtEnd = count == 0
  }

  private func failure(_ what: String, _ error: MediumError) -> VolumeError {
    .malformed(what: name, why: "\(what): \(error.text)")
  }
}
