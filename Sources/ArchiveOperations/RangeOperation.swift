public import ArchiveFormat
internal import TapeIO
public import TapeIndex
internal import TapeLabels

/// Restores a part of one member: locates to the blocks that hold it, and delivers no byte that the digest of its chunk
/// (4 MiB), or of a shorter member as a whole, does not confirm.
public struct RangeOperation {
  /// Which member; the newest version of it counts that `view` shows.
  public var name: [UInt8]
  /// As of when.
  public var view: MemberQuery.View
  /// What finds it, and what may be below it.
  public var query: MemberQuery { MemberQuery(operands: [.literal(name)], newestOnly: true, view: view) }
  /// First byte of the content.
  public var offset: Int64
  /// How many, no more than there are; nil up to the end.
  public var length: Int64?

  /// Describes a part.
  public init(name: [UInt8], view: MemberQuery.View = .current, offset: Int64, length: Int64?) {
    self.name = name
    self.view = view
    self.offset = offset
    self.length = length
  }

  /// Reads the part from the volumes that hold it and writes it to a file that `sink` begins. Moves the tape.
  /// - Throws: ``OperationError``; what has reached the sink by then is right.
  public func run(_ target: ReadTarget, access: VolumeAccess, sink: any MemberSink) throws(OperationError) {
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
      let content = try MemberContent(stored, access)
      do throws(MemberNotice) {
        guard let file = try sink.beginFile(part) else { return }
        try deliver(offset..<max(offset, end), of: record, content, to: file)
        _ = try file.commit()
      } catch { throw VolumeError.malformed(what: shown, why: error.message) }
    } catch { throw .volume(error) }
  }

  private func find(_ target: ReadTarget) throws(OperationError) -> StoredMember {
    let found = try onIndex { () throws(IndexError) -> StoredMember? in
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

  init(_ stored: StoredMember, _ access: VolumeAccess) throws(VolumeError) {
    let file = stored.file
    bytes = LocatedBytes(stored, access)
    var member = stored.record.member
    var start: Int64 = 0
    if file.layout != .raw {
      try bytes.seek(to: stored.record.offset)
      guard let found = try PaxDecoder.next(from: bytes), found.member.path == stored.pathOnTape,
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
          guard !part.isEmpty else { throw .malformed(what: "its user file", why: "it ends too soon") }
          target.replaceSubrange(place..<place + part.count, with: part)
          place += part.count
        }
      }
      before += extent.length
    }
  }
}

/// Bytes of a user file from any place on, over all of its pieces.
private final class LocatedBytes: UserFileBytes {
  private let access: VolumeAccess
  private let pieces: [StoredPiece]
  private let blockSize: Int
  private let memory: UnsafeMutableRawBufferPointer
  /// The piece whose labels were read last, and where it begins on its volume.
  private var open: (piece: Int, first: BlockID, reader: VolumeReader)?
  /// The piece and the number of the block in memory, and how many bytes it has.
  private var block: (piece: Int, number: Int64)?
  private var count = 0
  private var position: Int64 = 0

  init(_ stored: StoredMember, _ access: VolumeAccess) {
    self.access = access
    pieces =
      stored.pieces.isEmpty
      ? [StoredPiece(section: 1, volume: stored.volume, file: stored.file, isLast: true)] : stored.pieces
    blockSize = stored.volume.descriptor.blockSize
    memory = .allocate(byteCount: blockSize, alignment: 4096)
  }

  deinit { memory.deallocate() }

  func seek(to offset: Int64) throws(VolumeError) { position = offset }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    var start: Int64 = 0
    var number = 0
    while number < pieces.count - 1, position - start >= pieces[number].file.byteCount {
      start += pieces[number].file.byteCount
      number += 1
    }
    let wanted = (position - start) / Int64(blockSize)
    if block.map({ $0 != (number, wanted) }) ?? true {
      block = nil
      let (reader, first) = try opened(number)
      // No move when the tape stands there: blocks that follow each other are read without a locate.
      try reader.go(to: first.advanced(by: Int(wanted)))
      var space = memory.mutableBytes
      guard let got = try reader.readBlock(into: &space) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
      block = (number, wanted)
      count = got
    }
    let used = Int(position - start - wanted * Int64(blockSize))
    let part = min(limit, max(0, count - used))
    position += Int64(part)
    return UnsafeRawBufferPointer(rebasing: memory[used..<used + part])
  }

  /// The labels of a piece are read before it is.
  private func opened(_ number: Int) throws(VolumeError) -> (VolumeReader, BlockID) {
    if let open, open.piece == number { return (open.reader, open.first) }
    let piece = pieces[number]
    let reader: VolumeReader
    guard let volume = piece.volume?.descriptor else {
      throw .malformed(what: "piece \(piece.section)", why: "the index does not know its volume")
    }
    do { reader = try access.reader(of: volume) } catch {
      switch error {
      case .volume(let error): throw error
      default: throw .unavailable(error.description, hint: error.hint)
      }
    }
    let header = try reader.openFile(at: piece.file.header, sequence: piece.file.sequence, vsn: volume.vsn)
    guard header.first.section == piece.section else {
      throw .mismatch(
        what: "the header of file \(piece.file.sequence)", expected: "section \(piece.section)",
        found: "section \(header.first.section)", at: piece.file.header, device: reader.drive.identity.name)
    }
    open = (number, header.userFile, reader)
    return (reader, header.userFile)
  }
}
