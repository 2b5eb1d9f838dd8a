/// Reads tar archives of all dialects from their beginning to their end: v7, ustar, GNU's, pax, star's and Solaris'.
///
/// It says and does what GNU tar does with archives that are damaged, cut off, or followed by something else: what can be
/// read is read. Members that other volumes begin, and volume labels, are passed over by ``next()`` and given by
/// ``nextEntry()``.
public final class TarReader: ArchiveReader {
  /// Whether records of zeros between members are passed over instead of ending the archive (`--ignore-zeros`).
  public var ignoresZeros = false
  /// Is told what GNU tar says.
  public var notify: (MemberNotice) -> Void
  /// The volumes behind the first; nil when the archive has but one.
  public var volumes: (any TarVolumes)? {
    didSet { stored.continued = { [unowned self] () throws(VolumeError) in try nextVolume() } }
  }
  /// Is given the rest of a member that ``next()`` passes over, as the archive begins with another volume than the first.
  public var passedContinuation: ((TarEntry) -> Void)?
  /// Is given the volume label that ``next()`` passes over.
  public var passedLabel: (TarEntry) -> Void = { _ in }

  /// What was given last.
  public private(set) var entry: TarEntry?
  /// Where the archive ends, its first record of zeros or the end of its bytes: what is appended begins there. Nil until
  /// it was reached.
  public private(set) var endOffset: Int64?
  /// The label of the volume; nil when none was seen.
  public private(set) var volumeLabel: [UInt8]?

  /// The longest extended header, long name or directory list that is believed, in bytes.
  static let longestExtendedHeader: Int64 = 64 << 20

  private enum Status {
    case unread, notTar, success, zero, failure, ended
  }

  private let source: any UserFileBytes
  private let stored: StoredBytes
  private var globals = TarExtendedHeader()
  private var status = Status.unread

  /// Reads the archive that `bytes` begin with.
  public init(_ bytes: any UserFileBytes, notify: @escaping (MemberNotice) -> Void = { _ in }) {
    source = bytes
    stored = StoredBytes(bytes)
    self.notify = notify
  }

  /// Bytes of the archive passed so far.
  public var position: Int64 { stored.position }

  /// Whether `first` record of a file is a tar header, or the record of zeros that an empty archive begins with.
  public static func looksLikeTar(_ first: [UInt8]) -> Bool {
    guard first.count >= tarRecordSize else { return false }
    let header = TarHeaderParser(record: Array(first.prefix(tarRecordSize)))
    return header.isZero || header.hasRightChecksum
  }

  public var content: any UserFileBytes { stored }

  public func next() throws(VolumeError) -> Member? {
    while let entry = try nextEntry() {
      switch entry.kind {
      case .member: return entry.member
      case .volumeLabel: passedLabel(entry)
      case .continuation:
        if let passedContinuation {
          passedContinuation(entry)
          continue
        }
        let words = "Cannot extract -- file is continued from another volume"
        notify(MemberNotice(entry.member.path, words, .failure))
      }
    }
    return nil
  }

  /// What comes next; nil at the end. What is left of the content of the one before is passed over.
  /// - Throws: ``VolumeError/notTar`` when the first record is no header: called again, it looks for one, as GNU tar does.
  ///   ``VolumeError/unexpectedEnd`` when the archive is cut off.
  public func nextEntry() throws(VolumeError) -> TarEntry? {
    if status == .notTar {
      sayThatHeadersAreSought()
      status = .failure
    }
    // Its rest may be on another volume.
    defer { if status == .ended { entry = nil } }
    try stored.finish()
    entry = nil
    while status != .ended {
      switch try readHeader() {
      case .entry(let found):
        status = .success
        entry = found
        return found
      case .passedOver: status = .success
      case .zeros(let offset):
        if ignoresZeros {
          status = .zero
          endOffset = endOffset ?? offset
        } else {
          endOffset = offset
          status = .ended
          let second = try stored.record()
          if second.map({ !TarHeaderParser(record: $0).isZero }) ?? true {
            let block = offset / Int64(tarRecordSize) + 1
            notify(MemberNotice([], "A lone zero block at \(block)", .information))
          }
        }
      case .end(let offset):
        let isEmpty = status == .unread && offset == 0
        endOffset = endOffset ?? offset
        status = .ended
        if isEmpty { throw .notTar }
      case .failure:
        switch status {
        case .unread:
          status = .notTar
          throw .notTar
        case .success, .zero: sayThatHeadersAreSought()
        case .failure, .notTar, .ended: break
        }
        status = .failure
      }
    }
    return nil
  }

  private func sayThatHeadersAreSought() { notify(MemberNotice([], "Skipping to next header", .failure)) }

  // MARK: Volumes

  /// How many volumes in a row may be wrong.
  static let mostWrongVolumes = 100

  /// Where in the archive the volume begins that is read now: its byte 0.
  public var volumeOffset: Int64 { stored.volumeOffset }

  private func nextVolume() throws(VolumeError) -> (bytes: any UserFileBytes, headerSize: Int64)? {
    guard let volumes else { return nil }
    var part: MemberPart?
    if let entry, stored.left > 0 {
      let total: Int64 =
        if case .continuation(_, let size) = entry.kind { size } else { entry.member.size }
      part = MemberPart(name: entry.member.path, total: total, left: stored.left)
    }
    for _ in 0..<Self.mostWrongVolumes {
      let bytes = try volumes.next()
      let start: TarVolumeStart
      do throws(VolumeError) {
        guard let found = try TarVolumeStart.read(bytes, notify), found.continues(part, notify) else { continue }
        start = found
      } catch {
        // Somebody may have named what cannot be read.
        notify(MemberNotice([], error.description, .information))
        continue
      }
      volumes.accept()
      if !start.globals.isEmpty { globals.take(start.globals) { _ in } }  // what is wrong with them was said
      return (start.rest.isEmpty ? bytes : ReplayedBytes(start.rest, bytes), start.size)
    }
    throw .noNextVolume("given up: \(Self.mostWrongVolumes) volumes in a row were not the next one")
  }

  // MARK: Headers

  private enum Outcome {
    case entry(TarEntry)
    case zeros(Int64)
    case end(Int64)
    case failure
    case passedOver
  }

  /// What stands before a member's own header.
  private struct Preceding {
    var extended: TarExtendedHeader
    var name: [UInt8]?
    var linkTarget: [UInt8]?
    var firstOffset: Int64?
    var firstLongName: Int64?
  }

  /// Reads headers up to one of a member; how long that may take only the archive's length says.
  private func readHeader() throws(VolumeError) -> Outcome {
    var preceding = Preceding(extended: globals)
    while true {
      guard let record = try stored.record() else { return .end(stored.position) }
      // It may be on another volume than the one before.
      let offset = stored.position - Int64(tarRecordSize)
      let header = TarHeaderParser(record: record, notify: notify)
      if header.isZero { return .zeros(offset) }
      guard header.hasRightChecksum, let size = header.number(TarField.size, "off_t", 0...Int64.max) else {
        return .failure
      }
      switch header.typeflag {
      case UInt8(ascii: "L"), UInt8(ascii: "K"):
        let name = try stored.take(size).map { Array($0.prefix { $0 != 0 }) }
        if header.typeflag == UInt8(ascii: "L") { preceding.name = name } else { preceding.linkTarget = name }
        preceding.firstLongName = preceding.firstLongName ?? offset
      case UInt8(ascii: "x"), UInt8(ascii: "X"):
        preceding.extended = globals
        if let records = try stored.take(size) { preceding.extended.take(records, notify) }
      case UInt8(ascii: "g"):
        if let records = try stored.take(size) { globals.take(records, notify) }
        preceding.extended = globals
        if let label = globals.text("GNU.volume.label"), volumeLabel == nil {
          return .entry(labelEntry(label, header, at: offset))
        }
        continue  // it belongs to no member
      case UInt8(ascii: "A"): _ = try stored.take(size)  // a Solaris access control list
      default:
        preceding.firstOffset = preceding.firstOffset ?? offset
        return try readMember(header, size: size, at: offset, preceding)
      }
      preceding.firstOffset = preceding.firstOffset ?? offset
    }
  }

  private func labelEntry(_ label: [UInt8], _ header: TarHeaderParser, at offset: Int64) -> TarEntry {
    volumeLabel = label
    let member = Member(
      path: label, kind: .regular, mode: 0, ownership: Ownership(user: 0, group: 0),
      modified: Timestamp(seconds: header.quietNumber(TarField.mtime) ?? 0))
    return TarEntry(
      kind: .volumeLabel, member: member, headerOffset: offset, dataOffset: stored.position, storedSize: 0,
      blockNumber: offset / Int64(tarRecordSize))
  }

  private func readMember(
    _ header: TarHeaderParser, size: Int64, at offset: Int64, _ preceding: Preceding
  ) throws(VolumeError) -> Outcome {
    let typeflag = header.typeflag
    if typeflag == UInt8(ascii: "V") { return .entry(labelEntry(header.text(TarField.name), header, at: offset)) }
    let isGNUSparse = typeflag == UInt8(ascii: "S") && header.isGNU
    let isDumpDirectory = typeflag == UInt8(ascii: "D")
    let isContinuation = typeflag == UInt8(ascii: "M")
    let kind = isDumpDirectory ? .directory : Member.Kind(typeflag: typeflag)
    var member = header.member(kind: kind ?? .regular)
    if let name = preceding.name { member.path = name }
    if let target = preceding.linkTarget { member.linkTarget = target }
    preceding.extended.apply(to: &member)
    var storedSize = kind == .hardLink ? 0 : size
    if let size = preceding.extended.number("size") { storedSize = size }
    settleName(&member)
    // Other members have no content either, but GNU tar passes over what their size says.
    if member.kind == .directory, !isDumpDirectory { storedSize = 0 }

    var entry = TarEntry(
      kind: .member, member: member, headerOffset: preceding.firstOffset ?? offset, dataOffset: 0,
      storedSize: storedSize, blockNumber: (preceding.firstLongName ?? offset) / Int64(tarRecordSize))
    if kind == nil, !isGNUSparse, !isContinuation { entry.unknownType = typeflag }
    if isContinuation {
      // Of a file that is not sparse the header says only what is still to come.
      let start = max(0, header.quietNumber(TarField.gnuOffset) ?? 0)
      let rest = start.addingReportingOverflow(storedSize)
      let size = header.quietNumber(TarField.gnuRealSize) ?? 0
      entry.kind = .continuation(
        offset: start, fileSize: size > 0 ? size : rest.overflow ? Int64.max : rest.partialValue)
      if start == 0, try isFollowedByMember(header) { entry.storedSize = 0 }
    }
    if isDumpDirectory {
      entry.dataOffset = stored.position
      entry.member.dumpDirectory = try stored.take(storedSize)
      if entry.member.dumpDirectory == nil {
        notify(MemberNotice(member.path, "The list of its contents is too long to be believed", .failure))
      }
      return .entry(entry)
    }
    if entry.member.kind == .directory { entry.member.dumpDirectory = preceding.extended.text("GNU.dumpdir") }
    if member.kind == .regular {
      entry.member.size = storedSize
      let isSound = try isGNUSparse ? readGNUSparse(header, &entry) : readPaxSparse(preceding.extended, &entry)
      guard isSound else {
        notify(MemberNotice(member.path, "invalid sparse archive member", .failure))
        stored.begin(entry.storedSize, isContent: false)
        try stored.finish()
        return .passedOver
      }
    }
    entry.dataOffset = stored.position
    stored.begin(entry.storedSize, isContent: member.kind == .regular)
    return .entry(entry)
  }

  /// Whether behind a header of type M stands the member's own one: GNU tar writes both where the volume before did not
  /// take the record that the member began in. No file begins with a header of a file as long as itself.
  private func isFollowedByMember(_ header: TarHeaderParser) throws(VolumeError) -> Bool {
    guard let record = try stored.record() else { return false }
    stored.giveBack(record)
    let next = TarHeaderParser(record: record)
    return next.hasRightChecksum && next.typeflag == UInt8(ascii: "0")
      && next.record[TarField.name] == header.record[TarField.name]
      && next.record[TarField.size] == header.record[TarField.size]
  }

  /// Takes slashes from the end of the name, which make a file a directory, and the empty name away.
  private func settleName(_ member: inout Member) {
    if member.path.last == UInt8(ascii: "/"), member.kind == .regular { member.kind = .directory }
    while member.path.count > 1, member.path.last == UInt8(ascii: "/") { member.path.removeLast() }
    if member.path.isEmpty {
      notify(MemberNotice([], "Substituting `.' for empty member name", .information))
      member.path = [UInt8(ascii: ".")]
    }
  }

  // MARK: Sparse files

  /// Reads the list of a sparse file in a GNU header and behind it; false when it cannot be.
  private func readGNUSparse(_ header: TarHeaderParser, _ entry: inout TarEntry) throws(VolumeError) -> Bool {
    guard let size = header.quietNumber(TarField.gnuRealSize),
      var listed = TarHeaderParser.extents(header.record[TarField.gnuSparseList])
    else { return false }
    var isExtended = header.record[TarField.gnuIsExtended.lowerBound] != 0
    while isExtended {
      guard let record = try stored.record() else { throw .unexpectedEnd }
      let list = record[..<(TarField.gnuExtensionEntries * TarField.gnuSparseEntrySize)]
      guard let extents = TarHeaderParser.extents(list), listed.count < SparseMap.mostExtents else { return false }
      listed += extents
      isExtended = record[TarField.gnuExtensionIsExtended.lowerBound] != 0
    }
    return settle(listed, size: size, &entry)
  }

  /// Reads the list of a sparse file of format pax, if it is one; false when it cannot be.
  private func readPaxSparse(_ extended: TarExtendedHeader, _ entry: inout TarEntry) throws(VolumeError) -> Bool {
    if let listed = extended.listedExtents {
      guard let size = extended.number("GNU.sparse.size") else { return false }
      return settle(listed, size: size, &entry)
    }
    guard extended.text("GNU.sparse.major") == [UInt8(ascii: "1")] else { return true }
    guard let size = extended.number("GNU.sparse.realsize") else { return false }
    do {
      let listed = try SparseMap.read(malformed: { .malformed(what: "a sparse map", why: $0) }) {
        () throws(VolumeError) in
        guard entry.storedSize >= tarRecordSize else { throw .malformed(what: "a sparse map", why: "it has no end") }
        guard let record = try stored.record() else { throw .unexpectedEnd }
        entry.storedSize -= Int64(tarRecordSize)
        return record
      }
      return settle(listed, size: size, &entry)
    } catch .malformed { return false }
  }

  private func settle(_ listed: [Extent], size: Int64, _ entry: inout TarEntry) -> Bool {
    guard let extents = SparseMap.checked(listed, size: size, storedSize: entry.storedSize) else { return false }
    entry.member.size = size
    entry.member.dataExtents = extents
    return true
  }
}
