import HostFiles

/// Files of names (`-T`).
extension TarCommandBuilder {
  /// Takes the names, and options between them, from a list (`-T`).
  mutating func readNames(from file: [UInt8], in outer: String = "command line") throws(UsageError) {
    let name = String(decoding: file, as: UTF8.self)
    if file == [UInt8(ascii: "-")] {
      command.readsInput = true
    } else {
      let identity = try NameFile.identity(of: file)
      if let reader = lists[identity] {
        command.complaints.append("\(name): file list requested from \(outer) already read from \(reader)")
        return
      }
      lists[identity] = outer
    }
    names.useOptions()
    var content = try NameFile.read(file)[...]
    var number = 0
    var separator = names.listsEndWithNUL ? 0 : UInt8(ascii: "\n")
    let isVerbatim = names.listsAreVerbatim
    while !content.isEmpty {
      var line = content.prefix { $0 != separator }
      if separator != 0, let end = line.firstIndex(of: 0) {
        command.notes.append("\(name): file name read contains nul character")
        separator = 0
        line = line[..<end]
      }
      content = content[line.endIndex...].dropFirst()
      number += 1
      guard !line.isEmpty else { continue }
      try takeLine(Array(line), number, of: name, isVerbatim: isVerbatim)
    }
  }

  private mutating func takeLine(
    _ line: [UInt8], _ number: Int, of list: String, isVerbatim: Bool
  ) throws(UsageError) {
    let text = isVerbatim || !names.unquotes ? line : WordSplitter.unquoted(line)
    let option = text.drop(while: WordSplitter.isBlank)
    guard !isVerbatim, option.first == UInt8(ascii: "-") else { return names.add(text, unquoting: false) }
    guard let words = WordSplitter.words(Array(option)) else {
      throw .fatal("cannot split string '\(String(decoding: option, as: UTF8.self))': missing closing quote")
    }
    let items: [CommandItem]
    do { items = try OptionScanner(OptionTable.all, allowsOldStyle: false).scan(words) } catch {
      guard error.pointsAtHelp else { throw error }
      // As GNU tar: the rest of the list counts all the same, and the exit status says so.
      command.complaints.append("\(list):\(number): unrecognized option")
      return
    }
    for item in items {
      if case .option(.filesFrom, let nested) = item {
        try readNames(from: nested ?? [], in: list)
      } else {
        try add(item)
      }
    }
  }
}
