public import TapeIO

/// What the cartridge of a rule is to be like.
public struct ConformanceOptions: Equatable, Sendable {
  /// Stored bytes it holds; nil when it does not matter (at least 64 MiB).
  public var capacity: UInt64?
  /// Bytes before the capacity at which early warning begins.
  public var earlyWarningZone: UInt64?
  /// Whether it is write-protected.
  public var isWriteProtected: Bool
  /// Whether it is WORM.
  public var isWORM: Bool

  /// Describes a cartridge.
  public init(
    capacity: UInt64? = nil, earlyWarningZone: UInt64? = nil, isWriteProtected: Bool = false, isWORM: Bool = false
  ) {
    self.capacity = capacity
    self.earlyWarningZone = earlyWarningZone
    self.isWriteProtected = isWriteProtected
    self.isWORM = isWORM
  }

  /// Any blank cartridge.
  public static let plain = ConformanceOptions()
  /// 16 MiB, of which the last 4 are the early-warning zone.
  public static let small = ConformanceOptions(capacity: 16 << 20, earlyWarningZone: 4 << 20)
  /// Blank and write-protected.
  public static let writeProtected = ConformanceOptions(isWriteProtected: true)
  /// Blank WORM.
  public static let worm = ConformanceOptions(isWORM: true)
}

/// A kind of drive under test: how to get one, and how to get it again.
public struct ConformanceSubject {
  /// Opens a drive with a fresh, blank cartridge, at beginning of tape.
  public let fresh: (ConformanceOptions) throws -> any TapeDrive
  /// Opens the drive with the same cartridge again, after it was closed.
  public let reopen: () throws -> any TapeDrive

  /// Describes a kind of drive.
  public init(
    fresh: @escaping (ConformanceOptions) throws -> any TapeDrive, reopen: @escaping () throws -> any TapeDrive
  ) {
    self.fresh = fresh
    self.reopen = reopen
  }
}

/// One rule of the contract of ``TapeDrive``.
public struct ConformanceRule: Sendable, CustomStringConvertible {
  /// The rule, as a name.
  public let name: String
  /// The cartridge it needs.
  public let options: ConformanceOptions
  let body: @Sendable (ConformanceTape) throws -> Void

  init(
    _ name: String, _ options: ConformanceOptions = .plain, _ body: @escaping @Sendable (ConformanceTape) throws -> Void
  ) {
    self.name = name
    self.options = options
    self.body = body
  }

  /// Tries the rule on a fresh cartridge.
  /// - Throws: ``ConformanceFailure`` when the drive does not keep it.
  public func run(_ subject: ConformanceSubject) throws {
    let tape = ConformanceTape(try subject.fresh(options), reopen: subject.reopen)
    try body(tape)
    try tape.end()
  }

  public var description: String { name }
}

/// A drive did not keep a rule; says what was expected and what happened.
public struct ConformanceFailure: Error, CustomStringConvertible {
  public let description: String

  /// Says what was wrong.
  public init(description: String) { self.description = description }
}

/// What every drive does, as rules with names: the executable form of ``TapeDrive``'s contract.
public enum DriveConformance {
  /// Every rule.
  public static let rules: [ConformanceRule] =
    blockRules + filemarkRules + endOfDataRules + overwriteRules + locateRules + filemarkSpacingRules
    + blockSpacingRules + flushRules + closeRules + endOfMediumRules + protectionRules
}
