/// Reads the fields of a label from left to right; the calls of a parser are the standard's table.
struct LabelReader {
  let label: String
  let block: LabelBlock
  private(set) var offset = 4

  /// Starts behind the four-character identifier, which must be one of `identifiers`.
  init(_ block: LabelBlock, oneOf identifiers: [String]) throws(LabelError) {
    self.block = block
    guard let label = identifiers.first(where: { block.isLabel($0) }) else {
      throw .wrongIdentifier(
        expected: identifiers.joined(separator: " or "), found: Self.printable(block, 0..<4))
    }
    self.label = label
  }

  /// The next `width` characters without the spaces that fill the field; bytes outside printable ASCII are refused.
  mutating func text(_ width: Int, _ field: StaticString) throws(LabelError) -> String {
    let range = offset..<offset + width
    guard let text = block.text(range) else {
      throw .badField(label: label, field: "\(field)", offset: offset, found: Self.printable(block, range))
    }
    offset += width
    return text
  }

  /// The next `width` characters as a decimal number.
  mutating func digits(_ width: Int, _ field: StaticString) throws(LabelError) -> Int {
    var value = 0
    for place in offset..<offset + width {
      guard (0x30...0x39).contains(block[place]) else {
        throw .notDigits(
          label: label, field: "\(field)", offset: offset, found: Self.printable(block, offset..<offset + width))
      }
      value = value * 10 + Int(block[place] - 0x30)
    }
    offset += width
    return value
  }

  /// Passes over `width` characters that carry nothing, and returns whether they were blank.
  mutating func reserved(_ width: Int) -> Bool {
    defer { offset += width }
    for place in offset..<offset + width where block[place] != UInt8(ascii: " ") { return false }
    return true
  }

  /// A field as text; what is not ASCII as the characters of Latin-1, for messages.
  private static func printable(_ block: LabelBlock, _ range: Range<Int>) -> String {
    var text = ""
    for place in range { text.unicodeScalars.append(UnicodeScalar(block[place])) }
    return text
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
