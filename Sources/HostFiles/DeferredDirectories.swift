import ArchiveFormat

/// Directories whose metadata is set when all else is there, in the order in which they came; handed back in reverse.
/// Memory does not grow with their number.
final class DeferredDirectories {
  /// What is kept of one.
  struct Entry: Equatable {
    var member: Member
    /// Which directory was made.
    var identity: FileIdentity
  }

  private let records: SpilledRecords

  init(spillingBeyond size: Int = 1 << 20) { records = SpilledRecords(spillingBeyond: size) }

  /// Remembers one.
  func append(_ entry: Entry) {
    var record = RecordWriter()
    record.add(entry)
    records.append(record.bytes)
  }

  /// Hands back all, the last first, and forgets them.
  func drain(_ body: (Entry) -> Void) throws(ErrnoFailure) {
    try records.drain { bytes in
      var reader = RecordReader(bytes)
      body(reader.entry())
    }
  }
}

extension RecordWriter {
  fileprivate mutating func add(_ entry: DeferredDirectories.Entry) {
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
    add(member.securityContext)
    add(UInt64(member.extendedAttributes.count))
    for attribute in member.extendedAttributes {
      add(attribute.name)
      add(attribute.value)
    }
    add(entry.identity.device)
    add(entry.identity.inode)
  }
}

extension RecordReader {
  fileprivate mutating func entry() -> DeferredDirectories.Entry {
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
    member.securityContext = field()
    member.extendedAttributes = (0..<number()).map { _ in ExtendedAttribute(name: field(), value: field()) }
    let device = number()
    return DeferredDirectories.Entry(member: member, identity: FileIdentity(device: device, inode: number()))
  }
}
