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
    var negative: Int64 = 0
    for byte in record {
      unsigned += Int64(byte)
      negative += Int64(byte >> 7)
    }
    for byte in record[TarField.checksum] {
      unsigned += 32 - Int64(byte)
      negative -= Int64(byte >> 7)
    }
    return (unsigned, unsigned - negative * 256)
  }

  /// Zeros that fill up the last record of `count` bytes.
  static func padding(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: Int(paddedToTarRecord(Int64(count))) - count)
  }
}

/// What a number's field holds.
enum TarNumber: Equatable {
  /// A number: in base 256 it may be larger than anything means.
  case value(Int128)
  /// Nothing but spaces.
  case blank
  /// Something else than a number.
  case unreadable

  /// Octal digits between spaces and NULs, or base 256 when the first byte says so (GNU).
  static func parse(_ field: ArraySlice<UInt8>) -> TarNumber {
    if let first = field.first, first == 0x80 || first == 0xff {
      return .value(field.dropFirst().reduce(first == 0xff ? -1 : 0) { $0 << 8 | Int128($1) })
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }
    guard !digits.isEmpty else { return .blank }
    var value: Int128 = 0
    for byte in digits.prefix(while: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
      guard (0x30...0x37).contains(byte) else { return .unreadable }
      value = value << 3 | Int128(byte - 0x30)
    }
    return .value(value)
  }
}
