/// What stands at the beginning of a volume of a tar archive that is not the first: its label and which member goes on.
struct TarVolumeStart {
  /// The member that goes on, as the volume has it.
  struct Continuation: Equatable {
    var name: [UInt8]
    var offset: Int64
    var left: Int64
    /// Whether the name is in a field that may have cut it off.
    var mayBeCut: Bool
  }

  /// The label; nil when it has none.
  private(set) var label: [UInt8]?
  /// The member that goes on; nil when none does.
  private(set) var continuation: Continuation?
  /// The records of global headers.
  private(set) var globals: [UInt8] = []
  /// Bytes of the volume that belong to its beginning.
  private(set) var size: Int64 = 0
  /// What was read behind it.
  private(set) var rest: [UInt8] = []

  /// Reads the beginning of `bytes`.
  /// - Returns: nil when it is no archive, which was said.
  static func read(
    _ bytes: any UserFileBytes, _ notify: @escaping (MemberNotice) -> Void
  ) throws(VolumeError) -> TarVolumeStart? {
    var start = TarVolumeStart()
    guard let first = try start.record(bytes) else {
      notify(MemberNotice([], VolumeError.notTar.description, .information))
      return nil
    }
    var header = TarHeaderParser(record: first, notify: notify)
    switch header.typeflag {
    case UInt8(ascii: "g"):
      guard header.hasRightChecksum, try start.readGlobals(header, bytes, notify) else { return notTar(notify) }
    case UInt8(ascii: "V"):
      guard header.hasRightChecksum else { return notTar(notify) }
      start.label = header.text(TarField.name)
      guard let second = try start.record(bytes) else { break }
      header = TarHeaderParser(record: second, notify: notify)
      guard header.typeflag == UInt8(ascii: "M") else {
        start.giveBack(second)
        break
      }
      guard start.takeContinuation(header) else { return notTar(notify) }
    case UInt8(ascii: "M"):
      guard start.takeContinuation(header) else { return notTar(notify) }
    default: start.giveBack(first)
    }
    return start
  }

  private static func notTar(_ notify: (MemberNotice) -> Void) -> TarVolumeStart? {
    notify(MemberNotice([], VolumeError.notTar.description, .failure))
    return nil
  }

  private mutating func record(_ bytes: any UserFileBytes) throws(VolumeError) -> [UInt8]? {
    var record: [UInt8] = []
    while record.count < tarRecordSize {
      let part = try bytes.next(tarRecordSize - record.count)
      if part.isEmpty { return nil }
      record += part
    }
    size += Int64(tarRecordSize)
    return record
  }

  private mutating func giveBack(_ record: [UInt8]) {
    size -= Int64(record.count)
    rest = record + rest
  }

  /// The records that a header announces; nil when there are none to be had.
  private mutating func records(of header: TarHeaderParser, _ bytes: any UserFileBytes) throws(VolumeError) -> [UInt8]?
  {
    guard let count = header.quietNumber(TarField.size), (0...TarReader.longestExtendedHeader).contains(count) else {
      return nil
    }
    var records: [UInt8] = []
    while Int64(records.count) < count {
      guard let record = try record(bytes) else { return nil }
      records += record
    }
    return Array(records.prefix(Int(count)))
  }

  /// Reads a global header, and behind one that tells of a member the headers of its part, which only other readers need.
  /// - Returns: whether it could be.
  private mutating func readGlobals(
    _ header: TarHeaderParser, _ bytes: any UserFileBytes, _ notify: (MemberNotice) -> Void
  ) throws(VolumeError) -> Bool {
    guard let records = try records(of: header, bytes) else { return false }
    globals = records
    var extended = TarExtendedHeader()
    extended.take(records, notify)
    label = extended.text("GNU.volume.label")
    guard let name = extended.text("GNU.volume.filename") else { return true }
    guard let left = extended.text("GNU.volume.size").flatMap({ PaxRecords.decimal($0) }),
      let offset = extended.text("GNU.volume.offset").flatMap({ PaxRecords.decimal($0) })
    else { return false }
    continuation = Continuation(name: name, offset: offset, left: left, mayBeCut: false)
    guard var next = try record(bytes) else { return false }
    var part = TarHeaderParser(record: next)
    if part.typeflag == UInt8(ascii: "x"), part.hasRightChecksum {
      guard try self.records(of: part, bytes) != nil, let behind = try record(bytes) else { return false }
      next = behind
      part = TarHeaderParser(record: next)
    }
    return part.hasRightChecksum && part.quietNumber(TarField.size) == left
  }

  private mutating func takeContinuation(_ header: TarHeaderParser) -> Bool {
    guard header.hasRightChecksum, let left = header.quietNumber(TarField.size),
      let offset = header.quietNumber(TarField.gnuOffset), left >= 0, offset >= 0
    else { return false }
    continuation = Continuation(name: header.text(TarField.name), offset: offset, left: left, mayBeCut: true)
    return true
  }

  // MARK: Checking

  /// Whether `part`, nil outside of members, goes on here; if not that is said in GNU tar's words.
  func continues(_ part: MemberPart?, _ notify: (MemberNotice) -> Void) -> Bool {
    guard let part else { return true }
    func say(_ words: String) { notify(MemberNotice([], words, .information)) }
    let name = "‘\(String(decoding: part.name, as: UTF8.self))’"
    guard let continuation else {
      say("\(name) is not continued on this volume")
      return false
    }
    if continuation.name != part.name {
      let limit = TarField.name.count
      guard continuation.mayBeCut, part.name.count >= limit, continuation.name[...] == part.name.prefix(limit) else {
        say("\(name) is not continued on this volume")
        return false
      }
      say("\(name) is possibly continued on this volume: header contains truncated name")
    }
    let (sum, overflow) = continuation.left.addingReportingOverflow(continuation.offset)
    guard !overflow, sum == part.total else {
      let found = "‘\(String(decoding: continuation.name, as: UTF8.self))’"
      say("\(found) is the wrong size (\(part.total) != \(continuation.left) + \(continuation.offset))")
      return false
    }
    guard part.total - part.left == continuation.offset else {
      say("This volume is out of sequence (\(part.total) - \(part.left) != \(continuation.offset))")
      return false
    }
    return true
  }
}
