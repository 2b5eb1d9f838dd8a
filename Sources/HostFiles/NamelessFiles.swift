import CLinux
import Glibc

/// Files that have no name until they are given one whole: nothing is left of them however the program ends, and a name is
/// made once, not made and changed.
struct NamelessFiles {
  /// Whether they can be made; nil before that was tried.
  private var works: Bool?

  /// Opens a new one on the file system of `directory`; -1 where that is not possible.
  mutating func open(in directory: DirectoryHandle, _ flags: Int32, mode: mode_t) -> Int32 {
    guard works ?? true else { return -1 }
    // A file system may not have them: another one in the same target may.
    let descriptor = openat(directory.descriptor, ".", flags | clinux_O_TMPFILE, mode)
    guard descriptor >= 0, works == nil else { return descriptor }
    // Who may give a name to an open file depends on the kernel and on the process's rights. "." is a name that is there.
    works = Self.link(descriptor, [dot], in: directory) == EEXIST
    if works == true { return descriptor }
    // An empty file.
    _ = close(descriptor)
    return -1
  }

  /// Gives an open file a name that nothing has; returns errno, 0 for success.
  static func link(_ descriptor: Int32, _ leaf: [UInt8], in directory: DirectoryHandle) -> Int32 {
    withCString(leaf) { linkat(descriptor, "", directory.descriptor, $0, clinux_AT_EMPTY_PATH) } == 0 ? 0 : errno
  }
}

extension HostSink {
  /// Calls `take` with a name beside `leaf` until it does not return EEXIST.
  /// - Returns: the name, and what `take` returned for it: errno, 0 for success.
  func withTemporaryName(for leaf: [UInt8], _ take: ([UInt8]) -> Int32) -> (name: [UInt8]?, code: Int32) {
    var shown = leaf.prefix(Self.longestPart)
    var code = EEXIST
    // A name taken is tried again with another; 100 in a row are not chance.
    for _ in 0..<100 {
      let name = [dot] + shown + Array(".tapir-".utf8) + Self.suffix(temporaryNumber())
      code = take(name)
      if code == 0 { return (name, 0) }
      // File systems differ in the longest name.
      if code == ENAMETOOLONG, !shown.isEmpty {
        shown = []
      } else if code != EEXIST {
        break
      }
    }
    return (nil, code)
  }

  /// What of a name fits into 255 bytes with the dot before and the 13 bytes behind it.
  private static let longestPart = 241

  /// Six letters and digits that say which of the numbers below 62^6 it is.
  private static func suffix(_ number: UInt64) -> [UInt8] {
    let letters = StaticString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    var rest = number
    return (0..<6).map { _ in
      defer { rest /= 62 }
      return letters.utf8Start[Int(rest % 62)]
    }
  }
}
