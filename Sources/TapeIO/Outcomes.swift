/// What a read met.
public enum ReadOutcome: Equatable, Sendable {
  /// A block of `byteCount` bytes, now at the front of the buffer.
  case block(byteCount: Int)
  /// A filemark.
  case filemark
  /// Nothing: end of data.
  case endOfData
}

/// What became of a write.
public enum WriteOutcome: Equatable, Sendable {
  /// Written (to the drive's buffer: only a flush makes it safe).
  case written
  /// Written, and the end of the medium is near.
  case earlyWarning
  /// Not written: the physical end of the medium.
  case endOfMedium
}

/// Where spacing ended.
public enum SpaceOutcome: Equatable, Sendable {
  /// All objects asked for were passed.
  case done
  /// Spacing over blocks met a filemark with `remaining` blocks to go.
  case filemark(remaining: Int)
  /// End of data, with `remaining` objects to go.
  case endOfData(remaining: Int)
  /// Beginning of tape, with `remaining` objects to go.
  case beginningOfTape(remaining: Int)
}

/// Which drive it is, as INQUIRY and the unit serial number page tell.
public struct DriveIdentity: Equatable, Sendable {
  /// What the user called it: a device or a cartridge's path, for messages.
  public let name: String
  /// T10 vendor, such as `IBM`.
  public let vendor: String
  /// Product, such as `ULT3580-TD9`.
  public let product: String
  /// Unit serial number.
  public let serial: String

  /// Describes a drive.
  public init(name: String, vendor: String, product: String, serial: String) {
    self.name = name
    self.vendor = vendor
    self.product = product
    self.serial = serial
  }
}

/// What the loaded cartridge allows.
public struct MediumState: Equatable, Sendable {
  /// Whether writing is refused (write-protect tab, read-only open).
  public var isWriteProtected: Bool
  /// Whether written objects can never be overwritten.
  public var isWORM: Bool
  /// Whether the drive compresses what it writes (HDR2's recording technique).
  public var compresses: Bool
  /// The longest block the drive takes, in bytes.
  public var maximumBlockSize: Int
  /// Stored bytes the medium holds in all; nil when the drive does not say.
  public var capacity: UInt64?
  /// Stored bytes in use; nil when the drive does not say.
  public var used: UInt64?

  /// Describes a cartridge.
  public init(
    isWriteProtected: Bool, isWORM: Bool, compresses: Bool, maximumBlockSize: Int, capacity: UInt64? = nil,
    used: UInt64? = nil
  ) {
    self.isWriteProtected = isWriteProtected
    self.isWORM = isWORM
    self.compresses = compresses
    self.maximumBlockSize = maximumBlockSize
    self.capacity = capacity
    self.used = used
  }
}
