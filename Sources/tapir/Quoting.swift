import CLinux
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
    var result: [UInt8] = []
    // Characters that the locale can print pass as they are: not the control characters behind ASCII, which some
    // terminals obey.
    if isUTF8, let text = String(validating: name, as: UTF8.self) {
      for scalar in text.unicodeScalars {
        if scalar.value >= 0x80, clinux_iswprint(scalar.value) != 0 {
          result += Array(String(scalar).utf8)
        } else {
          for byte in String(scalar).utf8 { append(byte, to: &result) }
        }
      }
      return result
    }
    for byte in name { append(byte, to: &result) }
    return result
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
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
    default:
      result.append(UInt8(ascii: "\\"))
      for shift in [6, 3, 0] { result.append(UInt8(ascii: "0") + (byte >> UInt8(shift)) & 7) }
    }
  }
}
