internal import ArchiveFormat

/// Fills blocks with the bytes of user files and hands them to the drive's side. Runs on the reading thread.
final class FileBlocks {
  private let ring: WriteRing
  private var block: WriteRing.Block?
  private var pendingBegin: FileBegin?
  private var layout = Layout.pax
  private var digester = Digester()
  /// Bytes of the block at hand that the digest has.
  private var digested = 0
  /// Members that ended since the last block was handed on, and where the last of them did.
  private var members: [ComposedMember] = []
  private var boundary: (inBlock: Int, inFile: Int64)?
  /// Bytes of the user file so far.
  private(set) var byteCount: Int64 = 0

  /// The drive's side has gone: there is nobody to compose for.
  struct Stopped: Error {}

  private static let endOfArchive = [UInt8](repeating: 0, count: PaxEncoder.endOfArchiveSize)

  init(_ ring: WriteRing) { self.ring = ring }

  /// Begins a user file: with its first byte, a block begins.
  func begin(_ file: FileBegin) {
    byteCount = 0
    layout = file.layout
    pendingBegin = file
  }

  /// Takes back the beginning of a file that no byte came of.
  func takeBack() { block?.begin = nil }

  /// Room in the block at hand, or in a fresh one.
  func room() throws(Stopped) -> UnsafeMutableRawBufferPointer {
    if let full = block, full.byteCount == ring.blockSize { publish(full) }
    if block == nil {
      guard var fresh = ring.acquire() else { throw Stopped() }
      fresh.begin = pendingBegin
      pendingBegin = nil
      block = fresh
    } else if let file = pendingBegin {
      block?.begin = file
      pendingBegin = nil
    }
    guard let block else { throw Stopped() }
    return UnsafeMutableRawBufferPointer(rebasing: block.memory[block.byteCount...])
  }

  /// Takes what was put into the first `count` bytes of the room.
  func take(_ count: Int) {
    byteCount += Int64(count)
    block?.byteCount += count
  }

  func append(_ bytes: [UInt8]) throws(Stopped) {
    var done = 0
    while done < bytes.count {
      let space = try room()
      let count = min(space.count, bytes.count - done)
      bytes.withUnsafeBytes { space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[done..<done + count])) }
      take(count)
      done += count
    }
  }

  func appendZeros(_ total: Int64) throws(Stopped) {
    var left = total
    while left > 0 {
      let space = try room()
      let count = Int(min(Int64(space.count), left))
      UnsafeMutableRawBufferPointer(rebasing: space[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
      take(count)
      left -= Int64(count)
    }
  }

  /// Ends a member with the bytes so far.
  func end(_ member: ComposedMember) {
    members.append(member)
    boundary = (block?.byteCount ?? 0, byteCount)
  }

  /// Ends the user file and hands its last block on.
  func end(endsBatch: Bool = false) {
    guard var last = block else { return }
    digest(to: last.byteCount, of: last)
    last.end = .file(
      ComposedFile(
        layout: layout, byteCount: byteCount, digest: digester.finish(), members: members, endsBatch: endsBatch))
    members = []
    hand(last)
  }

  private func publish(_ full: WriteRing.Block) {
    var full = full
    if let boundary {
      digest(to: boundary.inBlock, of: full)
      let file = ComposedFile(
        layout: layout, byteCount: boundary.inFile + Int64(Self.endOfArchive.count),
        digest: digester.digest(with: Self.endOfArchive), members: members)
      full.end = .members(MemberBoundary(byteCount: boundary.inBlock, file: file))
      members = []
    }
    digest(to: full.byteCount, of: full)
    hand(full)
  }

  private func hand(_ block: WriteRing.Block) {
    ring.publish(block)
    self.block = nil
    boundary = nil
    digested = 0
  }

  private func digest(to end: Int, of block: WriteRing.Block) {
    digester.update(UnsafeRawBufferPointer(rebasing: block.memory[digested..<end]))
    digested = end
  }
}
