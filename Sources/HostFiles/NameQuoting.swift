import CLinux
import Glibc

/// Names as a person or a shell reads them: the quoting styles of GNU tar (gnulib's *quotearg*), byte for byte.
public struct NameQuoting: Sendable, Equatable {
  /// How a name is quoted.
  public enum Style: String, Sendable, CaseIterable {
    case literal, shell
    case shellAlways = "shell-always"
    case shellEscape = "shell-escape"
    case shellEscapeAlways = "shell-escape-always"
    case c
    case cMaybe = "c-maybe"
    case escape, locale, clocale
  }

  /// How.
  public var style: Style
  /// Characters that are quoted too (`--quote-chars`).
  public var also: Set<UInt8>

  /// Describes a quoting; GNU tar's default is *escape*.
  public init(_ style: Style = .escape, also: Set<UInt8> = []) {
    self.style = style
    self.also = also
  }

  /// Whether names in UTF-8 are printed as they are: the locale's character set says so.
  static let isUTF8: Bool = {
    for variable in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = getenv(variable).map({ String(cString: $0) }), !value.isEmpty else { continue }
      let charset = value.uppercased()
      return charset.contains("UTF-8") || charset.contains("UTF8")
    }
    return false
  }()

  /// The name, quoted.
  /// - Parameter colons: whether colons are quoted too, as in front of a message.
  public func quoted(_ name: [UInt8], colons: Bool = false) -> [UInt8] {
    if style == .escape || style == .literal, also.isEmpty, name.allSatisfy({ Self.isPlain($0) || style == .literal }),
      !(colons && style == .escape && name.contains(UInt8(ascii: ":")))
    {
      return name
    }
    let also = colons ? also.union([UInt8(ascii: ":")]) : also
    let isC = [.c, .cMaybe, .escape, .locale, .clocale].contains(style)
    var pass = Pass(
      isShell: !isC && style != .literal,
      escapes: isC || style == .shellEscape || style == .shellEscapeAlways,
      elides: style == .shell || style == .shellEscape || style == .cMaybe,
      left: left, right: right, also: also)
    if let result = pass.run(name) { return result }
    // Something in it needs quotes after all; what was to be quoted too no longer matters inside them.
    pass = Pass(
      isShell: pass.isShell, escapes: pass.escapes, elides: false, left: left, right: right, also: [])
    return pass.run(name) ?? name
  }

  private static func isPlain(_ byte: UInt8) -> Bool { (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\\") }

  private var left: [UInt8] { mark("‘") }
  private var right: [UInt8] { mark("’") }

  private func mark(_ typographic: String) -> [UInt8] {
    switch style {
    case .literal, .escape: []
    case .shell, .shellAlways, .shellEscape, .shellEscapeAlways: [UInt8(ascii: "'")]
    case .c, .cMaybe: [UInt8(ascii: "\"")]
    case .locale: Self.isUTF8 ? Array(typographic.utf8) : [UInt8(ascii: "'")]
    case .clocale: Self.isUTF8 ? Array(typographic.utf8) : [UInt8(ascii: "\"")]
    }
  }

  /// One attempt at a name.
  private struct Pass {
    let isShell: Bool
    let escapes: Bool
    /// Whether quotes are left out as long as nothing needs them; what does ends the attempt.
    let elides: Bool
    let left: [UInt8]
    let right: [UInt8]
    let also: Set<UInt8>
    private var result: [UInt8] = []
    /// Inside of `$'...'`.
    private var isInEscape = false

    init(isShell: Bool, escapes: Bool, elides: Bool, left: [UInt8], right: [UInt8], also: Set<UInt8>) {
      (self.isShell, self.escapes, self.elides) = (isShell, escapes, elides)
      (self.left, self.right, self.also) = (left, right, also)
    }

    /// The name in quotes, or without any if it needs none; nil when it does.
    mutating func run(_ name: [UInt8]) -> [UInt8]? {
      result = elides ? [] : left
      var fitsDoubleQuotes = true
      var hasSingleQuote = false
      var index = 0
      while index < name.count {
        let byte = name[index]
        if escapes, !isShell, !right.isEmpty, name[index...].starts(with: right) {
          if elides { return nil }
          escape(Array(name[index..<index + right.count]))
          index += right.count
          continue
        }
        let width = NameQuoting.characterWidth(name, at: index)
        if width > 1 {
          fitsDoubleQuotes = false
          plain(name[index..<index + width])
          index += width
          continue
        }
        switch kind(of: byte, at: index, in: name) {
        case .letter: break
        case .needsQuotes(let fits):
          if isShell, elides { return nil }
          if !fits { fitsDoubleQuotes = false }
        case .control(let letter):
          fitsDoubleQuotes = false
          let isBlank = [0x09, 0x0a, 0x0d].contains(byte)
          if isShell, elides, isBlank || escapes { return nil }
          if escapes {
            if elides { return nil }
            escape([letter])
            index += 1
            continue
          }
        case .backslash:
          fitsDoubleQuotes = false
          if isShell, elides { return nil }
          // Without quotes around it a backslash means nothing in C's style.
          if escapes, !isShell, !(elides && !right.isEmpty) {
            escape([byte])
            index += 1
            continue
          }
        case .singleQuote:
          hasSingleQuote = true
          if isShell {
            if elides { return nil }
            result += Array("'\\'".utf8)
            isInEscape = false
          }
        case .unprintable:
          fitsDoubleQuotes = false
          if escapes {
            if elides { return nil }
            escape([6, 3, 0].map { UInt8(ascii: "0") + (byte >> $0) & 7 })
            index += 1
            continue
          }
        }
        if also.contains(byte), elides || (escapes && !isShell) {
          if elides { return nil }
          escape([byte])
        } else {
          plain([byte])
        }
        index += 1
      }
      if isShell, !elides, hasSingleQuote, fitsDoubleQuotes { return NameQuoting(.c, also: also).quoted(name) }
      return elides ? result : result + right
    }

    private enum Kind {
      /// Harmless everywhere.
      case letter
      /// Means something to a shell; and whether it is the same between double quotes.
      case needsQuotes(fitsDoubleQuotes: Bool)
      case control(UInt8)
      case backslash
      case singleQuote
      case unprintable
    }

    private func kind(of byte: UInt8, at index: Int, in name: [UInt8]) -> Kind {
      switch byte {
      case 0x07: return .control(UInt8(ascii: "a"))
      case 0x08: return .control(UInt8(ascii: "b"))
      case 0x09: return .control(UInt8(ascii: "t"))
      case 0x0a: return .control(UInt8(ascii: "n"))
      case 0x0b: return .control(UInt8(ascii: "v"))
      case 0x0c: return .control(UInt8(ascii: "f"))
      case 0x0d: return .control(UInt8(ascii: "r"))
      case 0x00..<0x20, 0x7f...: return .unprintable
      case UInt8(ascii: "\\"): return .backslash
      case UInt8(ascii: "'"): return .singleQuote
      case UInt8(ascii: " "): return .needsQuotes(fitsDoubleQuotes: true)
      case UInt8(ascii: "{"), UInt8(ascii: "}"):
        return name.count == 1 ? .needsQuotes(fitsDoubleQuotes: true) : .letter
      case UInt8(ascii: "#"), UInt8(ascii: "~"): return index == 0 ? .needsQuotes(fitsDoubleQuotes: true) : .letter
      default:
        let special = "?!\"$&()*;<=>[^`|".utf8.contains(byte)
        return special ? .needsQuotes(fitsDoubleQuotes: false) : .letter
      }
    }

    private mutating func plain(_ bytes: some Collection<UInt8>) {
      if isInEscape { result += Array("''".utf8) }
      isInEscape = false
      result += bytes
    }

    private mutating func escape(_ code: [UInt8]) {
      if isShell, !isInEscape {
        result += Array("'$'".utf8)
        isInEscape = true
      }
      result.append(UInt8(ascii: "\\"))
      result += code
    }
  }

  /// Bytes of a printable character behind ASCII at `index`; 1 for anything else. Not the control characters there,
  /// which some terminals obey.
  private static func characterWidth(_ name: [UInt8], at index: Int) -> Int {
    guard isUTF8, name[index] >= 0xc2 else { return 1 }
    let width = name[index] >= 0xf0 ? 4 : name[index] >= 0xe0 ? 3 : 2
    guard index + width <= name.count, let text = String(validating: name[index..<index + width], as: UTF8.self),
      let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1, clinux_iswprint(scalar.value) != 0
    else { return 1 }
    return width
  }
}
