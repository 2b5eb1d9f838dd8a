import Glibc

/// Words and escapes as GNU tar reads them in files of names.
enum WordSplitter {
  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
    UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "?"): 127, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
  ]

  /// A name with its backslash escapes replaced (`--unquote`); what is no escape stays as it is.
  static func unquoted(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(UInt8(ascii: "\\")) else { return name }
    var result: [UInt8] = []
    var rest = name[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      if let escaped = escape(&rest) {
        result.append(escaped)
      } else {
        result.append(byte)
        if let next = rest.popFirst() { result.append(next) }
      }
    }
    return result
  }

  /// What stands behind a backslash, if that is an escape.
  private static func escape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let first = rest.first else { return nil }
    if let byte = escapes[first] {
      rest = rest.dropFirst()
      return byte
    }
    let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) }
  }

  /// The words of a line of options: quotes and backslashes as in a shell.
  /// - Returns: nil when a quote is not closed.
  static func words(_ line: [UInt8]) -> [[UInt8]]? {
    var words: [[UInt8]] = []
    var word: [UInt8]?
    var quote: UInt8?
    var rest = line[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
        word = (word ?? []) + (escape(&rest).map { [$0] } ?? rest.popFirst().map { [$0] } ?? [byte])
      } else if byte == quote {
        quote = nil
      } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
        word = word ?? []
      } else if quote == nil, isBlank(byte) {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? []) + [byte]
      }
    }
    guard quote == nil else { return nil }
    return words + (word.map { [$0] } ?? [])
  }

  /// isspace(3) in the C locale.
  static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }
}
