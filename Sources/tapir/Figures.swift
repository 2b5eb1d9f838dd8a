/// Numbers for people.
enum Figures {
  /// A number that is not negative, rounded to `decimals` digits behind the point.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = value * Double(scale)
    // Beyond what fits nobody reads digits behind the point.
    guard scaled < 9e18 else { return "\(value)" }
    let number = Int64(scaled.rounded())
    guard decimals > 0 else { return "\(number)" }
    let fraction = String(number % scale)
    return "\(number / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// Hours, minutes and seconds.
  static func duration(_ seconds: Double) -> String {
    guard seconds < 9e15 else { return "\(seconds) s" }
    let whole = Int64(seconds.rounded())
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(whole / 3600) h \(two(whole / 60 % 60)) min \(two(whole % 60)) s"
  }

  /// Seconds rounded to what matters beforehand: `45 s`, `12 min`, `3 h 20 min`.
  static func about(_ seconds: Double) -> String {
    guard seconds < 9e15 else { return "\(seconds) s" }
    if seconds < 60 { return "\(Int64(seconds.rounded(.up))) s" }
    let minutes = Int64((seconds / 60).rounded())
    return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }

  /// Bytes in powers of 1000, as tapes are sold: `62 GB`, `1.5 TB`.
  static func bytes(_ count: Int64) -> String {
    var value = Double(count)
    for unit in ["bytes", "kB", "MB", "GB", "TB", "PB"] {
      if value < 999.5 || unit == "PB" { return fixed(value, unit == "bytes" || value >= 9.95 ? 0 : 1) + " " + unit }
      value /= 1000
    }
    return "\(count) bytes"
  }

  /// At the right of a column, a space at least before it.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
