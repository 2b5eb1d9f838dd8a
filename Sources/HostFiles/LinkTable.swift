import Synchronization

/// Files with several names whose first name was archived, by identity.
///
/// Filled by the reading thread as it opens members: only what was really opened is a target of links.
final class LinkTable: Sendable {
  /// What is known of one.
  struct Entry {
    /// The member that holds its content.
    var path: [UInt8]
    /// What it was when that was opened.
    var state: FileState
  }

  /// Guards the entries: one thread reads members, another removes files.
  private let entries = Mutex<[FileIdentity: Entry]>([:])

  /// The first name of the file; nil when there is none yet.
  func first(of file: FileIdentity) -> Entry? { entries.withLock { $0[file] } }

  /// Remembers which member holds the file.
  func record(_ state: FileState, as path: [UInt8]) {
    entries.withLock { if $0[state.identity] == nil { $0[state.identity] = Entry(path: path, state: state) } }
  }

  /// Forgets a file that is about to be no more: its inode number may become another's.
  func forget(_ file: FileIdentity) { entries.withLock { _ = $0.removeValue(forKey: file) } }
}
