/// Reads the headers of a member in layout pax or pack: foreign input, whatever we wrote.
public enum PaxDecoder {
  /// What stood before a member's content.
  public struct Header: Equatable, Sendable {
    /// Its metadata.
    public var member: Member
    /// Bytes of headers and sparse map.
    public var byteCount: Int64
    /// Bytes of content that follow, padding not counted.
    public var storedSize: Int64
  }

  /// The longest extended header that is believed, in bytes.
  static let longestExtendedHeader: Int64 = 64 << 20
  /// The longest content that is believed, in bytes: sums of sizes stay in range.
  static let longestContent: Int64 = 1 << 60

  /// Reads the next member's headers; nil at the end of the archive (a record of zeros, or the end of the bytes).
  /// - Throws: ``VolumeError/malformed(what:why:)`` when they are not a tar's.
  public static func next(from bytes: some UserFileBytes) throws(VolumeError) -> Header? {
    var extended: [PaxRecords.Record] = []
    var byteCount: Int64 = 0
    while true {
      let first = try bytes.next(tarRecordSize)
      if first.isEmpty {
        guard byteCount == 0 else { throw malformed("the archive ends behind an extended header") }
        return nil
      }
      var record = [UInt8](first)
      if record.count < tarRecordSize {
        record += try bytes.take(tarRecordSize - record.count, of: "a tar header")
      }
      if record[0] == 0, record.allSatisfy({ $0 == 0 }) {
        guard byteCount == 0 else { throw malformed("the archive ends behind an extended header") }
        return nil
      }
      byteCount += Int64(tarRecordSize)
      try check(record)
      let size = try number(record[TarField.size], "size")
      switch record[TarField.typeflag] {
      case UInt8(ascii: "x"), UInt8(ascii: "g"):
        guard size <= longestExtendedHeader else { throw malformed("its extended header has \(size) bytes") }
        let content = try bytes.take(Int(size), of: "an extended header")
        try bytes.skip(paddedToTarRecord(size) - size)
        byteCount += paddedToTarRecord(size)
        // A global header may only hold comments here: it says nothing of this member.
        if record[TarField.typeflag] == UInt8(ascii: "x") { extended = try records(content) }
      default:
        var header = try decode(record, size: size, extended: extended)
        header.byteCount = byteCount
        if header.member.dataExtents != nil { try readSparseMap(from: bytes, into: &header) }
        return header
      }
    }
  }

  private static func malformed(_ why: String) -> VolumeError { .malformed(what: "a tar header", why: why) }

  private static func check(_ record: [UInt8]) throws(VolumeError) {
    let expected = try number(record[TarField.checksum], "checksum")
    let sum = TarBlock.sums(record).unsigned
    guard sum == expected else { throw malformed("its checksum is \(sum), not \(expected)") }
  }

  private static func decode(
    _ record: [UInt8], size: Int64, extended: [PaxRecords.Record]
  ) throws(VolumeError) -> Header {
    guard let kind = Member.Kind(typeflag: record[TarField.typeflag]) else {
      throw malformed("its type '\(record[TarField.typeflag])' is unknown")
    }
    var path = text(record[TarField.name])
    let prefix = text(record[TarField.prefix])
    if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
    var member = Member(
      path: path, kind: kind, mode: UInt32(truncatingIfNeeded: try number(record[TarField.mode], "mode")) & 0o7777,
      ownership: Ownership(
        user: UInt32(truncatingIfNeeded: try number(record[TarField.uid], "uid")),
        group: UInt32(truncatingIfNeeded: try number(record[TarField.gid], "gid")),
        userName: field(record[TarField.userName]), groupName: field(record[TarField.groupName])),
      modified: Timestamp(seconds: try number(record[TarField.mtime], "mtime")))
    member.linkTarget = text(record[TarField.linkName])
    if kind == .characterDevice || kind == .blockDevice {
      member.deviceNumber = DeviceNumber(
        major: UInt32(truncatingIfNeeded: try number(record[TarField.deviceMajor], "devmajor")),
        minor: UInt32(truncatingIfNeeded: try number(record[TarField.deviceMinor], "devminor")))
    }
    var storedSize = size
    var realSize: Int64?
    var sparseName: [UInt8]?
    var attributes: [ExtendedAttribute] = []
    for (keyword, value) in extended {
      switch String(decoding: keyword, as: UTF8.self) {
      case "path": member.path = value
      case "linkpath": member.linkTarget = value
      case "size": storedSize = try decimal(value, "size")
      case "mtime": member.modified = try time(value)
      case "uid": member.ownership.user = UInt32(truncatingIfNeeded: try decimal(value, "uid"))
      case "gid": member.ownership.group = UInt32(truncatingIfNeeded: try decimal(value, "gid"))
      case "uname": member.ownership.userName = value
      case "gname": member.ownership.groupName = value
      case "SCHILY.devmajor": member.deviceNumber.major = UInt32(truncatingIfNeeded: try decimal(value, "devmajor"))
      case "SCHILY.devminor": member.deviceNumber.minor = UInt32(truncatingIfNeeded: try decimal(value, "devminor"))
      case "SCHILY.acl.access": member.accessACL = value
      case "SCHILY.acl.default": member.defaultACL = value
      case "RHT.security.selinux": member.securityContext = value
      case "GNU.dumpdir": if kind == .directory { member.dumpDirectory = value }
      case "GNU.sparse.name": sparseName = value
      case "GNU.sparse.realsize": realSize = try decimal(value, "GNU.sparse.realsize")
      case "GNU.sparse.map", "GNU.sparse.numblocks": throw malformed("its sparse map is older than format 1.0")
      case let other where other.hasPrefix("SCHILY.xattr."):
        attributes.append(
          ExtendedAttribute(name: PaxRecords.unescaped(keyword.dropFirst("SCHILY.xattr.".utf8.count)), value: value))
      default: break  // keywords of other programs say nothing that is restored
      }
    }
    member.extendedAttributes = attributes
    if let sparseName { member.path = sparseName }
    while member.path.count > 1, member.path.last == UInt8(ascii: "/") { member.path.removeLast() }
    let longest = max(storedSize, realSize ?? 0)
    guard longest <= longestContent, kind == .regular || longest == 0 else {
      throw malformed("its size is \(longest)")
    }
    member.size = realSize ?? storedSize
    if realSize != nil { member.dataExtents = [] }
    return Header(member: member, byteCount: 0, storedSize: storedSize)
  }

  // MARK: Numbers and text

  private static func text(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bytes.first == 0 ? [] : Array(field(bytes)) }

  /// What of a field counts: up to a NUL.
  private static func field(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes[..<(bytes.firstIndex(of: 0) ?? bytes.endIndex)]
  }

  private static func number(_ field: ArraySlice<UInt8>, _ name: String) throws(VolumeError) -> Int64 {
    switch TarNumber.parse(field) {
    case .value(let value) where (0...Int128(Int64.max)).contains(value): return Int64(value)
    case .blank: return 0
    case .unreadable: throw malformed("its \(name) is not octal")
    case .value: throw malformed("its \(name) is out of range")
    }
  }

  private static func decimal(_ digits: [UInt8], _ name: String) throws(VolumeError) -> Int64 {
    guard let value = PaxRecords.decimal(digits) else { throw malformed("its \(name) is not a number") }
    return value
  }

  /// Seconds with an optional sign and fraction.
  static func time(_ value: [UInt8]) throws(VolumeError) -> Timestamp {
    guard let time = PaxRecords.time(value) else { throw malformed("its mtime is not a number") }
    return time
  }

  /// Splits `length keyword=value\n` records.
  private static func records(_ content: [UInt8]) throws(VolumeError) -> [PaxRecords.Record] {
    var result: [PaxRecords.Record] = []
    var rest = content[...]
    while !rest.isEmpty {
      let start = rest.startIndex
      do { result.append(try PaxRecords.next(&rest)) } catch {
        throw malformed("its extended header is broken at byte \(start)")
      }
    }
    return result
  }

  private static func readSparseMap(from bytes: some UserFileBytes, into header: inout Header) throws(VolumeError) {
    let listed = try SparseMap.read(malformed: malformed) { () throws(VolumeError) in
      header.byteCount += Int64(tarRecordSize)
      header.storedSize -= Int64(tarRecordSize)
      return try bytes.take(tarRecordSize, of: "a sparse map")
    }
    guard let extents = SparseMap.checked(listed, size: header.member.size, storedSize: header.storedSize) else {
      throw malformed("its sparse map is out of order or range, or does not add up to its size")
    }
    header.member.dataExtents = extents
  }
}
