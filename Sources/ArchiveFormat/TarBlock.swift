/// A tar header being made: one record of fields.
struct TarBlock {
  private(set) var bytes = [UInt8](repeating: 0, count: tarRecordSize)

  /// Puts as much of `value` into a field as fits.
  mutating func put(_ value: some Collection<UInt8>, _ field: Range<Int>) {
    bytes.withUnsafeMutableBytes { bytes in
      let space = UnsafeMutableRawBufferPointer(rebasing: bytes[field])
      let isCopied: Void? = value.withContiguousStorageIfAvailable {
        space.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[..<min($0.count, space.count)]))
      }
      guard isCopied == nil else { return }
      for (place, byte) in zip(space.indices, value) { space[place] = byte }
    }
  }

  mutating func put(_ text: StaticString, _ field: Range<Int>) {
    let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    put(text, field)
  }

  /// Puts a number, not negative, into the first `digits` bytes of a field, in octal.
  mutating func putOctal(_ value: Int64, digits: Int, _ field: Range<Int>) {
    bytes.withUnsafeMutableBytes { bytes in
      var rest = value
      for index in stride(from: field.lowerBound + digits - 1, through: field.lowerBound, by: -1) {
        bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest & 7)
        rest >>= 3
      }
    }
  }

  mutating func putTypeflag(_ typeflag: UInt8) { bytes[TarField.typeflag] = typeflag }

  /// Puts the checksum in: all else is done.
  mutating func seal() {
    put("        ", TarField.checksum)
    let sum = bytes.withUnsafeBytes { $0.reduce(into: UInt32(0)) { $0 &+= UInt32($1) } }
    putOctal(Int64(sum), digits: 6, TarField.checksum)
    bytes[TarField.checksum.lowerBound + 6] = 0
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
