import Glibc

/// A file with patterns that a directory may have, as version control systems do (`--exclude-ignore`,
/// `--exclude-vcs-ignores`).
public struct IgnoreFile: Sendable, Equatable {
  /// How its lines are read.
  public enum Syntax: Sendable {
    /// A pattern on each line, `#` for comments.
    case plain
    /// Patterns between spaces.
    case cvs
    /// Like plain, with `!` for what is archived all the same and `RE:` for regular expressions.
    case bazaar
    /// Regular expressions, or patterns behind a line `syntax: glob`.
    case mercurial
  }

  /// Its name.
  public var name: [UInt8]
  /// Whether it speaks for the directories below too.
  public var isRecursive: Bool
  /// How it is read; the names that version control systems use tell.
  public let syntax: Syntax

  /// Describes a file of this name.
  public init(_ name: [UInt8], isRecursive: Bool) {
    self.name = name
    self.isRecursive = isRecursive
    switch String(decoding: name, as: UTF8.self) {
    case ".cvsignore": syntax = .cvs
    case ".bzrignore": syntax = .bazaar
    case ".hgignore": syntax = .mercurial
    default: syntax = .plain
    }
  }

  /// Those of the version control systems; all but that of CVS speak for the directories below.
  public static let versionControl: [IgnoreFile] = [
    IgnoreFile(Array(".cvsignore".utf8), isRecursive: false), IgnoreFile(Array(".gitignore".utf8), isRecursive: true),
    IgnoreFile(Array(".bzrignore".utf8), isRecursive: true), IgnoreFile(Array(".hgignore".utf8), isRecursive: true),
  ]

  /// The patterns in the file of this name in an open directory; nil when there is none.
  /// - Throws: errno when it is there and cannot be read.
  func patterns(in directory: Int32) throws(ErrnoFailure) -> IgnorePatterns? {
    let descriptor = withCString(name) { openat(directory, $0, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw ErrnoFailure(code: errno)
    }
    // Nothing was written: closing it loses nothing.
    defer { _ = close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { break }
      if count < 0, errno != EINTR { throw ErrnoFailure(code: errno) }
      if count > 0 { content += buffer[..<count] }
    }
    return IgnorePatterns(content, self)
  }
}

/// The patterns of one such file, in force below its directory.
struct IgnorePatterns {
  private enum Matcher {
    case pattern(NamePattern)
    case expression(RegularExpression)
  }

  private var rules: [(matcher: Matcher, includes: Bool)] = []
  let isRecursive: Bool

  init(_ content: [UInt8], _ file: IgnoreFile) {
    isRecursive = file.isRecursive
    var isExpression = file.syntax == .mercurial
    for line in content.split(separator: UInt8(ascii: "\n")) {
      var text = line.drop(while: Self.isBlank)
      if file.syntax == .cvs {
        for word in text.split(whereSeparator: Self.isBlank) { add(Array(word)) }
        continue
      }
      while let last = text.last, Self.isBlank(last) { text.removeLast() }
      guard let first = text.first, first != UInt8(ascii: "#") else { continue }
      switch file.syntax {
      case .plain, .cvs:
        if text.starts(with: "\\#".utf8) { text = text.dropFirst() }
        add(Array(text))
      case .bazaar:
        let isTwice = text.starts(with: "!!".utf8)
        let includes = first == UInt8(ascii: "!") && !isTwice
        text = text.dropFirst(isTwice ? 2 : includes ? 1 : 0)
        let isRule = text.starts(with: "RE:".utf8)
        add(Array(text.dropFirst(isRule ? 3 : 0)), isExpression: isRule, includes: includes)
      case .mercurial:
        guard !text.starts(with: "syntax:".utf8) else {
          let name = Array(text.dropFirst("syntax:".utf8.count).drop(while: Self.isBlank))
          if name == Array("glob".utf8) { isExpression = false }
          if name == Array("regexp".utf8) { isExpression = true }
          continue
        }
        let isTree = text.last == UInt8(ascii: "/")
        add(Array(isTree ? text.dropLast() : text), isExpression: isExpression, isTree: isTree)
      }
    }
  }

  private mutating func add(
    _ pattern: [UInt8], isExpression: Bool = false, isTree: Bool = false, includes: Bool = false
  ) {
    // As GNU tar: a regular expression with none of these is a name.
    guard isExpression, pattern.contains(where: { ".{}()?*[".utf8.contains($0) }) else {
      let options: NamePattern.Options = [.anchored, .wildcards, .slashIsSpecial]
      return rules.append((.pattern(NamePattern(pattern, isTree ? options.union(.subtree) : options)), includes))
    }
    // One that cannot be understood excludes nothing.
    guard let expression = RegularExpression(isTree ? pattern + Array("(/.*)?".utf8) : pattern) else { return }
    rules.append((.expression(expression), includes))
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

  /// Whether a name is excluded: the last rule that matches says so. Without any, one that was made to include says
  /// that everything else is not.
  func excludes(_ name: [UInt8]) -> Bool {
    // As GNU tar: the whole name, the name without `./` before it, and its last component.
    var bare = name[...]
    while bare.starts(with: "./".utf8) { bare = bare.dropFirst(2) }
    let leaf = name.lastIndex(of: slash).map { name[($0 + 1)...] } ?? name[...]
    return excludesOne(name) || excludesOne(Array(bare)) || excludesOne(Array(leaf))
  }

  private func excludesOne(_ name: [UInt8]) -> Bool {
    guard let first = rules.first else { return false }
    for rule in rules.reversed() {
      let matches =
        switch rule.matcher {
        case .pattern(let pattern): pattern.matches(name)
        case .expression(let expression): expression.matches(name)
        }
      if matches { return !rule.includes }
    }
    return first.includes
  }
}

/// A POSIX extended regular expression.
final class RegularExpression: @unchecked Sendable {
  // Unchecked: regexec(3) only reads it, and it is written by init and deinit alone.
  private var compiled = regex_t()

  /// Nil for one that cannot be understood.
  init?(_ pattern: [UInt8]) {
    let status = withCString(pattern) { regcomp(&compiled, $0, REG_EXTENDED | REG_NOSUB) }
    if status != 0 { return nil }
  }

  deinit { regfree(&compiled) }

  func matches(_ name: [UInt8]) -> Bool { withCString(name) { regexec(&compiled, $0, 0, nil, 0) } == 0 }
}
