import ArchiveFormat

/// Which warnings are said (`--warning`). Messages are GNU tar's, and their words tell which class they are of.
struct WarningFilter {
  private var isOff: Set<String> = []
  private var isOn: Set<String> = []

  /// GNU tar's classes, each with what its messages have in common; none where this program has no such message.
  private static let classes: [(keyword: String, phrases: [String])] = [
    ("alone-zero-block", ["A lone zero block at "]), ("bad-dumpdir", ["Malformed dumpdir: "]),
    ("cachedir", ["contains a cache directory tag"]), ("contiguous-cast", ["Extracting contiguous files as regular"]),
    ("file-changed", ["file changed as we read it"]),
    ("file-ignored", ["socket ignored", "door ignored", "file ignored"]),
    ("file-removed", ["File removed before we read it"]), ("file-shrank", ["File shrank by "]),
    ("file-unchanged", ["file is unchanged; not dumped"]),
    ("filename-with-nuls", ["file name read contains nul character"]),
    ("ignore-archive", ["archive cannot contain itself", "file is the archive; not dumped"]),
    ("ignore-newer", [" is newer or same age"]), ("new-directory", ["Directory is new"]),
    ("rename-directory", ["Directory has been renamed"]),
    ("symlink-cast", ["Attempting extraction of symbolic links as hard links"]),
    ("timestamp", ["implausibly old time stamp ", "time stamp "]), ("unknown-cast", ["Unknown file type "]),
    ("unknown-keyword", ["Ignoring unknown extended header keyword "]),
    ("xdev", ["is on a different filesystem; not dumped"]), ("decompress-program", []),
    ("existing-file", ["skipping existing file"]),
    ("xattr-write", ["setxattrat: ", "acl_set_file_at: ", "setfileconat: "]), ("record-size", ["Record size = "]),
    ("failed-read", ["Warning: Cannot "]),
  ]

  /// Classes that only `--verbose` or their name switches on.
  private static let verbose: Set<String> = [
    "rename-directory", "new-directory", "decompress-program", "existing-file", "record-size",
  ]

  /// Takes a value of `--warning`.
  mutating func set(_ value: String) throws(UsageError) {
    if value == "none" { return set("all", on: false) }
    let isNo = value.hasPrefix("no-")
    let name = isNo ? String(value.dropFirst(3)) : value
    let names = ["all"] + Self.classes.map(\.keyword)
    let candidates = names.contains(name) ? [name] : names.filter { $0.hasPrefix(name) }
    guard candidates.count == 1 else {
      throw UsageError(
        message: "\(candidates.isEmpty ? "invalid" : "ambiguous") argument ‘\(name)’ for ‘--warning’\n"
          + "Valid arguments are:" + names.map { "\n  - ‘\($0)’" }.joined(), pointsAtHelp: false)
    }
    set(candidates[0], on: !isNo)
  }

  private mutating func set(_ name: String, on: Bool) {
    let keywords = name == "all" ? Set(Self.classes.map(\.keyword)) : [name]
    if on { isOn.formUnion(keywords) } else { isOn.subtract(keywords) }
    if on { isOff.subtract(keywords) } else { isOff.formUnion(keywords) }
  }

  /// The class that a message is of; nil for those of none.
  static func keyword(of message: String) -> String? {
    classes.first { $0.phrases.contains { message.contains($0) } }?.keyword
  }

  /// Whether a notice is said.
  func passes(_ notice: MemberNotice, isVerbose: Bool) -> Bool {
    // A failure is no warning.
    guard notice.severity != .failure, !notice.isFinding,
      let keyword = Self.keyword(of: notice.message)
    else { return true }
    if isOff.contains(keyword) { return false }
    return isOn.contains(keyword) || isVerbose || !Self.verbose.contains(keyword)
  }
}
