import Glibc
import TapeIO

/// A `.tap` image: *SIMH Magtape Representation and Handling* (2022).
///
/// A record is its length in 32 bits, little-endian, its bytes, a pad byte after an odd number of them, and its length
/// again. The upper four bits of the length are a class: 0 for data, 8 for data with an error; classes that are of no
/// concern to a tape are passed over. A length of 0 is a tape mark.
final class SIMHImage: TapeImage {
  let format = "SIMH"
  let isWritable: Bool
  /// Class and length share 32 bits; what a virtual cartridge takes at most is less by one.
  let maximumBlockSize = (16 << 20) - 1
  private(set) var notices: [String] = []
  private let file: File
  private var size: UInt64

  private static let gap: UInt32 = 0xFFFF_FFFE
  private static let halfGap: UInt32 = 0xFFFE_FFFF
  private static let endOfMedium: UInt32 = 0xFFFF_FFFF

  init(_ file: File, isWritable: Bool) throws(DriveError) {
    self.file = file
    self.isWritable = isWritable
    size = try file.size(operation: "open")
  }

  var used: UInt64 { size }

  private func word(at offset: UInt64) throws(DriveError) -> UInt32? {
    var value: UInt32 = 0
    let result = withUnsafeMutableBytes(of: &value) { bytes in
      // Not nil: four bytes have an address.
      file.read(into: bytes.baseAddress!, count: 4, at: offset)
    }
    guard result.errno == 0 else { throw systemError(result.errno, "read block", file.device) }
    return result.count == 4 ? UInt32(littleEndian: value) : nil
  }

  func entry(at place: UInt64) throws(DriveError) -> ImageEntry {
    var offset = place
    while let word = try word(at: offset) {
      switch word {
      case 0: return ImageEntry(kind: .filemark, place: offset, next: offset + 4)
      case Self.endOfMedium: return ImageEntry(kind: .endOfData, place: place, next: place)
      case Self.gap: offset += 4
      case Self.halfGap: offset += 2
      default:
        let kind = word >> 28
        // A private or reserved marker is one word.
        if kind == 7 || kind == 15 {
          offset += 4
          continue
        }
        let length = UInt64(word & 0x0FFF_FFFF)
        let next = offset + 8 + length + length % 2
        guard let trailer = try self.word(at: next - 4) else { return cutOff(place) }
        guard trailer == word else {
          throw damage("the two lengths of the record at byte \(offset) differ")
        }
        switch kind {
        case 0: return ImageEntry(kind: .block(length: Int(length)), place: offset, next: next)
        case 8:
          let why = "the image marks it as read with an error"
          return ImageEntry(kind: .damaged(why), place: offset, next: next)
        default: offset = next
        }
      }
    }
    if offset < size { return cutOff(place) }
    return ImageEntry(kind: .endOfData, place: place, next: place)
  }

  /// What is left of a record whose end was never written.
  private func cutOff(_ place: UInt64) -> ImageEntry {
    let notice = "the last record of \(file.device) is cut off: what is there of it is left out"
    if !notices.contains(notice) { notices.append(notice) }
    return ImageEntry(kind: .endOfData, place: place, next: place)
  }

  private func damage(_ why: String) -> DriveError {
    DriveError(.mediumError(detail: why), operation: "read block", device: file.device)
  }

  func read(_ entry: ImageEntry, into target: UnsafeMutableRawBufferPointer) throws(DriveError) {
    guard let base = target.baseAddress else { return }
    let result = file.read(into: base, count: target.count, at: entry.place + 4)
    guard result.errno == 0 else { throw systemError(result.errno, "read block", file.device) }
    guard result.count == target.count else { throw damage("the image is shorter than its record") }
  }

  func cut(at place: UInt64, objects: UInt64, filemarks: UInt64) throws(DriveError) {
    try file.truncate(to: place, operation: "write block")
    size = place
  }

  func append(_ block: RawSpan?, at place: UInt64, number: UInt64) throws(DriveError) -> UInt64 {
    // An end-of-medium mark, and what a torn record left.
    if place < size { try cut(at: place, objects: number, filemarks: 0) }
    let length = UInt32(block?.byteCount ?? 0)
    var next = try put([length.littleEndian], at: place)
    if let block, length > 0 {
      next = try block.withUnsafeBytes { (bytes) throws(DriveError) in try put(bytes, at: next) }
      if length % 2 == 1 { next = try put([UInt8(0)], at: next) }
      next = try put([length.littleEndian], at: next)
    }
    size = max(size, next)
    return next
  }

  private func put<Value>(_ values: [Value], at offset: UInt64) throws(DriveError) -> UInt64 {
    var result: Result<UInt64, DriveError> = .success(offset)
    values.withUnsafeBytes { bytes in
      do throws(DriveError) { result = .success(try put(bytes, at: offset)) } catch { result = .failure(error) }
    }
    return try result.get()
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DriveError) -> UInt64 {
    guard let base = bytes.baseAddress else { return offset }
    let (count, code) = file.write(base, count: bytes.count, at: offset)
    guard code == 0 else { throw systemError(code, "write block", file.device) }
    return offset + UInt64(count)
  }

  func sync() throws(DriveError) { try file.syncData(operation: "flush") }

  func close() throws(DriveError) {
    CartridgeLock.release(file)
    try file.close(operation: "close")
  }

  /// Whether `path` begins as such an image does: with a mark, or with a record whose two lengths agree.
  static func isOne(_ file: File) -> Bool {
    // try?: what cannot be read is no image; what it is then is for others to say.
    guard let image = try? SIMHImage(file, isWritable: false), let first = try? image.entry(at: 0) else { return false }
    return first.kind != .endOfData || image.size == 0
  }
}
