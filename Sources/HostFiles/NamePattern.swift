import CLinux
import Glibc

/// A pattern for member names, matched as GNU tar does.
///
/// Multibyte characters are those of the C library's current locale (`LC_CTYPE`).
public struct NamePattern: Sendable, Equatable {
  /// How a pattern matches.
  public struct Options: OptionSet, Sendable {
    /// One bit for each option.
    public let rawValue: Int
    /// Creates a set from its bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// The pattern matches only from the start of the name, not after any slash.
    public static let anchored = Options(rawValue: 1)
    /// Case is ignored.
    public static let ignoreCase = Options(rawValue: 2)
    /// `*`, `?`, `[...]` and `\` mean what they do in the shell.
    public static let wildcards = Options(rawValue: 4)
    /// Wildcards do not match `/`.
    public static let slashIsSpecial = Options(rawValue: 8)
    /// What matches a directory matches all below it.
    public static let subtree = Options(rawValue: 16)

    /// GNU tar's for `--exclude`.
    public static let exclusion: Options = [.wildcards, .subtree]
    /// GNU tar's for names of members to extract or list.
    public static let selection: Options = [.anchored, .subtree]
  }

  /// The pattern as given.
  public let pattern: [UInt8]
  /// How it matches.
  public let options: Options
  /// The pattern as a C string for fnmatch; nil when it is compared as it stands.
  private let wildcard: [CChar]?
  /// What is compared where there are no wildcards: the pattern, without its backslashes if they quote.
  private let literal: [UInt8]

  /// Prepares a pattern.
  public init(_ pattern: [UInt8], _ options: Options) {
    self.pattern = pattern
    self.options = options
    if options.contains(.wildcards) && Self.hasWildcards(pattern) {
      wildcard = pattern.map { CChar(bitPattern: $0) } + [0]
      literal = []
    } else {
      wildcard = nil
      let text = options.contains(.wildcards) ? Self.unescaped(pattern) : pattern
      literal = options.contains(.ignoreCase) ? text.map(Self.lowered) : text
    }
  }

  /// Whether it has characters that mean something in patterns, whatever they mean in this one.
  public var hasWildcards: Bool { Self.hasWildcards(pattern) }

  /// Whether the name, a member's without a trailing slash, matches.
  public func matches(_ name: [UInt8]) -> Bool {
    name.withUnsafeBufferPointer { bytes in
      guard wildcard != nil else {
        return starts(of: bytes, runsOfSlashesCount: true) { matchesLiteral(bytes[$0...]) }
      }
      return withCString(bytes) { text in
        starts(of: bytes, runsOfSlashesCount: false) { matchesWildcard(text + $0) }
      }
    }
  }

  /// Tries every place where a match may begin.
  ///
  /// GNU tar's two ways differ in whether one may begin with a slash.
  private func starts(
    of name: UnsafeBufferPointer<UInt8>, runsOfSlashesCount: Bool, _ matches: (Int) -> Bool
  ) -> Bool {
    if matches(0) { return true }
    if options.contains(.anchored) { return false }
    for index in name.indices where name[index] == slash {
      let next = index + 1
      // Behind a slash at the end there is nothing, which both look at.
      if next == name.count { return matches(next) }
      if (runsOfSlashesCount || name[next] != slash) && matches(next) { return true }
    }
    return false
  }

  private func matchesLiteral(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard name.count >= literal.count else { return false }
    let folds = options.contains(.ignoreCase)
    var index = name.startIndex
    for byte in literal {
      guard byte == (folds ? Self.lowered(name[index]) : name[index]) else { return false }
      index += 1
    }
    return index == name.endIndex || (options.contains(.subtree) && name[index] == slash)
  }

  private func matchesWildcard(_ name: UnsafePointer<CChar>) -> Bool {
    guard let wildcard else { return false }
    var flags: Int32 = 0
    if options.contains(.slashIsSpecial) { flags |= FNM_PATHNAME }
    if options.contains(.ignoreCase) { flags |= clinux_FNM_CASEFOLD }
    if options.contains(.subtree) { flags |= clinux_FNM_LEADING_DIR }
    return fnmatch(wildcard, name, flags) == 0
  }

  /// gnulib's fnmatch_pattern_has_wildcards.
  static func hasWildcards(_ pattern: [UInt8]) -> Bool {
    var index = 0
    while index < pattern.count {
      switch pattern[index] {
      case UInt8(ascii: "\\"): index += 2
      case UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "["): return true
      default: index += 1
      }
    }
    return false
  }

  private static func unescaped(_ pattern: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < pattern.count {
      // A backslash at the very end stands for itself.
      if pattern[index] == UInt8(ascii: "\\") && index + 1 < pattern.count { index += 1 }
      result.append(pattern[index])
      index += 1
    }
    return result
  }

  private static func lowered(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
  }
}
