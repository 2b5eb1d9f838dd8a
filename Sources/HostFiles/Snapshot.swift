public import ArchiveFormat

/// What an incremental archive is made against: when the archive before was begun, and which directories it knew, with
/// what was in them (GNU tar manual, *Format of the Incremental Snapshot Files*).
public struct Snapshot: Equatable, Sendable {
  /// A directory that was archived.
  public struct Directory: Equatable, Sendable {
    /// Whether it lay on a network file system, whose device numbers mean nothing.
    public var isNFS = false
    /// When its contents changed last.
    public var modified: Timestamp
    /// Which directory it was.
    public var identity: FileIdentity
    /// Its name, as the user named it.
    public var name: [UInt8]
    /// What was in it, a code and a name with a NUL behind it for each; nil where the format does not say.
    public var contents: [UInt8]?

    /// Describes a directory.
    public init(
      isNFS: Bool = false, modified: Timestamp, identity: FileIdentity, name: [UInt8], contents: [UInt8]?
    ) {
      self.isNFS = isNFS
      self.modified = modified
      self.identity = identity
      self.name = name
      self.contents = contents
    }
  }

  /// Files that changed later are archived; nil: all of them.
  public var time: Timestamp?
  /// The directories, in the order of the file.
  public var directories: [Directory]

  /// Describes a snapshot; without anything in it, everything is archived.
  public init(time: Timestamp? = nil, directories: [Directory] = []) {
    self.time = time
    self.directories = directories
  }

  /// A snapshot cannot be read: why, in GNU tar's words. ``place`` stands between the file's name and the reason.
  public struct Failure: Error, Equatable {
    /// Where: `:line` or `: byte N`; empty for the file as a whole.
    public var place: String
    /// Why.
    public var reason: String
    /// Whether the reason stands without the file's name.
    public var standsAlone = false
  }

  private static let program = Array("GNU tar".utf8)

  /// Reads a snapshot of format 0, 1 or 2. An empty one says nothing.
  public init(parsing bytes: [UInt8]) throws(Failure) {
    guard !bytes.isEmpty else {
      self.init()
      return
    }
    let firstEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let first = bytes[..<firstEnd]
    guard first.starts(with: Self.program) else {
      var lines = SnapshotLines(bytes[...], version: 0)
      self = try lines.read()
      return
    }
    let parts = first.dropFirst(Self.program.count)
    guard parts.first == UInt8(ascii: "-"), let dash = parts.dropFirst().firstIndex(of: UInt8(ascii: "-")) else {
      throw Failure(place: "", reason: "Bad incremental file format", standsAlone: true)
    }
    let rest = bytes[min(firstEnd + 1, bytes.count)...]
    let digits = first[(dash + 1)...].prefix { (0x30...0x39).contains($0) }
    switch String(decoding: digits, as: UTF8.self) {
    case "1":
      var lines = SnapshotLines(rest, version: 1)
      self = try lines.read()
    case "2":
      var records = SnapshotRecords(bytes, from: rest.startIndex)
      self = try records.read()
    case "", "0": throw Failure(place: ":1", reason: "Invalid time stamp: Invalid argument")
    case let other:
      throw Failure(place: "", reason: "Unsupported incremental format version: \(other)", standsAlone: true)
    }
  }

  /// The snapshot in format 2, as GNU tar 1.34 writes it.
  public var bytes: [UInt8] {
    let time = time ?? Timestamp(seconds: 0)
    var bytes = Array("GNU tar-1.34-2\n\(time.seconds)\0\(time.nanoseconds)\0".utf8)
    for directory in directories {
      bytes += "\(directory.isNFS ? 1 : 0)\0\(directory.modified.seconds)\0\(directory.modified.nanoseconds)\0".utf8
      bytes += "\(directory.identity.device)\0\(directory.identity.inode)\0".utf8
      bytes += directory.name + [0] + (directory.contents ?? []) + [0, 0]
    }
    return bytes
  }
}

/// Reads format 2: fields with a NUL behind each.
private struct SnapshotRecords {
  private let bytes: [UInt8]
  private var position: Int

  init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    position = start
  }

  private static let unexpectedEnd = Snapshot.Failure(place: "", reason: "Unexpected EOF in snapshot file")

  /// The longest number that GNU tar's buffer holds, with its sign.
  private static let longestNumber = 20

  mutating func read() throws(Snapshot.Failure) -> Snapshot {
    var snapshot = Snapshot(time: try time())
    while let isNFS = try number("nfs", 0...1) {
      let modified = try time()
      guard let device = try number("dev", 0...Int128(UInt64.max)),
        let inode = try number("ino", 0...Int128(UInt64.max)), let name = field()
      else { throw Self.unexpectedEnd }
      snapshot.directories.append(
        Snapshot.Directory(
          isNFS: isNFS == 1, modified: modified,
          identity: FileIdentity(device: UInt64(device), inode: UInt64(inode)), name: name, contents: try contents()))
    }
    return snapshot
  }

  /// The lines of a directory; an empty one and a NUL end them.
  private mutating func contents() throws(Snapshot.Failure) -> [UInt8] {
    let start = position
    while true {
      let lineStart = position
      guard let line = field() else { break }
      guard line.isEmpty else { continue }
      guard position < bytes.count else { break }
      position += 1
      guard bytes[position - 1] == 0 else {
        throw Snapshot.Failure(place: ": byte \(position)", reason: "Missing record terminator")
      }
      return Array(bytes[start..<lineStart])
    }
    throw Snapshot.Failure(place: ": byte \(bytes.count)", reason: "Missing record terminator")
  }

  /// The bytes up to a NUL, which is passed over; nil when there is none.
  private mutating func field() -> [UInt8]? {
    guard let end = bytes[position...].firstIndex(of: 0) else {
      position = bytes.count
      return nil
    }
    defer { position = end + 1 }
    return Array(bytes[position..<end])
  }

  private mutating func time() throws(Snapshot.Failure) -> Timestamp {
    guard let seconds = try number("sec", Int128(Int64.min)...Int128(Int64.max)),
      let nanoseconds = try number("nsec", 0...999_999_999)
    else { throw Self.unexpectedEnd }
    return Timestamp(seconds: Int64(seconds), nanoseconds: Int32(nanoseconds))
  }

  /// A number; nil at the end of the file.
  private mutating func number(
    _ name: String, _ range: ClosedRange<Int128>
  ) throws(Snapshot.Failure) -> Int128? {
    var text = ""
    func failure(_ offset: Int, _ reason: String) -> Snapshot.Failure {
      Snapshot.Failure(place: ": byte \(offset)", reason: reason)
    }
    while position < bytes.count {
      let byte = bytes[position]
      guard (0x30...0x39).contains(byte) || text.isEmpty && byte == UInt8(ascii: "-") else { break }
      text.unicodeScalars.append(Unicode.Scalar(byte))
      position += 1
      if text.utf8.count > Self.longestNumber { throw failure(position, "\(name) \(text)... too long") }
    }
    guard position < bytes.count else {
      if !text.isEmpty { throw Self.unexpectedEnd }
      return nil
    }
    let byte = bytes[position]
    position += 1
    guard byte == 0 else {
      let hex = String(byte, radix: 16)
      throw failure(
        position, "\(name) \(text) followed by invalid byte 0x\(hex.utf8.count == 1 ? "0" : "")\(hex)")
    }
    guard let value = Int128(text) else { throw failure(position, "\(name) \(text): Invalid argument") }
    guard range.contains(value) else {
      throw failure(
        position,
        "(valid range \(range.lowerBound)..\(range.upperBound))\n\t\(name) \(text): Numerical result out of range")
    }
    return value
  }
}

/// Reads formats 0 and 1: a line for each directory. They do not say what was in it.
private struct SnapshotLines {
  private var rest: ArraySlice<UInt8>
  private let version: Int
  private var line = 0

  init(_ bytes: ArraySlice<UInt8>, version: Int) {
    rest = bytes
    self.version = version
    line = version
  }

  mutating func read() throws(Snapshot.Failure) -> Snapshot {
    guard let first = nextLine() else { throw failure("Invalid time stamp") }
    var fields = first[...]
    guard let seconds = number(&fields) else { throw failure("Invalid time stamp: Invalid argument") }
    var time = Timestamp(seconds: Int64(clamping: seconds))
    if version == 1, !fields.isEmpty {
      guard let nanoseconds = number(&fields), (0..<1_000_000_000).contains(nanoseconds) else {
        throw failure("Invalid time stamp")
      }
      time.nanoseconds = Int32(nanoseconds)
    }
    var snapshot = Snapshot(time: time)
    while let line = nextLine() { snapshot.directories.append(try directory(line)) }
    return snapshot
  }

  private mutating func directory(_ line: ArraySlice<UInt8>) throws(Snapshot.Failure) -> Snapshot.Directory {
    let isNFS = line.first == UInt8(ascii: "+")
    var fields = line.dropFirst(isNFS ? 1 : 0)
    var modified = Timestamp(seconds: 0)
    if version == 1 {
      guard let seconds = number(&fields), fields.first == UInt8(ascii: " ") else {
        throw failure("Invalid modification time")
      }
      guard let nanoseconds = number(&fields), (0..<1_000_000_000).contains(nanoseconds),
        fields.first == UInt8(ascii: " ")
      else { throw failure("Invalid modification time (nanoseconds)") }
      modified = Timestamp(seconds: Int64(clamping: seconds), nanoseconds: Int32(nanoseconds))
    }
    guard let device = number(&fields), fields.first == UInt8(ascii: " ") else {
      throw failure("Invalid device number: Invalid argument")
    }
    guard let inode = number(&fields), fields.first == UInt8(ascii: " ") else {
      throw failure("Invalid inode number: Invalid argument")
    }
    return Snapshot.Directory(
      isNFS: isNFS, modified: modified,
      identity: FileIdentity(device: UInt64(truncatingIfNeeded: device), inode: UInt64(truncatingIfNeeded: inode)),
      name: NameEscapes.unquoted(Array(fields.dropFirst())), contents: nil)
  }

  private mutating func nextLine() -> ArraySlice<UInt8>? {
    guard !rest.isEmpty else { return nil }
    line += 1
    let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
    defer { rest = rest[min(end + 1, rest.endIndex)...] }
    return rest[..<end]
  }

  /// A number with the blanks before it.
  private func number(_ fields: inout ArraySlice<UInt8>) -> Int128? {
    let text = fields.drop { $0 == UInt8(ascii: " ") }
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = text.dropFirst(isNegative ? 1 : 0).prefix { (0x30...0x39).contains($0) }
    // What no 64 bits hold is no number of these.
    guard !digits.isEmpty, digits.count <= 20, let value = Int128(String(decoding: digits, as: UTF8.self)) else {
      return nil
    }
    fields = text[digits.endIndex...]
    return isNegative ? -value : value
  }

  private func failure(_ reason: String) -> Snapshot.Failure {
    Snapshot.Failure(place: ":\(line)", reason: reason)
  }
}
