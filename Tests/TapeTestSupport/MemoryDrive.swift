public import TapeIO

/// A drive over a ``MemoryCartridge``: the simplest thing that behaves like a tape.
public final class MemoryDrive: TapeDrive {
  /// One call that the drive was asked to do.
  public enum Operation: Equatable, Sendable {
    case read
    case write(byteCount: Int)
    case writeFilemark
    case flush
    case rewind
    case locate(BlockID)
    case spaceFilemarks(Int)
    case spaceBlocks(Int)
    case spaceToEndOfData
    case close
  }

  /// The cartridge in it.
  public let cartridge: MemoryCartridge
  public let identity = DriveIdentity(name: "memory", vendor: "TAPIR", product: "MEMORY", serial: "000000000001")
  /// What it was asked, in order, while ``recordsOperations`` is on.
  public private(set) var operations: [Operation] = []
  /// Whether calls are noted in ``operations``.
  public var recordsOperations: Bool
  /// The longest block it takes.
  public var maximumBlockSize = 16 << 20

  private let access: DriveAccess
  private var index = 0
  private var isClosed = false
  private var isFull = false
  private var powerCutsSeen: Int

  /// Loads a cartridge, at beginning of tape.
  /// - Throws: `busy` when it is in another drive.
  public init(
    _ cartridge: MemoryCartridge = MemoryCartridge(), access: DriveAccess = .readWrite, recordsOperations: Bool = false
  ) throws(DriveError) {
    guard !cartridge.isLoaded else { throw DriveError(.busy(holder: nil), operation: "open", device: "memory") }
    cartridge.isLoaded = true
    self.cartridge = cartridge
    self.access = access
    self.recordsOperations = recordsOperations
    powerCutsSeen = cartridge.powerCuts
  }

  deinit { if !isClosed { cartridge.isLoaded = false } }

  private func begin(_ operation: Operation?, _ name: String, positions: Bool = false) throws(DriveError) {
    guard !isClosed else { throw DriveError(.closed, operation: name, device: identity.name) }
    if let operation, recordsOperations { operations.append(operation) }
    guard powerCutsSeen == cartridge.powerCuts || positions else {
      throw DriveError(.positionLost, operation: name, device: identity.name)
    }
    if positions { powerCutsSeen = cartridge.powerCuts }
  }

  private func error(_ cause: DriveError.Cause, _ name: String, at position: Int? = nil) -> DriveError {
    DriveError(cause, operation: name, device: identity.name, position: BlockID(UInt64(position ?? index)))
  }

  public func medium() throws(DriveError) -> MediumState {
    try begin(nil, "read the state of")
    return MediumState(
      isWriteProtected: cartridge.isWriteProtected || access == .readOnly, isWORM: cartridge.isWORM, compresses: false,
      maximumBlockSize: maximumBlockSize, capacity: cartridge.capacity, used: cartridge.used)
  }

  public func position() throws(DriveError) -> BlockID {
    try begin(nil, "read the position of")
    return BlockID(UInt64(index))
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    try begin(.read, "read block")
    guard index < cartridge.records.count else { return .endOfData }
    index += 1
    if cartridge.damaged.contains(index - 1) {
      throw error(.mediumError(detail: "damaged by the test"), "read block", at: index - 1)
    }
    guard case .block(let bytes) = cartridge.records[index - 1] else { return .filemark }
    guard bytes.count <= buffer.byteCount else { throw error(.bufferTooSmall, "read block", at: index - 1) }
    buffer.withUnsafeMutableBytes { target in target.copyBytes(from: bytes) }
    return .block(byteCount: bytes.count)
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    try begin(.write(byteCount: block.byteCount), "write block")
    guard block.byteCount <= maximumBlockSize else {
      throw error(.blockTooLarge(limit: maximumBlockSize), "write block")
    }
    guard block.byteCount > 0 else {
      throw error(.unusable(reason: "a block has at least one byte", hint: nil), "write block")
    }
    return try put(.block(block.withUnsafeBytes { Array($0) }), "write block")
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    try begin(.writeFilemark, "write filemark")
    return try put(.filemark, "write filemark")
  }

  private func put(_ record: MemoryCartridge.Record, _ name: String) throws(DriveError) -> WriteOutcome {
    guard !cartridge.isWriteProtected, access == .readWrite else { throw error(.writeProtected, name) }
    if index < cartridge.records.count {
      guard !cartridge.isWORM else { throw error(.writeOnce, name) }
      cartridge.cut(at: index)
      cartridge.damaged = cartridge.damaged.filter { $0 < index }
      isFull = false
    }
    let used = cartridge.used + MemoryCartridge.size(record)
    if isFull || used > cartridge.capacity ?? .max {
      isFull = true
      return .endOfMedium
    }
    cartridge.records.append(record)
    cartridge.used = used
    index += 1
    guard let capacity = cartridge.capacity else { return .written }
    return used > capacity - cartridge.earlyWarningZone ? .earlyWarning : .written
  }

  public func flush() throws(DriveError) {
    try begin(.flush, "flush")
    cartridge.confirmed = cartridge.records.count
  }

  public func rewind() throws(DriveError) {
    try begin(.rewind, "rewind", positions: true)
    index = 0
  }

  public func locate(to target: BlockID) throws(DriveError) {
    try begin(.locate(target), "locate", positions: true)
    index = Int(min(target.rawValue, UInt64(cartridge.records.count)))
    guard UInt64(index) == target.rawValue else {
      throw error(.noSuchBlock, "locate", at: Int(clamping: target.rawValue))
    }
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin(.spaceFilemarks(count), "space over filemarks")
    var remaining = abs(count)
    while remaining > 0 {
      guard count > 0 ? index < cartridge.records.count : index > 0 else {
        return count > 0 ? .endOfData(remaining: remaining) : .beginningOfTape(remaining: remaining)
      }
      if cartridge.records[count > 0 ? index : index - 1] == .filemark { remaining -= 1 }
      index += count.signum()
    }
    return .done
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin(.spaceBlocks(count), "space over blocks")
    var remaining = abs(count)
    while remaining > 0 {
      guard count > 0 ? index < cartridge.records.count : index > 0 else {
        return count > 0 ? .endOfData(remaining: remaining) : .beginningOfTape(remaining: remaining)
      }
      let isFilemark = cartridge.records[count > 0 ? index : index - 1] == .filemark
      index += count.signum()
      if isFilemark { return .filemark(remaining: remaining) }
      remaining -= 1
    }
    return .done
  }

  public func spaceToEndOfData() throws(DriveError) {
    try begin(.spaceToEndOfData, "space to end of data", positions: true)
    index = cartridge.records.count
  }

  public func close() throws(DriveError) {
    try begin(.close, "close", positions: true)
    isClosed = true
    cartridge.isLoaded = false
  }
}
