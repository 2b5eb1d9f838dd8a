/// A date as labels hold it: `cYYDDD`, year and day of the year in UTC (ECMA-13 §8.3.9; a century mark in place of the
/// first space, as CASTOR and CTA write it: a space for 19xx, `0` for 20xx, `1` for 21xx).
public struct LabelDate: Hashable, Comparable, Sendable {
  /// 1900 to 2199.
  public let year: Int
  /// 1 to 366.
  public let dayOfYear: Int

  /// A day.
  /// - Throws: ``LabelError/badField(label:field:offset:found:)`` outside 1900 to 2199 or a year's days.
  public init(year: Int, dayOfYear: Int) throws(LabelError) {
    guard (1900...2199).contains(year), (1...(Self.isLeap(year) ? 366 : 365)).contains(dayOfYear) else {
      throw .badField(label: "date", field: "year and day", offset: 0, found: "\(year) \(dayOfYear)")
    }
    self.year = year
    self.dayOfYear = dayOfYear
  }

  /// The day in UTC that holds the second `unixTime` (seconds since 1970-01-01 00:00 UTC).
  public init(unixTime: Int64) throws(LabelError) {
    var day = Int((unixTime - (unixTime % 86400 + 86400) % 86400) / 86400)
    var year = 1970
    while day < 0 {
      year -= 1
      day += Self.isLeap(year) ? 366 : 365
    }
    while day >= (Self.isLeap(year) ? 366 : 365) {
      day -= Self.isLeap(year) ? 366 : 365
      year += 1
    }
    try self.init(year: year, dayOfYear: day + 1)
  }

  /// The second at which the day begins in UTC (seconds since 1970-01-01 00:00 UTC).
  public var unixTime: Int64 {
    let before = year - 1
    // Days from the first day of year 1 to that of this year; 719,162 of them before 1970.
    let days = before * 365 + before / 4 - before / 100 + before / 400 - 719_162 + dayOfYear - 1
    return Int64(days) * 86400
  }

  /// Parses six characters; a day of 0 (no date, as some labels have it) is nil.
  static func parse(_ text: String, label: String, offset: Int) throws(LabelError) -> LabelDate? {
    let century: Int
    switch text.utf8.first {
    case UInt8(ascii: " "): century = 1900
    case UInt8(ascii: "0"): century = 2000
    case UInt8(ascii: "1"): century = 2100
    default: throw .badField(label: label, field: "date", offset: offset, found: text)
    }
    var number = 0
    for byte in text.utf8.dropFirst() {
      guard (0x30...0x39).contains(byte) else {
        throw .badField(label: label, field: "date", offset: offset, found: text)
      }
      number = number * 10 + Int(byte - 0x30)
    }
    guard text.utf8.count == 6 else { throw .badField(label: label, field: "date", offset: offset, found: text) }
    if number % 1000 == 0 { return nil }
    return try LabelDate(year: century + number / 1000, dayOfYear: number % 1000)
  }

  var field: String {
    let century = year < 2000 ? " " : year < 2100 ? "0" : "1"
    return century + Self.padded(year % 100, 2) + Self.padded(dayOfYear, 3)
  }

  public static func < (left: LabelDate, right: LabelDate) -> Bool {
    (left.year, left.dayOfYear) < (right.year, right.dayOfYear)
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: width - digits.utf8.count) + digits
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
}
