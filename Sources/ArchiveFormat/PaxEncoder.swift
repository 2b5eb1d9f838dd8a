/// Makes the headers of a member in layout pax: a pax extended header where ustar's fields do not hold everything, the
/// ustar header, and the map of a sparse file (POSIX.1-2017 pax; GNU tar manual, *Sparse Formats*, 1.0).
///
/// Reuses its buffers: one encoder serves all members of a session, on one thread.
public struct PaxEncoder {
  private var records = PaxRecords()

  /// Creates an encoder.
  public init() {}

  /// Two records of zeros: the end of every tar archive.
  public static let endOfArchiveSize = 1024

  /// Bytes of content that stand in the archive: the size, or a sparse file's data alone.
  public static func storedSize(of member: Member) -> Int64 {
    guard member.kind == .regular else { return 0 }
    guard let extents = member.dataExtents else { return member.size }
    return extents.reduce(0) { $0 + $1.length }
  }

  /// `extents` widened to whole tar records and joined where they meet then, as GNU tar reads each from a record of its
  /// own.
  public static func aligned(_ extents: [Extent], size: Int64) -> [Extent] {
    var result: [Extent] = []
    for extent in extents {
      let start = extent.offset / Int64(tarRecordSize) * Int64(tarRecordSize)
      let end = min(paddedToTarRecord(extent.offset + extent.length), size)
      if let last = result.last, last.offset + last.length >= start {
        result[result.count - 1].length = max(end, last.offset + last.length) - last.offset
      } else {
        result.append(Extent(offset: start, length: end - start))
      }
    }
    return result
  }

  /// Appends everything that stands before the content of `member`; always whole tar records.
  public mutating func append(_ member: Member, to bytes: inout [UInt8]) {
    records.removeAll()
    var name = member.path
    if member.kind == .directory { name.append(UInt8(ascii: "/")) }
    let map =
      member.kind == .regular
      ? member.dataExtents.map {
        SparseMap.text(SparseMap.listed($0, size: member.size, always: false))
      } : nil
    let size = Self.storedSize(of: member) + Int64(map?.count ?? 0)

    var header = TarBlock()
    if map != nil {
      records.append("GNU.sparse.major", "1")
      records.append("GNU.sparse.minor", "0")
      records.append("GNU.sparse.name", name)
      records.append("GNU.sparse.realsize", String(member.size))
      let (directory, base) = Self.split(name)
      name = directory + Array("GNUSparseFile.0/".utf8) + base
      header.put(name, TarField.name)
    } else if !Self.putName(name, &header) {
      records.append("path", name)
      header.put(name, TarField.name)
    }
    if member.linkTarget.count > TarField.linkName.count { records.append("linkpath", member.linkTarget) }
    header.put(member.linkTarget, TarField.linkName)
    number(Int64(member.mode), 7, TarField.mode, nil, &header)
    number(Int64(member.ownership.user), 7, TarField.uid, "uid", &header)
    number(Int64(member.ownership.group), 7, TarField.gid, "gid", &header)
    number(size, 11, TarField.size, "size", &header)
    putTime(member.modified, &header)
    header.putTypeflag(member.kind.typeflag)
    header.put("ustar\u{0}00", TarField.magic)
    text(member.ownership.userName, TarField.userName, "uname", &header)
    text(member.ownership.groupName, TarField.groupName, "gname", &header)
    if member.kind == .characterDevice || member.kind == .blockDevice {
      number(Int64(member.deviceNumber.major), 7, TarField.deviceMajor, "SCHILY.devmajor", &header)
      number(Int64(member.deviceNumber.minor), 7, TarField.deviceMinor, "SCHILY.devminor", &header)
    }
    for attribute in member.extendedAttributes {
      records.append(Array("SCHILY.xattr.".utf8) + PaxRecords.escaped(attribute.name), attribute.value)
    }
    if !member.accessACL.isEmpty { records.append("SCHILY.acl.access", member.accessACL) }
    if !member.defaultACL.isEmpty { records.append("SCHILY.acl.default", member.defaultACL) }
    if !member.securityContext.isEmpty { records.append("RHT.security.selinux", member.securityContext) }
    // In the last place: readers that mind the NULs in it have seen the rest by then.
    if member.kind == .directory, let list = member.dumpDirectory { records.append("GNU.dumpdir", list) }
    header.seal()

    if !records.isEmpty { appendExtendedHeader(of: name, like: header, to: &bytes) }
    bytes += header.bytes
    if let map { bytes += map }
  }

  private func appendExtendedHeader(of name: [UInt8], like header: TarBlock, to bytes: inout [UInt8]) {
    var extended = TarBlock()
    let end = name.last == UInt8(ascii: "/") ? name.count - 1 : name.count
    let base = name[((name[..<end].lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)..<end]
    extended.put("PaxHeaders/", TarField.name)
    extended.put(base, TarField.name.lowerBound + 11..<TarField.name.upperBound)
    for field in [TarField.uid, TarField.gid, TarField.mtime] { extended.put(header.bytes[field], field) }
    extended.put("0000644", TarField.mode)
    extended.putOctal(Int64(records.bytes.count), digits: 11, TarField.size)
    extended.putTypeflag(UInt8(ascii: "x"))
    extended.put("ustar\u{0}00", TarField.magic)
    extended.seal()
    bytes += extended.bytes
    bytes += records.bytes
    bytes.append(contentsOf: repeatElement(0, count: -records.bytes.count & (tarRecordSize - 1)))
  }

  // MARK: Fields

  private mutating func putTime(_ time: Timestamp, _ header: inout TarBlock) {
    let fits = (0...TarBlock.largest(digits: 11)).contains(time.seconds)
    if !fits || time.nanoseconds != 0 { records.append("mtime", PaxRecords.decimal(time)) }
    header.putOctal(fits ? time.seconds : 0, digits: 11, TarField.mtime)
  }

  private mutating func number(
    _ value: Int64, _ digits: Int, _ field: Range<Int>, _ keyword: String?, _ header: inout TarBlock
  ) {
    let fits = value <= TarBlock.largest(digits: digits)
    if !fits, let keyword { records.append(keyword, String(value)) }
    header.putOctal(fits ? value : 0, digits: digits, field)
  }

  private mutating func text(_ value: [UInt8], _ field: Range<Int>, _ keyword: String, _ header: inout TarBlock) {
    if value.count > field.count { records.append(keyword, value) } else { header.put(value, field) }
  }

  /// Puts a name into the name field, or split at a slash into prefix and name; false when it fits neither way.
  private static func putName(_ name: [UInt8], _ header: inout TarBlock) -> Bool {
    if name.count <= TarField.name.count {
      header.put(name, TarField.name)
      return true
    }
    guard name.count <= TarField.prefix.count + 1 + TarField.name.count else { return false }
    // A trailing slash belongs to the name: the part behind the separator must not be empty.
    let first = max(1, name.count - 1 - TarField.name.count)
    let last = min(TarField.prefix.count, name.count - 2)
    guard first <= last, let slash = (first...last).first(where: { name[$0] == UInt8(ascii: "/") }) else {
      return false
    }
    header.put(name[..<slash], TarField.prefix)
    header.put(name[(slash + 1)...], TarField.name)
    return true
  }

  /// The name up to its last component, with the slash, and that component; a slash at the end belongs to it.
  static func split(_ name: [UInt8]) -> (directory: [UInt8], base: [UInt8]) {
    let end = name.last == UInt8(ascii: "/") ? name.count - 1 : name.count
    guard let slash = name[..<end].lastIndex(of: UInt8(ascii: "/")) else { return ([], name) }
    return (Array(name[...slash]), Array(name[(slash + 1)...]))
  }
}
