/// The volumes of a tar archive behind the first, in the order in which they are asked for.
public protocol TarVolumes: AnyObject {
  /// The bytes of the next volume, or of what may be it.
  /// - Throws: ``VolumeError/noNextVolume(_:)`` when there is none; then always.
  func next() throws(VolumeError) -> any UserFileBytes

  /// What was given last is the volume that follows.
  func accept()
}

/// Bytes that were read already, and those behind them.
final class ReplayedBytes: UserFileBytes {
  private let first: [UInt8]
  private let rest: any UserFileBytes
  private var offset = 0
  private let memory: UnsafeMutableRawBufferPointer

  init(_ first: [UInt8], _ rest: any UserFileBytes) {
    self.first = first
    self.rest = rest
    memory = .allocate(byteCount: max(1, first.count), alignment: 1)
    memory.copyBytes(from: first)
  }

  deinit { memory.deallocate() }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    let count = min(limit, first.count - offset)
    guard count > 0 else { return try rest.next(limit) }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count])
  }

  func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    let passed = min(count, Int64(first.count - offset))
    offset += Int(passed)
    return count > passed ? passed + (try rest.skip(count - passed)) : passed
  }
}
