/// A cartridge in memory: an array of records that outlives the drives it is put into.
public final class MemoryCartridge {
  /// One logical object.
  public enum Record: Equatable, Sendable {
    /// A block.
    case block([UInt8])
    /// A filemark.
    case filemark
  }

  /// Everything written, in order.
  public internal(set) var records: [Record] = []
  /// How many of the records a flush confirmed.
  public internal(set) var confirmed = 0
  /// Bytes of blocks it holds; nil for no limit. A filemark counts as one byte.
  public let capacity: UInt64?
  /// Bytes before the capacity at which early warning begins.
  public let earlyWarningZone: UInt64
  /// Whether writing is refused.
  public var isWriteProtected: Bool
  /// Whether records can never be overwritten.
  public let isWORM: Bool
  /// Bytes in use.
  public internal(set) var used: UInt64 = 0
  /// Raised by each power cut: a drive that did not see it lost its position.
  var powerCuts = 0
  /// Whether it is in a drive.
  var isLoaded = false

  /// Makes a blank cartridge; the zone is a quarter of the capacity unless given.
  public init(
    capacity: UInt64? = nil, earlyWarningZone: UInt64? = nil, isWriteProtected: Bool = false, isWORM: Bool = false
  ) {
    self.capacity = capacity
    self.earlyWarningZone = earlyWarningZone ?? (capacity ?? 0) / 4
    self.isWriteProtected = isWriteProtected
    self.isWORM = isWORM
  }

  /// Bytes that a record takes.
  static func size(_ record: Record) -> UInt64 {
    switch record {
    case .block(let bytes): UInt64(bytes.count)
    case .filemark: 1
    }
  }

  /// Ends the data in front of record `index`.
  func cut(at index: Int) {
    for record in records[index...] { used -= MemoryCartridge.size(record) }
    records.removeSubrange(index...)
    confirmed = min(confirmed, index)
  }

  /// The power fails: of the records that no flush confirmed only the first `kept` are there afterwards, and a drive
  /// that has the cartridge loaded has lost its position.
  public func powerCut(keeping kept: Int = 0) {
    cut(at: min(records.count, confirmed + kept))
    confirmed = records.count
    powerCuts += 1
  }

  /// Damages the block at `index`: reading it is a medium error until it is overwritten.
  public func damage(_ index: Int) { damaged.insert(index) }

  /// The objects that are damaged.
  public var damaged: Set<Int> = []
}
