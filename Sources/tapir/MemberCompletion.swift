import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIndex
import TapeLabels

/// `tapir completion members LINE`: what the completion scripts ask while somebody types a member's name.
struct MemberCompletion {
  /// The command line up to the cursor, as typed.
  let line: [UInt8]

  /// The members of a volume whose names begin with the line's last word, up to the next slash.
  /// - Returns: nil when the line is not one that takes members of a volume with an index: its words are files then.
  ///   What is wrong with an unfinished line is nobody's error.
  func names() -> [[UInt8]]? {
    var words = Self.words(of: line)
    guard words.count > 1 else { return nil }
    let word = words.removeLast()
    words.removeFirst()
    // try?: a line that cannot be understood yet has no members.
    guard let items = try? OptionScanner(OptionTable.all).scan(words) else { return nil }
    var options = ArchiveOptions()
    var takesMembers = false
    for case .option(let key, let value) in items {
      switch key {
      case .list, .extract, .compare, .delete: takesMembers = true
      case .file: options.name = value
      case .forceLocal: options.isLocal = true
      case .indexDatabase: options.indexDatabase = value
      case .vsn: options.vsn = value.flatMap { try? VSN(String(decoding: $0, as: UTF8.self)) }
      default: break
      }
    }
    // try?: nor has one whose archive or index cannot be opened; the command itself will say why.
    guard takesMembers, let target = try? ArchiveTarget.resolve(options, creates: false), !target.isOrdinary,
      let index = try? IndexLocation.openForReading(options, target)
    else { return nil }
    return try? index.names(beginningWith: word, vsn: options.vsn?.text)
  }

  /// The words of a line, quotes and backslashes as in a shell; the last one, unfinished, may be empty.
  static func words(of line: [UInt8]) -> [[UInt8]] {
    var words: [[UInt8]] = [[]]
    var isWord = false
    var quote: UInt8?
    var rest = line[...]
    while let byte = rest.popFirst() {
      if quote == nil, WordSplitter.isBlank(byte) {
        if isWord { words.append([]) }
        isWord = false
        continue
      }
      isWord = true
      if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
        if let next = rest.popFirst() { words[words.count - 1].append(next) }
      } else if byte == quote {
        quote = nil
      } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
      } else {
        words[words.count - 1].append(byte)
      }
    }
    return words
  }
}
