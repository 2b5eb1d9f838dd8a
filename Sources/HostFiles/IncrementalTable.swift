import ArchiveFormat
import Glibc

/// The directories of an incremental archive: those that the snapshot knows, and those that are found. Finds out which of
/// them are new, and which have another name than before.
final class IncrementalTable {
  private(set) var directories: [IncrementalDirectory] = []
  private var byName: [[UInt8]: IncrementalDirectory] = [:]
  private var byIdentity: [FileIdentity: IncrementalDirectory] = [:]
  private var order = SnapshotOrder()
  /// Those in ``order``.
  private var ordered: [IncrementalDirectory] = []
  private let checksDevice: Bool
  /// The absolute name of the directory that names are relative to.
  private let base: [UInt8]

  init(_ snapshot: Snapshot, base: [UInt8], checksDevice: Bool) {
    self.checksDevice = checksDevice
    self.base = base
    for known in snapshot.directories {
      let directory = add(
        Self.trimmed(known.name), modified: known.modified, identity: known.identity, isNFS: known.isNFS, base: base)
      directory.contents = known.contents.map { DirectoryContents(snapshot: $0) }
    }
  }

  private func add(
    _ name: [UInt8], modified: Timestamp, identity: FileIdentity, isNFS: Bool, base: [UInt8]
  ) -> IncrementalDirectory {
    let directory = IncrementalDirectory(
      name: name, canonicalName: Self.canonical(name, in: base), modified: modified, identity: identity, isNFS: isNFS)
    directories.append(directory)
    if byName[directory.canonicalName] == nil {
      byName[directory.canonicalName] = directory
      order.insert(directory.canonicalName)
      ordered.append(directory)
    }
    if byIdentity[identity] == nil { byIdentity[identity] = directory }
    return directory
  }

  /// The directory of this name; nil when neither the snapshot nor this run knows it.
  func directory(_ name: [UInt8], in base: [UInt8]) -> IncrementalDirectory? { byName[Self.canonical(name, in: base)] }

  /// What became of a directory since the snapshot.
  enum Change: Equatable {
    case none
    /// It was not there.
    case new
    /// It had another name.
    case renamed(from: [UInt8])
    /// Another one has its name, which may have been moved from where the snapshot does not reach.
    case perhapsRenamed
  }

  /// Takes in a directory that was found.
  /// - Parameter isStillThere: whether a directory that the snapshot knows still has its old name.
  func visit(
    _ name: [UInt8], _ status: stat, in base: [UInt8], isStillThere: (IncrementalDirectory) -> Bool
  ) -> (directory: IncrementalDirectory, change: Change) {
    let identity = FileIdentity(status)
    guard let known = directory(name, in: base) else {
      let before = byIdentity[identity]
      let directory = add(name, modified: Timestamp(status.st_mtim), identity: identity, isNFS: false, base: base)
      directory.isFound = true
      guard let before, before.name == name || mayHaveMoved(before, isStillThere) else {
        directory.children = .all
        return (directory, .new)
      }
      guard before.name != name else { return (directory, .none) }
      return (directory, .renamed(from: rename(before, to: directory)))
    }
    // The same directory, named in another way than before.
    known.name = name
    known.isFound = true
    known.children = .changed
    // NFS: one directory may have several devices.
    let isSameDevice = !checksDevice || known.isNFS && Self.isNFS(status) || known.identity.device == identity.device
    if isSameDevice, known.identity.inode == identity.inode { return (known, .none) }
    guard let before = byIdentity[identity], before === known || mayHaveMoved(before, isStillThere) else {
      if byIdentity[known.identity] === known { byIdentity[known.identity] = nil }
      known.children = .all
      known.identity = identity
      return (known, .perhapsRenamed)
    }
    known.identity = identity
    guard before !== known, before.name != name else { return (known, .none) }
    return (known, .renamed(from: rename(before, to: known)))
  }

  /// Whether a directory that the snapshot knows can be one that was found under another name: not when it is still where
  /// it was, which bind mounts make possible, and only once.
  private func mayHaveMoved(
    _ before: IncrementalDirectory, _ isStillThere: (IncrementalDirectory) -> Bool
  ) -> Bool { !before.hasMoved && !isStillThere(before) }

  /// The mark that GNU tar takes for a network file system's on Linux.
  private static func isNFS(_ status: stat) -> Bool { UInt64(status.st_dev) >> 63 != 0 }

  /// Notes that `before` has become `directory`; returns the name that it had.
  private func rename(_ before: IncrementalDirectory, to directory: IncrementalDirectory) -> [UInt8] {
    directory.origin = before
    directory.isLastOfRenames = true
    before.isLastOfRenames = false
    before.hasMoved = true
    let old = before.name
    let prefix = old + [slash]
    for other in directories where other.name.count > prefix.count && other.name.starts(with: prefix) {
      other.name = directory.name + other.name[old.count...]
    }
    return old
  }

  /// What the next archive is made against.
  func snapshot(time: Timestamp) -> Snapshot {
    Snapshot(time: time, directories: order.order.map { ordered[$0] }.filter(\.isFound).map(\.record))
  }

  /// The renames that lead from the snapshot's tree to the present one, as they stand in the list of a directory.
  func renames(keepingAbsoluteNames keepsAbsoluteNames: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    func add(_ code: DumpDirectory.Code, _ name: [UInt8]) {
      let length = keepsAbsoluteNames ? 0 : MemberName.unsafePrefixLength(name)
      let rest = length < name.count || name.isEmpty ? Array(name[length...]) : [dot]
      bytes += [code.rawValue] + rest + [0]
    }
    func rename(_ from: [UInt8], _ to: [UInt8]) {
      add(.renamedFrom, from)
      add(.renamedTo, to)
    }
    for last in directories where last.isLastOfRenames {
      var first = last
      while let origin = first.origin, origin !== last { first = origin }
      if first.origin == nil {
        var target = last
        while let origin = target.origin {
          rename(origin.name, target.name)
          target = origin
        }
        continue
      }
      // The chain goes round: one of them gets a temporary name in between.
      add(.temporary, last.name.lastIndex(of: slash).map { Array(last.name[..<max($0, 1)]) } ?? [dot])
      rename(last.name, [])
      var target = last
      while target !== first, let origin = target.origin {
        rename(origin.name, target.name)
        target = origin
      }
      rename([], first.name)
    }
    return bytes
  }

  private static func trimmed(_ name: [UInt8]) -> [UInt8] {
    name.count > 1 && name.last == slash ? Array(name.dropLast()) : name
  }

  /// The absolute name, without doubled slashes and single dots; `..` stays, as it may lead anywhere.
  static func canonical(_ name: [UInt8], in base: [UInt8]) -> [UInt8] {
    let whole = name.first == slash ? name : base + [slash] + name
    let parts = whole.split(separator: slash).filter { $0 != [dot] }
    return [slash] + Array(parts.joined(separator: [slash]))
  }
}
