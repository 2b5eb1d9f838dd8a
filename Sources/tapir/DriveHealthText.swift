import ArchiveFormat
import LinuxTape

/// What `drive health` prints of a real drive.
struct DriveHealthText {
  let state: DriveState
  let health: DriveHealth

  /// Whether somebody should do something.
  var wantsAttention: Bool { health.findings.contains { $0.severity > .information } }

  var notice: MemberNotice { MemberNotice([], "\(state.device) wants attention", .difference) }

  /// For people, line by line.
  var text: [String] {
    var lines = [DriveStatusText.row("drive", DriveStatusText.name(state))]
    func row(_ name: String, _ value: String?) { if let value { lines.append(DriveStatusText.row(name, value)) } }
    if let alerts = health.alerts { row("alerts", alerts.isEmpty ? "none" : "\(alerts.count), see below") }
    row("writing", Self.counters(health.writing, "written", "since the cartridge was loaded"))
    row("", Self.counters(health.lifeWriting, "written", "in the cartridge's life"))
    row("reading", Self.counters(health.reading, "read", "since the cartridge was loaded"))
    row("", Self.counters(health.lifeReading, "read", "in the cartridge's life"))
    row("capacity", capacity)
    row("mounts", health.mounts.map { "\($0)" })
    if let statistics = health.statistics {
      row(
        "driver",
        "\(statistics.written) bytes written\(Self.rate(statistics.written, statistics.writingTime)), "
          + "\(statistics.read) read\(Self.rate(statistics.read, statistics.readingTime)), since it has the drive")
    }
    if state.readiness == .busy {
      row("not asked", "the drive itself: another process uses it, and would miss what it says")
    } else if let why = health.unavailable {
      row("not asked", "the drive itself: \(why)")
    }
    if state.readiness == .noCartridge { row("cartridge", "none is in it: its counters say nothing") }
    for page in health.lacking { row("not there", "\(Self.name(page)): the drive has no such page") }
    lines.append("")
    let findings = health.findings
    for finding in findings {
      lines.append("\(finding.severity.rawValue): \(finding.text)")
      if let advice = finding.advice { lines.append("  \(advice)") }
    }
    let isKnown = state.readiness != .busy && health.unavailable == nil
    if findings.isEmpty { lines.append(isKnown ? "nothing to do" : "nothing is known that would have to be done") }
    return lines
  }

  private var capacity: String? {
    guard let capacity = health.capacity, capacity > 0 else { return nil }
    var text = "\(capacity) bytes"
    if let nominal = health.density?.nominalMegabytes {
      text += ", \(Self.percent(capacity, nominal * 1_000_000))% of nominal"
    }
    if let used = health.used { text += "; \(used) bytes (\(Self.percent(used, capacity))%) used" }
    return text
  }

  private static func percent(_ part: UInt64, _ whole: UInt64) -> Int {
    Int((Double(part) / Double(whole) * 100).rounded())
  }

  private static func counters(_ counters: DriveHealth.Counters?, _ verb: String, _ span: String) -> String? {
    guard let counters else { return nil }
    var words: [String] = []
    if let bytes = counters.bytes { words.append("\(bytes) bytes \(verb)") }
    if let retries = counters.retries { words.append("\(retries) retr\(retries == 1 ? "y" : "ies")") }
    if let count = counters.uncorrected { words.append("\(count) error\(count == 1 ? "" : "s") not corrected") }
    return words.isEmpty ? nil : words.joined(separator: ", ") + ", " + span
  }

  private static func rate(_ bytes: UInt64, _ nanoseconds: UInt64) -> String {
    guard bytes > 0, nanoseconds > 0 else { return "" }
    return " (\(Figures.fixed(Double(bytes) * 1000 / Double(nanoseconds), 1)) MB/s while it did)"
  }

  private static func name(_ page: UInt8) -> String {
    switch page {
    case 0x02: "write errors (02h)"
    case 0x03: "read errors (03h)"
    case 0x17: "volume statistics (17h)"
    case 0x2E: "TapeAlert (2Eh)"
    default: "tape capacity (31h)"
    }
  }
}
