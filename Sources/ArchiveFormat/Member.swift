/// What the user archived: a file, directory, link, device node, FIFO, or a stream; everything about it but its content.
public struct Member: Equatable, Sendable {
  /// What kind of file system object it is.
  public enum Kind: Int, Sendable, CaseIterable {
    /// A regular file or a stream.
    case regular = 0
    /// Another name of a member archived before; ``Member/linkTarget`` is that member's name.
    case hardLink = 1
    /// A symbolic link.
    case symbolicLink = 2
    /// A character device.
    case characterDevice = 3
    /// A block device.
    case blockDevice = 4
    /// A directory.
    case directory = 5
    /// A FIFO.
    case fifo = 6
  }

  /// The name in the archive: bytes, without a trailing slash (a directory's is added where tar shows one).
  public var path: [UInt8]
  /// What it is.
  public var kind: Kind
  /// Permission bits with set-user-ID, set-group-ID and sticky bit: 0 to 07777.
  public var mode: UInt32
  /// Owner and group, by number and by name; a name is empty when there is none.
  public var ownership: Ownership
  /// Bytes of content, holes included; 0 for all but regular files.
  public var size: Int64
  /// When the content changed last.
  public var modified: Timestamp
  /// When anything about it changed last, on the file system that it came from; nil where that is unknown.
  public var changed: Timestamp?
  /// When the content was read last; nil where that is not wanted. Ordinary archives in format pax have it, volumes do not.
  public var accessed: Timestamp?
  /// Major and minor number of a device node; else 0.
  public var deviceNumber = DeviceNumber(major: 0, minor: 0)
  /// Which file of the source's file system it was; nil for a stream.
  public var sourceFile: SourceFile?
  /// What is known of it on the volume that it is taken over from; nil for members from anywhere else.
  public var origin: MemberOrigin?
  /// What most members have nothing of; nil for those. A member is handed on often, and each array in it is counted then.
  var rare: Rare?

  /// Creates a member.
  public init(
    path: [UInt8], kind: Kind, mode: UInt32, ownership: Ownership, size: Int64 = 0, modified: Timestamp,
    changed: Timestamp? = nil
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.ownership = ownership
    self.size = size
    self.modified = modified
    self.changed = changed
  }
}

/// What is known of a member on the volume that it is taken over from, where nothing but the same member is good enough.
public struct MemberOrigin: Hashable, Sendable {
  /// Number of the file that this is a name of, the same for all of its names and for no other file; nil for one that has
  /// no other name.
  public var file: Int64?
  /// The digest that its content must have; nil where none is known.
  public var digest: Digest?
  /// Whether it was incomplete already: its source could not be read to its end.
  public var isIncomplete: Bool
  /// Whether it lies there as its own bytes alone (layout raw), and is to do so again.
  public var isRaw: Bool

  /// Describes an origin.
  public init(file: Int64?, digest: Digest?, isIncomplete: Bool, isRaw: Bool) {
    self.isRaw = isRaw
    self.file = file
    self.digest = digest
    self.isIncomplete = isIncomplete
  }
}

/// Seconds since 1970-01-01 00:00 UTC and nanoseconds, 0 to 999,999,999, that are added to them.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Seconds; negative before 1970.
  public var seconds: Int64
  /// Nanoseconds beyond them.
  public var nanoseconds: Int32

  /// Creates a time.
  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The next one: a nanosecond later.
  public var next: Timestamp {
    nanoseconds < 999_999_999
      ? Timestamp(seconds: seconds, nanoseconds: nanoseconds + 1) : Timestamp(seconds: seconds &+ 1)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}

/// Owner and group of a member.
public struct Ownership: Hashable, Sendable {
  /// User ID.
  public var user: UInt32
  /// Group ID.
  public var group: UInt32
  private var userText: ShortText
  private var groupText: ShortText

  /// User name, empty when unknown.
  public var userName: [UInt8] {
    get { userText.bytes }
    set { userText = ShortText(newValue[...]) }
  }

  /// Group name, empty when unknown.
  public var groupName: [UInt8] {
    get { groupText.bytes }
    set { groupText = ShortText(newValue[...]) }
  }

  /// Creates a pair of owners.
  public init(user: UInt32, group: UInt32, userName: [UInt8] = [], groupName: [UInt8] = []) {
    self.init(user: user, group: group, userName: userName[...], groupName: groupName[...])
  }

  init(user: UInt32, group: UInt32, userName: ArraySlice<UInt8>, groupName: ArraySlice<UInt8>) {
    self.user = user
    self.group = group
    userText = ShortText(userName)
    groupText = ShortText(groupName)
  }
}

/// Major and minor number of a device node.
public struct DeviceNumber: Hashable, Sendable {
  /// Major number.
  public var major: UInt32
  /// Minor number.
  public var minor: UInt32

  /// Creates a number.
  public init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }
}

/// A run of bytes of a file.
public struct Extent: Hashable, Sendable {
  /// First byte.
  public var offset: Int64
  /// Bytes.
  public var length: Int64

  /// Creates an extent.
  public init(offset: Int64, length: Int64) {
    self.offset = offset
    self.length = length
  }
}

/// One extended attribute.
public struct ExtendedAttribute: Hashable, Sendable {
  /// Full name, such as `user.comment`.
  public var name: [UInt8]
  /// Value; any bytes.
  public var value: [UInt8]

  /// Creates an attribute.
  public init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// Identifies a file on the system that it was read from, for finding hard links and changes.
public struct SourceFile: Hashable, Sendable {
  /// st_dev.
  public var device: UInt64
  /// st_ino.
  public var inode: UInt64
  /// st_nlink when it was read.
  public var linkCount: UInt64

  /// Creates an identity.
  public init(device: UInt64, inode: UInt64, linkCount: UInt64) {
    self.device = device
    self.inode = inode
    self.linkCount = linkCount
  }
}
