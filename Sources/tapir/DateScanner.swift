/// The words and numbers of a date, as GNU's parse_datetime tells them apart.
enum DateToken: Equatable {
  /// A number without a sign; how many digits it has matters.
  case number(Int64, digits: Int)
  /// A number with its sign.
  case signed(Int64, digits: Int)
  /// One with a fraction, in nanoseconds toward later.
  case decimal(Int64, nanoseconds: Int32, isSigned: Bool)
  case month(Int32)
  case weekday(Int32)
  /// 12 for `pm`, 0 for `am`.
  case meridian(Int32)
  /// Seconds east of Greenwich.
  case zone(Int)
  /// A name of the local zone.
  case localZone(isSummer: Bool)
  /// `DST` behind a zone.
  case summer
  /// The letter between a date and a time; a military zone elsewhere.
  case letterT
  /// `next`, `third`.
  case ordinal(Int64)
  case shift(days: Int32)
  case ago(Int64)
  case unit(DateUnit)
  case mark(Character)
}

/// What a relative date counts.
enum DateUnit: Equatable {
  case months(Int64), days(Int64), seconds(Int64)
}

/// Splits the text of a date into tokens.
struct DateScanner {
  private var rest: ArraySlice<UInt8>
  /// Names of the local zone: standard time and, where there is one, summer time.
  private let localZones: [String]

  init(_ text: [UInt8], localZones: [String]) {
    rest = text[...]
    self.localZones = localZones
  }

  /// All tokens; nil where a word means nothing.
  mutating func tokens() -> [DateToken]? {
    var tokens: [DateToken] = []
    while true {
      rest = rest.drop { WordSplitter.isBlank($0) }
      guard let byte = rest.first else { return tokens }
      if Self.isDigit(byte) || Self.isSign(byte) {
        guard let token = number() else { return nil }
        if token != .mark("-") { tokens.append(token) }
      } else if Self.isLetter(byte) {
        let word = rest.prefix { Self.isLetter($0) || $0 == UInt8(ascii: ".") }
        rest = rest.dropFirst(word.count)
        guard let token = self.word(String(decoding: word, as: UTF8.self).uppercased()) else { return nil }
        tokens.append(token)
      } else if byte == UInt8(ascii: "(") {
        guard skipComment() else { return nil }
      } else {
        tokens.append(.mark(Character(Unicode.Scalar(byte))))
        rest = rest.dropFirst()
      }
    }
  }

  /// Stands for a sign that belongs to nothing: it is passed over.
  private mutating func number() -> DateToken? {
    var sign: Int64?
    while let byte = rest.first, Self.isSign(byte) {
      sign = byte == UInt8(ascii: "-") ? -1 : 1
      rest = rest.dropFirst().drop { WordSplitter.isBlank($0) }
    }
    let digits = rest.prefix { Self.isDigit($0) }
    guard !digits.isEmpty else { return .mark("-") }
    guard let value = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
    rest = rest.dropFirst(digits.count)
    let signed = value * (sign ?? 1)
    if let point = rest.first, point == UInt8(ascii: ".") || point == UInt8(ascii: ","),
      let next = rest.dropFirst().first, Self.isDigit(next)
    {
      let decimals = rest.dropFirst().prefix { Self.isDigit($0) }
      rest = rest.dropFirst(1 + decimals.count)
      var nanoseconds = decimals.prefix(9).reduce(Int32(0)) { $0 * 10 + Int32($1 - 0x30) }
      for _ in decimals.count..<max(9, decimals.count) { nanoseconds *= 10 }
      if sign == -1, nanoseconds > 0 {
        return .decimal(signed - 1, nanoseconds: 1_000_000_000 - nanoseconds, isSigned: true)
      }
      return .decimal(signed, nanoseconds: nanoseconds, isSigned: sign != nil)
    }
    return sign == nil ? .number(value, digits: digits.count) : .signed(signed, digits: digits.count)
  }

  private mutating func skipComment() -> Bool {
    var depth = 0
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      if depth == 0 { return true }
    }
    return false
  }

  private func word(_ word: String) -> DateToken? {
    switch word {
    case "AM", "A.M.": return .meridian(0)
    case "PM", "P.M.": return .meridian(12)
    case "DST": return .summer
    default: break
    }
    if let token = Self.month(word) ?? Self.weekday(word) ?? zone(word) ?? Self.relative(word) { return token }
    if word == "T" { return .letterT }
    if word.utf8.count == 1, let letter = word.utf8.first, let hours = Self.militaryHours(letter) {
      return .zone(hours * 3600)
    }
    let bare = word.filter { $0 != "." }
    return bare == word ? nil : zone(bare)
  }

  /// A name, or its first three letters, with a dot or not.
  private static func position(_ word: String, in names: [String]) -> Int32? {
    let short = word.hasSuffix(".") ? String(word.dropLast()) : word
    return names.firstIndex { $0 == word || short.count == 3 && $0.hasPrefix(short) }.map { Int32($0) }
  }

  private static func month(_ word: String) -> DateToken? {
    let names = [
      "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER",
      "DECEMBER",
    ]
    return position(word == "SEPT" ? "SEP" : word, in: names).map { .month($0) }
  }

  private static func weekday(_ word: String) -> DateToken? {
    let names = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]
    let others = ["TUES": "TUE", "WEDNES": "WED", "THUR": "THU", "THURS": "THU"]
    return position(others[word] ?? word, in: names).map { .weekday($0) }
  }

  private func zone(_ word: String) -> DateToken? {
    if ["GMT", "UT", "UTC"].contains(word) { return .zone(0) }
    if let index = localZones.firstIndex(of: word) { return .localZone(isSummer: index == 1) }
    return Self.zones[word].map { .zone($0 * 60) }
  }

  private static func relative(_ word: String) -> DateToken? {
    let units: [String: DateUnit] = [
      "YEAR": .months(12), "MONTH": .months(1), "FORTNIGHT": .days(14), "WEEK": .days(7), "DAY": .days(1),
      "HOUR": .seconds(3600), "MINUTE": .seconds(60), "MIN": .seconds(60), "SECOND": .seconds(1), "SEC": .seconds(1),
    ]
    if let unit = units[word] ?? (word.last == "S" ? units[String(word.dropLast())] : nil) { return .unit(unit) }
    let shifts: [String: Int32] = ["TOMORROW": 1, "YESTERDAY": -1, "TODAY": 0, "NOW": 0]
    if let days = shifts[word] { return .shift(days: days) }
    if word == "AGO" { return .ago(-1) }
    if word == "HENCE" { return .ago(1) }
    let ordinals: [String: Int64] = [
      "LAST": -1, "THIS": 0, "NEXT": 1, "FIRST": 1, "THIRD": 3, "FOURTH": 4, "FIFTH": 5, "SIXTH": 6, "SEVENTH": 7,
      "EIGHTH": 8, "NINTH": 9, "TENTH": 10, "ELEVENTH": 11, "TWELFTH": 12,
    ]
    return ordinals[word].map { .ordinal($0) }
  }

  /// J is no zone, and T is told apart before.
  private static func militaryHours(_ letter: UInt8) -> Int? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "I"): Int(letter) - 64
    case UInt8(ascii: "K")...UInt8(ascii: "M"): Int(letter) - 65
    case UInt8(ascii: "N")...UInt8(ascii: "Y"): 77 - Int(letter)
    case UInt8(ascii: "Z"): 0
    default: nil
    }
  }

  /// Minutes east of Greenwich.
  private static let zones: [String: Int] = [
    "WET": 0, "WEST": 60, "BST": 60, "ART": -180, "BRT": -180, "BRST": -120, "NST": -210, "NDT": -150, "AST": -240,
    "ADT": -180, "CLT": -240, "CLST": -180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "HAST": -600, "HADT": -540,
    "SST": -720, "WAT": 60, "CET": 60, "CEST": 120, "MET": 60, "MEZ": 60, "MEST": 120, "MESZ": 120, "EET": 120,
    "EEST": 180, "CAT": 120, "SAST": 120, "EAT": 180, "MSK": 180, "MSD": 240, "IST": 330, "SGT": 480, "KST": 540,
    "JST": 540, "GST": 600, "NZST": 720, "NZDT": 780,
  ]

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
}
