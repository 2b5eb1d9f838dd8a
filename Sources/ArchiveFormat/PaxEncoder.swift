/// Makes the headers of a member in layout pax: a pax extended header where ustar's fields do not hold everything, the
/// ustar header, and the map of a sparse file (POSIX.1-2017 pax; GNU tar manual, *Sparse Formats*, 1.0).
///
/// Reuses its buffers: one encoder serves all members of a session, on one thread.
public struct PaxEncoder {
  private var records: [UInt8] = []

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
    records.removeAll(keepingCapacity: true)
    var name = member.path
    if member.kind == .directory { name.append(UInt8(ascii: "/")) }
    let map = member.kind == .regular ? member.dataExtents.map { Self.sparseMap($0, size: member.size) } : nil
    let size = Self.storedSize(of: member) + Int64(map?.count ?? 0)

    var header = [UInt8](repeating: 0, count: tarRecordSize)
    if map != nil {
      record("GNU.sparse.major", "1")
      record("GNU.sparse.minor", "0")
      record("GNU.sparse.name", name)
      record("GNU.sparse.realsize", String(member.size))
      let (directory, base) = Self.split(name)
      name = directory + Array("GNUSparseFile.0/".utf8) + base
      Self.put(name.prefix(100), TarField.name, &header)
    } else if !Self.putName(name, &header) {
      record("path", name)
      Self.put(name.prefix(100), TarField.name, &header)
    }
    if member.linkTarget.count > TarField.linkName.count { record("linkpath", member.linkTarget) }
    Self.put(member.linkTarget.prefix(100), TarField.linkName, &header)
    Self.put(octal(Int64(member.mode), 7, nil), TarField.mode, &header)
    Self.put(octal(Int64(member.ownership.user), 7, "uid"), TarField.uid, &header)
    Self.put(octal(Int64(member.ownership.group), 7, "gid"), TarField.gid, &header)
    Self.put(octal(size, 11, "size"), TarField.size, &header)
    putTime(member.modified, &header)
    header[TarField.typeflag] = member.kind.typeflag
    Self.put(Array("ustar\u{0}00".utf8), TarField.magic, &header)
    text(member.ownership.userName, TarField.userName, "uname", &header)
    text(member.ownership.groupName, TarField.groupName, "gname", &header)
    if member.kind == .characterDevice || member.kind == .blockDevice {
      Self.put(octal(Int64(member.deviceNumber.major), 7, "SCHILY.devmajor"), TarField.deviceMajor, &header)
      Self.put(octal(Int64(member.deviceNumber.minor), 7, "SCHILY.devminor"), TarField.deviceMinor, &header)
    }
    for attribute in member.extendedAttributes {
      record(Array("SCHILY.xattr.".utf8) + Self.escaped(attribute.name), attribute.value)
    }
    if !member.accessACL.isEmpty { record("SCHILY.acl.access", member.accessACL) }
    if !member.defaultACL.isEmpty { record("SCHILY.acl.default", member.defaultACL) }
    Self.seal(&header)

    if !records.isEmpty { appendExtendedHeader(of: name, like: header, to: &bytes) }
    bytes += header
    if let map { bytes += map }
  }

  private func appendExtendedHeader(of name: [UInt8], like header: [UInt8], to bytes: inout [UInt8]) {
    var extended = [UInt8](repeating: 0, count: tarRecordSize)
    let base = Self.split(name).base.prefix { $0 != UInt8(ascii: "/") }
    Self.put((Array("PaxHeaders/".utf8) + base).prefix(100), TarField.name, &extended)
    for field in [TarField.uid, TarField.gid, TarField.mtime] { Self.put(header[field], field, &extended) }
    Self.put(Array("0000644".utf8), TarField.mode, &extended)
    Self.put(Self.octalDigits(Int64(records.count), 11), TarField.size, &extended)
    extended[TarField.typeflag] = UInt8(ascii: "x")
    Self.put(Array("ustar\u{0}00".utf8), TarField.magic, &extended)
    Self.seal(&extended)
    bytes += extended
    bytes += records
    bytes += [UInt8](repeating: 0, count: Int(paddedToTarRecord(Int64(records.count))) - records.count)
  }

  // MARK: Fields

  private mutating func putTime(_ time: Timestamp, _ header: inout [UInt8]) {
    let fits = (0...0o77777777777).contains(time.seconds)
    if !fits || time.nanoseconds != 0 { record("mtime", Self.decimal(time)) }
    Self.put(Self.octalDigits(fits ? time.seconds : 0, 11), TarField.mtime, &header)
  }

  /// Seconds with a fraction, without trailing zeros; before 1970 the fraction counts backwards as the sign does.
  static func decimal(_ time: Timestamp) -> String {
    var whole = time.seconds
    var fraction = Int(time.nanoseconds)
    let isNegative = whole < 0
    if isNegative && fraction > 0 {
      whole += 1
      fraction = 1_000_000_000 - fraction
    }
    let sign = isNegative && whole == 0 ? "-" : ""
    guard fraction > 0 else { return sign + String(whole) }
    var digits = String(fraction)
    digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return sign + String(whole) + "." + digits
  }

  private mutating func octal(_ value: Int64, _ width: Int, _ keyword: String?) -> [UInt8] {
    guard value >= 1 << (3 * Int64(width)) else { return Self.octalDigits(value, width) }
    if let keyword { record(keyword, String(value)) }
    return Self.octalDigits(0, width)
  }

  private mutating func text(_ value: [UInt8], _ field: Range<Int>, _ keyword: String, _ header: inout [UInt8]) {
    if value.count > field.count { record(keyword, value) } else { Self.put(value, field, &header) }
  }

  private static func octalDigits(_ value: Int64, _ width: Int) -> [UInt8] {
    var digits = [UInt8](repeating: UInt8(ascii: "0"), count: width)
    var rest = value
    for index in stride(from: width - 1, through: 0, by: -1) {
      digits[index] = UInt8(ascii: "0") + UInt8(rest & 7)
      rest >>= 3
    }
    return digits
  }

  private static func put(_ value: some Collection<UInt8>, _ field: Range<Int>, _ header: inout [UInt8]) {
    var offset = field.lowerBound
    for byte in value.prefix(field.count) {
      header[offset] = byte
      offset += 1
    }
  }

  /// Puts a name into the name field, or split at a slash into prefix and name; false when it fits neither way.
  private static func putName(_ name: [UInt8], _ header: inout [UInt8]) -> Bool {
    if name.count <= TarField.name.count {
      put(name, TarField.name, &header)
      return true
    }
    guard name.count <= TarField.prefix.count + 1 + TarField.name.count else { return false }
    // A trailing slash belongs to the name: the part behind the separator must not be empty.
    let first = max(1, name.count - 1 - TarField.name.count)
    let last = min(TarField.prefix.count, name.count - 2)
    guard first <= last, let slash = (first...last).first(where: { name[$0] == UInt8(ascii: "/") }) else {
      return false
    }
    put(name[..<slash], TarField.prefix, &header)
    put(name[(slash + 1)...], TarField.name, &header)
    return true
  }

  private static func seal(_ header: inout [UInt8]) {
    put(Array("        ".utf8), TarField.checksum, &header)
    let sum = header.reduce(0) { $0 + Int64($1) }
    put(octalDigits(sum, 6) + [0], TarField.checksum, &header)
  }

  private static func split(_ name: [UInt8]) -> (directory: [UInt8], base: [UInt8]) {
    let end = name.last == UInt8(ascii: "/") ? name.count - 1 : name.count
    guard let slash = name[..<end].lastIndex(of: UInt8(ascii: "/")) else { return ([], name) }
    return (Array(name[...slash]), Array(name[(slash + 1)...]))
  }

  // MARK: Pax records

  private mutating func record(_ keyword: String, _ value: String) { record(Array(keyword.utf8), Array(value.utf8)) }
  private mutating func record(_ keyword: String, _ value: [UInt8]) { record(Array(keyword.utf8), value) }

  /// `length keyword=value\n`; the length counts itself.
  private mutating func record(_ keyword: [UInt8], _ value: [UInt8]) {
    let rest = keyword.count + value.count + 3
    var length = rest + 1
    while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
    records += String(length).utf8
    records.append(UInt8(ascii: " "))
    records += keyword
    records.append(UInt8(ascii: "="))
    records += value
    records.append(UInt8(ascii: "\n"))
  }

  /// An attribute's name as GNU tar writes it into a keyword: `%` as `%25`, `=` as `%3D`.
  private static func escaped(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "=") }) else { return name }
    return name.flatMap { byte in
      switch byte {
      case UInt8(ascii: "%"): Array("%25".utf8)
      case UInt8(ascii: "="): Array("%3D".utf8)
      default: [byte]
      }
    }
  }

  /// Number of extents, then offset and length of each, a decimal number a line, padded to whole records. A hole at the
  /// end is an extent of no length there, as GNU tar has it.
  private static func sparseMap(_ extents: [Extent], size: Int64) -> [UInt8] {
    var listed = extents
    if listed.last.map({ $0.offset + $0.length }) ?? 0 < size || listed.isEmpty {
      listed.append(Extent(offset: size, length: 0))
    }
    var text = Array("\(listed.count)\n".utf8)
    for extent in listed { text += "\(extent.offset)\n\(extent.length)\n".utf8 }
    text += [UInt8](repeating: 0, count: Int(paddedToTarRecord(Int64(text.count))) - text.count)
    return text
  }
}
