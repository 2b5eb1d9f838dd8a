/// Takes a tar header apart, of whatever dialect, and says what GNU tar says of fields that hold no numbers.
struct TarHeaderParser {
  let record: [UInt8]
  let notify: (MemberNotice) -> Void
  private let sums: (unsigned: Int64, signed: Int64)

  init(record: [UInt8], notify: @escaping (MemberNotice) -> Void = { _ in }) {
    self.record = record
    self.notify = notify
    sums = TarBlock.sums(record)
  }

  var typeflag: UInt8 { record[TarField.typeflag] }
  var isGNU: Bool { record[TarField.magic].elementsEqual("ustar  \u{0}".utf8) }
  var isUstar: Bool { record[TarField.magic].starts(with: "ustar\u{0}".utf8) }

  /// Whether it is a record of zeros, as far as its checksum tells.
  var isZero: Bool { sums.unsigned == Int64(TarField.checksum.count) * 32 }

  var hasRightChecksum: Bool {
    guard case .value(let expected) = Self.parse(record[TarField.checksum]) else { return false }
    return expected == Int128(sums.unsigned) || expected == Int128(sums.signed)
  }

  /// GNU tar accepts a NUL in front: old programs let the field before run over.
  private static func parse(_ field: ArraySlice<UInt8>) -> TarNumber {
    TarNumber.parse(field.first == 0 ? field.dropFirst() : field)
  }

  /// A number within a range; nil when the field has none, which is said.
  func number(_ field: Range<Int>, _ type: String, _ range: ClosedRange<Int64>) -> Int64? {
    let words: String
    switch Self.parse(record[field]) {
    case .value(let value):
      if value >= Int128(range.lowerBound), value <= Int128(range.upperBound) { return Int64(value) }
      let is64Bits = value >= Int128(Int64.min) && value <= Int128(UInt64.max)
      words =
        is64Bits
        ? "Archive value \(value) is out of \(type) range \(range.lowerBound)..\(range.upperBound)"
        : "Archive base-256 value is out of \(type) range"
    case .blank: words = "Blanks in header where numeric \(type) value expected"
    case .unreadable:
      var shown = record[field]
      while shown.last == 0 { shown.removeLast() }
      words = "Archive contains ‘\(Self.escaped(shown))’ where numeric \(type) value expected"
    }
    notify(MemberNotice([], words, .failure))
    return nil
  }

  private static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { byte in
      if (0x20..<0x7f).contains(byte), byte != 0x5c { return String(UnicodeScalar(byte)) }
      if byte == 0x5c { return "\\\\" }
      let digits = String(byte, radix: 8)
      return "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }.joined()
  }

  func text(_ field: Range<Int>) -> [UInt8] { Array(record[field].prefix { $0 != 0 }) }

  /// A number of a field that may be empty; nil then, and when it is none.
  func quietNumber(_ field: Range<Int>) -> Int64? {
    guard record[field].contains(where: { $0 != 0 }), case .value(let value) = TarNumber.parse(record[field]),
      value >= Int128(Int64.min), value <= Int128(Int64.max)
    else { return nil }
    return Int64(value)
  }

  /// The member that the header alone tells of; its size is not set.
  func member(kind: Member.Kind) -> Member {
    let ids: ClosedRange<Int64> = 0...Int64(UInt32.max)
    var member = Member(
      path: name, kind: kind,
      // What GNU tar goes on with where there is no number: -1.
      mode: UInt32(truncatingIfNeeded: number(TarField.mode, "mode_t", ids) ?? -1) & 0o7777,
      ownership: Ownership(
        user: UInt32(truncatingIfNeeded: number(TarField.uid, "uid_t", ids) ?? -1),
        group: UInt32(truncatingIfNeeded: number(TarField.gid, "gid_t", ids) ?? -1)),
      modified: Timestamp(seconds: number(TarField.mtime, "time_t", Int64.min...Int64.max) ?? -1))
    member.linkTarget = kind == .symbolicLink || kind == .hardLink ? text(TarField.linkName) : []
    guard isUstar || isGNU else { return member }
    member.ownership.userName = text(TarField.userName)
    member.ownership.groupName = text(TarField.groupName)
    if kind == .characterDevice || kind == .blockDevice {
      member.deviceNumber = DeviceNumber(
        major: UInt32(truncatingIfNeeded: number(TarField.deviceMajor, "major_t", ids) ?? -1),
        minor: UInt32(truncatingIfNeeded: number(TarField.deviceMinor, "minor_t", ids) ?? -1))
    }
    if isGNU || isStar {
      let access = quietNumber(isGNU ? TarField.gnuAccessTime : TarField.starAccessTime)
      let change = quietNumber(isGNU ? TarField.gnuChangeTime : TarField.starChangeTime)
      member.accessed = access.map { Timestamp(seconds: $0) }
      member.changed = change.map { Timestamp(seconds: $0) }
    }
    return member
  }

  /// star's header: times where ustar has the end of the prefix.
  private var isStar: Bool {
    isUstar && record[TarField.starPrefix.upperBound - 1] == 0
      && [TarField.starAccessTime, TarField.starChangeTime].allSatisfy { field in
        (0x30...0x37).contains(record[field.lowerBound]) && record[field.upperBound - 1] == UInt8(ascii: " ")
      }
  }

  private var name: [UInt8] {
    let prefix = isUstar ? text(isStar ? TarField.starPrefix : TarField.prefix) : []
    return prefix.isEmpty ? text(TarField.name) : prefix + [UInt8(ascii: "/")] + text(TarField.name)
  }

  /// Extents of a list in a GNU header or in a record that follows it; nil when one is broken.
  static func extents(_ list: ArraySlice<UInt8>) -> [Extent]? {
    var extents: [Extent] = []
    var rest = list
    while rest.count >= TarField.gnuSparseEntrySize {
      let entry = rest.prefix(TarField.gnuSparseEntrySize)
      rest = rest.dropFirst(entry.count)
      if entry.dropFirst(12).first == 0 { break }
      guard case .value(let offset) = TarNumber.parse(entry.prefix(12)),
        case .value(let length) = TarNumber.parse(entry.dropFirst(12)),
        let offset = Int64(exactly: offset), let length = Int64(exactly: length)
      else { return nil }
      extents.append(Extent(offset: offset, length: length))
    }
    return extents
  }
}
