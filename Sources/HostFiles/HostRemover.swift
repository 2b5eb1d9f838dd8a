import ArchiveFormat
import CLinux
import Glibc
import Synchronization

/// Removes files that were archived, each only when it is still what was read, found in the very directory that it was
/// read from: whatever became of the names above, nothing else is removed.
final class HostRemover: Sendable {
  private let links: LinkTable
  private let kept: [FileIdentity]
  /// What one thread uses at a time: the one that knows what is safe.
  private let state = Mutex(State())

  private struct State {
    let tree = TargetTree(root: DirectoryHandle(owning: AT_FDCWD), confined: false)
    /// Files with several names whose content is safe, as they are now: removing a name changes the ctime. One leaves
    /// with its last name; those with names elsewhere stay, as they do in the table of links.
    var linked: [FileIdentity: Linked] = [:]
    let directories = SpilledRecords()
  }

  /// A file with several names whose content is safe.
  private struct Linked {
    /// As it is now.
    var state: FileState
    /// Its ctime when it was read: from then on it has lost names here, and nothing else happened to it.
    var since: Timestamp

    /// Whether it was this that was read, with the names that it has lost since.
    func covers(_ read: FileState) -> Bool {
      state.hasContent(of: read) && since <= read.changed && read.changed <= state.changed
    }
  }

  /// - Parameters:
  ///   - links: forgets a file when its last name goes: the next file may get its inode number.
  ///   - kept: what is never removed.
  init(links: LinkTable, keeping kept: [FileIdentity]) {
    self.links = links
    self.kept = kept
  }

  /// Waits until the clock of the file system has gone past the time at which a file changed, so that any change from
  /// then on has a later one: what is read next cannot change unseen.
  func waitPast(_ changed: Timestamp) {
    var now = timespec()
    // The kernel's time stamps come from this clock, which ticks every few milliseconds. Not longer than a few ticks:
    // another machine's clock, of a network mount, may be ahead.
    for _ in 0..<50 where clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && Timestamp(now) <= changed { usleep(1_000) }
  }

  /// Removes a file; a directory is only noted.
  /// - Returns: why it stays.
  func remove(_ source: HostRemovable) -> MemberNotice? {
    state.withLock { state in
      if source.isDirectory {
        note(source, &state)
        return nil
      }
      // Safe, whatever becomes of this name: others of its names may go.
      if source.linkCount > 1, !source.isLink { noteSafe(source.read, &state) }
      do throws(Refusal) {
        try removeFile(source, &state)
        return nil
      } catch {
        return error.notice(source.location, "unlink")
      }
    }
  }

  /// Notes that the content of a file with several names is safe. It may be so for the second time, read under another name
  /// before this one's went: what the file has become by that is known already.
  private func noteSafe(_ read: FileState, _ state: inout State) {
    if let known = state.linked[read.identity], known.covers(read) { return }
    state.linked[read.identity] = Linked(state: read, since: read.changed)
  }

  /// Whether a file that was read, and is otherwise now, has only lost names here.
  func hasOnlyLostNames(_ now: FileState, since read: FileState) -> Bool {
    state.withLock { state in
      guard let known = state.linked[read.identity] else { return false }
      return known.state == now && known.covers(read)
    }
  }

  /// Why something stays.
  private enum Refusal: Error {
    case failed(Int32)
    case because(String)

    /// What is to be said; nothing of what is gone already.
    func notice(_ location: SourceLocation, _ what: String) -> MemberNotice? {
      switch self {
      case .failed(ENOENT): nil
      case .failed(let code): MemberNotice(location.shownPath, "Cannot \(what): \(errorText(code))", .failure)
      case .because(let why): MemberNotice(location.shownPath, "Cannot \(what): \(why)", .failure)
      }
    }
  }

  private func removeFile(_ source: HostRemovable, _ state: inout State) throws(Refusal) {
    let (directory, leaf) = try parent(of: source.location, state)
    guard try FileIdentity(status([dot], in: directory, 0)) == source.parent else {
      throw .because("its directory is another one now")
    }
    // Held open, the file says its new ctime when the name is gone.
    let hasOtherNames = source.linkCount > 1 || source.isLink
    let file = hasOtherNames ? try openPath(leaf, in: directory) : nil
    let found = try status(leaf, in: directory, AT_SYMLINK_NOFOLLOW)
    let identity = FileIdentity(found)
    if kept.contains(identity) { throw .because("the index of the archive") }
    guard let expected = hasOtherNames ? state.linked[source.read.identity]?.state : source.read else {
      throw .because("its content, archived under another name, is not safe")
    }
    guard FileState(found) == expected else { throw .because("file changed since it was read") }
    if found.st_nlink == 1 { links.forget(identity) }
    guard withCString(leaf, { unlinkat(directory.descriptor, $0, 0) }) == 0 else { throw .failed(errno) }
    if let file {
      let left = remaining(file, expected)
      state.linked[identity] = state.linked[identity].flatMap { known in
        left.map { Linked(state: $0, since: known.since) }
      }
    }
  }

  /// What a file with other names has become by the loss of one; nil when it was its last, or when more than that changed.
  private func remaining(_ file: DirectoryHandle, _ before: FileState) -> FileState? {
    var status = stat()
    // Not known, it counts as changed: its other names stay.
    guard fstat(file.descriptor, &status) == 0, status.st_nlink > 0 else { return nil }
    let after = FileState(status)
    return after.hasContent(of: before) ? after : nil
  }

  // MARK: Directories

  private func note(_ source: HostRemovable, _ state: inout State) {
    var record = RecordWriter()
    record.add(source.location.path)
    record.add(UInt64(source.location.hiddenLength))
    record.add(source.read.identity.device)
    record.add(source.read.identity.inode)
    state.directories.append(record.bytes)
  }

  /// Removes the directories that were noted, the last first, so the deepest of each tree first.
  func removeDirectories() -> [MemberNotice] {
    state.withLock { state in
      var notices: [MemberNotice] = []
      do throws(ErrnoFailure) {
        try state.directories.drain { bytes in
          var record = RecordReader(bytes)
          let location = SourceLocation(path: record.field(), hiddenLength: Int(record.number()))
          let identity = FileIdentity(device: record.number(), inode: record.number())
          do throws(Refusal) {
            try removeDirectory(location, identity, state)
          } catch {
            if let notice = error.notice(location, "rmdir") { notices.append(notice) }
          }
        }
      } catch {
        notices.append(
          MemberNotice([], "Cannot read back which directories to remove: \(errorText(error.code))", .failure))
      }
      return notices
    }
  }

  private func removeDirectory(
    _ location: SourceLocation, _ identity: FileIdentity, _ state: borrowing State
  ) throws(Refusal) {
    let (directory, leaf) = try parent(of: location, state)
    guard try FileIdentity(status(leaf, in: directory, AT_SYMLINK_NOFOLLOW)) == identity else {
      throw .because("another file has its name now")
    }
    guard withCString(leaf, { unlinkat(directory.descriptor, $0, AT_REMOVEDIR) }) == 0 else { throw .failed(errno) }
  }

  // MARK: System calls

  private func parent(
    of location: SourceLocation, _ state: borrowing State
  ) throws(Refusal) -> (directory: DirectoryHandle, leaf: [UInt8]) {
    do throws(ErrnoFailure) {
      return try state.tree.parent(of: location.path, making: false)
    } catch { throw .failed(error.code) }
  }

  private func status(_ name: [UInt8], in directory: DirectoryHandle, _ flags: Int32) throws(Refusal) -> stat {
    var status = stat()
    guard withCString(name, { fstatat(directory.descriptor, $0, &status, flags) }) == 0 else { throw .failed(errno) }
    return status
  }

  private func openPath(_ name: [UInt8], in directory: DirectoryHandle) throws(Refusal) -> DirectoryHandle {
    let flags = clinux_O_PATH | O_NOFOLLOW | O_CLOEXEC
    let descriptor = withCString(name) { openat(directory.descriptor, $0, flags) }
    guard descriptor >= 0 else { throw .failed(errno) }
    return DirectoryHandle(owning: descriptor)
  }
}
