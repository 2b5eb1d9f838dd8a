/// One name that the user gave, with what was in force where it stood on the command line.
public struct SourceOperand: Sendable {
  /// The directory that the name is relative to; empty for the working directory.
  public var baseDirectory: [UInt8]
  /// The name as given.
  public var name: [UInt8]
  /// What is left out.
  public var exclusions: ExclusionList
  /// Whether a directory's contents are archived with it.
  public var recursive: Bool

  /// Describes an operand.
  public init(
    baseDirectory: [UInt8] = [], name: [UInt8], exclusions: ExclusionList = ExclusionList(), recursive: Bool = true
  ) {
    self.baseDirectory = baseDirectory
    self.name = name
    self.exclusions = exclusions
    self.recursive = recursive
  }
}

/// How files become members.
public struct SourceOptions: Sendable {
  /// Keep leading slashes and `..` in names (`-P`).
  public var keepsAbsoluteNames = false
  /// Look for holes (`-S`).
  public var detectsHoles = false
  /// Store extended attributes.
  public var extendedAttributes = false
  /// Store POSIX ACLs that say more than the mode.
  public var accessControlLists = false
  /// Store numbers only for owners.
  public var numericOwner = false
  /// Do not go below a directory on another file system than its parent.
  public var oneFileSystem = false
  /// Members may have their files removed once they are safe (`--remove-files`).
  public var removesFiles = false
  /// Files that are not removed all the same: the index.
  public var neverRemoved: [FileIdentity] = []
  /// The files or directories of the archive itself, which are left out.
  public var archives: [FileIdentity] = []

  /// The defaults: names made relative, no holes, no attributes.
  public init() {}
}
