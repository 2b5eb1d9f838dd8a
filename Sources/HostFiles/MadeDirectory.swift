import Glibc
import Synchronization

/// A directory that this run made, and that nobody else may write to: only members can be in it.
final class MadeDirectory: Sendable {
  /// Names of what is not a regular file, in small letters; nil where a file system may take one of them for another name.
  private let others = Mutex<Set<[UInt8]>?>([])
  /// Owner and mode of files that were made in it, by the mode that they were made with: it changes when all else is there.
  private let newFiles = Mutex<[mode_t: stat]>([:])

  /// Notes that something else than a regular file gets this name here.
  func note(_ leaf: [UInt8]) {
    others.withLock { others in
      guard others != nil else { return }
      // Which letters beyond ASCII are the same is the file system's to say.
      if let name = Self.folded(leaf) { others?.insert(name) } else { others = nil }
    }
  }

  /// Whether this name is nothing's, or a regular file's.
  func isFree(_ leaf: [UInt8]) -> Bool {
    others.withLock { others in
      guard let others else { return false }
      return others.isEmpty || Self.folded(leaf).map { !others.contains($0) } ?? false
    }
  }

  /// Owner and mode of a file just made with this mode; nil while that is not known.
  func newFile(mode: mode_t) -> stat? { newFiles.withLock { $0[mode] } }

  func note(newFile status: stat, mode: mode_t) { newFiles.withLock { $0[mode] = status } }

  /// The name as file systems see it that take capital and small letters for the same; nil when that is not known.
  private static func folded(_ name: [UInt8]) -> [UInt8]? {
    name.allSatisfy { $0 < 0x80 } ? name.map { $0 | 0x20 } : nil
  }
}

/// The directories that this run made and may come back to.
struct MadeDirectories {
  private var table: [FileIdentity: MadeDirectory] = [:]
  private let user = geteuid()
  /// Memory does not grow with the archive: of a directory that was forgotten each name is looked up.
  private static let capacity = 4096

  /// Notes one that was just made.
  @discardableResult
  mutating func insert(_ identity: FileIdentity) -> MadeDirectory {
    if table.count >= Self.capacity { table.removeAll(keepingCapacity: true) }
    let made = MadeDirectory()
    table[identity] = made
    return made
  }

  /// Notes one that was just made and opened; nil when others may write to it.
  mutating func insert(_ descriptor: Int32) -> MadeDirectory? {
    identity(descriptor).map { insert($0) }
  }

  /// What was noted of an open directory; nil when it was not made here, or others may write to it by now.
  func find(_ descriptor: Int32) -> MadeDirectory? {
    table.isEmpty ? nil : identity(descriptor).flatMap { table[$0] }
  }

  mutating func removeAll() { table.removeAll(keepingCapacity: true) }

  /// Which directory it is, if nobody else may write to it: bits of an ACL show in those of the group.
  private func identity(_ descriptor: Int32) -> FileIdentity? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == user, status.st_mode & 0o022 == 0 else { return nil }
    return FileIdentity(status)
  }
}
