import Glibc

/// `--transform`: sed's substitutions on names, as GNU tar has them (GNU tar manual, *Modifying File and Member Names*).
public struct NameTransform: Sendable {
  /// What a name belongs to; flags say which of them an expression is for.
  public enum Scope: Sendable {
    /// A member's own name.
    case member
    /// The target of a hard link.
    case hardLink
    /// The target of a symbolic link.
    case symbolicLink
  }

  /// The expression cannot be understood.
  public struct SyntaxError: Error {}

  private var expressions: [Expression] = []
  private var isForMembers = true
  private var isForHardLinks = true
  private var isForSymbolicLinks = true

  /// Has no expressions yet: names stay as they are.
  public init() {}

  /// Whether there are no expressions.
  public var isEmpty: Bool { expressions.isEmpty }

  /// Adds expressions: `s/REGEXP/REPLACEMENT/FLAGS`, several separated by `;`, or `flags=FLAGS` as the default for those
  /// that follow.
  public mutating func add(_ text: [UInt8]) throws(SyntaxError) {
    var rest = text[...]
    while !rest.isEmpty {
      if rest.starts(with: "flags=".utf8) {
        rest = rest.dropFirst("flags=".utf8.count)
        // `flags=r` is for members alone, as in GNU tar; `flags=S` for all but symbolic links, as its manual has it
        // (version 1.34 takes that for nothing at all).
        let flags = rest.prefix { $0 != UInt8(ascii: ";") }
        let isAll = !flags.contains { $0 >= UInt8(ascii: "a") }
        (isForMembers, isForHardLinks, isForSymbolicLinks) = (isAll, isAll, isAll)
        while let flag = rest.first, flag != UInt8(ascii: ";") {
          try setDefault(flag)
          rest = rest.dropFirst()
        }
      } else {
        try addSubstitution(&rest)
      }
      if let separator = rest.first {
        guard separator == UInt8(ascii: ";") else { throw SyntaxError() }
        rest = rest.dropFirst()
      }
    }
  }

  private mutating func setDefault(_ flag: UInt8) throws(SyntaxError) {
    switch flag {
    case UInt8(ascii: "r"): isForMembers = true
    case UInt8(ascii: "R"): isForMembers = false
    case UInt8(ascii: "h"): isForHardLinks = true
    case UInt8(ascii: "H"): isForHardLinks = false
    case UInt8(ascii: "s"): isForSymbolicLinks = true
    case UInt8(ascii: "S"): isForSymbolicLinks = false
    default: throw SyntaxError()
    }
  }

  private mutating func addSubstitution(_ rest: inout ArraySlice<UInt8>) throws(SyntaxError) {
    guard rest.popFirst() == UInt8(ascii: "s"), let delimiter = rest.popFirst() else { throw SyntaxError() }
    let pattern = try Self.part(&rest, upTo: delimiter)
    let replacement = try Self.part(&rest, upTo: delimiter)
    var isExtended = false
    var ignoresCase = false
    var isGlobal = false
    var first = 1
    var (members, hardLinks, symbolicLinks) = (isForMembers, isForHardLinks, isForSymbolicLinks)
    while let flag = rest.first, flag != UInt8(ascii: ";") {
      rest = rest.dropFirst()
      switch flag {
      case UInt8(ascii: "g"): isGlobal = true
      case UInt8(ascii: "i"): ignoresCase = true
      case UInt8(ascii: "x"): isExtended = true
      case UInt8(ascii: "r"): members = true
      case UInt8(ascii: "R"): members = false
      case UInt8(ascii: "h"): hardLinks = true
      case UInt8(ascii: "H"): hardLinks = false
      case UInt8(ascii: "s"): symbolicLinks = true
      case UInt8(ascii: "S"): symbolicLinks = false
      case 0x30...0x39:
        var number = Int(flag - 0x30)
        while let digit = rest.first, (0x30...0x39).contains(digit), number < 1_000_000 {
          number = number * 10 + Int(digit - 0x30)
          rest = rest.dropFirst()
        }
        first = max(1, number)
      default: throw SyntaxError()
      }
    }
    expressions.append(
      try Expression(
        pattern, flags: (isExtended ? REG_EXTENDED : 0) | (ignoresCase ? REG_ICASE : 0), replacement: replacement,
        isGlobal: isGlobal, first: first, members: members, hardLinks: hardLinks, symbolicLinks: symbolicLinks))
  }

  /// Up to the next delimiter that no backslash is in front of; that backslash goes.
  private static func part(_ rest: inout ArraySlice<UInt8>, upTo delimiter: UInt8) throws(SyntaxError) -> [UInt8] {
    var part: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == delimiter { return part }
      if byte == UInt8(ascii: "\\"), let next = rest.popFirst() {
        if next != delimiter { part.append(byte) }
        part.append(next)
      } else {
        part.append(byte)
      }
    }
    throw SyntaxError()
  }

  /// The name that every expression in turn makes of `name`.
  public func transformed(_ name: [UInt8], _ scope: Scope) -> [UInt8] {
    var name = name
    for expression in expressions where expression.applies(to: scope) { name = expression.applied(to: name) }
    return name
  }
}

/// One `s/.../.../`.
private final class Expression: @unchecked Sendable {
  // Sendable: compiled once, and regexec(3) only reads it.
  /// A piece of the replacement.
  private enum Piece {
    case text([UInt8])
    /// What the nth group matched; 0 is all.
    case group(Int)
    case changeCase(CaseChange)
  }

  private enum CaseChange { case lower, upper, lowerNext, upperNext, stop }

  // Unchecked for this one: regexec(3) only reads it, and it is written by init and deinit alone.
  private var compiled = regex_t()
  private let pieces: [Piece]
  private let isGlobal: Bool
  private let first: Int
  private let members: Bool
  private let hardLinks: Bool
  private let symbolicLinks: Bool

  init(
    _ pattern: [UInt8], flags: Int32, replacement: [UInt8], isGlobal: Bool, first: Int, members: Bool, hardLinks: Bool,
    symbolicLinks: Bool
  ) throws(NameTransform.SyntaxError) {
    let text = pattern.map { CChar(bitPattern: $0) } + [0]
    pieces = Self.pieces(of: replacement)
    self.isGlobal = isGlobal
    self.first = first
    self.members = members
    self.hardLinks = hardLinks
    self.symbolicLinks = symbolicLinks
    guard regcomp(&compiled, text, flags) == 0 else { throw NameTransform.SyntaxError() }
  }

  deinit { regfree(&compiled) }

  func applies(to scope: NameTransform.Scope) -> Bool {
    switch scope {
    case .member: members
    case .hardLink: hardLinks
    case .symbolicLink: symbolicLinks
    }
  }

  private static func pieces(of replacement: [UInt8]) -> [Piece] {
    var pieces: [Piece] = []
    var text: [UInt8] = []
    func endText() {
      if !text.isEmpty { pieces.append(.text(text)) }
      text = []
    }
    var rest = replacement[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "&") {
        endText()
        pieces.append(.group(0))
        continue
      }
      guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
        text.append(byte)
        continue
      }
      let changes: [UInt8: CaseChange] = [
        UInt8(ascii: "L"): .lower, UInt8(ascii: "U"): .upper, UInt8(ascii: "l"): .lowerNext,
        UInt8(ascii: "u"): .upperNext, UInt8(ascii: "E"): .stop,
      ]
      let controls: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
      ]
      if (0x30...0x39).contains(next) {
        endText()
        pieces.append(.group(Int(next - 0x30)))
      } else if let change = changes[next] {
        endText()
        pieces.append(.changeCase(change))
      } else if let control = controls[next] {
        text.append(control)
      } else {
        text.append(next)
      }
    }
    endText()
    return pieces
  }

  func applied(to name: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    var count = 0
    var matches = [regmatch_t](repeating: regmatch_t(), count: 10)
    while start <= name.count {
      let rest = name[start...].map { CChar(bitPattern: $0) } + [0]
      guard regexec(&compiled, rest, matches.count, &matches, start > 0 ? REG_NOTBOL : 0) == 0 else { break }
      let (from, to) = (start + Int(matches[0].rm_so), start + Int(matches[0].rm_eo))
      count += 1
      result += name[start..<from]
      if count < first {
        result += name[from..<to]
      } else {
        result += replacement(matches.map { $0.rm_so < 0 ? [] : name[start + Int($0.rm_so)..<start + Int($0.rm_eo)] })
      }
      start = to
      if from == to {
        // Nothing was matched: go on behind the next byte.
        if start < name.count { result.append(name[start]) }
        start += 1
      }
      if count >= first, !isGlobal { break }
    }
    if start < name.count { result += name[start...] }
    return result
  }

  private func replacement(_ groups: [ArraySlice<UInt8>]) -> [UInt8] {
    var result: [UInt8] = []
    var lasting = CaseChange.stop
    var next: CaseChange?
    func append(_ bytes: some Collection<UInt8>) {
      for byte in bytes {
        switch next ?? lasting {
        case .lower, .lowerNext: result.append(UInt8(truncatingIfNeeded: tolower(Int32(byte))))
        case .upper, .upperNext: result.append(UInt8(truncatingIfNeeded: toupper(Int32(byte))))
        case .stop: result.append(byte)
        }
        next = nil
      }
    }
    for piece in pieces {
      switch piece {
      case .text(let text): append(text)
      case .group(let number): append(groups[number])
      case .changeCase(let change):
        if change == .lowerNext || change == .upperNext { next = change } else { lasting = change }
      }
    }
    return result
  }
}
