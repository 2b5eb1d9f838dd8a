import ArchiveFormat
import CLinux
import Glibc

/// What becomes of files that exist under the names of members.
public enum OldFiles: String, Sendable, CaseIterable {
  /// Files give way to members, directories get the members' metadata (`--overwrite-dir`, the default).
  case replace = "overwrite-dir"
  /// The same, but directories keep their metadata.
  case keepDirectories = "no-overwrite-dir"
  /// Files keep their identity and get the content of members: other names of them show it too.
  case overwrite
  /// What is in the way is removed first.
  case unlink = "unlink-first"
  /// They stay, and that is a failure.
  case keep = "keep-old-files"
  /// They stay.
  case skip = "skip-old-files"
  /// They stay when they are not older than the member.
  case keepNewer = "keep-newer-files"

  /// Whether a directory that exists gets the metadata of the member.
  var updatesDirectories: Bool { self == .replace || self == .overwrite }

  /// Whether what is in the way of a member may be removed.
  var replacesFiles: Bool { self != .keep && self != .skip }
}

extension HostSink {
  /// Whether a member may be made where something exists; what is to be unlinked first is.
  func admits(_ member: Member, _ leaf: [UInt8], in directory: DirectoryHandle) throws(MemberNotice) -> Bool {
    switch options.oldFiles {
    case .replace, .keepDirectories, .overwrite, .keep: return true
    case .skip:
      // A second name of the same file is no news: that is found out when it is linked.
      guard member.kind != .hardLink, status(leaf, in: directory) != nil else { return true }
      notify(MemberNotice(member.path, "skipping existing file", .information))
      return false
    case .keepNewer:
      guard let old = status(leaf, in: directory), old.st_mode & Glibc.S_IFMT != Glibc.S_IFDIR,
        Timestamp(old.st_mtim) >= member.modified
      else { return true }
      notify(MemberNotice([], "Current \(quoted(member.path)) is newer or same age", .information))
      return false
    case .unlink:
      // A file waits for its successor to be whole; and the target itself stays.
      guard leaf != [dot], let old = status(leaf, in: directory) else { return true }
      let isDirectory = old.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR
      guard isDirectory || member.kind != .regular else { return true }
      guard removeObstacle(leaf, in: directory) else { throw failure(member, "unlink", errno) }
      return true
    }
  }

  func status(_ leaf: [UInt8], in directory: DirectoryHandle, following: Bool = false) -> stat? {
    var status = stat()
    let flags = following ? 0 : AT_SYMLINK_NOFOLLOW
    return withCString(leaf) { fstatat(directory.descriptor, $0, &status, flags) } == 0 ? status : nil
  }

  /// Removes what is in the way, as GNU tar does: anything but a directory with something in it, unless that was asked
  /// for too. Leaves errno as it is when that fails.
  func removeObstacle(_ leaf: [UInt8], in directory: DirectoryHandle) -> Bool {
    if withCString(leaf, { unlinkat(directory.descriptor, $0, 0) }) == 0 { return true }
    guard errno == EISDIR || errno == EPERM else { return false }
    tree.forget()
    if withCString(leaf, { unlinkat(directory.descriptor, $0, AT_REMOVEDIR) }) != 0 {
      guard errno == ENOTEMPTY || errno == EEXIST, options.unlinksRecursively else { return false }
      guard Self.removeTree(leaf, in: directory.descriptor) else { return false }
    }
    // Also what was opened meanwhile.
    tree.forget()
    hasRemovedDirectories = true
    return true
  }

  /// Removes a directory and all below it, through no link. Leaves errno as it is when that fails.
  /// - Parameter device: what is on another one stays, and that is a failure; nil: everything goes.
  static func removeTree(_ leaf: [UInt8], in directory: Int32, stayingOn device: UInt64? = nil) -> Bool {
    /// What is open, the deepest last, with its name in the one before: the depth is the archive's, not the stack's.
    var open: [(handle: DirectoryHandle, leaf: [UInt8], names: [[UInt8]])] = []
    func enter(_ leaf: [UInt8], _ parent: Int32) -> Bool {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      let descriptor = withCString(leaf) { openat(parent, $0, flags) }
      guard descriptor >= 0 else { return false }
      let handle = DirectoryHandle(owning: descriptor)
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return false }
      guard device == nil || device == UInt64(status.st_dev) else {
        errno = EBUSY
        return false
      }
      guard let names = DirectoryListing.names(in: descriptor) else { return false }
      open.append((handle, leaf, names))
      return true
    }
    guard enter(leaf, directory) else { return false }
    while let last = open.last {
      if let name = last.names.last {
        open[open.count - 1].names.removeLast()
        if withCString(name, { unlinkat(last.handle.descriptor, $0, 0) }) == 0 { continue }
        guard errno == EISDIR || errno == EPERM, enter(name, last.handle.descriptor) else { return false }
      } else {
        open.removeLast()
        let parent = open.last?.handle.descriptor ?? directory
        guard withCString(last.leaf, { unlinkat(parent, $0, AT_REMOVEDIR) }) == 0 else { return false }
      }
    }
    return true
  }
}

extension DirectoryListing {
  /// All names in an open directory; nil and errno when they cannot be read.
  static func names(in descriptor: Int32) -> [[UInt8]]? {
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
      guard var listing = DirectoryListing(of: descriptor, through: buffer, order: .none) else { return nil }
      var names: [[UInt8]] = []
      while let range = listing.advance() { names.append(listing.withName(range) { Array($0) }) }
      return names
    }
  }
}
