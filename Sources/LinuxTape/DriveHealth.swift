/// What a drive says of errors and of its cartridge, and what follows from it.
public struct DriveHealth: Equatable, Sendable {
  /// Counters of page 02h or 03h (SPC-4 7.3.7, 7.3.9), since the cartridge was loaded.
  public struct Counters: Equatable, Sendable {
    /// Times that something was written or read again; errors that were corrected, where that is not counted.
    public var retries: UInt64?
    /// Errors that were not corrected.
    public var uncorrected: UInt64?
    /// Bytes that were written or read.
    public var bytes: UInt64?
  }

  /// The pages that are asked for.
  static let pages: [UInt8] = [0x02, 0x03, 0x17, 0x2E, 0x31]

  public var density: TapeDensity?
  /// The TapeAlert flags that are set; nil when the drive has none.
  public var alerts: [TapeAlert]?
  public var writing: Counters?
  public var reading: Counters?
  /// Of the whole life of the cartridge (page 17h): retries, errors that were not corrected, bytes.
  public var lifeWriting: Counters?
  public var lifeReading: Counters?
  /// Bytes that the cartridge holds without compression, and how many of them are used; nil when not known.
  public var capacity: UInt64?
  public var used: UInt64?
  /// How often the cartridge was threaded.
  public var mounts: UInt64?
  /// What the driver counted.
  public var statistics: DriverStatistics?
  /// Pages that the drive does not have.
  public var lacking: [UInt8] = []
  /// Why the drive could not be asked; nil when it could.
  public var unavailable: String?

  /// Nothing is known yet.
  public init() {}

  /// Takes what a page says. The numbers of its values: SPC-4 tables "Error counter log page codes", SSC-4 tables "Volume
  /// statistics", the LTO drives' manuals for page 31h.
  public mutating func take(_ page: LogPage) {
    switch page.code {
    case 0x02: writing = counters(page)
    case 0x03: reading = counters(page)
    case 0x17: takeStatistics(page)
    case 0x2E: alerts = TapeAlert.raised(in: page)
    case 0x31:
      // Partition by partition: what is left, then all of it, in MiB. Page 17h is the newer one, and counts for more.
      guard capacity == nil, let total = sum(page, 3, 4), let left = sum(page, 1, 2) else { return }
      capacity = scaled(total, 1 << 20)
      used = scaled(total - min(total, left), 1 << 20)
    default: break
    }
  }

  private func counters(_ page: LogPage) -> Counters {
    Counters(retries: page.number(2) ?? page.number(3), uncorrected: page.number(6), bytes: page.number(5))
  }

  private mutating func takeStatistics(_ page: LogPage) {
    mounts = page.number(0x01)
    lifeWriting = Counters(
      retries: page.number(0x03), uncorrected: page.number(0x04),
      bytes: page.number(0x10).flatMap { scaled($0, 1_000_000) })
    lifeReading = Counters(
      retries: page.number(0x08), uncorrected: page.number(0x09),
      bytes: page.number(0x11).flatMap { scaled($0, 1_000_000) })
    if let total = page.number(0x16).flatMap({ scaled($0, 1_000_000) }) {
      capacity = total
      used = page.number(0x17).flatMap { scaled($0, 1_000_000) }
    }
  }

  private func sum(_ page: LogPage, _ first: UInt16, _ second: UInt16) -> UInt64? {
    guard let one = page.number(first) else { return nil }
    let (sum, overflow) = one.addingReportingOverflow(page.number(second) ?? 0)
    return overflow ? nil : sum
  }

  private func scaled(_ number: UInt64, _ unit: UInt64) -> UInt64? {
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
  }
}
