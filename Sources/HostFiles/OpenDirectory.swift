import ArchiveFormat
import Glibc

/// A file that the walk came upon.
struct Found {
  /// Its member name.
  let path: [UInt8]
  let operand: SourceOperand
  /// The name given by the user; nil for what was found below one.
  let operandName: [UInt8]?
  /// What stands before the last component of its name in messages.
  let shownPrefix: [UInt8]
  /// The device of the directory that it was found in; nil for an operand.
  let parentDevice: UInt64?

  /// Its name in its directory.
  var name: ArraySlice<UInt8> {
    if let operandName { return operandName[...] }
    let start = path.lastIndex(of: slash).map { $0 + 1 } ?? 0
    return path[start...]
  }

  /// Its name for the user.
  var shownPath: [UInt8] { operandName ?? shownPrefix + name }
}

/// A directory in the middle of its walk.
struct OpenDirectory {
  /// nil when it was closed to save descriptors.
  var handle: DirectoryHandle?
  let operand: SourceOperand
  let identity: FileIdentity
  /// Its ctime when it was opened.
  let changed: Timestamp
  /// Its name for the user.
  let shownPath: [UInt8]
  /// The same with a slash behind it.
  let shownPrefix: [UInt8]
  /// What member names of its entries begin with.
  let memberPrefix: [UInt8]
  /// A prefix that its entries' names lose, if the user was not told.
  var unsaidPrefix: ArraySlice<UInt8>?
  /// What it was when it was opened.
  let opened: stat
  /// Patterns of ignore files here and above.
  let ignored: [IgnorePatterns]
  private var listing: DirectoryListing

  init(
    _ found: Found, _ handle: DirectoryHandle, _ status: stat, _ listing: DirectoryListing, ignored: [IgnorePatterns],
    keepsAbsoluteNames: Bool
  ) {
    opened = status
    self.ignored = ignored
    self.handle = handle
    operand = found.operand
    identity = FileIdentity(status)
    changed = Timestamp(status.st_ctim)
    shownPath = found.shownPath
    shownPrefix = shownPath.last == slash ? shownPath : shownPath + [slash]
    self.listing = listing
    if found.operandName == nil {
      memberPrefix = found.path + [slash]
    } else {
      let length = keepsAbsoluteNames ? 0 : MemberName.unsafePrefixLength(shownPrefix)
      memberPrefix = length == 0 ? shownPrefix : Array(shownPrefix[length...])
      unsaidPrefix = length == 0 ? nil : shownPrefix[..<length]
    }
  }

  /// Whether an entry is left out by its name.
  func excludes(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    if operand.exclusions.patterns.isEmpty && ignored.isEmpty { return false }
    let path = shownPrefix + name
    return operand.exclusions.excludes(path) || ignored.contains { $0.excludes(path) }
  }

  /// The member name of an entry.
  func memberPath(_ name: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: memberPrefix.count + name.count) { buffer, count in
      _ = buffer.update(fromContentsOf: memberPrefix)
      _ = UnsafeMutableBufferPointer(rebasing: buffer[memberPrefix.count...]).update(fromContentsOf: name)
      count = memberPrefix.count + name.count
    }
  }

  /// Calls `body` with the next entry's name, which has a NUL behind it; nil at the end.
  mutating func nextEntry<R>(_ body: (borrowing OpenDirectory, UnsafeBufferPointer<UInt8>) -> R) -> R? {
    guard let range = listing.advance() else { return nil }
    return listing.withName(range) { body(self, $0) }
  }
}
