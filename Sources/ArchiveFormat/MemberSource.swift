/// Where members come from: a file system, another archive, a stream.
///
/// One thread calls ``next()`` and may run ahead of the one that opens what it returned.
public protocol MemberSource: AnyObject {
  /// The next thing found; nil at the end. What cannot be looked at is a notice, not the end.
  func next() -> SourceItem?

  /// Removes the directories among the sources that were removed, the deepest first, as far as they are empty. Called
  /// when ``next()`` has come to the end and everything is safe.
  /// - Returns: why some of them stay.
  func removeDirectories() -> [MemberNotice]
}

extension MemberSource {
  /// Most sources have nothing that could be removed.
  public func removeDirectories() -> [MemberNotice] { [] }
}

/// What a source found.
public enum SourceItem: Sendable {
  /// A member that can be opened.
  case member(any SourceMember)
  /// Something to tell the user.
  case notice(MemberNotice)
}

/// A member that was seen but not yet read.
public protocol SourceMember: Sendable {
  /// What was known when it was seen; opening may find it changed.
  var member: Member { get }

  /// Opens it and settles its metadata (size, times, data extents, extended attributes). Called once, in the order in
  /// which the source returned the members, by the thread that reads.
  /// - Throws: a notice when it is gone or cannot be read; it is then not archived.
  func open() throws(MemberNotice) -> OpenedMember

  /// Opens it with its content, where ``open()`` has just given it as a hard link: what the link leads to lies on a volume
  /// that is full.
  /// - Returns: nil when there is no content to be had here.
  func openContent() throws(MemberNotice) -> OpenedMember?

  /// The same one, to be opened with its content later than ``open()``, when what the link leads to turns out to lie on a
  /// volume that is full. It holds no descriptor.
  /// - Returns: nil when there is no content to be had then.
  func again() -> (any SourceMember)?
}

extension SourceMember {
  /// A link out of another archive is one: its content has gone past.
  public func openContent() throws(MemberNotice) -> OpenedMember? { nil }

  /// Neither can it be read again.
  public func again() -> (any SourceMember)? { nil }
}

/// A member about to be read.
public struct OpenedMember {
  /// Its settled metadata.
  public var member: Member
  /// Its bytes; nil when there are none to read (all but regular files of some size, and streams).
  public var content: (any MemberContent)?
  /// Whether the length of the content is unknown: it is what ``MemberContent/read(into:at:)`` gives until 0.
  public var isStream: Bool
  /// What is to be removed once the member is safe; nil when nothing is.
  public var removable: (any RemovableSource)?
  /// How the user knows it, where that is not its name in the archive.
  public var shownPath: [UInt8]?

  /// Describes an opened member.
  public init(
    member: Member, content: (any MemberContent)?, isStream: Bool = false, removable: (any RemovableSource)? = nil
  ) {
    self.member = member
    self.content = content
    self.isStream = isStream
    self.removable = removable
  }
}

extension OpenedMember {
  /// The member under the name that the user knows.
  public var shown: Member {
    guard let shownPath else { return member }
    var shown = member
    shown.path = shownPath
    return shown
  }
}

/// The bytes of an opened member.
public protocol MemberContent: AnyObject {
  /// Reads up to the buffer's size from byte `offset` of the content; fewer only at its end. 0 is the end.
  ///
  /// A stream can only be read on from where it is; `offset` is then the number of bytes read so far.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int

  /// Closes it and looks whether it changed while it was read; returns what is to be said about that.
  func close() -> MemberNotice?
}

/// Where members go to: a file system, standard output, another archive.
public protocol MemberSink: AnyObject {
  /// Creates what needs no content: directories, links, nodes, FIFOs. A hard link's target is the name that was restored.
  func create(_ member: Member) throws(MemberNotice)

  /// Begins a regular file under a temporary name; nil when it is to be passed over (the sink has said so).
  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)?

  /// Whether files may be committed, in their order, on one other thread while the next are begun and written. Directories and
  /// symbolic links of other names may be created meanwhile; all else waits until that is done. What becomes of a file must
  /// not depend on what exists under its name.
  var commitsBeside: Bool { get }

  /// Is told, where it ``commitsBeside``, how to wait until all files that were begun are committed.
  func settles(_ wait: @escaping () -> Void)

  /// Sets what can only be set when all else is there (directories' own metadata, deepest first).
  /// Returns what could not be done.
  func finish() -> [MemberNotice]

  /// Takes the name from a file that has it already and turned out to be damaged, unless it is no longer what was
  /// restored: removes it, or with `keeps` gives it the name of a damaged one.
  /// - Returns: that name; nil when it was not given: a notice has said so if it could not be.
  func setAside(_ file: RestoredFile, keeps: Bool) -> [UInt8]?
}

extension MemberSink {
  /// Most sinks do one thing at a time.
  public var commitsBeside: Bool { false }

  public func settles(_ wait: @escaping () -> Void) {}

  /// Most sinks make nothing that could be renamed.
  public func setAside(_ file: RestoredFile, keeps: Bool) -> [UInt8]? { nil }
}

/// A file that was restored, to be known again.
public struct RestoredFile: Equatable, Sendable {
  /// The name that it was restored as.
  public var path: [UInt8]
  /// st_dev.
  public var device: UInt64
  /// st_ino.
  public var inode: UInt64
  /// st_size.
  public var size: Int64
  /// When its content changed last.
  public var modified: Timestamp

  /// Describes a file.
  public init(path: [UInt8], device: UInt64, inode: UInt64, size: Int64, modified: Timestamp) {
    self.path = path
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
  }
}

/// A regular file being restored. Exactly one of ``commit()``, ``keepDamaged(size:)`` and ``discard()`` is called, at
/// the end.
public protocol FileWriter: AnyObject {
  /// Whether it may be committed while others are begun, where the sink ``MemberSink/commitsBeside``: nothing but a file gives
  /// way to it, so that no path leads elsewhere afterwards.
  var replacesOnlyFiles: Bool { get }

  /// Writes bytes at an offset of the file; offsets ascend, and what is left out between them is a hole.
  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice)

  /// Sets the size and all metadata, then gives the file its name. Only now it is visible under it.
  /// Returns what could not be restored of its attributes though the file is there.
  func commit() throws(MemberNotice) -> [MemberNotice]

  /// As ``commit()``, for a file that nobody will ask after: ``restored`` may stay nil.
  func commitUnasked() throws(MemberNotice) -> [MemberNotice]

  /// Keeps what was written, of a member that is damaged, under the member's name and `.damaged`: with its metadata,
  /// but never as a set-user-ID or set-group-ID program. Nothing is left under the member's own name.
  /// - Parameter size: bytes of the member that are accounted for, holes for what could not be read included.
  /// - Returns: that name; nil when nothing was written, and nothing is kept.
  func keepDamaged(size: Int64) throws(MemberNotice) -> [UInt8]?

  /// Removes the temporary file: nothing is left under the final name.
  func discard()

  /// The file, once it is committed; nil where there is none to be known again.
  var restored: RestoredFile? { get }
}

extension FileWriter {
  public var replacesOnlyFiles: Bool { true }

  public func commitUnasked() throws(MemberNotice) -> [MemberNotice] { try commit() }

  /// Most sinks keep nothing.
  public func keepDamaged(size: Int64) throws(MemberNotice) -> [UInt8]? {
    discard()
    return nil
  }

  /// Most sinks make no file.
  public var restored: RestoredFile? { nil }
}

/// Something to tell the user about one member, and what it does to the exit status.
public struct MemberNotice: Error, Equatable, Sendable {
  /// How grave it is.
  public enum Severity: Int, Comparable, Sendable {
    /// For information; exit status 0.
    case information = 0
    /// Some files differ or changed while they were read; exit status 1.
    case difference = 1
    /// The member was not archived or not restored, or not whole; exit status 2.
    case failure = 2

    public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
  }

  /// The member's or file's name; empty when the message stands alone.
  public let path: [UInt8]
  /// What is to be said behind the name, in GNU tar's words where it has some: `Cannot open: Permission denied`.
  public let message: String
  /// How grave it is.
  public let severity: Severity
  /// Whether it is what a comparison was asked to find: data for standard output.
  public let isFinding: Bool

  /// Creates a notice.
  public init(_ path: [UInt8], _ message: String, _ severity: Severity, isFinding: Bool = false) {
    self.path = path
    self.message = message
    self.severity = severity
    self.isFinding = isFinding
  }
}
