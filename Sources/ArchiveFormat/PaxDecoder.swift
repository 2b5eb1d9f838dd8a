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
  /// The longest list of extents that is believed.
  static let mostExtents = 16 << 20

  /// Reads the next member's headers; nil at the end of the archive (a record of zeros, or the end of the bytes).
  /// - Throws: ``VolumeError/malformed(what:why:)`` when they are not a tar's.
  public static func next(from bytes: some UserFileBytes) throws(VolumeError) -> Header? {
    var extended: [(keyword: [UInt8], value: [UInt8])] = []
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
      if record.allSatisfy({ $0 == 0 }) {
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
    var sum: Int64 = 0
    for (offset, byte) in record.enumerated() {
      sum += TarField.checksum.contains(offset) ? 32 : Int64(byte)
    }
    guard sum == expected else { throw malformed("its checksum is \(sum), not \(expected)") }
  }

  private static func decode(
    _ record: [UInt8], size: Int64, extended: [(keyword: [UInt8], value: [UInt8])]
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
        userName: text(record[TarField.userName]), groupName: text(record[TarField.groupName])),
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
      case "GNU.sparse.name": sparseName = value
      case "GNU.sparse.realsize": realSize = try decimal(value, "GNU.sparse.realsize")
      case "GNU.sparse.map", "GNU.sparse.numblocks": throw malformed("its sparse map is older than format 1.0")
      case let other where other.hasPrefix("SCHILY.xattr."):
        member.extendedAttributes.append(
          ExtendedAttribute(name: unescaped(keyword.dropFirst("SCHILY.xattr.".utf8.count)), value: value))
      default: break  // keywords of other programs say nothing that is restored
      }
    }
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

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

  /// Octal digits between spaces and NULs, or base 256 when the first bit is set (GNU).
  private static func number(_ field: ArraySlice<UInt8>, _ name: String) throws(VolumeError) -> Int64 {
    if let first = field.first, first & 0x80 != 0 {
      let digits = field.dropFirst()
      guard first == 0x80, digits.dropLast(8).allSatisfy({ $0 == 0 }) else {
        throw malformed("its \(name) is out of range")
      }
      let value = digits.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard value <= Int64.max else { throw malformed("its \(name) is out of range") }
      return Int64(value)
    }
    var value: Int64 = 0
    for byte in field.drop(while: { $0 == UInt8(ascii: " ") }).prefix(while: { $0 != 0 && $0 != UInt8(ascii: " ") }) {
      guard (0x30...0x37).contains(byte) else { throw malformed("its \(name) is not octal") }
      value = value << 3 | Int64(byte - 0x30)
    }
    return value
  }

  private static func decimal(_ digits: [UInt8], _ name: String) throws(VolumeError) -> Int64 {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(String(decoding: digits, as: UTF8.self))
    else { throw malformed("its \(name) is not a number") }
    return value
  }

  /// Seconds with an optional sign and fraction.
  static func time(_ value: [UInt8]) throws(VolumeError) -> Timestamp {
    let isNegative = value.first == UInt8(ascii: "-")
    let parts = value.dropFirst(isNegative ? 1 : 0).split(
      separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first else { throw malformed("its mtime is not a number") }
    let seconds = try decimal(Array(whole), "mtime")
    var fraction: Int32 = 0
    if parts.count == 2 {
      _ = try decimal(Array(parts[1].prefix(9)), "mtime")
      for index in 0..<9 {
        let digit = index < parts[1].count ? parts[1][parts[1].startIndex + index] - 0x30 : 0
        fraction = fraction * 10 + Int32(digit)
      }
    }
    guard isNegative else { return Timestamp(seconds: seconds, nanoseconds: fraction) }
    return fraction == 0
      ? Timestamp(seconds: -seconds) : Timestamp(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - fraction)
  }

  private static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = name
    while let byte = rest.first {
      if rest.starts(with: "%25".utf8) {
        result.append(UInt8(ascii: "%"))
        rest = rest.dropFirst(3)
      } else if rest.starts(with: "%3D".utf8) {
        result.append(UInt8(ascii: "="))
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  /// Splits `length keyword=value\n` records.
  private static func records(_ content: [UInt8]) throws(VolumeError) -> [(keyword: [UInt8], value: [UInt8])] {
    var result: [(keyword: [UInt8], value: [UInt8])] = []
    var rest = content[...]
    while !rest.isEmpty {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")), space - rest.startIndex <= 9,
        let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
        length > space - rest.startIndex + 2, length <= rest.count,
        rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
      else { throw malformed("its extended header is broken at byte \(rest.startIndex)") }
      let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw malformed("its extended header is broken at byte \(rest.startIndex)")
      }
      result.append((Array(record[..<equals]), Array(record[(equals + 1)...])))
      rest = rest.dropFirst(length)
    }
    return result
  }

  private static func readSparseMap(from bytes: some UserFileBytes, into header: inout Header) throws(VolumeError) {
    var used: Int64 = 0
    var record: ArraySlice<UInt8> = []
    func line() throws(VolumeError) -> Int64 {
      var digits: [UInt8] = []
      while true {
        if record.isEmpty {
          record = try bytes.take(tarRecordSize, of: "a sparse map")[...]
          used += Int64(tarRecordSize)
        }
        guard let byte = record.popFirst() else { continue }
        if byte == UInt8(ascii: "\n") { return try decimal(digits, "sparse map") }
        digits.append(byte)
        guard digits.count < 20 else { throw malformed("its sparse map is not numbers") }
      }
    }
    let count = try line()
    guard count <= mostExtents else { throw malformed("its sparse map has \(count) entries") }
    var extents: [Extent] = []
    var end: Int64 = 0
    for _ in 0..<count {
      let extent = Extent(offset: try line(), length: try line())
      let (next, overflow) = extent.offset.addingReportingOverflow(extent.length)
      guard extent.offset >= end, !overflow, next <= header.member.size else {
        throw malformed("its sparse map is out of order or range")
      }
      end = next
      if extent.length > 0 { extents.append(extent) }
    }
    header.byteCount += used
    header.storedSize -= used
    guard extents.reduce(0, { $0 + $1.length }) == header.storedSize else {
      throw malformed("its sparse map does not add up to its size")
    }
    header.member.dataExtents = extents
  }
}
