/// What a drive says of itself and its cartridge without moving the tape.
public struct DriveState: Equatable, Sendable {
  /// Whether it can be used.
  public enum Readiness: Equatable, Sendable {
    case ready
    /// Another process has it. Nothing is asked of the drive then: whatever it had to tell would be lost to that process.
    case busy
    case noCartridge
    /// Why, in words.
    case notReady(String)
  }

  /// The device.
  public var device: String
  /// What the drive calls itself; empty where it is not known.
  public var vendor = "", product = "", revision = "", serial = ""
  public var readiness = Readiness.busy
  /// Whether the cartridge is write-protected; nil when that is not known.
  public var isWriteProtected: Bool?
  /// Of the cartridge; nil without one.
  public var density: TapeDensity?
  /// Bytes of a block; 0 when each block has its own length; nil when not known.
  public var blockSize: Int?
  /// Where the tape stands; nil when not known.
  public var position: TapePosition?
  /// What the chip in the cartridge says; nil when it cannot be asked.
  public var attributes: MediumAttributes?
  /// The driver's options for the device; nil when not known.
  public var options: DriverOptions?
}

/// Where a tape stands.
public struct TapePosition: Equatable, Sendable {
  /// Block ID of the next object; nil when it is not known.
  public var block: UInt64?
  /// Filemarks before it; nil when not known.
  public var file: UInt64?
  /// Blocks behind the last filemark, as the driver counts; nil when not known.
  public var blockInFile: UInt64?
  /// Number of the partition.
  public var partition: UInt64 = 0
  /// What the driver remembers: beginning of tape, right behind a filemark, end of data, the early-warning zone.
  public var isAtBeginning = false, isBehindFilemark = false, isAtEndOfData = false, isNearEnd = false

  /// Nothing is known.
  public init() {}

  /// Understands the long form of READ POSITION (SSC-4 7.10); nil when the drive does not know, or it is too short.
  ///
  /// | bytes | meaning |
  /// |---|---|
  /// | 0 | bit 7: beginning of partition, 3: file unknown, 2: block unknown |
  /// | 4-7 | partition |
  /// | 8-15 | number of the next object |
  /// | 16-23 | filemarks before it |
  init?(longForm bytes: [UInt8]) {
    guard bytes.count >= 24 else { return nil }
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    guard bytes[0] & 0x04 == 0 else { return nil }
    block = number(8..<16)
    file = bytes[0] & 0x08 == 0 ? number(16..<24) : nil
    partition = number(4..<8)
    isAtBeginning = bytes[0] & 0x80 != 0
  }
}
