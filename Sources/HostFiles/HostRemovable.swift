import ArchiveFormat
import Glibc

/// What tells whether a file is still the one that was read: which it is, and when it changed.
struct FileState: Equatable {
  let identity: FileIdentity
  let size: Int64
  let modified: Timestamp
  let changed: Timestamp

  init(_ status: stat) {
    identity = FileIdentity(status)
    size = Int64(status.st_size)
    modified = Timestamp(status.st_mtim)
    changed = Timestamp(status.st_ctim)
  }

  /// Whether only what a new or a lost name changes may differ.
  func hasContent(of other: FileState) -> Bool {
    identity == other.identity && size == other.size && modified == other.modified
  }
}

/// Where a file of the source lies.
struct SourceLocation {
  /// Its path from the working directory, without components that say nothing.
  let path: [UInt8]
  /// Bytes at the front of ``path`` that messages leave out.
  let hiddenLength: Int

  /// The file that the user knows as `shownPath`, a name relative to `base`.
  init(base: [UInt8], shownPath: [UInt8]) {
    let shown = Self.normalized(shownPath)
    guard !base.isEmpty, shown.first != slash else {
      path = shown
      hiddenLength = 0
      return
    }
    let above = Self.normalized(base)
    // GNU tar's messages call it by the name of the directory then.
    path = shown == [dot] ? above : (above == [slash] ? above : above + [slash]) + shown
    hiddenLength = shown == [dot] ? 0 : path.count - shown.count
  }

  init(path: [UInt8], hiddenLength: Int) {
    self.path = path
    self.hiddenLength = hiddenLength
  }

  var shownPath: [UInt8] { Array(path[hiddenLength...]) }

  /// `path` without `.` and doubled slashes, as GNU tar shows what it removes.
  private static func normalized(_ path: [UInt8]) -> [UInt8] {
    let parts = path.split(separator: slash).filter { $0 != [dot] }
    let joined = Array(parts.joined(separator: [slash]))
    if path.first == slash { return [slash] + joined }
    return joined.isEmpty ? [dot] : joined
  }
}

/// A file that was read, and what it was then.
final class HostRemovable: RemovableSource {
  let location: SourceLocation
  /// The directory that it was found in; nil for a directory, which has one name only.
  let parent: FileIdentity?
  let isDirectory: Bool
  /// Whether only its name was archived, its content with an earlier one.
  let isLink: Bool
  let read: FileState
  let linkCount: Int
  private let remover: HostRemover

  init(
    _ location: SourceLocation, in parent: FileIdentity?, _ status: stat, isLink: Bool, remover: HostRemover
  ) {
    self.location = location
    self.parent = parent
    isDirectory = status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR
    self.isLink = isLink
    read = FileState(status)
    linkCount = Int(status.st_nlink)
    self.remover = remover
  }

  var shownPath: [UInt8] { location.shownPath }

  func remove() -> MemberNotice? { remover.remove(self) }
}
