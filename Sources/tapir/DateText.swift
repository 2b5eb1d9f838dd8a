import ArchiveFormat
import ArchiveOperations
import Glibc

/// Dates as people write them on the command line, understood as GNU's parse_datetime understands them ("Date input
/// formats" in the manual of GNU coreutils). Local time where no zone is named.
enum DateText {
  /// The time that `text` means; nil when it is not understood.
  static func parse(_ text: [UInt8], now: Timestamp = .now()) -> Timestamp? {
    let text = Array(text.drop { WordSplitter.isBlank($0) })
    guard let (zone, rest) = zoneRule(text) else { return nil }
    guard let zone else { return parseInZone(rest, now) }
    // The rule is the process's for as long as the date takes to read; nothing else runs yet.
    let before = getenv("TZ").map { String(cString: $0) }
    setenv("TZ", zone, 1)
    tzset()
    defer {
      if let before { setenv("TZ", before, 1) } else { unsetenv("TZ") }
      tzset()
    }
    return parseInZone(rest, now)
  }

  private static func parseInZone(_ text: ArraySlice<UInt8>, _ now: Timestamp) -> Timestamp? {
    var scanner = DateScanner(Array(text), localZones: localZones(now))
    guard let tokens = scanner.tokens() else { return nil }
    if tokens.first == .mark("@") { return seconds(tokens.dropFirst()) }
    var moment = DateMoment(now: now)
    return moment.take(tokens[...]) ? moment.timestamp : nil
  }

  /// `@SECONDS[.FRACTION]`, which may be negative.
  private static func seconds(_ tokens: ArraySlice<DateToken>) -> Timestamp? {
    guard tokens.count == 1 else { return nil }
    switch tokens.first {
    case .number(let seconds, _), .signed(let seconds, _): return Timestamp(seconds: seconds)
    case .decimal(let seconds, let nanoseconds, _): return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    default: return nil
    }
  }

  /// `TZ="RULE"` before the date, with `\"` and `\\` in it; nil when it is not closed.
  private static func zoneRule(_ text: [UInt8]) -> (rule: String?, rest: ArraySlice<UInt8>)? {
    let beginning = Array("TZ=\"".utf8)
    guard text.starts(with: beginning) else { return (nil, text[...]) }
    var rest = text.dropFirst(beginning.count)
    var rule: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return (String(decoding: rule, as: UTF8.self), rest) }
      if byte == UInt8(ascii: "\\") {
        guard let next = rest.popFirst() else { return nil }
        rule.append(next)
      } else {
        rule.append(byte)
      }
    }
    return nil
  }

  /// What the local zone is called in winter and in summer, in capitals.
  private static func localZones(_ now: Timestamp) -> [String] {
    var names: [Int32: String] = [:]
    for quarter in 0..<4 {
      var seconds = time_t(now.seconds) + quarter * 90 * 86_400
      var broken = tm()
      guard localtime_r(&seconds, &broken) != nil, let zone = broken.tm_zone else { continue }
      names[broken.tm_isdst > 0 ? 1 : 0] = String(cString: zone).uppercased()
    }
    return [names[0] ?? "", names[1] ?? ""].map { $0.isEmpty ? " " : $0 }
  }
}
