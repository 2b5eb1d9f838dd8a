/// Something about a drive or its cartridge that somebody should know, and what to do.
public struct HealthFinding: Equatable, Sendable {
  /// How grave it is, as with ``TapeAlert``.
  public let severity: TapeAlert.Severity
  /// What there is.
  public let text: String
  /// What to do; nil for nothing.
  public let advice: String?
}

extension DriveHealth {
  /// Retries in a thousand million bytes that call for cleaning.
  ///
  /// An LTO-5 data set has 2.5 MB: 10 in 1 GB are 2.5% of them written again, far above what a clean drive needs.
  static let manyRetries = 10.0
  /// Retries are said to rise when they are this many times those of the cartridge's life.
  static let rise = 4.0
  /// Bytes below which a rate of retries says nothing.
  static let leastBytes: UInt64 = 1_000_000_000
  /// A cartridge that holds less than this part of its nominal capacity is worn or damaged.
  static let leastCapacity = 0.97

  /// What follows from the counters, the gravest first. Nothing outside the drive is compared: of retries it is their rate
  /// since the cartridge was loaded that counts, against a fixed one and against that of the cartridge's whole life.
  public var findings: [HealthFinding] {
    var found = (alerts ?? []).map {
      HealthFinding(severity: $0.severity, text: "TapeAlert \($0.number), \($0.name)", advice: $0.advice)
    }
    found += judge(writing, lifeWriting, "write") + judge(reading, lifeReading, "read")
    if let capacity, let nominal = density?.nominalMegabytes {
      let part = Double(capacity) / Double(nominal) / 1_000_000
      if part < Self.leastCapacity {
        found.append(
          HealthFinding(
            severity: .warning,
            text: "this cartridge holds \(Int((part * 100).rounded()))% of its nominal capacity",
            advice: "use another cartridge for what comes next"))
      }
    }
    return found.enumerated().sorted {
      $0.element.severity == $1.element.severity ? $0.offset < $1.offset : $0.element.severity > $1.element.severity
    }.map(\.element)
  }

  private func judge(_ now: Counters?, _ life: Counters?, _ what: String) -> [HealthFinding] {
    var found: [HealthFinding] = []
    if let count = now?.uncorrected, count > 0 {
      found.append(
        HealthFinding(
          severity: .critical,
          text: "\(count) \(what) error\(count == 1 ? "" : "s") could not be corrected since the cartridge was loaded",
          advice: "clean the drive, then verify the volume: 'tapir volume verify'"))
    }
    if let rate = Self.rate(now) {
      if let before = Self.rate(life), rate >= 1, rate >= Self.rise * before {
        found.append(
          HealthFinding(
            severity: .warning,
            text: "\(what) retries are rising: \(Self.shown(rate)) in 1 GB since the cartridge was loaded, "
              + "\(Self.shown(before)) in its whole life",
            advice: "clean the drive"))
      } else if rate >= Self.manyRetries {
        found.append(
          HealthFinding(
            severity: .warning,
            text: "\(what) retries are many: \(Self.shown(rate)) in 1 GB since the cartridge was loaded",
            advice: "clean the drive"))
      }
    }
    if let count = life?.uncorrected, count > 0 {
      found.append(
        HealthFinding(
          severity: .information,
          text: "\(count) \(what) error\(count == 1 ? "" : "s") could not be corrected in the cartridge's whole life",
          advice: nil))
    }
    return found
  }

  /// Retries in 1 GB; nil when too little passed to say.
  private static func rate(_ counters: Counters?) -> Double? {
    guard let retries = counters?.retries, let bytes = counters?.bytes, bytes >= leastBytes else { return nil }
    return Double(retries) / (Double(bytes) / 1e9)
  }

  /// With one digit behind the point.
  private static func shown(_ rate: Double) -> String {
    let tenths = UInt64(min(rate * 10, 1e18).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
