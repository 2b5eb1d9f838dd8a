/// What a new virtual cartridge is to be.
public struct CartridgeOptions: Equatable, Sendable {
  /// What is done with blocks on their way to the medium.
  public enum Compression: String, Equatable, Sendable {
    /// Each block by itself, with LZ4, where that saves a sixteenth or more.
    case lz4
    /// Nothing.
    case off
  }

  /// Volume serial number of 6 characters; empty when the volume is not labelled yet.
  public var vsn: String
  /// What is stuck on the outside; nil for nothing.
  public var barcode: String?
  /// Stored bytes the medium holds; nil for no limit but the disk's.
  public var capacity: UInt64?
  /// Bytes before the capacity at which early warning begins; nil for 2% (at least 8 MiB, at most 1 GiB, and no more
  /// than a quarter of a tiny capacity). Means nothing without a capacity.
  public var earlyWarningZone: UInt64?
  /// What is done with blocks on their way to the medium.
  public var compression: Compression
  /// Whether writing is refused.
  public var isWriteProtected: Bool
  /// Whether written objects can never be overwritten.
  public var isWORM: Bool

  /// Describes a cartridge; without arguments one without a label, limit or protection.
  public init(
    vsn: String = "", barcode: String? = nil, capacity: UInt64? = nil, earlyWarningZone: UInt64? = nil,
    compression: Compression = .lz4, isWriteProtected: Bool = false, isWORM: Bool = false
  ) {
    self.vsn = vsn
    self.barcode = barcode
    self.capacity = capacity
    self.earlyWarningZone = earlyWarningZone
    self.compression = compression
    self.isWriteProtected = isWriteProtected
    self.isWORM = isWORM
  }

  /// The zone that applies: what was asked for, or the default (docs/virtual-tape-format.md, section 7).
  var effectiveZone: UInt64? {
    guard let capacity else { return nil }
    if let earlyWarningZone { return min(earlyWarningZone, capacity) }
    return min(max(capacity / 50, min(8 << 20, capacity / 4)), 1 << 30)
  }
}
