internal import ArchiveFormat

/// Blocks that a full volume had no room for, read back from it: on the next volume they are written before anything else.
final class ReturnedBlocks {
  private var blocks: [WriteRing.Block] = []

  var isEmpty: Bool { blocks.isEmpty }
  /// The block that comes first.
  var first: WriteRing.Block? { blocks.last }

  /// Puts a block in front of the others.
  func putFirst(_ bytes: [UInt8], capacity: Int, begin: FileBegin?, end: WriteEnd?) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, bytes.count), alignment: 4096)
    memory.copyBytes(from: bytes)
    blocks.append(WriteRing.Block(memory: memory, byteCount: bytes.count, begin: begin, end: end))
  }

  /// The first block is taken out; whoever takes it owns its memory.
  func take() { blocks.removeLast() }

  /// Puts a block that was taken out in front again.
  func putBack(_ block: WriteRing.Block) { blocks.append(block) }

  deinit { for block in blocks { block.memory.deallocate() } }
}

/// The digest of a piece as it is written. A volume that is full may give its last blocks back: so the digests of what was
/// before them are kept.
final class PieceDigests {
  /// Blocks that can be given back.
  private static let kept = 4096

  private var digester = Digester()
  private var recent: [(digest: Digest, byteCount: Int64)] = []
  /// Where the oldest of them is.
  private var oldest = 0
  private(set) var byteCount: Int64 = 0

  func add(_ block: UnsafeRawBufferPointer) {
    digester.update(block)
    byteCount += Int64(block.count)
    let now = (digester.digest(with: []), byteCount)
    if recent.count < Self.kept {
      recent.append(now)
    } else {
      recent[oldest] = now
      oldest = (oldest + 1) % Self.kept
    }
  }

  /// Digest of what has been written, and not given back.
  var digest: Digest { recent[(oldest + recent.count - 1) % recent.count].digest }

  /// The last block is given back; nothing may be added any more.
  /// - Returns: false when what was before it is not known any more.
  func removeLast() -> Bool {
    guard recent.count > 1 else { return false }
    recent = Array(recent[oldest...] + recent[..<oldest])
    oldest = 0
    recent.removeLast()
    byteCount = recent[recent.count - 1].byteCount
    return true
  }
}
