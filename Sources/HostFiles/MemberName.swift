import ArchiveFormat

/// How names of files become names of members: GNU tar's rules.
public enum MemberName {
  /// Bytes at the start of a name that are not stored: up to the last `..`, and slashes.
  public static func unsafePrefixLength(_ name: [UInt8]) -> Int {
    var prefix = 0
    var index = 0
    while index < name.count {
      if isParentComponent(name, at: index) { prefix = index + 2 }
      while index < name.count && name[index] != slash { index += 1 }
      index += 1
    }
    while prefix < name.count && name[prefix] == slash { prefix += 1 }
    return prefix
  }

  /// Whether any component is `..`.
  public static func containsParentComponent(_ name: [UInt8]) -> Bool {
    var index = 0
    while index < name.count {
      if isParentComponent(name, at: index) { return true }
      while index < name.count && name[index] != slash { index += 1 }
      index += 1
    }
    return false
  }

  private static func isParentComponent(_ name: [UInt8], at index: Int) -> Bool {
    index + 1 < name.count && name[index] == dot && name[index + 1] == dot
      && (index + 2 == name.count || name[index + 2] == slash)
  }

  /// A name without the slashes at its end; `/` stays.
  public static func withoutTrailingSlashes(_ name: [UInt8]) -> [UInt8] {
    var end = name.count
    while end > 1 && name[end - 1] == slash { end -= 1 }
    return end == name.count ? name : Array(name[..<end])
  }
}

/// Strips prefixes and says so once for each.
struct PrefixStripper {
  /// Names of members, or targets of hard links.
  enum Use: String {
    case members = "member names"
    case hardLinks = "hard link targets"
  }

  let use: Use
  let keepsAbsoluteNames: Bool
  private var said: Set<[UInt8]> = []
  private var substitutionSaid = false

  init(_ use: Use, keepsAbsoluteNames: Bool) {
    self.use = use
    self.keepsAbsoluteNames = keepsAbsoluteNames
  }

  /// The name to store, `.` where nothing is left, and what is to be said about it.
  mutating func strip(_ name: [UInt8], _ say: (MemberNotice) -> Void) -> [UInt8] {
    if keepsAbsoluteNames && !name.isEmpty { return name }
    let length = MemberName.unsafePrefixLength(name)
    note(prefix: name[..<length], say)
    if length < name.count { return length == 0 ? name : Array(name[length...]) }
    if length == 0 && !substitutionSaid {
      substitutionSaid = true
      let kind = use == .members ? "member name" : "hard link target"
      say(MemberNotice([], "Substituting `.' for empty \(kind)", .information))
    }
    return [dot]
  }

  /// Whether the user knows that it is removed.
  func wasSaid(_ prefix: ArraySlice<UInt8>) -> Bool { said.contains(Array(prefix)) }

  /// Says that a prefix is removed, the first time.
  mutating func note(prefix: ArraySlice<UInt8>, _ say: (MemberNotice) -> Void) {
    guard !prefix.isEmpty, said.insert(Array(prefix)).inserted else { return }
    let text = String(decoding: prefix, as: UTF8.self)
    say(MemberNotice([], "Removing leading `\(text)' from \(use.rawValue)", .information))
  }
}
