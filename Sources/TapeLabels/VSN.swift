/// A volume serial number: exactly six characters of A-Z and 0-9, on the cartridge's barcode and in VOL1.
public struct VSN: Hashable, Sendable {
  /// The six characters.
  public let text: String

  /// Takes six characters of A-Z, 0-9; lower case is refused rather than changed.
  /// - Throws: ``LabelError/badField(label:field:offset:found:)`` for anything else.
  public init(_ text: String) throws(LabelError) {
    guard text.utf8.count == 6, text.utf8.allSatisfy(Self.allows) else {
      throw .badField(label: "VOL1", field: "VSN", offset: 4, found: text)
    }
    self.text = text
  }

  /// The VSN of a barcode: its first six characters, where a media suffix such as `L8` or nothing follows.
  public init(barcode: String) throws(LabelError) {
    let suffix = barcode.utf8.dropFirst(6)
    guard suffix.isEmpty || suffix.count == 2 else {
      throw .badField(label: "VOL1", field: "VSN", offset: 4, found: barcode)
    }
    try self.init(String(barcode.prefix(6)))
  }

  /// `V` and five random characters.
  public static func random(using generator: inout some RandomNumberGenerator) -> VSN {
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return VSN(
      trusted: "V" + String((0..<5).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }))
  }

  private init(trusted text: String) { self.text = text }

  private static func allows(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension VSN: CustomStringConvertible {
  public var description: String { text }
}
