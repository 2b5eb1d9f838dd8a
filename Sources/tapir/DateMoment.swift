import ArchiveFormat
import Glibc

/// A date and time being put together of its parts.
struct DateMoment {
  private let now: tm
  private let nowNanoseconds: Int32
  private var year: (value: Int64, digits: Int)
  private var month: Int64
  private var day: Int64
  private var time: (hour: Int64, minute: Int64, second: Int64, nanoseconds: Int32)
  private var meridian: Int32?
  private var weekday: (ordinal: Int64, number: Int32)?
  private var offset: Int?
  private var isSummer: Bool?
  private var relative: (months: Int64, days: Int64, seconds: Int64, nanoseconds: Int64) = (0, 0, 0, 0)
  private var dates = 0
  private var times = 0
  private var weekdays = 0
  private var zones = 0
  private var hasRelative = false

  init(now: Timestamp) {
    var broken = tm()
    var seconds = time_t(now.seconds)
    localtime_r(&seconds, &broken)
    self.now = broken
    nowNanoseconds = now.nanoseconds
    year = (Int64(broken.tm_year) + 1900, 0)
    month = Int64(broken.tm_mon) + 1
    day = Int64(broken.tm_mday)
    time = (0, 0, 0, 0)
  }

  /// Takes everything; false when it is not understood, or says something twice.
  mutating func take(_ tokens: ArraySlice<DateToken>) -> Bool {
    var rest = tokens
    while !rest.isEmpty {
      guard takeItem(&rest) else { return false }
    }
    return dates <= 1 && times <= 1 && weekdays <= 1 && zones <= 1
  }

  private mutating func takeItem(_ rest: inout ArraySlice<DateToken>) -> Bool {
    guard let first = rest.popFirst() else { return false }
    switch first {
    case .number(let value, let digits): return takeNumber(value, digits, &rest)
    case .signed(let value, _):
      guard case .unit(let unit) = rest.first else { return false }
      rest.removeFirst()
      return add(value, unit, &rest)
    case .decimal(let value, let nanoseconds, _):
      guard rest.first == .unit(.seconds(1)) else { return false }
      rest.removeFirst()
      let sign = ago(&rest)
      relative.nanoseconds += sign * Int64(nanoseconds)
      return add(sign * value, .seconds(1), &rest)
    case .month(let number): return takeMonth(number, &rest)
    case .weekday(let number):
      if rest.first == .mark(",") { rest.removeFirst() }
      return set(weekday: (0, number))
    case .ordinal(let count):
      switch rest.popFirst() {
      case .weekday(let number): return set(weekday: (count, number))
      case .unit(let unit): return add(count, unit, &rest)
      default: return false
      }
    case .unit(let unit): return add(1, unit, &rest)
    case .shift(let days):
      hasRelative = true
      relative.days += Int64(days)
      return true
    case .zone(let seconds): return takeZone(seconds, &rest)
    case .letterT:
      // Between a date and a time it only joins them; elsewhere it is a zone. GNU's parse_datetime takes it for one in
      // 20231114T2213 too, which nobody means: that is not understood here.
      if dates == 1, times == 0, case .number = rest.first { return rest.dropFirst().startsTime }
      return takeZone(-7 * 3600, &rest)
    case .localZone(let isSummer):
      zones += 1
      self.isSummer = isSummer
      if rest.first == .summer {
        rest.removeFirst()
        self.isSummer = true
      }
      return true
    case .meridian, .ago, .summer, .mark: return false
    }
  }

  // MARK: Parts that begin with a number

  private mutating func takeNumber(_ value: Int64, _ digits: Int, _ rest: inout ArraySlice<DateToken>) -> Bool {
    switch rest.first {
    case .meridian(let half):
      rest.removeFirst()
      return set(time: (value, 0, 0, 0), half)
    case .mark(":"):
      rest.removeFirst()
      return takeTime(value, &rest)
    case .mark("/"):
      rest.removeFirst()
      return takeSlashes(value, digits, &rest)
    case .month(let number):
      rest.removeFirst()
      switch rest.first {
      case .signed(let value2, let digits2):
        rest.removeFirst()
        return set(date: (-value2, digits2), Int64(number) + 1, value)
      case .number(let value2, let digits2) where !rest.dropFirst().startsTime:
        rest.removeFirst()
        return set(date: (value2, digits2), Int64(number) + 1, value)
      default: return set(date: nil, Int64(number) + 1, value)
      }
    case .weekday(let number):
      rest.removeFirst()
      return set(weekday: (value, number))
    case .unit(let unit):
      rest.removeFirst()
      return add(value, unit, &rest)
    case .signed(let second, _):
      let following = rest.dropFirst()
      if case .signed(let third, _) = following.first {
        rest = following.dropFirst()
        return set(date: (value, digits), -second, -third)
      }
      // A number, and then something relative; or an hour and a zone.
      if case .unit = following.first { return set(digits: value, digits) }
      guard set(time: (value, 0, 0, 0), nil) else { return false }
      return takeOffset(&rest)
    default: return set(digits: value, digits)
    }
  }

  private mutating func takeTime(_ hour: Int64, _ rest: inout ArraySlice<DateToken>) -> Bool {
    guard case .number(let minute, _) = rest.popFirst() else { return false }
    var second: Int64 = 0
    var nanoseconds: Int32 = 0
    if rest.first == .mark(":") {
      rest.removeFirst()
      switch rest.popFirst() {
      case .number(let value, _): second = value
      case .decimal(let value, let rest, isSigned: false): (second, nanoseconds) = (value, rest)
      default: return false
      }
    }
    if case .meridian(let half) = rest.first {
      rest.removeFirst()
      return set(time: (hour, minute, second, nanoseconds), half)
    }
    guard set(time: (hour, minute, second, nanoseconds), nil) else { return false }
    if case .signed = rest.first { return takeOffset(&rest) }
    return true
  }

  /// MONTH/DAY/YEAR, or YEAR/MONTH/DAY when the year has four digits, or MONTH/DAY.
  private mutating func takeSlashes(_ first: Int64, _ digits: Int, _ rest: inout ArraySlice<DateToken>) -> Bool {
    guard case .number(let second, _) = rest.popFirst() else { return false }
    guard rest.first == .mark("/") else { return set(date: nil, first, second) }
    rest.removeFirst()
    guard case .number(let third, let thirdDigits) = rest.popFirst() else { return false }
    if digits >= 4 { return set(date: (first, digits), second, third) }
    return set(date: (third, thirdDigits), first, second)
  }

  private mutating func takeMonth(_ number: Int32, _ rest: inout ArraySlice<DateToken>) -> Bool {
    let month = Int64(number) + 1
    switch rest.popFirst() {
    case .signed(let day, _):
      guard case .signed(let year, let digits) = rest.popFirst() else { return false }
      return set(date: (-year, digits), month, -day)
    case .number(let day, _):
      if rest.first == .mark(","), case .number(let year, let digits) = rest.dropFirst().first {
        rest = rest.dropFirst(2)
        return set(date: (year, digits), month, day)
      }
      return set(date: nil, month, day)
    default: return false
    }
  }

  /// Digits alone: a year behind a date and time, a date of more than four, else hours and minutes.
  private mutating func set(digits value: Int64, _ digits: Int) -> Bool {
    if dates == 1, year.digits == 0, !hasRelative, times == 1 || digits > 2 {
      year = (value, digits)
      return true
    }
    if digits > 4 { return set(date: (value / 10_000, digits - 4), value / 100 % 100, value % 100) }
    return set(time: digits <= 2 ? (value, 0, 0, 0) : (value / 100, value % 100, 0, 0), nil)
  }

  // MARK: Zones

  /// A zone by name, and what is added to it.
  private mutating func takeZone(_ seconds: Int, _ rest: inout ArraySlice<DateToken>) -> Bool {
    zones += 1
    offset = seconds
    if rest.first == .summer {
      rest.removeFirst()
      offset = seconds + 3600
    } else if case .signed = rest.first {
      if case .unit = rest.dropFirst().first { return true }
      zones -= 1
      guard takeOffset(&rest) else { return false }
      offset = seconds + (offset ?? 0)
    }
    return true
  }

  /// `+HH`, `+HHMM` or `+HH:MM`.
  private mutating func takeOffset(_ rest: inout ArraySlice<DateToken>) -> Bool {
    guard case .signed(let value, let digits) = rest.popFirst() else { return false }
    var minutes = value / 100 * 60 + value % 100
    if rest.first == .mark(":"), case .number(let more, _) = rest.dropFirst().first {
      rest = rest.dropFirst(2)
      minutes = value * 60 + (value < 0 ? -more : more)
    } else if digits <= 2 {
      minutes = value * 60
    }
    guard abs(minutes) <= 24 * 60 else { return false }
    zones += 1
    offset = Int(minutes) * 60
    return true
  }

  // MARK: What was found

  private mutating func set(date year: (value: Int64, digits: Int)?, _ month: Int64, _ day: Int64) -> Bool {
    dates += 1
    if let year { self.year = year }
    (self.month, self.day) = (month, day)
    return true
  }

  private mutating func set(
    time: (hour: Int64, minute: Int64, second: Int64, nanoseconds: Int32), _ half: Int32?
  ) -> Bool {
    times += 1
    self.time = time
    meridian = half
    return true
  }

  private mutating func set(weekday: (ordinal: Int64, number: Int32)) -> Bool {
    weekdays += 1
    self.weekday = weekday
    return true
  }

  private func ago(_ rest: inout ArraySlice<DateToken>) -> Int64 {
    guard case .ago(let sign) = rest.first else { return 1 }
    rest.removeFirst()
    return sign
  }

  private mutating func add(_ count: Int64, _ unit: DateUnit, _ rest: inout ArraySlice<DateToken>) -> Bool {
    guard abs(count) < 1 << 40 else { return false }
    hasRelative = true
    let count = count * ago(&rest)
    switch unit {
    case .months(let length): relative.months += count * length
    case .days(let length): relative.days += count * length
    case .seconds(let length): relative.seconds += count * length
    }
    return true
  }

  /// Hours with `am` or `pm`; nil when there is no such hour.
  private var hour: Int64? {
    guard let meridian else { return (0...23).contains(time.hour) ? time.hour : nil }
    guard (1...12).contains(time.hour) else { return nil }
    return time.hour % 12 + Int64(meridian)
  }

  /// The time that it comes to; nil when there is no such date.
  var timestamp: Timestamp? {
    var broken = tm()
    // Two digits are of 1969 to 2068.
    let fullYear = year.digits == 2 ? year.value + (year.value < 69 ? 2000 : 1900) : year.value
    guard let tmYear = Int32(exactly: fullYear - 1900), let tmMonth = Int32(exactly: month - 1),
      let tmDay = Int32(exactly: day)
    else { return nil }
    (broken.tm_year, broken.tm_mon, broken.tm_mday) = (tmYear, tmMonth, tmDay)
    var nanoseconds: Int32 = 0
    if times > 0 {
      guard let hour, let minute = Int32(exactly: time.minute), let second = Int32(exactly: time.second) else {
        return nil
      }
      (broken.tm_hour, broken.tm_min, broken.tm_sec, nanoseconds) = (Int32(hour), minute, second, time.nanoseconds)
    } else if hasRelative, dates == 0, weekdays == 0 {
      (broken.tm_hour, broken.tm_min, broken.tm_sec) = (now.tm_hour, now.tm_min, now.tm_sec)
      nanoseconds = nowNanoseconds
    } else if dates == 0, weekdays == 0, zones == 0 {
      (broken.tm_hour, broken.tm_min, broken.tm_sec) = (0, 0, 0)
    }
    broken.tm_isdst = dates + weekdays + times > 0 ? -1 : now.tm_isdst
    if let isSummer { broken.tm_isdst = isSummer ? 1 : 0 }
    let given = broken
    guard var seconds = Self.seconds(&broken, offset) else { return nil }
    // What there is not, such as 30 February or 25:61, comes out as something else.
    guard
      (given.tm_year, given.tm_mon, given.tm_mday) == (broken.tm_year, broken.tm_mon, broken.tm_mday),
      (given.tm_hour, given.tm_min, given.tm_sec) == (broken.tm_hour, broken.tm_min, broken.tm_sec)
        || given.tm_sec == 60
    else { return nil }
    if let weekday, dates == 0 {
      let days = Int64((weekday.number - broken.tm_wday + 7) % 7)
      let weeks = weekday.ordinal - (weekday.ordinal > 0 && broken.tm_wday != weekday.number ? 1 : 0)
      broken.tm_isdst = -1
      guard abs(weekday.ordinal) < 1 << 24, move(&broken, days: days + 7 * weeks, months: 0),
        let moved = Self.seconds(&broken, offset)
      else { return nil }
      seconds = moved
    }
    if relative.months != 0 || relative.days != 0 {
      // As in parse_datetime: what is only relative stays in summer time or out of it.
      (broken.tm_hour, broken.tm_min, broken.tm_sec) = (given.tm_hour, given.tm_min, given.tm_sec)
      broken.tm_isdst = given.tm_isdst
      guard move(&broken, days: relative.days, months: relative.months), let moved = Self.seconds(&broken, offset)
      else { return nil }
      seconds = moved
    }
    return Timestamp(seconds: seconds, nanoseconds: nanoseconds).adding(relative.seconds, relative.nanoseconds)
  }

  private func move(_ broken: inout tm, days: Int64, months: Int64) -> Bool {
    guard let day = Int32(exactly: Int64(broken.tm_mday) + days),
      let month = Int32(exactly: Int64(broken.tm_mon) + months)
    else { return false }
    (broken.tm_mday, broken.tm_mon) = (day, month)
    return true
  }

  /// Brings a date into its normal form; nil when it is beyond what a time can be.
  private static func seconds(_ broken: inout tm, _ offset: Int?) -> Int64? {
    broken.tm_wday = -1
    let seconds = offset == nil ? mktime(&broken) : timegm(&broken)
    // -1 is a time too: a failure leaves the day of the week as it was.
    guard broken.tm_wday >= 0 else { return nil }
    return Int64(seconds) - Int64(offset ?? 0)
  }
}

extension ArraySlice<DateToken> {
  /// Whether they go on like a time whose hour came before.
  fileprivate var startsTime: Bool {
    if case .meridian = first { return true }
    return first == .mark(":")
  }
}

extension Timestamp {
  fileprivate func adding(_ more: Int64, _ moreNanoseconds: Int64) -> Timestamp? {
    let sum = Int64(nanoseconds) + moreNanoseconds
    let carried = sum >= 0 ? sum / 1_000_000_000 : -((999_999_999 - sum) / 1_000_000_000)
    let (total, overflow) = seconds.addingReportingOverflow(more + carried)
    return overflow ? nil : Timestamp(seconds: total, nanoseconds: Int32(sum - carried * 1_000_000_000))
  }
}
