public import ArchiveFormat
public import TapeIO
internal import TapeIndex

/// Restores a part of one member: locates to the blocks that hold it, and delivers no byte that the digest of its chunk
/// (4 MiB), or of a shorter member as a whole, does not confirm.
public struct RangeOperation {
  /// Which member; the newest version of it counts.
  public var name: [UInt8]
  /// First byte of the content.
  public var offset: Int64
  /// How many, no more than there are; nil up to the end.
  public var length: Int64?

  /// Describes a part.
  public init(name: [UInt8], offset: Int64, length: Int64?) {
    self.name = name
    self.offset = offset
    self.length = length
  }

  /// Reads the part from the cartridge in `drive` and writes it to a file that `sink` begins. Moves the tape.
  /// - Throws: ``OperationError``; what has reached the sink by then is right.
  public func run(_ target: ReadTarget, drive: any TapeDrive, sink: any MemberSink) throws(OperationError) {
    let stored = try find(target)
    let record = stored.record
    let end = min(record.member.size, length.map { offset &+ $0 } ?? record.member.size)
    let shown = String(decoding: name, as: UTF8.self)
    guard offset <= record.member.size else {
      throw .refused("\(shown) has \(record.member.size) bytes: there is none at \(offset)", hint: nil)
    }
    var part = record.member
    part.size = end - offset
    part.dataExtents = nil
    do throws(VolumeError) {
      let content = try MemberContent(stored, drive: drive, blockSize: stored.volume.descriptor.blockSize)
      do throws(MemberNotice) {
        guard let file = try sink.beginFile(part) else { return }
        try deliver(offset..<max(offset, end), of: record, content, to: file)
        _ = try file.commit()
      } catch { throw VolumeError.malformed(what: shown, why: error.message) }
    } catch { throw .volume(error) }
  }

  private func find(_ target: ReadTarget) throws(OperationError) -> StoredMember {
    let found = try onIndex { () throws(IndexError) -> StoredMember? in
      let query = MemberQuery(operands: [.literal(name)], newestOnly: true)
      let selection = try Selection(query, of: target.volumes, in: target.index)
      while let member = try selection.next() {
        guard member.record.member.path == name else { continue }
        return member.record.member.kind == .hardLink ? try selection.target(of: member) : member
      }
      return nil
    }
    let shown = String(decoding: name, as: UTF8.self)
    guard let found else { throw .refused("\(shown): Not found in archive", hint: nil) }
    guard found.record.member.kind == .regular else {
      throw .refused("\(shown) is no regular file: it has no bytes to take a part of", hint: nil)
    }
    return found
  }

  private func deliver(
    _ range: Range<Int64>, of record: MemberRecord, _ content: MemberContent, to file: any FileWriter
  ) throws(MemberNotice) {
    guard !range.isEmpty else { return }
    let size = Int64(ContentDigester.chunkSize)
    let isChunked = record.member.size > size
    let chunkCount = Int((record.member.size + size - 1) / size)
    guard isChunked ? record.chunks.count == chunkCount : record.digest != nil else {
      throw MemberNotice(name, "its parts have no digests in the index: restore it whole", .failure)
    }
    var chunk = [UInt8](repeating: 0, count: Int(min(size, record.member.size)))
    for number in Int(range.lowerBound / size)...Int((range.upperBound - 1) / size) {
      let start = Int64(number) * size
      let count = Int(min(size, record.member.size - start))
      do throws(VolumeError) { try content.read(start, into: &chunk, count: count) } catch {
        throw MemberNotice(name, "\(error)", .failure)
      }
      let isRight = chunk.withUnsafeBytes { bytes in
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        return isChunked
          ? ContentDigester.digest(ofChunk: bytes) == record.chunks[number]
          : Digester.digest(of: Array(bytes)) == record.digest
      }
      guard isRight else {
        throw MemberNotice(name, "Damaged on tape: its bytes from \(start) on are not those archived", .failure)
      }
      let wanted = max(range.lowerBound, start)..<min(range.upperBound, start + Int64(count))
      let slice = Int(wanted.lowerBound - start)..<Int(wanted.upperBound - start)
      try file.write(chunk.span.bytes.extracting(slice), at: wanted.lowerBound - range.lowerBound)
    }
  }
}

/// The content of a member on tape, read where it is asked for.
private final class MemberContent {
  private let bytes: LocatedBytes
  private let extents: [Extent]
  /// Byte of the user file at which the content begins.
  private let start: Int64

  init(_ stored: StoredMember, drive: any TapeDrive, blockSize: Int) throws(VolumeError) {
    let reader = VolumeReader(drive: drive)
    let file = stored.file
    let header = try reader.openFile(at: file.header, sequence: file.sequence, vsn: stored.volume.descriptor.vsn)
    bytes = LocatedBytes(reader, first: header.userFile, blockSize: blockSize)
    var member = stored.record.member
    var start: Int64 = 0
    if file.layout != .raw {
      try bytes.seek(to: stored.record.offset)
      guard let found = try PaxDecoder.next(from: bytes), found.member.path == member.path,
        found.member.size == member.size
      else { throw .malformed(what: "its user file", why: "it holds another member") }
      member = found.member
      start = stored.record.offset + found.byteCount
    }
    self.start = start
    extents = member.dataExtents ?? [Extent(offset: 0, length: member.size)]
  }

  /// Reads `count` bytes from `offset` on, holes as zeros.
  func read(_ offset: Int64, into target: inout [UInt8], count: Int) throws(VolumeError) {
    for index in 0..<count { target[index] = 0 }
    var before: Int64 = 0
    for extent in extents {
      let first = max(offset, extent.offset)
      let last = min(offset + Int64(count), extent.offset + extent.length)
      if first < last {
        try bytes.seek(to: start + before + first - extent.offset)
        var place = Int(first - offset)
        let end = Int(last - offset)
        while place < end {
          let part = try bytes.next(end - place)
          guard !part.isEmpty else { throw .malformed(what: "its user file", why: "it ends too early") }
          target.replaceSubrange(place..<place + part.count, with: part)
          place += part.count
        }
      }
      before += extent.length
    }
  }
}

/// Bytes of a user file from any place on.
private final class LocatedBytes: UserFileBytes {
  private let reader: VolumeReader
  private let first: BlockID
  private let blockSize: Int
  private let memory: UnsafeMutableRawBufferPointer
  /// The block in memory, and how many bytes it has; -1 for none.
  private var block: Int64 = -1
  private var count = 0
  private var position: Int64 = 0

  init(_ reader: VolumeReader, first: BlockID, blockSize: Int) {
    self.reader = reader
    self.first = first
    self.blockSize = blockSize
    memory = .allocate(byteCount: blockSize, alignment: 4096)
  }

  deinit { memory.deallocate() }

  func seek(to offset: Int64) throws(VolumeError) { position = offset }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    let wanted = position / Int64(blockSize)
    if wanted != block {
      block = -1
      // No move when the tape stands there: blocks that follow each other are read without a locate.
      try reader.go(to: first.advanced(by: Int(wanted)))
      var space = memory.mutableBytes
      guard let got = try reader.readBlock(into: &space) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
      block = wanted
      count = got
    }
    let used = Int(position - block * Int64(blockSize))
    let part = min(limit, max(0, count - used))
    position += Int64(part)
    return UnsafeRawBufferPointer(rebasing: memory[used..<used + part])
  }
}
