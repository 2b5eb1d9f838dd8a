public import ArchiveFormat

/// How files become members.
public struct SourceOptions: Sendable {
  /// The order of what a directory holds.
  public enum Order: Sendable {
    /// As the directory lists it.
    case none
    /// By name.
    case name
    /// By inode number.
    case inode
  }

  /// How the time of the last access survives reading.
  public enum AccessTime: Sendable {
    /// It does not.
    case changes
    /// It is set back afterwards.
    case replaced
    /// The system is told not to touch it.
    case untouched
  }

  /// How holes are found.
  public enum HoleDetection: Sendable {
    /// Asked of the file system; runs of zeros that it stored stay.
    case seek
    /// Runs of zeros are holes.
    case raw
  }

  /// What a file must be newer than to be archived.
  public struct Threshold: Sendable {
    /// The time.
    public var time: Timestamp
    /// Whether a later change of anything but the content counts too (`-N`).
    public var countsChanges: Bool

    /// Describes a threshold.
    public init(_ time: Timestamp, countsChanges: Bool) {
      self.time = time
      self.countsChanges = countsChanges
    }
  }

  /// How an incremental archive is made.
  public struct Incremental: Sendable {
    /// What was archived before (`--listed-incremental`); nil when the archive holds everything (`--incremental`).
    public var snapshot: Snapshot?
    /// When this archive was begun.
    public var start: Timestamp
    /// Whether a directory on another device is another directory (`--check-device`).
    public var checksDevice = true

    /// Describes an incremental archive.
    public init(snapshot: Snapshot?, start: Timestamp) {
      self.snapshot = snapshot
      self.start = start
    }
  }

  /// Keep leading slashes and `..` in names (`-P`).
  public var keepsAbsoluteNames = false
  /// Look for holes (`-S`).
  public var detectsHoles = false
  /// How.
  public var holeDetection = HoleDetection.seek
  /// Store extended attributes.
  public var extendedAttributes = false
  /// Which of them.
  public var attributeFilter = AttributeFilter.archiving
  /// Store POSIX ACLs that say more than the mode.
  public var accessControlLists = false
  /// Store SELinux contexts.
  public var securityContexts = false
  /// Store numbers only for owners.
  public var numericOwner = false
  /// What is stored instead of what a file has.
  public var overrides = MetadataOverrides()
  /// How names are changed for the archive.
  public var transform = NameTransform()
  /// Members are named as they are called in the archive, not as the user's files are.
  public var showsStoredNames = false
  /// Archive what symbolic links point to (`-h`).
  public var followsLinks = false
  /// Archive each name of a file with its content (`--hard-dereference`).
  public var separatesHardLinks = false
  /// Say which files have names that were not archived (`-l`).
  public var reportsMissingLinks = false
  /// The order of what directories hold.
  public var order = Order.none
  /// What becomes of the time of the last access.
  public var accessTime = AccessTime.changes
  /// What cannot be read is no failure (`--ignore-failed-read`).
  public var ignoresFailedReads = false
  /// What files must be newer than; directories are archived whatever their age.
  public var newerThan: Threshold?
  /// Do not go below a directory on another file system than its parent.
  public var oneFileSystem = false
  /// Members may have their files removed once they are safe (`--remove-files`).
  public var removesFiles = false
  /// The files of the index that is open. They are not removed, and SQLite keeps its locks on them when they are archived.
  public var index: [FileIdentity] = []
  /// The files or directories of the archive itself, which are left out.
  public var archives: [FileIdentity] = []
  /// For how many milliseconds a small file that was opened when it was found is taken for what it was then; later it is
  /// looked up by its name again. Large enough for a disk that keeps up, small enough that nobody can tell.
  public var freshness: Int64 = 100
  /// Say what options leave out (`-v`).
  public var saysWhatIsLeftOut = false
  /// What is archived incrementally, and against what; nil when nothing is.
  public var incremental: Incremental?
  /// Asks whether the file of this name is archived; nil for all.
  public var confirms: (@Sendable ([UInt8]) -> Bool)?

  /// The defaults: names made relative, no holes, no attributes.
  public init() {}
}
