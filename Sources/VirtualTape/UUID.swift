/// The 16 bytes that tell one cartridge from every other.
public struct UUID: Equatable, Sendable {
  /// The bytes, in the order of the text form.
  public let bytes: [UInt8]

  /// A new random UUID (RFC 9562, version 4).
  public static func makeRandom() -> UUID {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    return UUID(bytes: bytes)
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the form `8-4-4-4-12`; nil for anything else.
  public init?(parsing text: String) {
    let characters = Array(text.utf8)
    guard characters.count == 36 else { return nil }
    var bytes: [UInt8] = []
    var index = 0
    while index < 36 {
      if [8, 13, 18, 23].contains(index) {
        guard characters[index] == UInt8(ascii: "-") else { return nil }
        index += 1
        continue
      }
      guard let high = UUID.digit(characters[index]), let low = UUID.digit(characters[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
      index += 2
    }
    self.bytes = bytes
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// What goes into the seed of every frame's header checksum.
  var key: UInt64 { littleEndian(0) ^ littleEndian(8) }

  private func littleEndian(_ start: Int) -> UInt64 {
    (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
  }
}

extension UUID: CustomStringConvertible {
  public var description: String {
    let digits = Array("0123456789abcdef")
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append("-") }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
