import Glibc
import HostFiles

/// Words and escapes as GNU tar reads them in files of names.
enum WordSplitter {
  /// A name with its backslash escapes replaced (`--unquote`); what is no escape stays as it is.
  static func unquoted(_ name: [UInt8]) -> [UInt8] { NameEscapes.unquoted(name) }

  /// The words of a line of options: quotes and backslashes as in a shell.
  /// - Returns: nil when a quote is not closed.
  static func words(_ line: [UInt8]) -> [[UInt8]]? {
    var words: [[UInt8]] = []
    var word: [UInt8]?
    var quote: UInt8?
    var rest = line[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
        word = (word ?? []) + (NameEscapes.take(&rest).map { [$0] } ?? rest.popFirst().map { [$0] } ?? [byte])
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
