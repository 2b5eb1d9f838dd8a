internal import ArchiveFormat
internal import TapeIO

/// Reads members back. What many rows share, the directory, the owners and the pack, is looked up once for those that come
/// one behind the other.
final class MemberSelector {
  private var directories: StatementOnDemand
  private var owners: StatementOnDemand
  private var files: StatementOnDemand
  private var chunks: StatementOnDemand
  private var attributes: StatementOnDemand
  private var directory: (id: Int64, path: [UInt8])?
  private var ownership: (id: Int64, value: Ownership)?
  private var pack: (batch: Int64, file: FilePlacement)?

  /// The columns that ``member(_:)`` expects, of `member m`.
  static let columns = """
    m.id, m.fseq, m.block, m.blocks, m.bytes, m.layout, m.file_digest, m.offset, m.content_offset, m.directory, m.name,
    m.type, m.mode, m.ownership, m.size, m.mtime, m.mtime_ns, m.ctime, m.ctime_ns, m.device, m.inode, m.link_target,
    m.link_fseq, m.link_offset, m.rdev, m.digest, m.incomplete
    """

  init(_ database: Database) {
    directories = .init("SELECT path FROM directory WHERE id = ?", in: database)
    owners = .init("SELECT uid, gid, user_name, group_name FROM ownership WHERE id = ?", in: database)
    files = .init(
      "SELECT block, blocks, bytes, layout, digest FROM aul_file WHERE batch = ? AND fseq = ?", in: database)
    chunks = .init("SELECT digests FROM chunk WHERE member = ? ORDER BY first", in: database)
    attributes = .init("SELECT keyword, value FROM attribute WHERE member = ? ORDER BY keyword", in: database)
  }

  /// The member in the statement's row.
  /// - Parameter known: its path, where it was found by that.
  func member(_ row: Statement, at known: [UInt8]? = nil) throws(IndexError) -> (FilePlacement, MemberRecord) {
    let id = row.integer(0)
    let file = row.isNull(2) ? try packed(row) : Self.placement(row, sequence: row.integer(1), from: 2)
    guard let file, let kind = Member.Kind(rawValue: Int(row.integer(11))), row.integer(14) >= 0, row.integer(7) >= 0,
      row.integer(8) >= 0, let owners = try owners(row.integer(13)),
      let path = known == nil ? try path(in: row.integer(9), row) : known
    else { throw .badCatalogue(why: "member \(id) has a value out of range") }
    var member = Member(
      path: path, kind: kind, mode: UInt32(truncatingIfNeeded: row.integer(12)) & 0o7777, ownership: owners,
      size: row.integer(14),
      modified: Timestamp(seconds: row.integer(15), nanoseconds: Self.nanoseconds(row.integer(16))))
    if let seconds = row.optionalInteger(17) {
      member.changed = Timestamp(seconds: seconds, nanoseconds: Self.nanoseconds(row.integer(18)))
    }
    if let device = row.optionalInteger(19), let inode = row.optionalInteger(20) {
      member.sourceFile = SourceFile(
        device: UInt64(bitPattern: device), inode: UInt64(bitPattern: inode), linkCount: 1)
    }
    if !row.isNull(21) { member.linkTarget = row.blob(21) }
    if let rdev = row.optionalInteger(24) {
      member.deviceNumber = DeviceNumber(
        major: UInt32(truncatingIfNeeded: rdev >> 32), minor: UInt32(truncatingIfNeeded: rdev))
    }
    var record = MemberRecord(
      member: member, offset: row.integer(7), contentOffset: row.integer(8), digest: row.digest(25),
      isIncomplete: row.integer(26) != 0)
    if let sequence = row.optionalInteger(22), sequence > 0 {
      record.link = LinkPlacement(sequence: UInt64(sequence), offset: row.integer(23))
    }
    if member.size > Int64(ContentDigester.chunkSize) { record.chunks = try chunkDigests(id) }
    if file.layout == .raw { try addAttributes(id, to: &record.member) }
    return (file, record)
  }

  /// The AUL file whose block, blocks, bytes, layout and digest stand in the columns from `first` on.
  private static func placement(_ row: Statement, sequence: Int64, from first: Int32) -> FilePlacement? {
    guard sequence > 0, row.integer(first) >= 0, let layout = Layout(rawValue: Int(row.integer(first + 3))),
      let digest = row.digest(first + 4)
    else { return nil }
    return FilePlacement(
      sequence: UInt64(sequence), header: BlockID(UInt64(row.integer(first))),
      blockCount: UInt64(max(0, row.integer(first + 1))), byteCount: row.integer(first + 2), layout: layout,
      digest: digest)
  }

  private func packed(_ row: Statement) throws(IndexError) -> FilePlacement? {
    let (batch, sequence) = (row.integer(0) / Schema.membersPerBatch, row.integer(1))
    if let pack, pack.batch == batch, Int64(clamping: pack.file.sequence) == sequence { return pack.file }
    let files = try files.statement()
    defer { files.reset() }
    files.bind(1, batch)
    files.bind(2, sequence)
    guard try files.step(), let file = Self.placement(files, sequence: sequence, from: 0) else { return nil }
    pack = (batch, file)
    return file
  }

  private func path(in id: Int64, _ row: Statement) throws(IndexError) -> [UInt8]? {
    if directory?.id != id {
      let directories = try directories.statement()
      defer { directories.reset() }
      directories.bind(1, id)
      guard try directories.step() else { return nil }
      directory = (id, directories.blob(0))
    }
    return directory.map { row.blob(10, behind: $0.path) }
  }

  private func owners(_ id: Int64) throws(IndexError) -> Ownership? {
    if let ownership, ownership.id == id { return ownership.value }
    let owners = try owners.statement()
    defer { owners.reset() }
    owners.bind(1, id)
    guard try owners.step() else { return nil }
    let value = Ownership(
      user: UInt32(truncatingIfNeeded: owners.integer(0)), group: UInt32(truncatingIfNeeded: owners.integer(1)),
      userName: owners.blob(2), groupName: owners.blob(3))
    ownership = (id, value)
    return value
  }

  private static func nanoseconds(_ value: Int64) -> Int32 { Int32(min(max(value, 0), 999_999_999)) }

  private func chunkDigests(_ id: Int64) throws(IndexError) -> [UInt64] {
    let chunks = try chunks.statement()
    defer { chunks.reset() }
    chunks.bind(1, id)
    var result: [UInt64] = []
    while try chunks.step() {
      let bytes = chunks.blob(0)
      for start in stride(from: 0, to: bytes.count - 7, by: 8) {
        result.append(bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
    return result
  }

  private func addAttributes(_ id: Int64, to member: inout Member) throws(IndexError) {
    let attributes = try attributes.statement()
    defer { attributes.reset() }
    attributes.bind(1, id)
    var others: [ExtendedAttribute] = []
    while try attributes.step() {
      let keyword = attributes.blob(0)
      if keyword == Array("SCHILY.acl.access".utf8) {
        member.accessACL = attributes.blob(1)
      } else if keyword == Array("SCHILY.acl.default".utf8) {
        member.defaultACL = attributes.blob(1)
      } else if keyword == Array("RHT.security.selinux".utf8) {
        member.securityContext = attributes.blob(1)
      } else if keyword.starts(with: "SCHILY.xattr.".utf8) {
        others.append(
          ExtendedAttribute(name: Array(keyword.dropFirst("SCHILY.xattr.".utf8.count)), value: attributes.blob(1)))
      }
    }
    member.extendedAttributes = others
  }
}
