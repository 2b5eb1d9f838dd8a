import Glibc
import TapeIO

/// Large blocks of a cartridge with compression: several cores compress them, and they are put behind the others in
/// their order. Only where they are sure to fit before early warning: nothing has to be taken back.
extension VirtualDrive {
  /// Blocks of this many bytes and more are compressed one by one: what is in hand is held in memory.
  private static let largestPooled = 1 << 20

  /// Whether a block of `length` bytes may be put on its way now.
  func mayPool(_ length: Int) -> Bool {
    guard compresses, length >= VirtualDrive.directSize, length <= VirtualDrive.largestPooled, isWritable, !isBroken,
      !isClosed, here.number == tape.end.number, !tape.hasRemains, tape.unnamedSync == nil, tape.data.witness == nil
    else { return false }
    guard tape.end.offset + pooledSize + VirtualDrive.roomFor(length) <= warningAt else { return false }
    // Where the system has no threads to give, it is done as ever.
    if pool == nil { pool = CompressionPool(threadCount: min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))) }
    return pool != nil
  }

  /// What a block takes at most: its frame, and a waypoint before it.
  private static func roomFor(_ length: Int) -> UInt64 {
    UInt64(FrameHeader.frameSize(storedLength: length) + FrameHeader.byteCount)
  }

  /// Puts a block on its way.
  func givePool(_ block: UnsafeRawBufferPointer, _ operation: String) throws(DriveError) {
    guard let pool else { return }  // never: mayPool made it
    if pool.isFull { try putOldest(of: pool, operation) }
    pool.give(block, number: tape.end.number + UInt64(pool.count))
    pooledSize += VirtualDrive.roomFor(block.count)
  }

  /// Waits until every block that is on its way is behind the others.
  func settlePool(_ operation: String) throws(DriveError) {
    guard let pool else { return }
    while pool.count > 0 { try putOldest(of: pool, operation) }
  }

  private func putOldest(of pool: CompressionPool, _ operation: String) throws(DriveError) {
    guard let packed = pool.oldest() else { return }
    var failure: FrameBuffer.Failure?
    if isWaypointDue {
      failure = buffer.reserve(FrameHeader.byteCount)
      if failure == nil { putEmptyFrame(.sync) }
    }
    failure = failure ?? buffer.reserve(FrameHeader.frameSize(storedLength: packed.length))
    // It fits: mayPool made sure.
    if failure == nil { _ = append(packed, &failure) }
    pool.release()
    pooledSize -= VirtualDrive.roomFor(packed.length)
    if let failure {
      pool.clear()
      pooledSize = 0
      throw fail(failure, operation)
    }
  }
}
