internal import ArchiveFormat
internal import TapeIO

/// Writes members into the `member` table and those around it, and reads them back: one place knows the columns.
struct MemberInserter {
  private let database: Database
  private let insertMember: Statement
  private let insertFile: Statement
  private let insertChunks: Statement
  private let insertAttribute: Statement
  private let findDirectory: Statement
  private let insertDirectory: Statement
  private let findOwnership: Statement
  private let insertOwnership: Statement
  private var lastDirectory: (path: [UInt8], id: Int64)?
  private var lastOwnership: (value: Ownership, id: Int64)?
  private var lastPack: (batch: Int64, sequence: UInt64) = (0, 0)

  /// Chunk digests in one row.
  static let chunksPerRow = 4096

  init(_ database: Database) throws(IndexError) {
    self.database = database
    insertMember = try database.prepare(
      "INSERT INTO member VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
    insertFile = try database.prepare("INSERT OR IGNORE INTO aul_file VALUES (?,?,?,?,?,?,?)")
    insertChunks = try database.prepare("INSERT INTO chunk VALUES (?,?,?)")
    insertAttribute = try database.prepare("INSERT INTO attribute VALUES (?,?,?)")
    findDirectory = try database.prepare("SELECT id FROM directory WHERE path = ?")
    insertDirectory = try database.prepare("INSERT INTO directory (path) VALUES (?) RETURNING id")
    findOwnership = try database.prepare(
      "SELECT id FROM ownership WHERE uid = ? AND gid = ? AND user_name = ? AND group_name = ?")
    insertOwnership = try database.prepare(
      "INSERT INTO ownership (uid, gid, user_name, group_name) VALUES (?,?,?,?) RETURNING id")
  }

  mutating func insert(id: Int64, file: FilePlacement, record: MemberRecord) throws(IndexError) {
    let member = record.member
    let name = MemberName(path: member.path)
    let s = insertMember
    s.bind(1, id)
    s.bind(2, Int64(file.sequence))
    if file.layout == .pack {
      // One row for the file and one for each of its members; otherwise the member's row is the file's too.
      for column in 3...7 { s.bind(Int32(column), nil as Int64?) }
      try insertPack(file, batch: id / Schema.membersPerBatch)
    } else {
      s.bind(3, Int64(file.header.rawValue))
      s.bind(4, Int64(file.blockCount))
      s.bind(5, file.byteCount)
      s.bind(6, Int64(file.layout.rawValue))
      s.bind(7, file.digest)
    }
    s.bind(8, record.offset)
    s.bind(9, record.contentOffset)
    s.bind(10, try directoryID(name.directory))
    s.bind(11, name.name)
    s.bind(12, Int64(member.kind.rawValue))
    s.bind(13, Int64(member.mode))
    s.bind(14, try ownershipID(member.ownership))
    s.bind(15, member.size)
    s.bind(16, member.modified.seconds)
    s.bind(17, Int64(member.modified.nanoseconds))
    s.bind(18, member.changed?.seconds)
    s.bind(19, member.changed.map { Int64($0.nanoseconds) })
    s.bind(20, member.sourceFile.map { Int64(bitPattern: $0.device) })
    s.bind(21, member.sourceFile.map { Int64(bitPattern: $0.inode) })
    s.bind(22, member.linkTarget.isEmpty ? nil : member.linkTarget)
    s.bind(23, record.link.map { Int64($0.sequence) })
    s.bind(24, record.link?.offset)
    let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
    s.bind(25, isDevice ? Int64(member.deviceNumber.major) << 32 | Int64(member.deviceNumber.minor) : nil)
    s.bind(26, record.digest)
    s.bind(27, record.isIncomplete ? 1 : nil)
    try s.run()
    try insertParts(id: id, file: file, record: record)
  }

  private mutating func insertPack(_ file: FilePlacement, batch: Int64) throws(IndexError) {
    // Its members come one behind the other.
    if lastPack == (batch, file.sequence) { return }
    lastPack = (batch, file.sequence)
    insertFile.bind(1, batch)
    insertFile.bind(2, Int64(file.sequence))
    insertFile.bind(3, Int64(file.header.rawValue))
    insertFile.bind(4, Int64(file.blockCount))
    insertFile.bind(5, file.byteCount)
    insertFile.bind(6, Int64(file.layout.rawValue))
    insertFile.bind(7, file.digest.bytes)
    try insertFile.run()
  }

  private func insertParts(id: Int64, file: FilePlacement, record: MemberRecord) throws(IndexError) {
    for first in stride(from: 0, to: record.chunks.count, by: Self.chunksPerRow) {
      var bytes: [UInt8] = []
      for digest in record.chunks[first...].prefix(Self.chunksPerRow) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: digest >> shift)) }
      }
      insertChunks.bind(1, id)
      insertChunks.bind(2, Int64(first))
      insertChunks.bind(3, bytes)
      try insertChunks.run()
    }
    // In layout pax they stand in the member's own header.
    guard file.layout == .raw else { return }
    var attributes = record.member.extendedAttributes.map { (Array("SCHILY.xattr.".utf8) + $0.name, $0.value) }
    if !record.member.accessACL.isEmpty {
      attributes.append((Array("SCHILY.acl.access".utf8), record.member.accessACL))
    }
    if !record.member.defaultACL.isEmpty {
      attributes.append((Array("SCHILY.acl.default".utf8), record.member.defaultACL))
    }
    if !record.member.securityContext.isEmpty {
      attributes.append((Array("RHT.security.selinux".utf8), record.member.securityContext))
    }
    for (keyword, value) in attributes {
      insertAttribute.bind(1, id)
      insertAttribute.bind(2, keyword)
      insertAttribute.bind(3, value)
      try insertAttribute.run()
    }
  }

  mutating func directoryID(_ path: [UInt8]) throws(IndexError) -> Int64 {
    if let lastDirectory, lastDirectory.path == path { return lastDirectory.id }
    findDirectory.bind(1, path)
    insertDirectory.bind(1, path)
    let id = try found(findDirectory, or: insertDirectory)
    lastDirectory = (path, id)
    return id
  }

  mutating func ownershipID(_ value: Ownership) throws(IndexError) -> Int64 {
    if let lastOwnership, lastOwnership.value == value { return lastOwnership.id }
    for statement in [findOwnership, insertOwnership] {
      statement.bind(1, Int64(value.user))
      statement.bind(2, Int64(value.group))
      statement.bind(3, value.userName)
      statement.bind(4, value.groupName)
    }
    let id = try found(findOwnership, or: insertOwnership)
    lastOwnership = (value, id)
    return id
  }

  private func found(_ find: Statement, or insert: Statement) throws(IndexError) -> Int64 {
    defer {
      find.reset()
      insert.reset()
    }
    if try find.step() { return find.integer(0) }
    _ = try insert.step()
    return insert.integer(0)
  }
}
