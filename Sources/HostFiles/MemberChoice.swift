public import ArchiveFormat
import Synchronization

/// Which members of an archive are meant, as GNU tar understands the names that `-t`, `-x` and `-d` are given.
///
/// The first name that matches a member counts, and only that one is found by it. One pass over an archive takes one
/// choice: the members are shown to it in their order.
public final class MemberChoice: Sendable {
  /// One name and what it is for.
  public struct Name: Sendable {
    /// The name or pattern.
    public var pattern: NamePattern
    /// The directory that its members go to.
    public var directory: [UInt8]

    /// Describes a name.
    public init(_ pattern: NamePattern, directory: [UInt8] = []) {
      self.pattern = pattern
      self.directory = directory
    }
  }

  private struct Found {
    /// How often each name matched a member that is not just below one that it matched.
    var counts: [Int]
    var hasStarted: Bool
  }

  private let names: [Name]
  private let exclusions: ExclusionList
  private let start: NamePattern?
  private let occurrence: Int?
  private let newerThan: Timestamp?
  /// Names that are no patterns, by name: the first of each.
  private let literals: [[UInt8]: Int]
  /// The others.
  private let patterns: [Int]
  /// Guards the counts: the index asks while it is read, the caller afterwards.
  private let found: Mutex<Found>

  /// Prepares a choice; no names mean all members.
  /// - Parameters:
  ///   - start: the member that the choice begins with (`-K`); nil for the first.
  ///   - occurrence: which of several members of one name is meant; nil for all.
  ///   - newerThan: members modified before are left out.
  public init(
    names: [Name], exclusions: ExclusionList = ExclusionList(), startingAt start: NamePattern? = nil,
    occurrence: Int? = nil, newerThan: Timestamp? = nil
  ) {
    self.names = names
    self.exclusions = exclusions
    self.start = start
    self.occurrence = occurrence
    self.newerThan = newerThan
    var literals: [[UInt8]: Int] = [:]
    var patterns: [Int] = []
    for (number, name) in names.enumerated() {
      if name.pattern.options == .selection {
        if literals[name.pattern.pattern] == nil { literals[name.pattern.pattern] = number }
      } else {
        patterns.append(number)
      }
    }
    self.literals = literals
    self.patterns = patterns
    found = Mutex(Found(counts: Array(repeating: 0, count: names.count), hasStarted: start == nil))
  }

  /// Whether names alone do not tell which members are meant: all of them have to be shown, in their order.
  public var dependsOnOrder: Bool { start != nil || occurrence != nil || newerThan != nil }

  /// Whether every member is meant, whatever its name.
  public var choosesAll: Bool { names.isEmpty && exclusions.isEmpty && !dependsOnOrder }

  /// Where a member goes: the directory of the name that it is meant by, empty without any names; nil when it is not meant.
  /// Counts it as found.
  public func directory(for member: Member) -> [UInt8]? {
    guard let place = directory(of: MemberName.withoutTrailingSlashes(member.path)) else { return nil }
    if let newerThan, member.modified < newerThan { return nil }
    return place
  }

  /// Whether a member is meant, among those that go to `directory`; nil for any. Counts it as found.
  public func chooses(_ member: Member, to directory: [UInt8]? = nil) -> Bool {
    isWanted(self.directory(for: member), directory)
  }

  /// Whether any member of this name is meant; for choices that do not depend on order.
  public func chooses(_ path: [UInt8], to directory: [UInt8]? = nil) -> Bool {
    isWanted(self.directory(of: path), directory)
  }

  private func isWanted(_ place: [UInt8]?, _ directory: [UInt8]?) -> Bool {
    guard let place else { return false }
    return directory == nil || directory == place || names.isEmpty
  }

  private func directory(of path: [UInt8]) -> [UInt8]? {
    // Found is also what is then left out, as in GNU tar.
    guard let place = match(path), !exclusions.excludes(path), !exclusions.omits(path) else { return nil }
    return place
  }

  /// The directory of the first name that matches, if its occurrence is the one; empty without any names.
  private func match(_ path: [UInt8]) -> [UInt8]? {
    let isStart = start?.matches(path) ?? false
    let number = firstMatch(path)
    return found.withLock { found in
      if isStart { found.hasStarted = true }
      guard found.hasStarted else { return nil }
      guard !names.isEmpty else { return [] }
      guard let number else { return nil }
      let pattern = names[number].pattern
      let isBelow =
        pattern.options.contains(.subtree) && pattern.pattern.count < path.count && path[pattern.pattern.count] == slash
      if !isBelow || found.counts[number] == 0 { found.counts[number] += 1 }
      guard occurrence == nil || found.counts[number] == occurrence else { return nil }
      return names[number].directory
    }
  }

  private func firstMatch(_ path: [UInt8]) -> Int? {
    var first = literals.isEmpty ? nil : literals[path]
    if !literals.isEmpty {
      for index in path.indices where path[index] == slash && index > 0 {
        guard let number = literals[Array(path[..<index])] else { continue }
        first = min(first ?? number, number)
      }
    }
    for number in patterns {
      if let first, first < number { break }
      if names[number].pattern.matches(path) { return number }
    }
    return first
  }

  /// The names that matched nothing, or not often enough, and why that is to be said.
  public var missing: [(name: NamePattern, wasFound: Bool)] {
    let counts = found.withLock { $0.counts }
    return zip(names, counts).compactMap { name, count in
      count < (occurrence ?? 1) ? (name.pattern, count > 0) : nil
    }
  }
}
