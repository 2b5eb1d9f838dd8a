/// A tar header being made: one record of fields.
struct TarBlock {
  private(set) var bytes = [UInt8](repeating: 0, count: tarRecordSize)

  /// Puts as much of `value` into a field as fits.
  mutating func put(_ value: some Collection<UInt8>, _ field: Range<Int>) {
    var offset = field.lowerBound
    for byte in value.prefix(field.count) {
      bytes[offset] = byte
      offset += 1
    }
  }

  mutating func put(_ text: StaticString, _ field: Range<Int>) { put(text.description.utf8, field) }

  mutating func putTypeflag(_ typeflag: UInt8) { bytes[TarField.typeflag] = typeflag }

  /// Puts the checksum in: all else is done.
  mutating func seal() {
    put("        ", TarField.checksum)
    put(Self.octal(bytes.reduce(0) { $0 + Int64($1) }, digits: 6) + [0], TarField.checksum)
  }

  /// `value`, not negative, in so many octal digits.
  static func octal(_ value: Int64, digits count: Int) -> [UInt8] {
    var digits = [UInt8](repeating: UInt8(ascii: "0"), count: count)
    var rest = value
    for index in stride(from: count - 1, through: 0, by: -1) {
      digits[index] = UInt8(ascii: "0") + UInt8(rest & 7)
      rest >>= 3
    }
    return digits
  }

  /// The largest number of so many octal digits.
  static func largest(digits count: Int) -> Int64 { 1 << (3 * Int64(count)) - 1 }

  /// The sums of a header's bytes, its checksum's field as spaces: of unsigned bytes, and of signed ones as some old
  /// programs had it.
  static func sums(_ record: [UInt8]) -> (unsigned: Int64, signed: Int64) {
    var unsigned: Int64 = 0
    var signed: Int64 = 0
    for (offset, byte) in record.enumerated() {
      let byte = TarField.checksum.contains(offset) ? UInt8(ascii: " ") : byte
      unsigned += Int64(byte)
      signed += Int64(Int8(bitPattern: byte))
    }
    return (unsigned, signed)
  }

  /// Zeros that fill up the last record of `count` bytes.
  static func padding(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: Int(paddedToTarRecord(Int64(count))) - count)
  }
}

/// What a number's field holds.
enum TarNumber: Equatable {
  case value(Int64)
  /// Nothing but spaces.
  case blank
  /// Something else than a number.
  case unreadable
  /// A number that 64 bits do not hold.
  case outOfRange

  /// Octal digits between spaces and NULs, or base 256 when the first bit is set (GNU).
  static func parse(_ field: ArraySlice<UInt8>) -> TarNumber {
    if let first = field.first, first == 0x80 || first == 0xff { return base256(field) }
    let digits = field.drop { $0 == UInt8(ascii: " ") }
    guard !digits.isEmpty else { return .blank }
    var value: Int64 = 0
    for byte in digits.prefix(while: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
      guard (0x30...0x37).contains(byte) else { return .unreadable }
      value = value << 3 | Int64(byte - 0x30)  // no field has more than 12 digits
    }
    return .value(value)
  }

  private static func base256(_ field: ArraySlice<UInt8>) -> TarNumber {
    let isNegative = field.first == 0xff
    let value = Int64(bitPattern: field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    // A field of 8 bytes has 7 of digits: its first one is the sign.
    if field.count <= 8 { return .value(isNegative ? value : value & 0x00ff_ffff_ffff_ffff) }
    let extra = field.dropFirst().dropLast(8)
    guard extra.allSatisfy({ $0 == (isNegative ? 0xff : 0) }), (value < 0) == isNegative else { return .outOfRange }
    return .value(value)
  }
}
