import Glibc
import TapeIO

/// An AWSTAPE image (`.aws`), of Hercules and P/390: read only.
///
/// A chunk is a header of 6 bytes (its length, the length of the one before, both 16 bits and little-endian, flags: 80 a
/// record begins, 20 it ends, 40 a tape mark; a byte of no concern) and its bytes. Chunks make up records.
final class AWSImage: TapeImage {
  let format = "AWSTAPE"
  let isWritable = false
  let maximumBlockSize = 16 << 20
  let notices: [String] = []
  private let file: File
  private let size: UInt64

  init(_ file: File) throws(DriveError) {
    self.file = file
    size = try file.size(operation: "open")
  }

  var used: UInt64 { size }

  private struct Chunk {
    let length: Int
    let previous: Int
    let flags: UInt8
    /// Where its bytes begin.
    let content: UInt64
    var end: UInt64 { content + UInt64(length) }
    var isMark: Bool { flags & 0x40 != 0 }
    var begins: Bool { flags & 0x80 != 0 }
    var ends: Bool { flags & 0x20 != 0 }
  }

  /// The chunk at `offset`; nil at the end of the file.
  private func chunk(at offset: UInt64) throws(DriveError) -> Chunk? {
    var bytes = [UInt8](repeating: 0, count: 6)
    let count = try read(&bytes, at: offset)
    if count == 0 { return nil }
    guard count == 6 else { throw damage("the chunk at byte \(offset) is cut off") }
    let chunk = Chunk(
      length: Int(bytes[0]) | Int(bytes[1]) << 8, previous: Int(bytes[2]) | Int(bytes[3]) << 8, flags: bytes[4],
      content: offset + 6)
    guard chunk.end <= size else { throw damage("the chunk at byte \(offset) is longer than the image") }
    return chunk
  }

  private func read(_ bytes: inout [UInt8], at offset: UInt64) throws(DriveError) -> Int {
    let result = bytes.withUnsafeMutableBytes { target in
      target.baseAddress.map { file.read(into: $0, count: target.count, at: offset) }
        ?? File.ReadResult(count: 0, errno: 0)
    }
    guard result.errno == 0 else { throw systemError(result.errno, "read block", file.device) }
    return result.count
  }

  private func damage(_ why: String) -> DriveError {
    DriveError(.mediumError(detail: why), operation: "read block", device: file.device)
  }

  /// The chunks of the record that begins at `place`.
  private func record(at place: UInt64) throws(DriveError) -> [Chunk] {
    var chunks: [Chunk] = []
    var offset = place
    while let chunk = try chunk(at: offset) {
      guard chunk.begins == chunks.isEmpty, !chunk.isMark, chunks.last.map({ $0.length == chunk.previous }) ?? true
      else {
        throw damage("the chunk at byte \(offset) does not follow the one before it")
      }
      chunks.append(chunk)
      if chunk.ends { return chunks }
      offset = chunk.end
    }
    throw damage("the record at byte \(place) has no end")
  }

  func entry(at place: UInt64) throws(DriveError) -> ImageEntry {
    guard let first = try chunk(at: place) else { return ImageEntry(kind: .endOfData, place: place, next: place) }
    if first.isMark { return ImageEntry(kind: .filemark, place: place, next: first.end) }
    let chunks = try record(at: place)
    return ImageEntry(
      kind: .block(length: chunks.reduce(0) { $0 + $1.length }), place: place, next: chunks.last?.end ?? place)
  }

  func read(_ entry: ImageEntry, into target: UnsafeMutableRawBufferPointer) throws(DriveError) {
    var done = 0
    for chunk in try record(at: entry.place) {
      guard let base = target.baseAddress, done + chunk.length <= target.count else { break }
      let result = file.read(into: base + done, count: chunk.length, at: chunk.content)
      guard result.errno == 0 else { throw systemError(result.errno, "read block", file.device) }
      guard result.count == chunk.length else { throw damage("the image is shorter than its record") }
      done += chunk.length
    }
    guard done == target.count else { throw damage("the record has changed while it was read") }
  }

  func cut(at place: UInt64, objects: UInt64, filemarks: UInt64) throws(DriveError) { throw readOnly }
  func append(_ block: RawSpan?, at place: UInt64, number: UInt64) throws(DriveError) -> UInt64 { throw readOnly }
  func sync() throws(DriveError) {}

  private var readOnly: DriveError {
    DriveError(.writeProtected, operation: "write block", device: file.device)
  }

  func close() throws(DriveError) {
    CartridgeLock.release(file)
    try file.close(operation: "close")
  }

  /// Whether `file` begins as such an image does.
  static func isOne(_ file: File) -> Bool {
    // try?: what cannot be read is no image; what it is then is for others to say.
    guard let image = try? AWSImage(file), let first = try? image.chunk(at: 0) else { return false }
    return first.previous == 0 && (first.begins || first.isMark) && (try? image.entry(at: 0)) != nil
  }
}
