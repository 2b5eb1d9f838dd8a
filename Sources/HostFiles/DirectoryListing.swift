import CLinux
import Glibc

/// The names in one directory, in the directory's own order or sorted.
struct DirectoryListing {
  /// The names, each with a NUL behind it, so that they can be passed to system calls where they lie.
  private var names: [UInt8] = []
  private var position = 0
  /// Where the names begin, last first, and their inodes; empty when they are taken as they lie.
  private var sorted: [(start: Int, inode: UInt64)] = []
  private let order: SourceOptions.Order

  /// Reads all names of an open directory.
  /// - Returns: nil and errno when that fails.
  init?(of descriptor: Int32, through buffer: UnsafeMutableRawBufferPointer, order: SourceOptions.Order) {
    self.order = order
    while true {
      let count = clinux_getdents64(descriptor, buffer.baseAddress, buffer.count)
      if count == 0 { break }
      if count < 0 { return nil }
      append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    let names = names
    func name(_ start: Int) -> ArraySlice<UInt8> { names[start...].prefix { $0 != 0 } }
    switch order {
    case .none: break
    case .name: sorted.sort { name($1.start).lexicographicallyPrecedes(name($0.start)) }
    case .inode: sorted.sort { ($0.inode, $0.start) > ($1.inode, $1.start) }
    }
  }

  /// Is a single name.
  init(only name: [UInt8]) {
    names = name + [0]
    order = .none
  }

  private mutating func append(_ records: UnsafeRawBufferPointer) {
    var offset = 0
    // struct linux_dirent64: d_ino, d_off, d_reclen at 16, d_type at 18, d_name at 19.
    while offset + 19 < records.count {
      let length = Int(records.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
      let name = UnsafeRawBufferPointer(rebasing: records[(offset + 19)..<(offset + length)])
      let end = name.firstIndex(of: 0) ?? name.count
      let isSelfOrParent = name[0] == dot && (end == 1 || (end == 2 && name[1] == dot))
      if !isSelfOrParent {
        if order != .none {
          sorted.append((names.count, records.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        names.append(contentsOf: name[..<end])
        names.append(0)
      }
      offset += length
    }
  }

  /// Goes to the next name; nil at the end.
  mutating func advance() -> Range<Int>? {
    if order != .none {
      guard let next = sorted.popLast() else { return nil }
      position = next.start
    }
    guard position < names.count else { return nil }
    let start = position
    var end = start
    while names[end] != 0 { end += 1 }
    position = end + 1
    return start..<end
  }

  /// Calls `body` with a name, without its NUL, which is there.
  func withName<R>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    names.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }
}
