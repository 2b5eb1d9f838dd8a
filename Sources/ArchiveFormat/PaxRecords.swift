/// The records of a pax extended header (POSIX.1-2017 pax, *pax Extended Header*): `length keyword=value\n`.
struct PaxRecords {
  private(set) var bytes: [UInt8] = []

  var isEmpty: Bool { bytes.isEmpty }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append(_ keyword: String, _ value: String) { put(keyword.utf8, value.utf8) }
  mutating func append(_ keyword: String, _ value: [UInt8]) { put(keyword.utf8, value) }
  mutating func append(_ keyword: [UInt8], _ value: [UInt8]) { put(keyword, value) }

  private mutating func put(_ keyword: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    // The length counts itself, a blank, an equals sign and a line feed.
    let rest = keyword.count + value.count + 3
    var digits = 1
    var limit = 10
    while rest + digits >= limit {
      digits += 1
      limit *= 10
    }
    append(decimal: rest + digits)
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: keyword)
    bytes.append(UInt8(ascii: "="))
    bytes.append(contentsOf: value)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(decimal number: Int) {
    if number >= 10 { append(decimal: number / 10) }
    bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  // MARK: Reading

  typealias Record = (keyword: [UInt8], value: [UInt8])

  /// Why records cannot be read on.
  enum Fault: Error {
    case missingLength
    case lengthOutOfRange
    case missingBlank
    case missingEquals
    case missingNewline
  }

  /// Takes the first record off `rest`.
  static func next(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> Record {
    var place = rest.startIndex
    var length = 0
    while place < rest.endIndex, (0x30...0x39).contains(rest[place]) {
      guard place - rest.startIndex < 9 else { throw .lengthOutOfRange }
      length = length * 10 + Int(rest[place] - 0x30)
      place += 1
    }
    guard place > rest.startIndex else { throw .missingLength }
    guard length <= rest.count else { throw .lengthOutOfRange }
    guard place < rest.endIndex, rest[place] == UInt8(ascii: " ") else { throw .missingBlank }
    guard length > place - rest.startIndex + 1 else { throw .lengthOutOfRange }
    let record = rest[(place + 1)..<rest.startIndex + length]
    guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw .missingEquals }
    guard record.last == UInt8(ascii: "\n") else { throw .missingNewline }
    rest = rest[(rest.startIndex + length)...]
    return (Array(record[..<equals]), Array(record[(equals + 1)...].dropLast()))
  }

  // MARK: Values

  /// A number without a sign; nil when it is none, or too large.
  static func decimal(_ digits: some Collection<UInt8>) -> Int64? {
    if digits.isEmpty { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard (0x30...0x39).contains(byte) else { return nil }
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflows) = product.addingReportingOverflow(Int64(byte - 0x30))
      guard !isTooLarge, !overflows else { return nil }
      value = sum
    }
    return value
  }

  /// Seconds with a fraction, without trailing zeros; before 1970 the fraction counts backwards as the sign does.
  static func decimal(_ time: Timestamp) -> String {
    var whole = time.seconds
    var fraction = Int(time.nanoseconds)
    let isNegative = whole < 0
    if isNegative && fraction > 0 {
      whole += 1
      fraction = 1_000_000_000 - fraction
    }
    let sign = isNegative && whole == 0 ? "-" : ""
    guard fraction > 0 else { return sign + String(whole) }
    var count = 9
    while fraction % 10 == 0 {
      fraction /= 10
      count -= 1
    }
    let beginning = sign + String(whole) + "."
    let decimals = String(unsafeUninitializedCapacity: count) { digits in
      for index in stride(from: count - 1, through: 0, by: -1) {
        digits[index] = UInt8(ascii: "0") + UInt8(fraction % 10)
        fraction /= 10
      }
      return count
    }
    return beginning + decimals
  }

  /// Seconds with an optional sign and fraction; nil when it is something else.
  static func time(_ value: [UInt8]) -> Timestamp? {
    let isNegative = value.first == UInt8(ascii: "-")
    let digits = value[(isNegative ? 1 : 0)...]
    let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.endIndex
    guard let seconds = decimal(digits[..<point]) else { return nil }
    var fraction: Int32 = 0
    if point < digits.endIndex {
      guard point + 1 < digits.endIndex else { return nil }
      for place in point + 1..<point + 10 {
        let digit = place < digits.endIndex ? digits[place] &- 0x30 : 0
        guard digit <= 9 else { return nil }
        fraction = fraction * 10 + Int32(digit)
      }
    }
    guard isNegative else { return Timestamp(seconds: seconds, nanoseconds: fraction) }
    return fraction == 0
      ? Timestamp(seconds: -seconds) : Timestamp(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - fraction)
  }

  /// An attribute's name as GNU tar writes it into a keyword: `%` as `%25`, `=` as `%3D`.
  static func escaped(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "=") }) else { return name }
    return name.flatMap { byte in
      switch byte {
      case UInt8(ascii: "%"): Array("%25".utf8)
      case UInt8(ascii: "="): Array("%3D".utf8)
      default: [byte]
      }
    }
  }

  /// The name that ``escaped(_:)`` was made of.
  static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = name
    while let byte = rest.first {
      if rest.starts(with: "%25".utf8) {
        result.append(UInt8(ascii: "%"))
        rest = rest.dropFirst(3)
      } else if rest.starts(with: "%3D".utf8) {
        result.append(UInt8(ascii: "="))
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
