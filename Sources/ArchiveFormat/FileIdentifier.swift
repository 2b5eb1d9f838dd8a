/// What HDR1's file identifier says of a user file on one of our volumes.
///
/// A member's: 8 upper-case hexadecimal digits of the batch, 1 of the kind, 7 of the ordinal of the AUL file in the
/// batch. A catalogue's: `CATALOG ` and 8 hexadecimal digits of the batch.
public enum FileIdentifier: Hashable, Sendable {
  /// A user file with members; `ordinal` counts the AUL files of the batch from 1 to 0xFFFFFFF.
  case members(batch: UInt32, layout: Layout, ordinal: UInt32)
  /// A file that was begun and is not valid (WORM only).
  case void(batch: UInt32, ordinal: UInt32)
  /// The catalogue that ends a batch.
  case catalogue(batch: UInt32)

  /// Reads an identifier; nil when it is none of ours.
  public init?(_ text: String) {
    if text.hasPrefix("CATALOG ") {
      guard let batch = Self.hexadecimal(text.utf8.dropFirst(8), width: 8) else { return nil }
      self = .catalogue(batch: batch)
      return
    }
    guard text.utf8.count == 16,
      let batch = Self.hexadecimal(text.utf8.prefix(8), width: 8),
      let kind = Self.hexadecimal(text.utf8.dropFirst(8).prefix(1), width: 1),
      let ordinal = Self.hexadecimal(text.utf8.dropFirst(9), width: 7), ordinal > 0
    else { return nil }
    if kind == 0xf {
      self = .void(batch: batch, ordinal: ordinal)
    } else if let layout = Layout(rawValue: Int(kind)) {
      self = .members(batch: batch, layout: layout, ordinal: ordinal)
    } else {
      return nil
    }
  }

  /// As it stands in HDR1.
  public var text: String {
    let characters = characters
    return String(String.UnicodeScalarView((0..<16).map { UnicodeScalar(characters[$0]) }))
  }

  /// The 16 characters of it.
  var characters: InlineArray<16, UInt8> {
    switch self {
    case .members(let batch, let layout, let ordinal): Self.digits(batch, UInt32(layout.rawValue) << 28 | ordinal)
    case .void(let batch, let ordinal): Self.digits(batch, 0xf << 28 | ordinal)
    case .catalogue(let batch):
      // "CATALOG " and the number.
      [
        0x43, 0x41, 0x54, 0x41, 0x4c, 0x4f, 0x47, 0x20, Self.digit(batch >> 28), Self.digit(batch >> 24),
        Self.digit(batch >> 20), Self.digit(batch >> 16), Self.digit(batch >> 12), Self.digit(batch >> 8),
        Self.digit(batch >> 4), Self.digit(batch),
      ]
    }
  }

  private static func digits(_ high: UInt32, _ low: UInt32) -> InlineArray<16, UInt8> {
    InlineArray { index in Self.digit((index < 8 ? high : low) >> UInt32(28 - 4 * (index & 7))) }
  }

  /// The last four bits as an upper-case hexadecimal digit.
  private static func digit(_ value: UInt32) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value & 15)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
  }

  private static func hexadecimal(_ digits: Substring.UTF8View, width: Int) -> UInt32? {
    guard digits.count == width else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }
}

/// How members lie in a user file. The raw values stand in file identifiers and in the index.
public enum Layout: Int, Sendable, CaseIterable {
  /// An ordinary POSIX pax archive of one member.
  case pax = 1
  /// A pax archive of several members.
  case pack = 2
  /// The content of one regular file and nothing else.
  case raw = 3
}
