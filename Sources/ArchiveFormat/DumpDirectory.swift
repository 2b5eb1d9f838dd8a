/// The list of what was in a directory when it was archived incrementally (GNU tar manual, *Dumpdir*): codes and names,
/// each pair with a NUL behind it, and a NUL.
///
/// Foreign input: whatever it holds, the entries are those before its first empty one, or its end.
public struct DumpDirectory: Sendable {
  /// One line of it.
  public struct Entry: Equatable, Sendable {
    /// What the name is.
    public var code: Code
    /// The name: of a file in the directory, or for the last three a path in the archive.
    public var name: [UInt8]
  }

  /// What an entry says.
  public enum Code: UInt8, Sendable {
    /// A file that the archive holds.
    case archived = 0x59
    /// A file that is there but not in the archive: it did not change, or was left out.
    case notArchived = 0x4e
    /// A directory.
    case directory = 0x44
    /// A directory that got another name: the one it had, or nothing for the temporary one.
    case renamedFrom = 0x52
    /// The name that it got, or nothing for the temporary one.
    case renamedTo = 0x54
    /// The directory in which a temporary name is made for renames that go round.
    case temporary = 0x58

    /// The letter.
    public var letter: Character { Character(Unicode.Scalar(rawValue)) }
    /// Whether it names a file in the directory.
    public var isContent: Bool { self == .archived || self == .notArchived || self == .directory }
  }

  /// Its bytes.
  public let bytes: [UInt8]

  /// Takes a list as it stands in an archive.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Makes a list.
  public init(_ entries: [Entry]) {
    var bytes: [UInt8] = []
    for entry in entries { bytes += [entry.code.rawValue] + entry.name + [0] }
    self.bytes = bytes + [0]
  }

  /// The most bytes that a list may have: what the readers of headers believe.
  public static let longest = 60 << 20

  /// Its entries; those with codes that are not known are left out, as GNU tar passes over them.
  public var entries: [Entry] {
    lines.compactMap { line in
      line.first.flatMap(Code.init).map { Entry(code: $0, name: Array(line.dropFirst())) }
    }
  }

  private var lines: [ArraySlice<UInt8>] { split.lines }

  /// The entries, and whether an empty one ends them.
  private var split: (lines: [ArraySlice<UInt8>], isEnded: Bool) {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count, bytes[start] != 0 {
      let end = bytes[start...].firstIndex(of: 0) ?? bytes.count
      lines.append(bytes[start..<end])
      start = end + 1
    }
    return (lines, start < bytes.count)
  }

  /// What is wrong with its renames, in GNU tar's words; nil when they can be made.
  public var fault: String? {
    // Without its end it is the beginning of one: what it does not name may have been there.
    let (lines, isEnded) = split
    guard isEnded else { return "Malformed dumpdir: it has no end" }
    var hasTemporary = false
    var expectsTarget = false
    for line in lines {
      let isTarget = line.first == Code.renamedTo.rawValue
      if expectsTarget, !isTarget {
        return "Malformed dumpdir: expected 'T' but found \(Self.octal(line.first ?? 0))"
      }
      switch line.first.flatMap(Code.init) {
      case .temporary:
        if hasTemporary { return "Malformed dumpdir: 'X' duplicated" }
        hasTemporary = true
      case .renamedFrom:
        if line.count == 1 {
          if !hasTemporary { return "Malformed dumpdir: empty name in 'R'" }
          hasTemporary = false
        }
        expectsTarget = true
      case .renamedTo:
        if !expectsTarget { return "Malformed dumpdir: 'T' not preceded by 'R'" }
        if line.count == 1, !hasTemporary { return "Malformed dumpdir: empty name in 'T'" }
        expectsTarget = false
      case .archived, .notArchived, .directory, nil: break
      }
    }
    return expectsTarget ? "Malformed dumpdir: expected 'T' but found end of data" : nil
  }

  /// Whether it names a temporary directory that no rename uses.
  public var hasUnusedTemporary: Bool {
    var isUnused = false
    for entry in entries {
      if entry.code == .temporary { isUnused = true }
      if entry.code == .renamedFrom, entry.name.isEmpty { isUnused = false }
    }
    return isUnused
  }

  /// As printf's `%#3o`.
  private static func octal(_ byte: UInt8) -> String {
    let digits = (byte == 0 ? "" : "0") + String(byte, radix: 8)
    return String(repeating: " ", count: max(0, 3 - digits.count)) + digits
  }

  /// The list with the paths in its renames changed; a rename of which a path becomes empty is left out.
  public func mappingPaths(_ change: ([UInt8]) -> [UInt8]) -> DumpDirectory {
    var result: [Entry] = []
    var from: Entry?
    for entry in entries {
      let changed = entry.code.isContent || entry.name.isEmpty ? entry.name : change(entry.name)
      let isLost = changed.isEmpty && !entry.name.isEmpty
      switch entry.code {
      case .archived, .notArchived, .directory: result.append(entry)
      case .temporary: result.append(Entry(code: .temporary, name: isLost ? [UInt8(ascii: ".")] : changed))
      case .renamedFrom: from = isLost ? nil : Entry(code: .renamedFrom, name: changed)
      case .renamedTo:
        if let from, !isLost { result += [from, Entry(code: .renamedTo, name: changed)] }
        from = nil
      }
    }
    return DumpDirectory(result)
  }
}
