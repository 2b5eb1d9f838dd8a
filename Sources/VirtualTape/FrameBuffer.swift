import Glibc
import TapeIO

/// Frames on their way to `data`: collected in memory, written in large pieces.
///
/// The whole pages of large pieces go to the disk directly and by a thread of their own, past the page cache (O_DIRECT): a cartridge is larger than
/// memory, and filling the cache with it costs more than writing does. What is less than a page at either end of a piece
/// goes through the cache, so that no page is ever written both ways at once. Where the file system knows no direct
/// writing, all goes through the cache.
final class FrameBuffer {
  /// Memory that is filled before anything is written.
  static let size = 4 << 20
  /// What direct writing goes by, in memory and in the file.
  private static let page = 4096
  /// Fewer bytes are not worth a write of their own.
  private static let smallestDirect = 64 << 10

  private let file: File
  /// The same file, for direct writing; nil where there is none.
  private let direct: File?
  private var memory: UnsafeMutableRawPointer
  private var capacity = FrameBuffer.size
  /// What `writer` has in hand, or had.
  private var other: UnsafeMutableRawPointer?
  private var otherCapacity = 0
  private var otherOffset: UInt64 = 0
  /// Made when the first piece is full.
  private(set) var writer: WriteBehind?
  /// Where in memory the first byte that is not written lies: as far behind the beginning of a page as in the file.
  private var first: Int
  /// Bytes in memory from there on.
  private(set) var count = 0
  /// Where in `data` the first of them goes.
  private(set) var offset: UInt64

  init(_ file: File, direct: File?, offset: UInt64) {
    self.file = file
    self.direct = direct
    self.offset = offset
    first = Int(offset % UInt64(FrameBuffer.page))
    memory = .allocate(byteCount: capacity, alignment: FrameBuffer.page)
  }

  deinit {
    _ = collect()  // given up: what it says is nobody's any more
    writer?.end()
    memory.deallocate()
    other?.deallocate()
  }

  /// What failed on the way to `data`.
  struct Failure {
    /// Where `data` ends now.
    let written: UInt64
    let errno: Int32
  }

  /// Where the next frame goes.
  var end: UInt64 { offset + UInt64(count) }

  /// Where in memory the next frame goes, when there is room.
  var space: UnsafeMutableRawPointer { memory + first + count }

  /// Whether large blocks, too, are collected: whole pages of them can be written directly.
  var collectsLargeBlocks: Bool { direct != nil }

  /// Makes room for `needed` more bytes behind those there are.
  func reserve(_ needed: Int) -> Failure? {
    guard first + count + needed > capacity else { return nil }
    if let failure = write(keepingTail: true) { return failure }
    let total = first + count + needed
    if total > capacity {
      let larger = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: FrameBuffer.page)
      (larger + first).copyMemory(from: memory + first, byteCount: count)
      memory.deallocate()
      memory = larger
      capacity = total
    }
    return nil
  }

  /// Counts in `added` bytes that were put behind those there were.
  func advance(by added: Int) { count += added }

  /// Writes everything in memory.
  func write() -> Failure? { write(keepingTail: false) }

  /// - Parameter keepingTail: whether the beginning of a page at the end may wait in memory for the rest of it, and what
  ///   is before it be on its way.
  private func write(keepingTail: Bool) -> Failure? {
    if let failure = collect() { return failure }
    let head = -first & (FrameBuffer.page - 1)
    let whole = (count - head) & ~(FrameBuffer.page - 1)
    if let direct, whole >= FrameBuffer.smallestDirect {
      if let failure = put(head, to: file) { return failure }
      let bytes = UnsafeRawBufferPointer(start: memory + first, count: whole)
      let piece = WriteBehind.Piece(direct: direct, file: file, bytes: bytes, offset: offset)
      // A witness is told of one write after the other.
      if keepingTail, writer == nil, file.witness == nil { writer = WriteBehind() }
      if keepingTail, let writer {
        hand(piece, to: writer)
        return nil
      }
      if let failure = passed(piece.write()) { return failure }
      if keepingTail {
        moveTail(to: memory)
        return nil
      }
    }
    return put(count, to: file)
  }

  /// Has the first bytes written by `writer`; goes on in the other memory.
  private func hand(_ piece: WriteBehind.Piece, to writer: WriteBehind) {
    let next = otherCapacity >= capacity ? other : nil
    if next == nil { other?.deallocate() }
    let fresh = next ?? .allocate(byteCount: capacity, alignment: FrameBuffer.page)
    writer.begin(piece)
    otherOffset = offset
    _ = passed((piece.bytes.count, 0))
    moveTail(to: fresh)
    (other, otherCapacity, capacity) = (memory, capacity, next == nil ? capacity : otherCapacity)
    memory = fresh
  }

  /// What is in memory goes to the beginning of `target`: it begins with a page.
  private func moveTail(to target: UnsafeMutableRawPointer) {
    target.copyMemory(from: memory + first, byteCount: count)
    first = 0
  }

  /// Waits for what `writer` has in hand.
  private func collect() -> Failure? {
    guard let result = writer?.collect(), result.errno != 0 else { return nil }
    return Failure(written: otherOffset + UInt64(result.count), errno: result.errno)
  }

  /// Writes the first `byteCount` bytes in memory through the cache.
  private func put(_ byteCount: Int, to file: File) -> Failure? {
    passed(file.write(memory + first, count: byteCount, at: offset))
  }

  /// Counts the first bytes in memory as written.
  private func passed(_ put: (count: Int, errno: Int32)) -> Failure? {
    first += put.count
    count -= put.count
    offset += UInt64(put.count)
    if count == 0 { first = Int(offset % UInt64(FrameBuffer.page)) }
    return put.errno == 0 ? nil : Failure(written: offset, errno: put.errno)
  }

  /// Writes everything in memory, `added` more bytes there, and then `payload` and its padding, without copying it.
  func write(adding added: Int, payload: UnsafeRawBufferPointer) -> Failure? {
    count += added
    var total = count + payload.count
    let padding = -payload.count & 7
    total += padding
    let put = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 3) { parts -> Int in
      var zeros: UInt64 = 0
      return withUnsafeMutableBytes(of: &zeros) { zeros in
        parts[0] = iovec(iov_base: memory + first, iov_len: count)
        parts[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: payload.baseAddress), iov_len: payload.count)
        parts[2] = iovec(iov_base: zeros.baseAddress, iov_len: padding)
        return file.write(UnsafeBufferPointer(parts), at: offset)
      }
    }
    if put == total {
      restart(at: offset + UInt64(total))
      return nil
    }
    return finish(payload, from: max(0, put), total: total)
  }

  /// Goes on piece by piece after a short or interrupted write, until all is written or it is clear what is wrong.
  private func finish(_ payload: UnsafeRawBufferPointer, from written: Int, total: Int) -> Failure? {
    var done = written
    if done < count {
      let put = file.write(memory + first + done, count: count - done, at: offset + UInt64(done))
      done += put.count
      guard put.errno == 0 else { return Failure(written: offset + UInt64(done), errno: put.errno) }
    }
    if done < count + payload.count, let source = payload.baseAddress {
      let from = done - count
      let put = file.write(source + from, count: payload.count - from, at: offset + UInt64(done))
      done += put.count
      guard put.errno == 0 else { return Failure(written: offset + UInt64(done), errno: put.errno) }
    }
    if done < total {
      var zeros: UInt64 = 0
      let put = file.write(&zeros, count: total - done, at: offset + UInt64(done))
      done += put.count
      guard put.errno == 0 else { return Failure(written: offset + UInt64(done), errno: put.errno) }
    }
    restart(at: offset + UInt64(total))
    return nil
  }

  /// Forgets what is in memory; the next frame goes to `newOffset`.
  func restart(at newOffset: UInt64) {
    _ = collect()  // what is forgotten cannot fail
    count = 0
    offset = newOffset
    first = Int(offset % UInt64(FrameBuffer.page))
  }
}
