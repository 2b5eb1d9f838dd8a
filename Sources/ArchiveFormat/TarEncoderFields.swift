/// The fields of a member's header, and the records of what they cannot hold.
extension TarEncoder {
  // MARK: Names

  /// Puts the name; one that is too long goes before, into the prefix, or into a record, as the format has it.
  mutating func putName(_ name: [UInt8], _ header: inout TarBlock, _ front: inout [UInt8]) throws(MemberNotice) {
    if format == .pax, name.contains(where: { $0 >= 0x80 }) || name.count > format.nameLimit {
      record("path", name)
    } else if name.count > format.nameLimit {
      switch format {
      case .v7: throw MemberNotice(name, "file name is too long (max 99); not dumped", .failure)
      case .ustar: return try putSplit(name, &header)
      case .gnu, .oldGNU: appendLong(name, "L", to: &front)
      case .pax: break
      }
    }
    header.put(name.prefix(format.nameLimit), TarField.name)
  }

  /// Puts a long name into prefix and name, split at the last slash that leaves room for the prefix.
  private func putSplit(_ name: [UInt8], _ header: inout TarBlock) throws(MemberNotice) {
    guard name.count <= 256 else { throw MemberNotice(name, "file name is too long (max 256); not dumped", .failure) }
    let last = min(name.last == UInt8(ascii: "/") ? name.count - 2 : name.count - 1, TarField.prefix.count)
    guard let slash = name[...last].lastIndex(of: UInt8(ascii: "/")), slash > 0,
      (1...TarField.name.count).contains(name.count - slash - 1)
    else { throw MemberNotice(name, "file name is too long (cannot be split); not dumped", .failure) }
    header.put(name[..<slash], TarField.prefix)
    header.put(name[(slash + 1)...], TarField.name)
  }

  /// Puts a link's target. Where it is too long for the format, GNU tar says so, and writes its beginning all the same.
  mutating func putLinkName(_ member: Member, _ header: inout TarBlock, _ front: inout [UInt8]) -> MemberNotice? {
    let target = member.linkTarget
    header.put(target, TarField.linkName)
    guard target.count > format.nameLimit else { return nil }
    switch format {
    case .v7, .ustar: return MemberNotice(target, "link name is too long; not dumped", .failure)
    case .gnu, .oldGNU: appendLong(target, "K", to: &front)
    case .pax: record("linkpath", target)
    }
    return nil
  }

  private func appendLong(_ name: [UInt8], _ typeflag: Unicode.Scalar, to bytes: inout [UInt8]) {
    var header = TarBlock()
    header.put("././@LongLink", TarField.name)
    putPrivate(size: name.count + 1, time: 0, &header)
    header.putTypeflag(UInt8(ascii: typeflag))
    header.put(TarFormat.gnu.magic, TarField.magic)
    if !options.isNumericOwner {
      header.put("root", TarField.userName)
      header.put("root", TarField.groupName)
    }
    header.seal()
    bytes += header.bytes + name + [0] + TarBlock.padding(name.count + 1)
  }

  // MARK: Numbers

  mutating func putNumbers(_ member: Member, size: Int64, _ header: inout TarBlock) throws(MemberNotice) {
    header.put(TarBlock.octal(Int64(member.mode), digits: 7), TarField.mode)
    try put(Int64(member.ownership.user), TarField.uid, "uid", "uid_t", &header)
    try put(Int64(member.ownership.group), TarField.gid, "gid", "gid_t", &header)
    try put(size, TarField.size, "size", "off_t", &header)
    let time = member.modified
    let fits = (0...TarBlock.largest(digits: 11)).contains(time.seconds)
    if format == .pax, !fits || time.nanoseconds != 0 {
      record("mtime", Array(PaxRecords.decimal(time).utf8))
      header.put(TarBlock.octal(fits ? time.seconds : 0, digits: 11), TarField.mtime)
    } else {
      try put(time.seconds, TarField.mtime, "mtime", "time_t", &header)
    }
  }

  /// Puts a number: octal where it fits, else in base 256, or a record with a zero in the field; or GNU tar's refusal.
  private mutating func put(
    _ value: Int64, _ field: Range<Int>, _ keyword: String, _ type: String, _ header: inout TarBlock
  ) throws(MemberNotice) {
    let digits = field.count - 1
    if (0...TarBlock.largest(digits: digits)).contains(value) {
      return header.put(TarBlock.octal(value, digits: digits), field)
    }
    switch format {
    case .gnu, .oldGNU: header.put(Self.base256(value, field.count), field)
    case .pax:
      record(keyword, Array(String(value).utf8))
      header.put(TarBlock.octal(0, digits: digits), field)
    case .v7, .ustar:
      throw MemberNotice(
        [], "value \(value) out of \(type) range 0..\(TarBlock.largest(digits: digits))", .failure)
    }
  }

  static func base256(_ value: Int64, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var rest = value
    for index in stride(from: count - 1, to: 0, by: -1) {
      bytes[index] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
    bytes[0] = value < 0 ? 0xff : 0x80
    return bytes
  }

  mutating func putDevice(_ member: Member, _ header: inout TarBlock) throws(MemberNotice) {
    let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
    if format == .v7, isDevice || member.kind == .fifo {
      throw MemberNotice(member.path, "Unknown file type; file ignored", .failure)
    }
    if !isDevice, format.isGNU { return }
    let number = isDevice ? member.deviceNumber : DeviceNumber(major: 0, minor: 0)
    try put(Int64(number.major), TarField.deviceMajor, "SCHILY.devmajor", "major_t", &header)
    try put(Int64(number.minor), TarField.deviceMinor, "SCHILY.devminor", "minor_t", &header)
  }

  /// The times of access and change: format pax always has them, the GNU formats when the archive is incremental.
  mutating func putTimes(_ member: Member, _ header: inout TarBlock) {
    if format == .pax {
      if let time = member.accessed { record("atime", Array(PaxRecords.decimal(time).utf8)) }
      if let time = member.changed { record("ctime", Array(PaxRecords.decimal(time).utf8)) }
    } else if format.isGNU, options.isIncremental {
      if let time = member.accessed { header.put(Self.gnuNumber(time.seconds), TarField.gnuAccessTime) }
      if let time = member.changed { header.put(Self.gnuNumber(time.seconds), TarField.gnuChangeTime) }
    }
  }

  /// A number in a field of 12 bytes of the GNU formats.
  static func gnuNumber(_ value: Int64) -> [UInt8] {
    let fits = (0...TarBlock.largest(digits: 11)).contains(value)
    return fits ? TarBlock.octal(value, digits: 11) + [0] : base256(value, 12)
  }

  // MARK: Type, owners, attributes

  func putTypeflag(_ member: Member, _ header: inout TarBlock) {
    let isOld = format == .v7 && member.kind == .regular
    header.putTypeflag(isOld ? 0 : member.kind.typeflag)
  }

  mutating func putOwners(_ ownership: Ownership, _ header: inout TarBlock) {
    guard format != .v7, !options.isNumericOwner else { return }
    put(ownership.userName, TarField.userName, "uname", &header)
    put(ownership.groupName, TarField.groupName, "gname", &header)
  }

  /// GNU tar keeps a NUL behind the name, yet a name that just fits the field gets no record.
  private mutating func put(_ name: [UInt8], _ field: Range<Int>, _ keyword: String, _ header: inout TarBlock) {
    if format == .pax, name.count > field.count || name.contains(where: { $0 >= 0x80 }) { record(keyword, name) }
    header.put(name.prefix(field.count - 1), field)
  }

  mutating func recordAttributes(_ member: Member) {
    guard format == .pax else { return }
    for (keyword, list) in [("SCHILY.acl.access", member.accessACL), ("SCHILY.acl.default", member.defaultACL)] {
      // GNU tar ends each entry with a line feed, the last one too.
      if let last = list.last { record(keyword, last == UInt8(ascii: "\n") ? list : list + [UInt8(ascii: "\n")]) }
    }
    if !member.securityContext.isEmpty { record("RHT.security.selinux", member.securityContext) }
    for attribute in member.extendedAttributes {
      let keyword = Array("SCHILY.xattr.".utf8) + PaxRecords.escaped(attribute.name)
      if options.pax.isWanted(keyword) { records.append(keyword, attribute.value) }
    }
  }
}
