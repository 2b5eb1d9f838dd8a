import Testing

@testable import LinuxTape

/// What follows from what a drive says.
struct DriveHealthTests {
  /// A page of 8-byte values.
  static func page(_ code: UInt8, _ values: [(UInt16, UInt64)], width: Int = 8) throws -> LogPage {
    var body: [UInt8] = []
    for (parameter, value) in values {
      body += [UInt8(parameter >> 8), UInt8(parameter & 0xFF), 0x40, UInt8(width)]
      body += (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - $0))) }
    }
    return try #require(LogPage([code, 0, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body))
  }

  private func findings(_ pages: [LogPage], density: UInt8? = nil) -> [String] {
    var health = DriveHealth()
    health.density = density.map { TapeDensity(code: $0) }
    for page in pages { health.take(page) }
    return health.findings.map { "\($0.severity.rawValue): \($0.text); \($0.advice ?? "-")" }
  }

  @Test func everyFlagHasANameASeverityAndAdvice() {
    #expect(TapeAlert.all.map { Int($0.number) } == Array(1...64))
    #expect(TapeAlert.all.allSatisfy { !$0.name.isEmpty && !$0.advice.isEmpty })
    // As the specification has them.
    let critical: Set<UInt8> = [
      4, 5, 6, 9, 13, 14, 16, 20, 22, 23, 30, 31, 33, 38, 40, 41, 43, 44, 45, 52, 53, 54, 55, 56, 57,
    ]
    let information: Set<UInt8> = [10, 11, 12, 19, 62, 63, 64]
    for flag in TapeAlert.all {
      #expect(
        flag.severity
          == (critical.contains(flag.number)
            ? .critical : information.contains(flag.number) ? .information : .warning),
        "\(flag)")
    }
  }

  @Test func raisedFlagsAreSaidTheGravestFirst() throws {
    let raised: [(UInt16, UInt64)] = (1...64).map { ($0, [19, 20, 21].contains($0) ? 1 : 0) }
    let none: [(UInt16, UInt64)] = raised.map { ($0.0, 0) }
    let page = try Self.page(0x2E, raised, width: 1)
    #expect(
      findings([page]) == [
        "critical: TapeAlert 20, clean now; clean the drive",
        "warning: TapeAlert 21, clean periodic; clean the drive when what it does is done",
        "information: TapeAlert 19, nearing media life; use another cartridge for what comes next, and keep this one",
      ])
    #expect(try findings([Self.page(0x2E, none, width: 1)]) == [])
  }

  @Test(
    arguments: [
      (0, 5_000_000_000, false), (49, 5_000_000_000, false), (50, 5_000_000_000, true), (50, 999_999_999, false),
    ] as [(UInt64, UInt64, Bool)])
  func retriesAreJudgedByTheirRate(retries: UInt64, bytes: UInt64, areMany: Bool) throws {
    let many = "warning: write retries are many: 10.0 in 1 GB since the cartridge was loaded; clean the drive"
    #expect(try findings([Self.page(2, [(2, retries), (5, bytes), (6, 0)])]) == (areMany ? [many] : []))
  }

  @Test(arguments: [(7, false), (8, true)] as [(UInt64, Bool)])
  func retriesThatRiseAreToldFromThoseThatWereAlwaysThere(retries: UInt64, rises: Bool) throws {
    // 1 in 1 GB in the cartridge's life; now 2 GB.
    let life = try Self.page(0x17, [(3, 100), (0x10, 100_000)])
    #expect(
      try findings([Self.page(2, [(2, retries), (5, 2_000_000_000)]), life])
        == (rises
          ? [
            "warning: write retries are rising: 4.0 in 1 GB since the cartridge was loaded, 1.0 in its whole life; clean the drive"
          ] : []))
  }

  @Test func errorsThatWereNotCorrectedAreSaid() throws {
    #expect(
      try findings([Self.page(3, [(3, 5), (5, 1), (6, 2)]), Self.page(0x17, [(4, 1)])]) == [
        "critical: 2 read errors could not be corrected since the cartridge was loaded; "
          + "clean the drive, then verify the volume: 'tapir volume verify'",
        "information: 1 write error could not be corrected in the cartridge's whole life; -",
      ])
  }

  @Test(arguments: [(1_430_511, false), (872_612, true)] as [(UInt64, Bool)])
  func aCartridgeThatHoldsLessThanItShouldIsSaidTo(mebibytes: UInt64, isShort: Bool) throws {
    let short =
      "warning: this cartridge holds 61% of its nominal capacity; use another cartridge for what comes next"
    let page = try Self.page(0x31, [(1, mebibytes / 2), (2, 0), (3, mebibytes), (4, 0)], width: 4)
    #expect(findings([page], density: 0x58) == (isShort ? [short] : []))
    #expect(findings([page], density: 0x01) == [], "nobody knows what it should hold")
  }

  @Test func volumeStatisticsCountForMoreThanTheOlderPage() throws {
    var health = DriveHealth()
    health.take(try Self.page(0x17, [(0x16, 1000), (0x17, 10)]))
    health.take(try Self.page(0x31, [(1, 1), (2, 0), (3, 5), (4, 0)]))
    #expect(health.capacity == 1_000_000_000 && health.used == 10_000_000)
    var other = DriveHealth()
    other.take(try Self.page(0x31, [(1, 1), (2, 0), (3, 5), (4, 0)]))
    #expect(other.capacity == 5 << 20 && other.used == 4 << 20)
    // Absurd numbers are no numbers.
    other.take(try Self.page(0x17, [(0x16, .max - 1), (0x10, .max - 1)]))
    #expect(other.capacity == 5 << 20 && other.lifeWriting?.bytes == nil)
  }

  @Test func optionsThatAreARiskAreNamed() {
    #expect(DriverOptions(bits: 0x907).risks.map { $0.prefix { $0 != " " } } == ["async-writes"])
    #expect(DriverOptions(bits: 0x905).risks == [])
    #expect(
      DriverOptions(bits: 0x9012).risks.map { $0.prefix { $0 != " " } }
        == ["scsi2logical", "no-wait-eof", "async-writes", "two-fms", "sysv"])
  }
}
