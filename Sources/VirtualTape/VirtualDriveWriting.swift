import CXXHash
import Glibc
public import TapeIO

extension VirtualDrive {
  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    let operation = "write block"
    let length = block.byteCount
    if mayPool(length) {
      try block.withUnsafeBytes { bytes throws(DriveError) in try givePool(bytes, operation) }
      return .written
    }
    try beginWriting(operation)
    guard length <= FrameHeader.maximumLength else {
      throw error(.blockTooLarge(limit: FrameHeader.maximumLength), operation)
    }
    guard length > 0 else {
      throw error(.unusable(reason: "a block has at least one byte", hint: nil), operation)
    }
    if isFull { return .endOfMedium }
    let room = FrameHeader.frameSize(storedLength: length)
    let isCopied = length < VirtualDrive.directSize || compresses || buffer.collectsLargeBlocks
    if let failure = buffer.reserve(isCopied ? room : FrameHeader.byteCount) {
      throw fail(failure, operation)
    }
    var failure: FrameBuffer.Failure?
    let outcome = block.withUnsafeBytes { source in append(source, &failure) }
    if let failure { throw fail(failure, operation) }
    return outcome
  }

  var compresses: Bool { description.options.compression == .lz4 }

  /// Puts a block's frame behind the others. `failure` is what the disk said where the block went out directly.
  private func append(_ source: UnsafeRawBufferPointer, _ failure: inout FrameBuffer.Failure?) -> WriteOutcome {
    let payload = buffer.space + FrameHeader.byteCount
    var stored = source
    if compresses, source.count >= VirtualDrive.smallestCompressed {
      let target = UnsafeMutableRawBufferPointer(start: payload, count: source.count)
      if let count = BlockCompression.compress(source, to: target, lz4State) {
        stored = UnsafeRawBufferPointer(rebasing: target[..<count])
      }
    }
    let packed = CompressionPool.Packed(
      number: tape.end.number, length: source.count, stored: stored, isCompressed: stored.count < source.count,
      checksum: tapir_xxh3_64(stored.baseAddress, stored.count, tape.end.number))
    return append(packed, &failure)
  }

  /// The same for what is stored of a block.
  func append(_ packed: CompressionPool.Packed, _ failure: inout FrameBuffer.Failure?) -> WriteOutcome {
    guard let bytes = packed.stored.baseAddress else { return .written }  // never: it has at least one byte
    let stored = packed.stored.count
    let frame = buffer.space
    let payload = frame + FrameHeader.byteCount
    let size = FrameHeader.frameSize(storedLength: stored)
    let used = tape.end.offset + UInt64(size) - Place.beginning.offset
    guard used <= capacity else {
      isFull = true
      return .endOfMedium
    }
    let header = FrameHeader(
      .block, epoch: tape.epoch, at: tape.end, length: packed.length, storedLength: stored,
      isCompressed: packed.isCompressed, payloadChecksum: packed.checksum)
    header.serialize(to: frame, at: tape.end.offset, key: tape.key)
    if packed.isCompressed || packed.length < VirtualDrive.directSize || buffer.collectsLargeBlocks {
      if bytes != UnsafeRawPointer(payload) { payload.copyMemory(from: bytes, byteCount: stored) }
      payload.clearPadding(behind: stored)
      buffer.advance(by: size)
    } else {
      failure = buffer.write(adding: FrameHeader.byteCount, payload: packed.stored)
      if failure != nil { return .written }
    }
    advance(.block, length: UInt32(packed.length), frameSize: UInt64(size))
    return used > warningAt ? .earlyWarning : .written
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    let operation = "write filemark"
    try beginWriting(operation)
    let used = tape.end.offset + UInt64(FrameHeader.byteCount) - Place.beginning.offset
    guard !isFull, used <= capacity else {
      isFull = true
      return .endOfMedium
    }
    if let failure = buffer.reserve(FrameHeader.byteCount) { throw fail(failure, operation) }
    putEmptyFrame(.filemark)
    return used > warningAt ? .earlyWarning : .written
  }

  /// Puts a filemark or sync frame, for which there is room, behind the others.
  func putEmptyFrame(_ kind: FrameHeader.Kind) {
    FrameHeader(kind, epoch: tape.epoch, at: tape.end)
      .serialize(to: buffer.space, at: tape.end.offset, key: tape.key)
    buffer.advance(by: FrameHeader.byteCount)
    advance(kind, length: 0, frameSize: UInt64(FrameHeader.byteCount))
  }

  /// Moves end of data behind the frame just put there.
  private func advance(_ kind: FrameHeader.Kind, length: UInt32, frameSize: UInt64) {
    var end = tape.end
    if kind == .sync {
      end.pass(.sync, frameSize: frameSize)
      lastSync = end.offset
    } else {
      tape.map.append(kind, at: end, length: length)
      end.pass(kind, frameSize: frameSize)
      isUnflushed = true
      isChanged = true
    }
    tape.end = end
    here = end
  }

  /// Whether a sync frame is due as a waypoint.
  var isWaypointDue: Bool { tape.end.offset - lastSync >= VirtualDrive.waypointInterval }

  /// Brings everything onto the disk: frames, sync frame, `fdatasync`, and then the slot.
  public func flush() throws(DriveError) {
    let operation = "flush"
    try checkOpen(operation)
    guard !isBroken else { throw error(.broken, operation) }
    guard isUnflushed else { return }
    if let failure = buffer.reserve(FrameHeader.byteCount) { throw fail(failure, operation) }
    let place = here
    let syncPlace = tape.end
    putEmptyFrame(.sync)
    // The tape does not move, wherever it was spaced to after the last write.
    if place.number < tape.end.number { here = place }
    if let failure = buffer.write() { throw fail(failure, operation) }
    tape.window.invalidate()
    do throws(DriveError) {
      try tape.data.syncData(operation: operation)
      try tape.data.checkIsThere(operation: operation)
    } catch {
      isBroken = true
      throw error
    }
    isUnflushed = false
    // Not synced: it saves making the map anew after a crash of the program alone.
    tape.map.write()
    try writeSlot(naming: syncPlace, mapped: tape.slot.mapped, operation)
  }

  /// Writes the next slot. It is not synced: until it is on disk the one before it serves.
  private func writeSlot(naming sync: Place, mapped: UInt64, _ operation: String) throws(DriveError) {
    let slot = Slot(
      serial: tape.slot.serial + 1, epoch: tape.epoch, offset: sync.offset, objects: sync.number,
      filemarks: sync.filemarks, mapped: min(mapped, sync.number))
    let index = Int(slot.serial % 2)
    let put = slot.serialize(index: index, key: tape.key).withUnsafeBytes { bytes in
      bytes.baseAddress.map { tape.data.write($0, count: bytes.count, at: Slot.offsets[index]) } ?? (0, 0)
    }
    guard put.1 == 0 else { throw systemError(put.1, operation, device) }
    tape.slot = slot
  }

  /// Checks that writing is allowed here, and cuts off what lies behind.
  private func beginWriting(_ operation: String) throws(DriveError) {
    try checkOpen(operation)
    guard isWritable else { throw error(.writeProtected, operation) }
    guard !isBroken else { throw error(.broken, operation) }
    if here.number < tape.end.number || tape.hasRemains {
      try cut(operation)
    } else if let sync = tape.unnamedSync {
      try writeSlot(naming: sync, mapped: 0, operation)
      try tape.data.syncData(operation: operation)
    }
    tape.unnamedSync = nil
    if isWaypointDue {
      if let failure = buffer.reserve(FrameHeader.byteCount) { throw fail(failure, operation) }
      putEmptyFrame(.sync)
    }
  }

  /// Ends the data at the position, durably and under a new epoch, before anything is written there.
  private func cut(_ operation: String) throws(DriveError) {
    guard !description.options.isWORM || here.number == tape.end.number else { throw error(.writeOnce, operation) }
    if let failure = buffer.write() { throw fail(failure, operation) }
    let place = here.number < tape.end.number ? tape.place(of: here.number) : tape.end
    do throws(DriveError) {
      try tape.data.truncate(to: place.offset, operation: operation)
      // By itself: otherwise the sync frame could come to lie in the middle of what was cut off, and that be back.
      try tape.data.syncData(operation: operation)
      tape.end = place
      here = place
      tape.epoch += 1
      tape.hasRemains = false
      tape.map.truncate(to: place)
      tape.window.invalidate()
      buffer.restart(at: place.offset)
      isFull = false
      isChanged = true
      putEmptyFrame(.sync)
      if let failure = buffer.write() { throw fail(failure, operation) }
      try tape.data.syncData(operation: operation)
      isUnflushed = false
      // Both slots: the older one names a frame that may be gone.
      for _ in 0..<2 { try writeSlot(naming: place, mapped: tape.slot.mapped, operation) }
      // Before anything follows that is not: with no slot that holds, opening believes more than what was flushed.
      try tape.data.syncData(operation: operation)
    } catch {
      isBroken = true
      throw error
    }
  }

  /// Notes a failed write: end of data is behind the last frame that is whole in the file, and the position too.
  func fail(_ failure: FrameBuffer.Failure, _ operation: String) -> DriveError {
    isBroken = true
    isUnflushed = true
    tape.window.invalidate()
    tape.hasRemains = true
    let at = BlockID(here.number)
    var number = UInt64(tape.map.count)
    // Never walks further back than what was in memory.
    while number > 0 {
      number -= 1
      guard let entry = tape.map.entry(number), entry.offset < failure.written else { continue }
      if let header = tape.window.header(at: entry.offset), header.number == number,
        entry.offset + header.frameSize <= failure.written
      {
        var place = Place(of: header, at: entry.offset)
        place.pass(header.kind, frameSize: header.frameSize)
        return restart(at: place, systemError(failure.errno, operation, device, position: at))
      }
    }
    return restart(at: .beginning, systemError(failure.errno, operation, device, position: at))
  }

  private func restart(at place: Place, _ error: DriveError) -> DriveError {
    tape.end = place
    tape.map.truncate(to: place)
    buffer.restart(at: place.offset)
    here = place
    lastSync = min(lastSync, place.offset)
    return error
  }

  private func error(_ cause: DriveError.Cause, _ operation: String) -> DriveError {
    DriveError(cause, operation: operation, device: device, position: BlockID(here.number))
  }

  /// Syncs data and map, and then a slot that says so.
  func closeInOrder() throws(DriveError) {
    isClosed = false
    defer { isClosed = true }
    try flush()
    let sync = Place(
      number: tape.slot.objects, offset: tape.slot.offset, filemarks: tape.slot.filemarks, previousFilemark: 0)
    let mapped = tape.map.sync() ? UInt64(tape.map.count) : tape.slot.mapped
    try writeSlot(naming: sync, mapped: mapped, "close")
    try tape.data.syncData(operation: "close")
  }
}

extension UnsafeMutableRawPointer {
  /// Zeroes the bytes between a payload of `count` bytes here and the next multiple of 8.
  fileprivate func clearPadding(behind count: Int) {
    var index = count
    while index & 7 != 0 {
      storeBytes(of: 0, toByteOffset: index, as: UInt8.self)
      index += 1
    }
  }
}
