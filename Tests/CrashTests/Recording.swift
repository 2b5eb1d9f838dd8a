import ArchiveFormat
import ArchiveOperations
import Glibc
import Synchronization
import VirtualTape

/// What sessions did to the disk and what they promised, in order. A crash lies behind any of its entries.
///
/// Files are told by the drive's thread, the one that also commits to the index and reports batches.
final class Recording: FileWitness, OperationObserver, @unchecked Sendable {
  // Sendable: `lock` guards what is told from several threads; all else is the drive's thread's.
  /// One step.
  enum Entry {
    case change(FileChange, path: String)
    /// A transaction ended in the index: its files from now on.
    case index(Disk.Image)
    /// These members are safe from now on; whether the index knows them, and everything before them, too.
    case committed([String], indexed: Bool)
    /// What was safe is given up from now on.
    case erasing

    /// Whether it cuts off a part of the tape.
    var truncatesData: Bool {
      if case .change(.truncate, let path) = self { path.hasSuffix("/data") } else { false }
    }
  }

  /// Folder whose files are told of, without a slash behind it.
  let root: String
  private(set) var entries: [Entry] = []
  private var indexState: [UInt64] = []
  /// Names of the session's members that are not safe yet.
  private var uncommitted: ArraySlice<String> = []
  private var isIndexing = false
  private let lock = Mutex<[MemberNotice]>([])

  static let indexFiles = ["/index.sqlite", "/index.sqlite-wal"]

  init(_ root: String) {
    self.root = root
    indexState = stateOfIndex()
  }

  var notices: [MemberNotice] { lock.withLock { $0 } }

  /// A session with these members begins.
  func begin(_ session: Session) {
    uncommitted = session.members.map(\.name)[...]
    isIndexing = session.hasIndex
    if session.erases { entries.append(.erasing) }
  }

  func saw(_ change: FileChange, of path: [UInt8]) {
    noteIndex()
    var change = change
    if case .rename(let target) = change { change = .rename(to: Array(target.dropFirst(root.utf8.count))) }
    entries.append(.change(change, path: String(decoding: path.dropFirst(root.utf8.count), as: UTF8.self)))
  }

  func report(_ event: OperationEvent) {
    switch event {
    case .committed(let count, _, _):
      noteIndex()
      entries.append(.committed(Array(uncommitted.prefix(count)), indexed: isIndexing))
      uncommitted = uncommitted.dropFirst(count)
    case .notice(let notice): lock.withLock { $0.append(notice) }
    default: break
    }
  }

  /// Looks whether a transaction ended in the index since the last look.
  func noteIndex() {
    let state = stateOfIndex()
    guard state != indexState else { return }
    indexState = state
    entries.append(.index(Scratch.image(root, Recording.indexFiles)))
  }

  private func stateOfIndex() -> [UInt64] {
    Recording.indexFiles.flatMap { name -> [UInt64] in
      var status = stat()
      guard stat(root + name, &status) == 0 else { return [0] }
      return [
        UInt64(status.st_size), UInt64(status.st_mtim.tv_sec), UInt64(status.st_mtim.tv_nsec), UInt64(status.st_ino),
      ]
    }
  }
}
