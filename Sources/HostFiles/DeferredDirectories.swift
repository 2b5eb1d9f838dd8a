import ArchiveFormat
import CLinux
import Glibc

/// Directories whose metadata is set when all else is there, in the order in which they came; handed back in reverse.
///
/// Beyond a mebibyte they are kept in an unlinked temporary file, so that memory does not grow with their number.
final class DeferredDirectories {
  /// What is kept of one.
  struct Entry: Equatable {
    var member: Member
    /// Which directory was made.
    var identity: FileIdentity
  }

  private var spillSize: Int
  private var buffer: [UInt8] = []
  private var file: Int32 = -1
  /// Where each part begins that was written to the file, and its length.
  private var parts: [(offset: Int64, length: Int)] = []

  init(spillingBeyond size: Int = 1 << 20) { spillSize = size }

  deinit {
    // An unlinked file: what is not read again is not wanted.
    if file >= 0 { _ = close(file) }
  }

  /// Remembers one.
  func append(_ entry: Entry) {
    let start = buffer.count
    var record = RecordWriter()
    record.add(entry)
    buffer += record.bytes
    withUnsafeBytes(of: UInt32(buffer.count - start).littleEndian) { buffer.append(contentsOf: $0) }
    if buffer.count > spillSize && !spill() {
      // Without room on disk they stay in memory: the restored tree matters more. Tried again when twice as many.
      spillSize *= 2
    }
  }

  /// Hands back all, the last first, and forgets them.
  func drain(_ body: (Entry) -> Void) throws(ErrnoFailure) {
    Self.reversed(buffer, body)
    buffer = []
    while let part = parts.popLast() {
      var bytes = [UInt8](repeating: 0, count: part.length)
      let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(part.offset)) }
      guard count == part.length else { throw ErrnoFailure(code: count < 0 ? errno : EIO) }
      Self.reversed(bytes, body)
    }
  }

  private func spill() -> Bool {
    if file < 0 {
      let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
      file = open(folder, clinux_O_TMPFILE | O_RDWR | O_CLOEXEC, 0o600)
      guard file >= 0 else { return false }
    }
    let offset = parts.last.map { $0.offset + Int64($0.length) } ?? 0
    var written = 0
    while written < buffer.count {
      let count = buffer[written...].withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(offset) + off_t(written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    parts.append((offset, buffer.count))
    buffer = []
    return true
  }

  private static func reversed(_ bytes: [UInt8], _ body: (Entry) -> Void) {
    var end = bytes.count
    while end > 0 {
      var length = 0
      for index in (end - 4..<end).reversed() { length = length << 8 | Int(bytes[index]) }
      var reader = RecordReader(bytes[(end - 4 - length)..<(end - 4)])
      body(reader.entry())
      end -= 4 + length
    }
  }
}

/// Fields one after the other; only this process reads them again.
private struct RecordWriter {
  var bytes: [UInt8] = []

  mutating func add(_ entry: DeferredDirectories.Entry) {
    let member = entry.member
    add(member.path)
    add(UInt64(member.mode))
    add(UInt64(member.ownership.user))
    add(UInt64(member.ownership.group))
    add(member.ownership.userName)
    add(member.ownership.groupName)
    add(UInt64(bitPattern: member.modified.seconds))
    add(UInt64(UInt32(bitPattern: member.modified.nanoseconds)))
    add(member.accessACL)
    add(member.defaultACL)
    add(UInt64(member.extendedAttributes.count))
    for attribute in member.extendedAttributes {
      add(attribute.name)
      add(attribute.value)
    }
    add(entry.identity.device)
    add(entry.identity.inode)
  }

  private mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private mutating func add(_ field: [UInt8]) {
    add(UInt64(field.count))
    bytes += field
  }
}

private struct RecordReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func entry() -> DeferredDirectories.Entry {
    let path = field()
    let mode = UInt32(truncatingIfNeeded: number())
    let user = UInt32(truncatingIfNeeded: number())
    let group = UInt32(truncatingIfNeeded: number())
    let owner = Ownership(user: user, group: group, userName: field(), groupName: field())
    let seconds = Int64(bitPattern: number())
    let time = Timestamp(seconds: seconds, nanoseconds: Int32(truncatingIfNeeded: number()))
    var member = Member(path: path, kind: .directory, mode: mode, ownership: owner, modified: time)
    member.accessACL = field()
    member.defaultACL = field()
    for _ in 0..<number() { member.extendedAttributes.append(ExtendedAttribute(name: field(), value: field())) }
    let device = number()
    return DeferredDirectories.Entry(member: member, identity: FileIdentity(device: device, inode: number()))
  }

  private mutating func number() -> UInt64 {
    var value: UInt64 = 0
    for byte in rest.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
    rest = rest.dropFirst(8)
    return value
  }

  private mutating func field() -> [UInt8] {
    let count = Int(number())
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
