import Glibc
import Synchronization

/// A directory that this run made, and that nobody else may write to: only members can be in it.
final class MadeDirectory: Sendable {
  /// What of 512 places the names have of what is not a regular file: as large however many there are. Nil where a file system
  /// may take one of them for another name.
  private let others = Mutex<SIMD8<UInt64>?>(SIMD8())
  /// Owner and mode of files that were made in it, by the mode that they were made with: it changes when all else is there.
  private let newFiles = Mutex<[mode_t: stat]>([:])

  /// Notes that something else than a regular file gets this name here.
  func note(_ leaf: [UInt8]) {
    others.withLock { others in
      guard var places = others else { return }
      // Which letters beyond ASCII are the same is the file system's to say.
      guard let place = Self.place(of: leaf) else {
        others = nil
        return
      }
      places[place >> 6] |= 1 << UInt64(place & 63)
      others = places
    }
  }

  /// Whether this name is nothing's, or a regular file's. Where that is not known it has to be looked up.
  func isFree(_ leaf: [UInt8]) -> Bool {
    guard let places = others.withLock({ $0 }) else { return false }
    if places == SIMD8() { return true }
    return Self.place(of: leaf).map { places[$0 >> 6] >> UInt64($0 & 63) & 1 == 0 } ?? false
  }

  /// Owner and mode of a file just made with this mode; nil while that is not known.
  func newFile(mode: mode_t) -> stat? { newFiles.withLock { $0[mode] } }

  func note(newFile status: stat, mode: mode_t) { newFiles.withLock { $0[mode] = status } }

  /// The place of a name, the same for all that a file system takes for it that does not tell capital from small letters; nil
  /// when that is not known. FNV-1a.
  private static func place(of name: [UInt8]) -> Int? {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name {
      guard byte < 0x80 else { return nil }
      hash = (hash ^ UInt64(byte | 0x20)) &* 0x100_0000_01b3
    }
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & 511
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
