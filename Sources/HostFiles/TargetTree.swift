import CLinux
import Glibc
import Synchronization

/// The directory below which members are restored.
///
/// Names are resolved by the kernel so that they cannot leave it: neither
/// `..` nor symbolic links, planted or old, lead out.
final class TargetTree {
  let root: DirectoryHandle
  private let resolution: UInt64
  /// Is called before a directory is made in passing.
  var settle: (() -> Void)?
  /// Is told the path of each directory that is made in passing.
  var made: (([UInt8]) -> Void)?
  /// The directory that is being looked for.
  private var sought: [UInt8] = []
  /// The directory used last: members mostly come directory by directory.
  private var last: (path: [UInt8], handle: DirectoryHandle)?
  /// Set when a directory was removed, by whichever thread: what was opened is forgotten.
  private let isStale = Atomic(false)
  /// Directories that were made here; nil where others than this run's members change what is in them.
  private var madeDirectories: MadeDirectories?

  /// The longest path that is resolved by one call; PATH_MAX is 4096 with its NUL.
  private static let longestPath = 4000

  /// - Parameter knowsMade: whether nothing is moved or removed in it but what gives way to members.
  init(root: DirectoryHandle, confined: Bool, knowsMade: Bool = false) {
    self.root = root
    madeDirectories = knowsMade ? MadeDirectories() : nil
    resolution = confined ? clinux_RESOLVE_BENEATH | clinux_RESOLVE_NO_MAGICLINKS : 0
  }

  /// The last component of a path, and the directory that holds it.
  func parent(of path: [UInt8], making: Bool) throws(ErrnoFailure) -> (directory: DirectoryHandle, leaf: [UInt8]) {
    let (up, leaf) = Self.split(path[...])
    if up.isEmpty { return (path.first == slash ? try directory([slash], making: false) : root, Array(leaf)) }
    return (try directory(Array(up), making: making), Array(leaf))
  }

  /// Forgets what was opened: a directory was removed.
  func forget() { isStale.store(true, ordering: .releasing) }

  /// Notes a directory that was just made.
  func noteMade(_ identity: FileIdentity) { madeDirectories?.insert(identity) }

  private func directory(_ path: [UInt8], making: Bool) throws(ErrnoFailure) -> DirectoryHandle {
    sought = path
    if isStale.load(ordering: .acquiring) {
      isStale.store(false, ordering: .relaxed)
      last = nil
      madeDirectories?.removeAll()
    }
    if let last {
      if last.path == path { return last.handle }
      if path.count > last.path.count && path[last.path.count] == slash && path.starts(with: last.path) {
        do throws(ErrnoFailure) {
          let handle = try open(path[(last.path.count + 1)...], from: last.handle, making: making)
          self.last = (path, handle)
          return handle
        } catch {
          // A link may lead out of the directory used last and yet stay in the target.
          if error.code != EXDEV { throw error }
        }
      }
    }
    let handle = try open(path[...], from: root, making: making)
    last = (path, handle)
    return handle
  }

  private func open(
    _ path: ArraySlice<UInt8>, from start: DirectoryHandle, making: Bool
  ) throws(ErrnoFailure) -> DirectoryHandle {
    if path.count > Self.longestPath {
      let reach = path[..<(path.startIndex + Self.longestPath)]
      guard let cut = reach.lastIndex(of: slash), cut > path.startIndex else { throw ErrnoFailure(code: ENAMETOOLONG) }
      let middle = try open(path[..<cut], from: start, making: making)
      return try open(path[cut...].drop { $0 == slash }, from: middle, making: making)
    }
    let flags = UInt64(clinux_O_PATH | O_DIRECTORY | O_CLOEXEC)
    let descriptor = withCString(path) { clinux_openat2(start.descriptor, $0, flags, 0, resolution) }
    if descriptor >= 0 { return DirectoryHandle(owning: descriptor, made: madeDirectories?.find(descriptor)) }
    guard errno == ENOENT && making else { throw ErrnoFailure(code: errno) }
    let (up, leaf) = Self.split(path)
    settle?()
    let above = up.isEmpty ? start : try open(up, from: start, making: true)
    // The umask is the process's, as for any directory made in passing.
    above.made?.note(Array(leaf))
    let status = withCString(leaf) { mkdirat(above.descriptor, $0, 0o777) }
    guard status == 0 || errno == EEXIST else { throw ErrnoFailure(code: errno) }
    if status == 0 { made?(Array(sought[..<path.endIndex])) }
    let made = withCString(leaf) { clinux_openat2(above.descriptor, $0, flags, 0, resolution) }
    guard made >= 0 else { throw ErrnoFailure(code: errno) }
    return DirectoryHandle(owning: made, made: status == 0 ? madeDirectories?.insert(made) : nil)
  }

  private static func split(_ path: ArraySlice<UInt8>) -> (up: ArraySlice<UInt8>, leaf: ArraySlice<UInt8>) {
    guard let cut = path.lastIndex(of: slash) else { return (path[..<path.startIndex], path) }
    var end = cut
    while end > path.startIndex && path[end - 1] == slash { end -= 1 }
    return (path[..<end], path[(cut + 1)...])
  }
}
