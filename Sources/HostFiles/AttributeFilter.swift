import Glibc

/// Which extended attributes are archived or restored: GNU tar's `--xattrs-include` and `--xattrs-exclude`.
public struct AttributeFilter: Sendable, Equatable {
  /// Patterns of which one must match; none for ``standard``.
  public var included: [[UInt8]] = []
  /// Patterns of which none may match.
  public var excluded: [[UInt8]] = []
  /// Beginnings of the names that pass without patterns.
  private let standard: [UInt8]

  /// Everything is archived.
  public static let archiving = AttributeFilter(standard: [])
  /// GNU tar restores the users' own attributes alone.
  public static let restoring = AttributeFilter(standard: Array("user.".utf8))

  private init(standard: [UInt8]) { self.standard = standard }

  /// Whether an attribute of this name passes.
  public func passes(_ name: [UInt8]) -> Bool {
    func matches(_ pattern: [UInt8]) -> Bool {
      withCString(pattern) { pattern in withCString(name) { fnmatch(pattern, $0, 0) == 0 } }
    }
    let isIncluded = included.isEmpty ? name.starts(with: standard) : included.contains(where: matches)
    return isIncluded && !excluded.contains(where: matches)
  }
}
