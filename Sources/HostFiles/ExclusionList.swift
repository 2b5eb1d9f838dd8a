/// What is left out of an archive, or of what is taken from one.
public struct ExclusionList: Sendable, Equatable {
  /// Patterns of which any one suffices.
  public var patterns: [NamePattern]
  /// Patterns of which one must match, when there are any (bsdtar's `--include`). Directories are walked all the same.
  public var inclusions: [NamePattern] = []
  /// Files that say that what is in their directory is left out; the last one given counts first.
  public var tags: [ExclusionTag] = []
  /// Files with patterns for the directory that they are in.
  public var ignoreFiles: [IgnoreFile] = []

  /// Collects patterns.
  public init(_ patterns: [NamePattern] = []) { self.patterns = patterns }

  /// Collects patterns as `--exclude` takes them, with GNU tar's default meaning.
  public init(excluding patterns: [[UInt8]], _ options: NamePattern.Options = .exclusion) {
    self.patterns = patterns.map { NamePattern($0, options) }
  }

  /// Whether names alone exclude nothing.
  public var isEmpty: Bool { patterns.isEmpty && inclusions.isEmpty }

  /// Whether any pattern matches the name.
  public func excludes(_ name: [UInt8]) -> Bool { patterns.contains { $0.matches(name) } }

  /// Whether the name is not among those that alone are wanted.
  public func omits(_ name: [UInt8]) -> Bool {
    !inclusions.isEmpty && !inclusions.contains { $0.matches(name) }
  }

  /// Adds the names that version control systems use for themselves (`--exclude-vcs`).
  public mutating func addVersionControl() {
    let names = [
      "CVS", ".cvsignore", "RCS", "SCCS", ".svn", ".git", ".gitignore", ".gitattributes", ".gitmodules", ".arch-ids",
      "{arch}", "=RELEASE-ID", "=meta-update", "=update", ".bzr", ".bzrignore", ".bzrtags", ".hg", ".hgignore",
      ".hgtags", "_darcs",
    ]
    patterns += names.map { NamePattern(Array($0.utf8), []) }
  }

  /// Adds the names of editors' backup and lock files (`--exclude-backups`).
  public mutating func addBackups() {
    patterns += [".#*", "*~", "#*#"].map { NamePattern(Array($0.utf8), .wildcards) }
  }
}
