import HostFiles

/// What the command line says about how members are restored, and files that exist.
struct RestoringOptions {
  /// The options, as the scanner gives them.
  enum Key: Hashable, Sendable {
    case oldFiles(OldFiles)
    case recursiveUnlink, backup, suffix
    case toCommand, ignoreCommandError, noIgnoreCommandError
    case oneTopLevel
    /// Accepted: what it asks for is always so.
    case nothing
  }

  private(set) var oldFiles: OldFiles?
  private(set) var unlinksRecursively = false
  /// `--to-command`.
  private(set) var command: [UInt8]?
  private(set) var ignoresCommandErrors = false
  /// `--one-top-level`: its value, empty when it has none.
  private(set) var topLevel: [UInt8]?
  private var backupControl: [UInt8]?
  private var backupSuffix: [UInt8]?
  private var wantsBackup = false
  /// Whether `oldFiles` stood in `$TAR_OPTIONS`, which the command line overrides.
  private var isFromEnvironment = false

  mutating func add(_ key: Key, _ value: [UInt8]?, fromEnvironment: Bool) throws(UsageError) {
    switch key {
    case .oldFiles(let wanted):
      if let oldFiles, oldFiles != wanted, isFromEnvironment == fromEnvironment {
        throw UsageError(message: "'--\(wanted.rawValue)' cannot be used with '--\(oldFiles.rawValue)'")
      }
      oldFiles = wanted
      isFromEnvironment = fromEnvironment
    case .recursiveUnlink: unlinksRecursively = true
    case .backup:
      wantsBackup = true
      if let value { backupControl = value }
    case .suffix:
      wantsBackup = true
      backupSuffix = value
    case .toCommand: command = value
    case .ignoreCommandError: ignoresCommandErrors = true
    case .noIgnoreCommandError: ignoresCommandErrors = false
    case .oneTopLevel: topLevel = value ?? []
    case .nothing: break
    }
  }

  /// Puts into `sink` what concerns it.
  func settle(_ sink: inout SinkOptions) throws(UsageError) {
    sink.unlinksRecursively = unlinksRecursively
    sink.oldFiles = unlinksRecursively ? .unlink : oldFiles ?? .replace
    sink.backup = try backup()
  }

  /// How files are backed up; nil when they are not.
  func backup() throws(UsageError) -> BackupNaming? {
    guard wantsBackup else { return nil }
    let control: BackupNaming.Control?
    if let backupControl, !backupControl.isEmpty {
      control = try Self.control(backupControl, of: "--backup")
    } else if let variable = Environment.value("VERSION_CONTROL"), !variable.isEmpty {
      control = try Self.control(variable, of: "$VERSION_CONTROL")
    } else {
      control = .existing
    }
    let suffix = backupSuffix ?? Environment.value("SIMPLE_BACKUP_SUFFIX") ?? []
    return control.map { BackupNaming($0, suffix: suffix.isEmpty ? Array("~".utf8) : suffix) }
  }

  private static let controls: [(names: [String], control: BackupNaming.Control?)] = [
    (["none", "off"], nil), (["simple", "never"], .simple), (["existing", "nil"], .existing),
    (["numbered", "t"], .numbered),
  ]

  /// A control by its name or a beginning of it that is no other's.
  private static func control(_ value: [UInt8], of option: String) throws(UsageError) -> BackupNaming.Control? {
    let text = String(decoding: value, as: UTF8.self)
    let exact = controls.filter { $0.names.contains(text) }
    let found = exact.isEmpty ? controls.filter { $0.names.contains { $0.hasPrefix(text) } } : exact
    if found.count == 1 { return found[0].control }
    let list = controls.map { row in "\n  - " + row.names.map { "‘\($0)’" }.joined(separator: ", ") }.joined()
    throw UsageError(
      message: "\(found.isEmpty ? "invalid" : "ambiguous") argument ‘\(text)’ for ‘\(option)’\nValid arguments are:"
        + list, pointsAtHelp: false)
  }

  static let specifications: [OptionSpecification] = [
    .gnu(
      .restoring(.oldFiles(.keep)), "k", "keep-old-files", .extracting,
      "replace no file: an error for each that exists"),
    .gnu(
      .restoring(.oldFiles(.skip)), nil, "skip-old-files", .extracting, "replace no file, and say nothing of it"),
    .gnu(
      .restoring(.oldFiles(.keepNewer)), nil, "keep-newer-files", .extracting,
      "replace no file that is newer than the member"),
    .gnu(
      .restoring(.oldFiles(.overwrite)), nil, "overwrite", .extracting,
      "write into files that exist: their other names change too"),
    .gnu(
      .restoring(.oldFiles(.replace)), nil, "overwrite-dir", .extracting,
      "directories that exist get the members' metadata (default)"),
    .gnu(
      .restoring(.oldFiles(.keepDirectories)), nil, "no-overwrite-dir", .extracting,
      "directories that exist keep their metadata"),
    .gnu(
      .restoring(.oldFiles(.unlink)), "U", "unlink-first", .extracting, "remove what is in the way of a member first"),
    .gnu(
      .restoring(.recursiveUnlink), nil, "recursive-unlink", .extracting,
      "remove a directory in the way with all that is in it"),
    .gnu(
      .restoring(.backup), nil, "backup", .optional, "CONTROL", .extracting,
      "rename what a member replaces: none, simple, existing (default), numbered"),
    .gnu(
      .restoring(.suffix), nil, "suffix", .required, "SUFFIX", .extracting,
      "the end of a simple backup's name (default ~)"),
    .gnu(
      .restoring(.oneTopLevel), nil, "one-top-level", .optional, "DIR", .extracting,
      "restore everything below DIR (default: ARCHIVE's name without its suffix)"),
    .gnu(
      .restoring(.toCommand), nil, "to-command", .required, "COMMAND", .extracting,
      "give the content of each file to a COMMAND of its own, which finds its metadata in $TAR_..."),
    .gnu(
      .restoring(.ignoreCommandError), nil, "ignore-command-error", .extracting, "do not mind when COMMAND fails"),
    .gnu(
      .restoring(.noIgnoreCommandError), nil, "no-ignore-command-error", .extracting,
      "a COMMAND that fails is a failure (default)"),
    .gnu(
      .restoring(.nothing), nil, "delay-directory-restore", .extracting,
      "set the metadata of directories last (always so)"),
    .gnu(
      .restoring(.nothing), nil, "no-delay-directory-restore", .extracting,
      "accepted; the metadata of directories is set last all the same"),
    .gnu(
      .restoring(.nothing), "B", "read-full-records", .ordinary, "accepted: short reads from pipes are joined anyway"),
    .gnu(.restoring(.nothing), "n", "seek", .ordinary, "accepted: what can be sought is"),
    .gnu(.restoring(.nothing), nil, "no-seek", .ordinary, "accepted: what cannot be sought is read"),
  ]
}
