public import ArchiveFormat
import Glibc

/// Times as GNU tar prints them.
public enum TimeText {
  /// `2026-01-31 23:59`, or in full `2026-01-31 23:59:59.123456789`; what is no date is a number of seconds.
  /// - Parameters:
  ///   - isFull: with seconds, and nanoseconds where there are some.
  ///   - isUTC: in coordinated universal time, not the user's.
  public static func text(_ time: Timestamp, isFull: Bool, isUTC: Bool) -> [UInt8] {
    var broken = tm()
    var value = time_t(time.seconds)
    guard (isUTC ? gmtime_r(&value, &broken) : localtime_r(&value, &broken)) != nil else {
      return Array(String(time.seconds).utf8)
    }
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let year = String(Int(broken.tm_year) + 1900)
    var text =
      String(repeating: "0", count: max(0, 4 - year.utf8.count)) + year + "-" + two(broken.tm_mon + 1) + "-"
      + two(broken.tm_mday) + " " + two(broken.tm_hour) + ":" + two(broken.tm_min)
    if isFull {
      text += ":" + two(broken.tm_sec)
      if time.nanoseconds != 0 { text += fraction(time.nanoseconds) }
    }
    return Array(text.utf8)
  }

  /// Seconds and their fraction as a decimal number, without zeros at its end.
  public static func decimal(_ time: Timestamp) -> String {
    guard time.nanoseconds != 0 else { return String(time.seconds) }
    // Before 1970 the fraction counts the other way.
    let isNegative = time.seconds < 0
    let whole = isNegative ? (time.seconds + 1).magnitude : time.seconds.magnitude
    let digits = fraction(isNegative ? 1_000_000_000 - time.nanoseconds : time.nanoseconds)
    var text = (isNegative ? "-" : "") + String(whole) + digits
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }

  private static func fraction(_ nanoseconds: Int32) -> String {
    let digits = String(nanoseconds)
    return "." + String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
  }
}
