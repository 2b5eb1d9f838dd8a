import Glibc

/// Names as a person reads them, in GNU tar's default quoting style, *escape*.
enum Quoting {
  /// Whether names in UTF-8 are printed as they are: the locale's character set says so.
  private static let isUTF8: Bool = {
    for variable in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = getenv(variable).map({ String(cString: $0) }), !value.isEmpty else { continue }
      let charset = value.uppercased()
      return charset.contains("UTF-8") || charset.contains("UTF8")
    }
    return false
  }()

  /// Backslash, control characters and what the locale cannot print as C escapes.
  static func escaped(_ name: [UInt8]) -> [UInt8] {
    var plain = true
    for byte in name where byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "\\") {
      plain = false
      break
    }
    if plain { return name }
    let printsUTF8 = isUTF8 && String(validating: name, as: UTF8.self) != nil
    var result: [UInt8] = []
    for byte in name {
      switch byte {
      case 0x07: result += "\\a".utf8
      case 0x08: result += "\\b".utf8
      case 0x09: result += "\\t".utf8
      case 0x0a: result += "\\n".utf8
      case 0x0b: result += "\\v".utf8
      case 0x0c: result += "\\f".utf8
      case 0x0d: result += "\\r".utf8
      case UInt8(ascii: "\\"): result += "\\\\".utf8
      case 0x20..<0x7f: result.append(byte)
      case 0x80... where printsUTF8: result.append(byte)
      default:
        result.append(UInt8(ascii: "\\"))
        for shift in [6, 3, 0] { result.append(UInt8(ascii: "0") + (byte >> UInt8(shift)) & 7) }
      }
    }
    return result
  }
}
