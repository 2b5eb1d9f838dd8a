import CLinux

/// One word of the command line, in its place: order matters to tar.
enum CommandItem: Equatable {
  /// An option and its argument; nil when it has none.
  case option(OptionKey, [UInt8]?)
  /// A name.
  case operand([UInt8])
}

/// The command line cannot be understood.
struct UsageError: Error, Equatable {
  /// What is wrong with it.
  let message: String
  /// Whether to point at `--help`.
  var pointsAtHelp = true
  /// Whether to say that nothing is done, as GNU tar does about files that it cannot use.
  var isFatal = false
  /// The exit status where it is not that of a failure.
  var status: Int32?

  /// What GNU tar calls fatal.
  static func fatal(_ message: String) -> UsageError {
    UsageError(message: message, pointsAtHelp: false, isFatal: true)
  }
}

/// Splits a command line with getopt_long(3), whose grammar tar's is: bundles, joined values, abbreviations, options
/// behind operands. Beyond it: tar's old style without a dash, and our own options, which take no abbreviation, so that
/// none of GNU tar's changes its meaning.
///
/// getopt_long keeps its state in the process: one scan at a time.
struct OptionScanner {
  private let table: [OptionSpecification]
  private let allowsOldStyle: Bool

  init(_ table: [OptionSpecification], allowsOldStyle: Bool = true) {
    self.table = table
    self.allowsOldStyle = allowsOldStyle
  }

  /// Values that getopt_long returns: the table's index behind what characters can be.
  private static let firstValue: Int32 = 1000

  /// - Parameter arguments: without the program's name.
  func scan(_ arguments: [[UInt8]]) throws(UsageError) -> [CommandItem] {
    // As most environments have none.
    if arguments.isEmpty { return [] }
    let words = allowsOldStyle ? Self.expandingOldStyle(arguments, table) : arguments
    let vector = ArgumentVector([Array("tapir".utf8)] + words)
    let longs = LongOptions(table, firstValue: Self.firstValue)
    // "-": operands in their place; ":": a missing argument is told from an unknown option.
    let shorts = "-:" + table.compactMap { option in option.short.map { "\($0)" + colons(option.argument) } }.joined()

    clinux_getopt_begin()
    // With the program's name alone: sets the scan to its beginning.
    _ = clinux_getopt_next(1, vector.pointers, shorts, longs.pointers, longs.count)
    var items: [CommandItem] = []
    while true {
      if let (item, width) = try ownOption(words, at: Int(clinux_getopt_index()) - 1) {
        items.append(item)
        clinux_getopt_skip(Int32(width))
        continue
      }
      let before = Int(clinux_getopt_index()) - 1
      let value = clinux_getopt_next(Int32(words.count + 1), vector.pointers, shorts, longs.pointers, longs.count)
      let argument = clinux_getopt_argument().map { Self.bytes($0) }
      if value == -1 { break }
      if value == 1 {
        items.append(.operand(argument ?? []))
      } else if value >= Self.firstValue {
        items.append(try item(table[Int(value - Self.firstValue)], argument, isLong: true))
      } else if value == 0x3f {
        // getopt returns '?' for an option that is not right, and for the option that is called so.
        guard clinux_getopt_bad() == 0, !isLong(words, before) else { throw unknown(words, before) }
        items.append(.option(.help, nil))
      } else if value == 0x3a {
        throw missingArgument(words, before)
      } else if let option = table.first(where: { $0.short?.asciiValue == UInt8(truncatingIfNeeded: value) }) {
        items.append(try item(option, argument, isLong: false))
      }
    }
    for index in max(0, Int(clinux_getopt_index()) - 1)..<max(0, words.count) { items.append(.operand(words[index])) }
    return items
  }

  private func item(
    _ option: OptionSpecification, _ argument: [UInt8]?, isLong: Bool
  ) throws(UsageError) -> CommandItem {
    guard let key = option.key else {
      let name = isLong ? option.long.map { "--\($0)" } : option.short.map { "-\($0)" }
      throw UsageError(
        message: "option '\(name ?? "?")' is not supported: this version does not have it yet", pointsAtHelp: false)
    }
    return .option(key, argument)
  }

  /// One of our own options, written out, at `index`; and how many words it takes.
  private func ownOption(_ words: [[UInt8]], at index: Int) throws(UsageError) -> (CommandItem, Int)? {
    guard words.indices.contains(index), words[index].starts(with: "--".utf8) else { return nil }
    let body = words[index].dropFirst(2)
    let name = String(decoding: body.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    guard let row = table.firstIndex(where: { !$0.isGNU && $0.long == name }), let key = table[row].key else {
      return nil
    }
    let joined = body.firstIndex(of: UInt8(ascii: "=")).map { Array(body[($0 + 1)...]) }
    if table[row].argument == .none {
      guard joined == nil else { throw UsageError(message: "option '--\(name)' doesn't allow an argument") }
      return (.option(key, nil), 1)
    }
    if let joined { return (.option(key, joined), 1) }
    // Where it may be left out, it is joined or not there, as getopt has it.
    if table[row].argument == .optional { return (.option(key, nil), 1) }
    guard words.indices.contains(index + 1) else {
      throw UsageError(message: "option '--\(name)' requires an argument")
    }
    return (.option(key, words[index + 1]), 2)
  }

  /// `cvf x` as `-c -v -f x`: a first word without a dash is a bundle whose arguments follow in order.
  private static func expandingOldStyle(_ arguments: [[UInt8]], _ table: [OptionSpecification]) -> [[UInt8]] {
    guard let first = arguments.first, let start = first.first, start != UInt8(ascii: "-") else { return arguments }
    var words: [[UInt8]] = []
    var rest = arguments.dropFirst()
    for letter in first {
      words.append([UInt8(ascii: "-"), letter])
      let takesArgument = table.contains { $0.short?.asciiValue == letter && $0.argument == .required }
      if takesArgument, let argument = rest.popFirst() { words.append(argument) }
    }
    return words + rest
  }

  // MARK: Messages, in getopt_long's words

  private func isLong(_ words: [[UInt8]], _ index: Int) -> Bool {
    words.indices.contains(index) && words[index].starts(with: "--".utf8)
  }

  private func unknown(_ words: [[UInt8]], _ index: Int) -> UsageError {
    let word = words.indices.contains(index) ? String(decoding: words[index], as: UTF8.self) : ""
    if word.hasPrefix("--") {
      let name = String(word.dropFirst(2).prefix { $0 != "=" })
      let candidates = table.filter { $0.isGNU && $0.long?.hasPrefix(name) == true }.compactMap(\.long)
      if candidates.contains(name) { return UsageError(message: "option '--\(name)' doesn't allow an argument") }
      if candidates.count > 1 {
        let list = candidates.map { "'--\($0)'" }.joined(separator: " ")
        return UsageError(message: "option '--\(name)' is ambiguous; possibilities: \(list)")
      }
      return UsageError(message: "unrecognized option '--\(name)'")
    }
    let letter = UInt8(truncatingIfNeeded: clinux_getopt_bad())
    return UsageError(message: "invalid option -- '\(Character(UnicodeScalar(letter)))'")
  }

  private func missingArgument(_ words: [[UInt8]], _ index: Int) -> UsageError {
    let word = words.indices.contains(index) ? String(decoding: words[index], as: UTF8.self) : ""
    if word.hasPrefix("--") { return UsageError(message: "option '\(word)' requires an argument") }
    let letter = UInt8(truncatingIfNeeded: clinux_getopt_bad())
    return UsageError(message: "option requires an argument -- '\(Character(UnicodeScalar(letter)))'")
  }

  private func colons(_ argument: OptionSpecification.Argument) -> String {
    String(repeating: ":", count: Int(argument.rawValue))
  }

  static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
    var result: [UInt8] = []
    var next = text
    while next.pointee != 0 {
      result.append(UInt8(bitPattern: next.pointee))
      next += 1
    }
    return result
  }
}

/// Words as C has them, for as long as this object lives.
private final class ArgumentVector {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ words: [[UInt8]]) {
    count = words.count
    pointers = .allocate(capacity: words.count + 1)
    for (index, word) in words.enumerated() {
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
      for (offset, byte) in word.enumerated() { copy[offset] = CChar(bitPattern: byte) }
      copy[word.count] = 0
      pointers[index] = copy
    }
    pointers[words.count] = nil
  }

  deinit {
    // getopt may have put them into another order; it lost none.
    for index in 0..<count { pointers[index]?.deallocate() }
    pointers.deallocate()
  }
}

/// GNU's long options as the C wrapper takes them.
private final class LongOptions {
  let pointers: UnsafeMutablePointer<clinux_option>
  let count: Int

  init(_ table: [OptionSpecification], firstValue: Int32) {
    let rows = table.indices.filter { table[$0].isGNU && table[$0].long != nil }
    count = rows.count
    pointers = .allocate(capacity: max(1, rows.count))
    for (place, row) in rows.enumerated() {
      let name = Array((table[row].long ?? "").utf8)
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: name.count + 1)
      for (offset, byte) in name.enumerated() { copy[offset] = CChar(bitPattern: byte) }
      copy[name.count] = 0
      pointers[place] = clinux_option(
        name: copy, has_argument: table[row].argument.rawValue, value: firstValue + Int32(row))
    }
  }

  deinit {
    for index in 0..<count { pointers[index].name?.deallocate() }
    pointers.deallocate()
  }
}
