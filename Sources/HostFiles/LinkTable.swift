import Synchronization

/// Files with several names whose first name was archived, by identity.
///
/// Filled by the reading thread as it opens members: only what was really opened is a target of links.
final class LinkTable: Sendable {
  /// Guards the names: the protocol has one thread ask, but only by agreement.
  private let names = Mutex<[FileIdentity: [UInt8]]>([:])

  /// The member that holds the file; nil for the first name.
  func member(holding file: FileIdentity) -> [UInt8]? { names.withLock { $0[file] } }

  /// Remembers which member holds the file.
  func record(_ file: FileIdentity, as path: [UInt8]) {
    names.withLock { if $0[file] == nil { $0[file] = path } }
  }
}
