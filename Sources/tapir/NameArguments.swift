import HostFiles

/// The names on a command line, and the options whose place among them matters: they are for the names that follow.
struct NameArguments {
  /// What is archived, or which members are meant, with what was in force at each.
  private(set) var operands: [SourceOperand] = []
  /// The directory in force.
  private(set) var directory: [UInt8] = []
  /// What is left out from here on.
  private(set) var exclusions = ExclusionList()
  /// Whether backslash escapes in names are replaced.
  private(set) var unquotes = true
  private(set) var listsEndWithNUL = false
  /// Names in lists are names, even if they begin with a dash.
  private(set) var listsAreVerbatim = false
  /// Whether names with wildcards are patterns; nil when nobody said.
  private(set) var wildcards: Bool?
  private var matching: NamePattern.Options = []
  private var selectionIsAnchored = true
  private var isRecursive = true
  /// Options that no name has followed yet.
  private var unused: [String] = []

  /// Takes a name.
  mutating func add(_ name: [UInt8], unquoting: Bool) {
    let name = MemberName.withoutTrailingSlashes(unquoting && unquotes ? WordSplitter.unquoted(name) : name)
    var operand = SourceOperand(
      baseDirectory: directory, name: name, exclusions: exclusions, recursive: isRecursive)
    operand.matching = selection
    operands.append(operand)
    unused = []
  }

  /// Notes that names come from a list: it uses the options before it, even if it is empty.
  mutating func useOptions() { unused = [] }

  /// How names of members match here.
  var selection: NamePattern.Options {
    var options = matching
    if wildcards == true { options.insert(.wildcards) }
    if selectionIsAnchored { options.insert(.anchored) }
    if isRecursive { options.insert(.subtree) }
    return options
  }

  private var exclusion: NamePattern.Options {
    var options = matching
    if wildcards != false { options.insert(.wildcards) }
    if isRecursive { options.insert(.subtree) }
    return options
  }

  /// GNU tar's words about options that stand behind all names.
  var complaints: [String] {
    if unused.isEmpty { return [] }
    return [
      "The following options were used after any non-optional arguments in archive create or update mode.  These"
        + " options are positional and affect only arguments that follow them.  Please, rearrange them properly."
    ] + unused.map { $0 + " has no effect" }
  }

  /// Takes an option; false when it is none of these.
  mutating func take(_ key: OptionKey, _ value: [UInt8]) throws(UsageError) -> Bool {
    switch key {
    case .directory: directory = joined(directory, unquotes ? WordSplitter.unquoted(value) : value)
    case .null: (listsEndWithNUL, listsAreVerbatim) = (true, true)
    case .noNull: (listsEndWithNUL, listsAreVerbatim) = (false, false)
    case .verbatimFilesFrom: listsAreVerbatim = true
    case .noVerbatimFilesFrom: listsAreVerbatim = false
    case .unquote: unquotes = true
    case .noUnquote: unquotes = false
    case .recursion: isRecursive = true
    case .noRecursion: isRecursive = false
    case .anchored: matching.insert(.anchored)
    case .noAnchored:
      matching.remove(.anchored)
      selectionIsAnchored = false
    case .ignoreCase: matching.insert(.ignoreCase)
    case .noIgnoreCase: matching.remove(.ignoreCase)
    case .wildcards: wildcards = true
    case .noWildcards: wildcards = false
    case .wildcardsMatchSlash: matching.remove(.slashIsSpecial)
    case .noWildcardsMatchSlash: matching.insert(.slashIsSpecial)
    case .include: exclusions.inclusions.append(NamePattern(value, [.anchored, .subtree, .wildcards]))
    default: guard try exclude(key, value) else { return false }
    }
    unused.append(Self.spelling(key, value))
    return true
  }

  private mutating func exclude(_ key: OptionKey, _ value: [UInt8]) throws(UsageError) -> Bool {
    switch key {
    case .exclude: exclusions.patterns.append(NamePattern(value, exclusion))
    case .excludeFrom:
      for line in try NameFile.read(value, isTold: false).split(separator: UInt8(ascii: "\n")) {
        var pattern = Array(line)
        while let last = pattern.last, WordSplitter.isBlank(last) { pattern.removeLast() }
        if !pattern.isEmpty { exclusions.patterns.append(NamePattern(pattern, exclusion)) }
      }
    case .excludeVCS: exclusions.addVersionControl()
    case .excludeVCSIgnores: exclusions.ignoreFiles += IgnoreFile.versionControl
    case .excludeBackups: exclusions.addBackups()
    case .excludeIgnore: exclusions.ignoreFiles.append(IgnoreFile(value, isRecursive: false))
    case .excludeIgnoreRecursive: exclusions.ignoreFiles.append(IgnoreFile(value, isRecursive: true))
    case .excludeCaches: exclusions.tags.append(.cache(.contents))
    case .excludeCachesUnder: exclusions.tags.append(.cache(.under))
    case .excludeCachesAll: exclusions.tags.append(.cache(.all))
    case .excludeTag: exclusions.tags.append(ExclusionTag(value, .contents))
    case .excludeTagUnder: exclusions.tags.append(ExclusionTag(value, .under))
    case .excludeTagAll: exclusions.tags.append(ExclusionTag(value, .all))
    default: return false
    }
    return true
  }

  private static func spelling(_ key: OptionKey, _ value: [UInt8]) -> String {
    let quoted = value.isEmpty ? "" : " '\(String(decoding: value, as: UTF8.self))'"
    if key == .directory { return "-C" + quoted }
    let name = OptionTable.supported.first { $0.key == key && $0.long != nil }?.long
    return "--" + (name ?? "") + quoted
  }

  /// `--directory` is relative to the one before it.
  private func joined(_ directory: [UInt8], _ next: [UInt8]) -> [UInt8] {
    if directory.isEmpty || next.first == UInt8(ascii: "/") { return next }
    return directory + [UInt8(ascii: "/")] + next
  }
}
