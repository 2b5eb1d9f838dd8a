import ArchiveFormat
import ArchiveOperations
import Glibc

/// Dates as people write them on the command line: the forms of GNU's parse_datetime that are in use. Local time where
/// no zone is named.
enum DateText {
  /// The time that `text` means; nil when it is not understood.
  static func parse(_ text: [UInt8], now: Timestamp = .now()) -> Timestamp? {
    var rest = String(decoding: text, as: UTF8.self).lowercased()[...]
    rest = trimmed(rest)
    if rest.first == "@" { return seconds(rest.dropFirst()) }
    var moment = Moment(now: now)
    var tokens = tokens(rest)[...]
    guard !tokens.isEmpty else { return nil }
    while !tokens.isEmpty {
      guard moment.take(&tokens) else { return nil }
    }
    return moment.timestamp
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// Words, numbers with what is joined to them, and signs.
  private static func tokens(_ text: Substring) -> [Substring] {
    var tokens: [Substring] = []
    for word in text.split(separator: " ") {
      // `2026-11-21T06:11` is a date and a time; `3days` a number and a unit.
      if let t = word.firstIndex(of: "t"), t > word.startIndex, word[..<t].allSatisfy({ $0.isNumber || $0 == "-" }),
        word[word.index(after: t)...].first?.isNumber == true
      {
        tokens += [word[..<t], word[word.index(after: t)...]]
      } else if let letter = word.firstIndex(where: \.isLetter), letter > word.startIndex,
        word[..<letter].allSatisfy({ $0.isNumber || $0 == "+" || $0 == "-" }),
        !word[..<letter].dropFirst().contains("-")
      {
        tokens += [word[..<letter], word[letter...]]
      } else {
        tokens.append(word)
      }
    }
    return tokens
  }

  /// `SECONDS[.FRACTION]`, which may be negative.
  private static func seconds(_ text: Substring) -> Timestamp? {
    let isNegative = text.first == "-"
    let parts = text.drop { $0 == "-" || $0 == "+" }.split(
      maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == "." || $0 == "," })
    guard let first = parts.first, let whole = Int64(first), whole >= 0,
      let nanoseconds = parts.count == 2 ? fraction(parts[1]) : 0
    else { return nil }
    if !isNegative { return Timestamp(seconds: whole, nanoseconds: nanoseconds) }
    return nanoseconds == 0
      ? Timestamp(seconds: -whole) : Timestamp(seconds: -whole - 1, nanoseconds: 1_000_000_000 - nanoseconds)
  }

  /// Decimals of a second in nanoseconds; more than nine are cut.
  fileprivate static func fraction(_ digits: Substring) -> Int32? {
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    return Int32(String((digits + "000000000").prefix(9)))
  }
}

/// A date and time being put together.
private struct Moment {
  private var broken: tm
  private var nanoseconds: Int32
  private var offset: Int?
  private var hasDate = false
  private var hasTime = false
  private var addedSeconds: Int64 = 0

  init(now: Timestamp) {
    broken = tm()
    var seconds = time_t(now.seconds)
    localtime_r(&seconds, &broken)
    nanoseconds = now.nanoseconds
  }

  /// Takes one part of the text; false when it is not understood.
  mutating func take(_ tokens: inout ArraySlice<Substring>) -> Bool {
    guard let token = tokens.popFirst() else { return false }
    if takeWord(token) || takeDate(token) || takeTime(token) || takeZone(token) { return true }
    if takeMonth(token, &tokens) { return true }
    return takeRelative(token, &tokens)
  }

  private mutating func takeWord(_ word: Substring) -> Bool {
    let days = ["now": 0, "today": 0, "yesterday": -1, "tomorrow": 1]
    guard let count = days[String(word)] else { return false }
    broken.tm_mday += Int32(count)
    return true
  }

  private mutating func takeDate(_ word: Substring) -> Bool {
    guard !hasDate else { return false }
    var numbers: [Int32?]
    if word.contains("/") {
      // MONTH/DAY/YEAR, or YEAR/MONTH/DAY when the year has four digits.
      numbers = word.split(separator: "/", omittingEmptySubsequences: false).map { Self.number($0) }
      guard numbers.count == 3 else { return false }
      if word.prefix(while: { $0 != "/" }).count != 4 { numbers = [numbers[2], numbers[0], numbers[1]] }
    } else {
      numbers = word.split(separator: "-", omittingEmptySubsequences: false).map { Self.number($0) }
      guard word.prefix(while: { $0 != "-" }).count == 4 else { return false }
    }
    guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let day = numbers[2] else { return false }
    return set(year, month, day)
  }

  /// `21 nov 2026` and `nov 21 2026`, the year or not, commas or not.
  private mutating func takeMonth(_ word: Substring, _ tokens: inout ArraySlice<Substring>) -> Bool {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    func month(_ word: Substring?) -> Int32? {
      word.flatMap { word in names.firstIndex { word.hasPrefix($0) } }.map { Int32($0) + 1 }
    }
    func day(_ word: Substring?) -> Int32? { word.flatMap { Self.number($0.last == "," ? $0.dropLast() : $0) } }
    let found: (month: Int32, day: Int32)
    if let number = month(word), let next = day(tokens.first) {
      found = (number, next)
    } else if let next = day(word), let number = month(tokens.first) {
      found = (number, next)
    } else {
      return false
    }
    tokens = tokens.dropFirst()
    var year = broken.tm_year + 1900
    if let word = tokens.first, word.count == 4, let number = Self.number(word) {
      year = number
      tokens = tokens.dropFirst()
    }
    return set(year, found.month, found.day)
  }

  private mutating func set(_ year: Int32, _ month: Int32, _ day: Int32) -> Bool {
    guard !hasDate, (1...12).contains(month), (1...31).contains(day) else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int32] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[Int(month) - 1] else { return false }
    hasDate = true
    (broken.tm_year, broken.tm_mon, broken.tm_mday) = (year - 1900, month - 1, day)
    return true
  }

  /// `HH:MM[:SS[.FRACTION]]`, a zone joined to it or not.
  private mutating func takeTime(_ word: Substring) -> Bool {
    let end = word.firstIndex { $0 == "+" || $0 == "-" || $0.isLetter } ?? word.endIndex
    let parts = word[..<end].split(separator: ":", omittingEmptySubsequences: false)
    guard !hasTime, (2...3).contains(parts.count), let hour = Self.number(parts[0]), let minute = Self.number(parts[1]),
      (0...24).contains(hour), (0...59).contains(minute)
    else { return false }
    var second: Int32 = 0
    var rest: Int32 = 0
    if parts.count == 3 {
      let pieces = parts[2].split(omittingEmptySubsequences: false, whereSeparator: { $0 == "." || $0 == "," })
      guard pieces.count <= 2, let whole = Self.number(pieces[0]), (0...60).contains(whole) else { return false }
      second = whole
      if pieces.count == 2 {
        guard let nanoseconds = DateText.fraction(pieces[1]) else { return false }
        rest = nanoseconds
      }
    }
    hasTime = true
    (broken.tm_hour, broken.tm_min, broken.tm_sec, nanoseconds) = (hour, minute, second, rest)
    return end == word.endIndex || takeZone(word[end...])
  }

  /// `UTC`, `GMT`, `Z`, `+HH`, `+HHMM` and `+HH:MM`, behind a time.
  private mutating func takeZone(_ word: Substring) -> Bool {
    guard offset == nil, hasTime || hasDate else { return false }
    if ["utc", "gmt", "z"].contains(word) {
      offset = 0
      return true
    }
    guard hasTime, let sign = word.first, sign == "+" || sign == "-" else { return false }
    let digits = word.dropFirst().filter { $0 != ":" }
    guard [1, 2, 4].contains(digits.count), let number = Self.number(digits[...]) else { return false }
    let (hours, minutes) = digits.count == 4 ? (number / 100, number % 100) : (number, 0)
    guard hours <= 24, minutes < 60 else { return false }
    offset = Int(hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    return true
  }

  /// `N days`, `+N days`, `N days ago`, `last week`, `next month`, `a day ago`.
  private mutating func takeRelative(_ word: Substring, _ tokens: inout ArraySlice<Substring>) -> Bool {
    let words: [Substring: Int64] = ["last": -1, "this": 0, "next": 1, "a": 1, "an": 1]
    let number = words[word] ?? Int64(word.first == "+" ? word.dropFirst() : word)
    let unit = number == nil ? word : tokens.popFirst()
    guard var count = number ?? 1 as Int64?, abs(count) < 1 << 40, var unit else { return false }
    if unit.last == "s" { unit = unit.dropLast() }
    if tokens.first == "ago" {
      count = -count
      tokens = tokens.dropFirst()
    }
    let seconds: [Substring: Int64] = ["sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600]
    let days: [Substring: Int64] = ["day": 1, "week": 7, "fortnight": 14]
    let months: [Substring: Int64] = ["month": 1, "year": 12]
    if let length = seconds[unit] {
      addedSeconds += count * length
    } else if let length = days[unit], let sum = Int32(exactly: Int64(broken.tm_mday) + count * length) {
      broken.tm_mday = sum
    } else if let length = months[unit], let sum = Int32(exactly: Int64(broken.tm_mon) + count * length) {
      broken.tm_mon = sum
    } else {
      return false
    }
    return true
  }

  private static func number(_ text: Substring) -> Int32? {
    text.isEmpty || !text.allSatisfy { $0.isASCII && $0.isNumber } ? nil : Int32(text)
  }

  var timestamp: Timestamp? {
    var broken = broken
    var rest = nanoseconds
    // A date alone is its beginning; what is relative to now keeps the time of day.
    if hasDate && !hasTime { (broken.tm_hour, broken.tm_min, broken.tm_sec, rest) = (0, 0, 0, 0) }
    broken.tm_isdst = -1
    let seconds = offset.map { timegm(&broken) - $0 } ?? mktime(&broken)
    return Timestamp(seconds: Int64(seconds) + addedSeconds, nanoseconds: rest)
  }
}
