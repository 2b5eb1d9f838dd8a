import Glibc

/// How members become files.
public struct SinkOptions: Sendable {
  /// What becomes of files that exist.
  public var oldFiles = OldFiles.replace
  /// A directory that is in the way goes with all that is in it (`--recursive-unlink`).
  public var unlinksRecursively = false
  /// The name that a file gets when a member takes its place (`--backup`); nil for none.
  public var backup: BackupNaming?
  /// Whether such a change of a name is said.
  public var saysBackups = false
  /// Modes are restored as stored, not cut by the umask (`-p`).
  public var preservesPermissions: Bool
  /// Owners are restored.
  public var sameOwner: Bool
  /// Owners are restored by number, whatever their names.
  public var numericOwner = false
  /// Extended attributes are restored.
  public var extendedAttributes = false
  /// Which of them.
  public var attributeFilter = AttributeFilter.restoring
  /// POSIX ACLs are restored.
  public var accessControlLists = false
  /// SELinux contexts are restored.
  public var securityContexts = false
  /// Names are taken as they are: absolute, with `..`, through any symbolic link (`-P`).
  public var keepsAbsoluteNames = false
  /// A symbolic link to a directory serves where the archive has a directory (`--keep-directory-symlink`).
  public var keepsDirectorySymlinks = false
  /// What was not in a directory when it was archived incrementally is deleted, and directories are renamed as they were
  /// (`--incremental`, `--listed-incremental`).
  public var isIncremental = false
  /// Only on the file system of the target (`--one-file-system`).
  public var oneFileSystem = false
  /// Asks whether the file of this name is deleted then; nil for all.
  public var confirmsDeletion: (@Sendable ([UInt8]) -> Bool)?
  /// Times in messages are in coordinated universal time (`--utc`).
  public var usesUTC = false
  /// Modification times are restored (not with `-m`).
  public var restoresTimes = true

  /// Whether files may be committed while others are begun: nothing is asked about what exists before.
  var commitsBeside: Bool { (oldFiles == .replace || oldFiles == .keepDirectories) && backup == nil }

  /// GNU tar's defaults: root restores owners and exact modes, others do not.
  public init() {
    preservesPermissions = geteuid() == 0
    sameOwner = geteuid() == 0
  }
}
