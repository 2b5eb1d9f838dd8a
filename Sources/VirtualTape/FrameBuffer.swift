import Glibc
import TapeIO

/// Frames on their way to `data`: collected in memory, written in large pieces.
final class FrameBuffer {
  /// Memory that is filled before anything is written.
  static let size = 4 << 20

  private let file: File
  private(set) var memory: UnsafeMutableRawPointer
  private var capacity = FrameBuffer.size
  /// Bytes in memory.
  private(set) var count = 0
  /// Where in `data` the first of them goes.
  private(set) var offset: UInt64

  init(_ file: File, offset: UInt64) {
    self.file = file
    self.offset = offset
    memory = .allocate(byteCount: capacity, alignment: 4096)
  }

  deinit { memory.deallocate() }

  /// What failed on the way to `data`.
  struct Failure {
    /// Where `data` ends now.
    let written: UInt64
    let errno: Int32
  }

  /// Where the next frame goes.
  var end: UInt64 { offset + UInt64(count) }

  /// Makes room for `needed` more bytes behind those there are.
  func reserve(_ needed: Int) -> Failure? {
    guard count + needed > capacity else { return nil }
    if let failure = write() { return failure }
    if needed > capacity {
      memory.deallocate()
      memory = .allocate(byteCount: needed, alignment: 4096)
      capacity = needed
    }
    return nil
  }

  /// Counts in `added` bytes that were put behind those there were.
  func advance(by added: Int) { count += added }

  /// Writes everything in memory.
  func write() -> Failure? {
    guard count > 0 else { return nil }
    let put = file.write(memory, count: count, at: offset)
    guard put.errno == 0 else { return Failure(written: offset + UInt64(put.count), errno: put.errno) }
    offset += UInt64(count)
    count = 0
    return nil
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
        parts[0] = iovec(iov_base: memory, iov_len: count)
        parts[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: payload.baseAddress), iov_len: payload.count)
        parts[2] = iovec(iov_base: zeros.baseAddress, iov_len: padding)
        return file.write(UnsafeBufferPointer(parts), at: offset)
      }
    }
    if put == total {
      offset += UInt64(total)
      count = 0
      return nil
    }
    return finish(payload, from: max(0, put), total: total)
  }

  /// Goes on piece by piece after a short or interrupted write, until all is written or it is clear what is wrong.
  private func finish(_ payload: UnsafeRawBufferPointer, from written: Int, total: Int) -> Failure? {
    var done = written
    if done < count {
      let put = file.write(memory + done, count: count - done, at: offset + UInt64(done))
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
    offset += UInt64(total)
    count = 0
    return nil
  }

  /// Forgets what is in memory; the next frame goes to `newOffset`.
  func restart(at newOffset: UInt64) {
    count = 0
    offset = newOffset
  }
}
