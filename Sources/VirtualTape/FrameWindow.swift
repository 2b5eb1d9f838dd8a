import CXXHash
import Glibc
import TapeIO

/// A window of memory over `data` for reading: a label costs no system call, a big block goes straight to its reader.
final class FrameWindow {
  private let file: File
  private let key: UInt64
  private var memory: UnsafeMutableRawPointer
  private var capacity = 1 << 20
  private var start: UInt64 = 0
  private var count = 0
  /// Whether more is read than was asked for. In vain where headers are looked at that lie far apart.
  var readsAhead = true

  /// Bytes read at once when reading goes on where it was, and after a jump.
  private static let sequentialRead = 256 << 10
  private static let firstRead = 16 << 10
  /// Smaller blocks come through the window, many with one system call.
  private static let smallestDirect = 64 << 10
  /// Bytes read behind a big block: enough for the next header and the labels between two files.
  private static let lookAhead = 4096

  init(_ file: File, key: UInt64) {
    self.file = file
    self.key = key
    memory = .allocate(byteCount: capacity, alignment: 4096)
  }

  deinit { memory.deallocate() }

  /// Forgets what it holds, because `data` changed.
  func invalidate() { count = 0 }

  /// The header at `offset`; nil when there is no valid one (or the disk cannot read it).
  func header(at offset: UInt64) -> FrameHeader? {
    guard let bytes = bytes(at: offset, count: FrameHeader.byteCount) else { return nil }
    return FrameHeader(parsing: bytes, at: offset, key: key)
  }

  /// `count` bytes of `data`, valid until the next call; nil when the file ends before or the disk cannot read them.
  func bytes(at offset: UInt64, count needed: Int) -> UnsafeRawPointer? {
    if offset >= start, offset - start <= UInt64(count), needed <= count - Int(offset - start) {
      return UnsafeRawPointer(memory + Int(offset - start))
    }
    return fill(at: offset, count: needed)
  }

  private func fill(at offset: UInt64, count needed: Int) -> UnsafeRawPointer? {
    let continues = offset >= start && offset <= start + UInt64(count) && count > 0
    let kept = continues ? Int(start + UInt64(count) - offset) : 0
    if needed > capacity {
      let larger = UnsafeMutableRawPointer.allocate(byteCount: needed, alignment: 4096)
      larger.copyMemory(from: memory + Int(offset - start) * (continues ? 1 : 0), byteCount: kept)
      memory.deallocate()
      memory = larger
      capacity = needed
    } else if kept > 0 {
      memmove(memory, memory + Int(offset - start), kept)
    }
    let ahead = !readsAhead ? 0 : continues ? FrameWindow.sequentialRead : FrameWindow.firstRead
    let wanted = min(capacity, max(needed, ahead))
    var got = file.read(into: memory + kept, count: wanted - kept, at: offset + UInt64(kept))
    if got.errno != 0, kept + got.count < needed {
      // The disk may fail on a part of the read-ahead that nobody asked for.
      got = file.read(into: memory + kept, count: needed - kept, at: offset + UInt64(kept))
    }
    start = offset
    count = kept + got.count
    return count >= needed ? UnsafeRawPointer(memory) : nil
  }

  /// Copies `needed` bytes of `data` to `target`, those outside the window straight from the file; false when the file
  /// ends before or the disk cannot read them.
  func copy(at offset: UInt64, count needed: Int, to target: UnsafeMutableRawPointer) -> Bool {
    if needed < FrameWindow.smallestDirect {
      guard let bytes = bytes(at: offset, count: needed) else { return false }
      target.copyMemory(from: bytes, byteCount: needed)
      return true
    }
    var done = 0
    if offset >= start, offset < start + UInt64(count) {
      done = min(needed, Int(start + UInt64(count) - offset))
      target.copyMemory(from: memory + Int(offset - start), byteCount: done)
    }
    guard done < needed else { return true }
    count = 0
    var parts = [
      iovec(iov_base: target + done, iov_len: needed - done), iovec(iov_base: memory, iov_len: FrameWindow.lookAhead),
    ]
    let got = preadv(file.descriptor, &parts, 2, off_t(offset) + off_t(done))
    if got > needed - done {
      start = offset + UInt64(needed)
      count = got - (needed - done)
      return true
    }
    // Short, interrupted, or failed perhaps only in the look-ahead.
    done += max(0, got)
    return file.read(into: target + done, count: needed - done, at: offset + UInt64(done)).count == needed - done
  }

  /// Whether the stored payload of the frame at `offset` is what its header says.
  func checksPayload(of header: FrameHeader, at offset: UInt64) -> Bool {
    let size = Int(header.storedLength)
    guard let payload = bytes(at: offset + UInt64(FrameHeader.byteCount), count: size) else { return false }
    return tapir_xxh3_64(payload, size, header.number) == header.payloadChecksum
  }

  /// Searches the next valid header from `offset` on whose frame ends by `limit` and that satisfies `body`.
  func search(from offset: UInt64, to limit: UInt64, _ body: (FrameHeader) -> Bool) -> (FrameHeader, UInt64)? {
    var place = (offset + 7) & ~7
    while place + UInt64(FrameHeader.byteCount) <= limit {
      guard let bytes = bytes(at: place, count: FrameHeader.byteCount) else {
        place += 4096  // the disk cannot read this page
        continue
      }
      if bytes.integer(at: 0, UInt32.self) == FrameHeader.magic,
        let header = FrameHeader(parsing: bytes, at: place, key: key), place + header.frameSize <= limit, body(header)
      {
        return (header, place)
      }
      place += 8
    }
    return nil
  }
}
