/// The records of extended headers as they bear on a member: those of global headers, then its own.
struct TarExtendedHeader {
  /// The values in force; an empty one takes back what a global header said (POSIX.1-2017 pax).
  private var values: [(keyword: String, value: [UInt8])] = []
  private var attributes = AttributeList()
  private var foreignAttributes = AttributeList()

  // Sparse files: lists of format 0.0 and 0.1.
  private var offsets: [Int64] = []
  private var lengths: [Int64] = []

  func text(_ keyword: String) -> [UInt8]? {
    guard let value = values.last(where: { $0.keyword == keyword })?.value, !value.isEmpty else { return nil }
    return value
  }

  private static let known: Set<String> = [
    "atime", "comment", "charset", "hdrcharset", "ctime", "gid", "gname", "linkpath", "mtime", "path", "size", "uid",
    "uname", "GNU.sparse.name", "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.realsize", "GNU.sparse.numblocks",
    "GNU.sparse.size", "GNU.dumpdir", "GNU.volume.label", "GNU.volume.size", "GNU.volume.offset", "GNU.volume.filename",
    "SCHILY.acl.access", "SCHILY.acl.default", "SCHILY.devmajor", "SCHILY.devminor", "RHT.security.selinux",
  ]

  /// Takes the records of a header; says of those that are broken or unknown what GNU tar says.
  mutating func take(_ records: [UInt8], _ notify: (MemberNotice) -> Void) {
    var rest = records.prefix { _ in true }
    while let first = rest.first, first != 0 {
      let start = rest
      do {
        let (keyword, value) = try PaxRecords.next(&rest)
        take(keyword, value, notify)
      } catch {
        notify(MemberNotice([], Self.words(error, start), .failure))
        return
      }
    }
  }

  private static func words(_ fault: PaxRecords.Fault, _ rest: ArraySlice<UInt8>) -> String {
    switch fault {
    case .missingLength: "Malformed extended header: missing length"
    case .lengthOutOfRange:
      "Extended header length \(String(decoding: rest.prefix { $0 != 0x20 && $0 != 0x0a }, as: UTF8.self)) is out of range"
    case .missingBlank: "Malformed extended header: missing blank after length"
    case .missingEquals: "Malformed extended header: missing equal sign"
    case .missingNewline: "Malformed extended header: missing newline"
    }
  }

  private mutating func take(_ keyword: [UInt8], _ value: [UInt8], _ notify: (MemberNotice) -> Void) {
    let name = String(decoding: keyword, as: UTF8.self)
    if keyword.starts(with: "SCHILY.xattr.".utf8) {
      let attribute = PaxRecords.unescaped(keyword.dropFirst("SCHILY.xattr.".utf8.count))
      attributes.set(ExtendedAttribute(name: attribute, value: value))
    } else if keyword.starts(with: "LIBARCHIVE.xattr.".utf8) {
      let attribute = Self.percentDecoded(keyword.dropFirst("LIBARCHIVE.xattr.".utf8.count))
      foreignAttributes.set(ExtendedAttribute(name: attribute, value: Self.base64Decoded(value)))
    } else if name == "GNU.sparse.offset" || name == "GNU.sparse.numbytes" || name == "GNU.sparse.map" {
      takeList(name, value, notify)
    } else if Self.known.contains(name) {
      values.removeAll { $0.keyword == name }
      values.append((name, value))
      if !value.isEmpty, !isSound(name, notify) { values.removeLast() }
    } else {
      notify(MemberNotice([], "Ignoring unknown extended header keyword '\(name)'", .information))
    }
  }

  private mutating func takeList(_ keyword: String, _ value: [UInt8], _ notify: (MemberNotice) -> Void) {
    for (index, part) in value.split(separator: UInt8(ascii: ",")).enumerated() {
      guard let number = PaxRecords.decimal(part) else {
        let text = String(decoding: part, as: UTF8.self)
        return notify(MemberNotice([], "Malformed extended header: invalid \(keyword)=\(text)", .failure))
      }
      let isLength = keyword == "GNU.sparse.numbytes" || keyword == "GNU.sparse.map" && index % 2 == 1
      if isLength { lengths.append(number) } else { offsets.append(number) }
    }
  }

  // MARK: Values

  private static let ids: ClosedRange<Int64> = 0...Int64(UInt32.max)
  private static let sizes: ClosedRange<Int64> = 0...Int64.max
  private static let ranges = [
    "uid": ids, "gid": ids, "SCHILY.devmajor": ids, "SCHILY.devminor": ids, "size": sizes, "GNU.sparse.size": sizes,
    "GNU.sparse.realsize": sizes, "GNU.sparse.numblocks": sizes, "GNU.sparse.major": ids, "GNU.sparse.minor": ids,
  ]
  private static let times: Set<String> = ["mtime", "atime", "ctime"]

  /// Whether the value of `keyword` is what it has to be; if not that is said.
  private func isSound(_ keyword: String, _ notify: (MemberNotice) -> Void) -> Bool {
    guard let value = text(keyword) else { return true }
    let shown = "\(keyword)=\(String(decoding: value, as: UTF8.self))"
    let words: String
    if let range = Self.ranges[keyword] {
      if number(keyword) != nil { return true }
      let digits = value.dropFirst(value.first == UInt8(ascii: "-") ? 1 : 0)
      let isNumber = !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
      words =
        isNumber
        ? "Extended header \(shown) is out of range \(range.lowerBound)..\(range.upperBound)"
        : "Malformed extended header: invalid \(shown)"
    } else {
      if !Self.times.contains(keyword) || time(keyword) != nil { return true }
      words = "Malformed extended header: invalid \(shown)"
    }
    notify(MemberNotice([], words, .failure))
    return false
  }

  /// The number that a keyword gives; nil when there is none.
  func number(_ keyword: String) -> Int64? {
    guard let value = text(keyword).flatMap({ PaxRecords.decimal($0) }),
      Self.ranges[keyword]?.contains(value) ?? true
    else { return nil }
    return value
  }

  /// The time that a keyword gives; nil when there is none.
  func time(_ keyword: String) -> Timestamp? { text(keyword).flatMap { PaxRecords.time($0) } }

  /// Puts into `member` what the records say of it.
  func apply(to member: inout Member) {
    if let path = text("GNU.sparse.name") ?? text("path") { member.path = path }
    if let target = text("linkpath") { member.linkTarget = target }
    if let time = time("mtime") { member.modified = time }
    if let time = time("atime") { member.accessed = time }
    if let time = time("ctime") { member.changed = time }
    if let user = number("uid") { member.ownership.user = UInt32(user) }
    if let group = number("gid") { member.ownership.group = UInt32(group) }
    if let name = text("uname") { member.ownership.userName = name }
    if let name = text("gname") { member.ownership.groupName = name }
    if member.kind == .characterDevice || member.kind == .blockDevice {
      if let major = number("SCHILY.devmajor") { member.deviceNumber.major = UInt32(major) }
      if let minor = number("SCHILY.devminor") { member.deviceNumber.minor = UInt32(minor) }
    }
    member.accessACL = text("SCHILY.acl.access") ?? []
    member.defaultACL = text("SCHILY.acl.default") ?? []
    member.securityContext = text("RHT.security.selinux") ?? []
    // libarchive writes each attribute twice, under GNU's keyword with a percent-encoded name.
    member.extendedAttributes =
      attributes.list.filter { attribute in
        let decoded = Self.percentDecoded(attribute.name[...])
        return decoded == attribute.name || !foreignAttributes.contains(decoded)
      } + foreignAttributes.list.filter { !attributes.contains($0.name) }
  }

  /// The extents that records list; nil when they list none.
  var listedExtents: [Extent]? {
    guard text("GNU.sparse.major") == nil, !offsets.isEmpty || text("GNU.sparse.numblocks") != nil else { return nil }
    return zip(offsets, lengths).map { Extent(offset: $0, length: $1) }
  }

  // MARK: libarchive's attributes

  private static func percentDecoded(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = name
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        result.append(code)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  private static func base64Decoded(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var bits = 0
    var count = 0
    for byte in text {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte + 4
      case UInt8(ascii: "+"): digit = 62
      case UInt8(ascii: "/"): digit = 63
      default: continue  // padding
      }
      bits = (bits << 6 | Int(digit)) & 0xffff
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return result
  }
}

/// Attributes in the order in which their names came first.
private struct AttributeList {
  private(set) var list: [ExtendedAttribute] = []
  private var places: [[UInt8]: Int] = [:]

  func contains(_ name: [UInt8]) -> Bool { places[name] != nil }

  mutating func set(_ attribute: ExtendedAttribute) {
    if let place = places[attribute.name] {
      list[place] = attribute
    } else {
      places[attribute.name] = list.count
      list.append(attribute)
    }
  }
}
