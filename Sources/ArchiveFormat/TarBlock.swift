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
    putOctal(Self.sums(bytes).unsigned, digits: 6, TarField.checksum)
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

  /// The sums of the bytes of a header, which is a whole record, its checksum's field as spaces: of unsigned bytes, and of signed ones as some old
  /// programs had it.
  static func sums(_ record: [UInt8]) -> (unsigned: Int64, signed: Int64) {
    var unsigned: Int64 = 0
    var negative: Int64 = 0
    record.withUnsafeBytes { record in
      // Eight bytes at a time, in fields of 16 bits: they hold the sum of all.
      var sum: UInt64 = 0
      var signs: UInt64 = 0
      let even: UInt64 = 0x00ff_00ff_00ff_00ff
      for offset in stride(from: 0, to: record.count & ~7, by: 8) {
        let word = record.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        sum &+= word & even &+ word >> 8 & even
        signs &+= word >> 7 & 0x0001_0001_0001_0001 &+ word >> 15 & 0x0001_0001_0001_0001
      }
      for shift in stride(from: 0 as UInt64, to: 64, by: 16) {
        unsigned += Int64(sum >> shift & 0xffff)
        negative += Int64(signs >> shift & 0xffff)
      }
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
    return field.withUnsafeBytes { field in
      var place = 0
      while place < field.count, field[place] == UInt8(ascii: " ") { place += 1 }
      if place == field.count { return .blank }
      var value: UInt64 = 0
      // No field has so many digits that they do not fit.
      while place < field.count, field[place] != 0, field[place] != UInt8(ascii: " ") {
        guard (0x30...0x37).contains(field[place]) else { return .unreadable }
        value = value << 3 | UInt64(field[place] - 0x30)
        place += 1
      }
      return .value(Int128(value))
    }
  }
}
