/// Reads the fields of a label from left to right; the calls of a parser are the standard's table.
struct LabelReader {
  let label: String
  let block: LabelBlock
  private(set) var offset = 0

  /// Starts behind the four-character identifier, which must be one of `identifiers`.
  init(_ block: LabelBlock, oneOf identifiers: [String]) throws(LabelError) {
    self.block = block
    let found = String((0..<4).map { Character(UnicodeScalar(block[$0])) })
    guard identifiers.contains(found) else {
      throw .wrongIdentifier(expected: identifiers.joined(separator: " or "), found: found)
    }
    label = found
    offset = 4
  }

  /// The next `width` characters without the spaces that fill the field; bytes outside printable ASCII are refused.
  mutating func text(_ width: Int, _ field: String) throws(LabelError) -> String {
    let raw = take(width)
    guard raw.unicodeScalars.allSatisfy({ (0x20...0x7e).contains($0.value) }) else {
      throw .badField(label: label, field: field, offset: offset - width, found: raw)
    }
    return String(raw.reversed().drop { $0 == " " }.reversed())
  }

  /// The next `width` characters as a decimal number.
  mutating func digits(_ width: Int, _ field: String) throws(LabelError) -> Int {
    let raw = take(width)
    var value = 0
    for scalar in raw.unicodeScalars {
      guard (0x30...0x39).contains(scalar.value) else {
        throw .notDigits(label: label, field: field, offset: offset - width, found: raw)
      }
      value = value * 10 + Int(scalar.value - 0x30)
    }
    return value
  }

  /// Passes over `width` characters that carry nothing, and returns whether they were blank.
  mutating func reserved(_ width: Int) -> Bool { take(width).allSatisfy { $0 == " " } }

  private mutating func take(_ width: Int) -> String {
    defer { offset += width }
    return String((offset..<offset + width).map { Character(UnicodeScalar(block[$0])) })
  }
}

/// Fills the fields of a label from left to right.
struct LabelWriter {
  let label: String
  private(set) var block = LabelBlock()
  private(set) var offset = 0

  init(_ identifier: String) {
    label = identifier
    put(identifier)
    offset = 4
  }

  /// Text, upper-cased and restricted to the character set of labels, left-justified.
  mutating func text(_ value: String, _ width: Int, _ field: StaticString) throws(LabelError) {
    guard value.utf8.count <= width else {
      throw .doesNotFit(label: label, field: "\(field)", value: value, width: width)
    }
    var place = offset
    for byte in value.utf8 {
      block[place] = LabelText.converted(byte)
      place += 1
    }
    offset += width
  }

  /// A decimal number with leading zeros.
  mutating func digits(_ value: Int, _ width: Int, _ field: StaticString) throws(LabelError) {
    var rest = value
    for place in stride(from: offset + width - 1, through: offset, by: -1) {
      block[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    guard value >= 0, rest == 0 else {
      throw .doesNotFit(label: label, field: "\(field)", value: String(value), width: width)
    }
    offset += width
  }

  /// A number of which only the last `width` digits are kept, as CTA keeps them.
  mutating func wrappingDigits(_ value: UInt64, _ width: Int, _ field: StaticString) throws(LabelError) {
    var modulus: UInt64 = 1
    for _ in 0..<width { modulus *= 10 }
    try digits(Int(value % modulus), width, field)
  }

  /// Characters of the format itself.
  mutating func constant(_ value: String) {
    put(value)
    offset += value.utf8.count
  }

  /// Leaves `width` characters blank.
  mutating func blank(_ width: Int) { offset += width }

  private mutating func put(_ value: String) {
    for (index, byte) in value.utf8.enumerated() { block[offset + index] = byte }
  }
}

/// The character set of label text.
public enum LabelText {
  /// Whether labels may hold this byte: A-Z, 0-9, and the punctuation of ECMA-13's a-characters.
  public static func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: " ")...UInt8(ascii: "\""), UInt8(ascii: "%")...UInt8(ascii: "/"): true
    case UInt8(ascii: ":")...UInt8(ascii: "?"), UInt8(ascii: "_"): true
    default: false
    }
  }

  /// `byte` upper-cased, or `_` when labels may not hold it.
  static func converted(_ byte: UInt8) -> UInt8 {
    let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 0x20 : byte
    return allows(upper) ? upper : UInt8(ascii: "_")
  }

  /// `value` as it fits a field of `width`: converted, cut, and `fallback` in place of nothing.
  public static func fitted(_ value: String, _ width: Int, fallback: String) -> String {
    let cut = String(value.utf8.prefix(width).map { Character(UnicodeScalar(converted($0))) })
    return cut.allSatisfy { $0 == " " } ? fallback : cut
  }
}
