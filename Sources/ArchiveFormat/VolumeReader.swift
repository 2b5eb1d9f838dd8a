public import TapeIO
public import TapeLabels

/// Reads AUL files: finds them, checks their labels, gives out the blocks of their user files.
///
/// Positions are never trusted: after every locate the labels are read and compared with what was expected.
public final class VolumeReader {
  /// The drive it reads from.
  public let drive: any TapeDrive
  /// Where the tape stands, as far as the objects read tell; nil when that is unknown.
  private var position: BlockID?
  private var label = BlockBuffer(byteCount: 4096)
  /// The labels of the last header, which those of the next one mostly are like.
  private var knownFirst: (block: LabelBlock, label: FileLabel1)?
  private var knownUser: (block: LabelBlock, label: UserLabel)?
  /// As many objects as may lie between where the tape stands and where it is to go for them to be read.
  private let longestGap: Int
  private var passed: BlockBuffer

  /// Makes a reader; the position of the drive is taken as unknown.
  /// - Parameters:
  ///   - longestGap: objects that are read rather than passed with a locate: a drive stops for a locate, and starts
  ///     again.
  ///   - blockSize: bytes in the largest of them.
  public init(drive: any TapeDrive, longestGap: Int = 0, blockSize: Int = 4096) {
    self.drive = drive
    self.longestGap = longestGap
    passed = BlockBuffer(byteCount: max(4096, blockSize))
  }

  /// The labels in front of a user file, as far as they were there.
  public struct Header: Sendable {
    /// HDR1.
    public var first: FileLabel1
    /// UHL1; nil on tapes of other programs that have none.
    public var user: UserLabel?
    /// Block ID of HDR1.
    public var block: BlockID
    /// Block ID of the first block of the user file.
    public var userFile: BlockID
    /// HDR1 and UHL1 as they lie on tape; nil without UHL1.
    var labels: (first: LabelBlock, user: LabelBlock)?

    /// What HDR1's file identifier says; nil when it is none of ours.
    public var identifier: FileIdentifier? { FileIdentifier(first.fileIdentifier) }
    /// fseq: all digits of UHL1, else the four of HDR1.
    public var sequence: UInt64 { user?.fileSequence ?? first.fileSequence }
  }

  /// Goes to a header, unless the tape stands there, reads it and the filemark behind it, and checks it.
  /// - Throws: ``VolumeError/mismatch(what:expected:found:at:device:)`` when it is not the header of AUL file `sequence`
  ///   on volume `vsn`.
  public func openFile(at block: BlockID, sequence: UInt64, vsn: VSN) throws(VolumeError) -> Header {
    try go(to: block)
    let header = try readHeader()
    guard header.first.fileSet == vsn.text, header.sequence == sequence else {
      position = nil
      let isOther = header.first.fileSet != vsn.text
      throw .mismatch(
        what: "the header of file \(sequence)", expected: isOther ? vsn.text : String(sequence),
        found: isOther ? header.first.fileSet : String(header.sequence), at: block, device: drive.identity.name)
    }
    return header
  }

  /// Goes to `block` unless the objects read so far have led there.
  public func go(to block: BlockID) throws(VolumeError) {
    guard position != block, !readTo(block) else { return }
    position = nil
    try driving { () throws(DriveError) in try drive.locate(to: block) }
    position = block
  }

  /// Bytes of three labels: a header or a trailer.
  public static let labelBytes = 240.0

  /// Whether what lies between two places is read rather than passed with a locate.
  /// - Parameter longestGap: objects that are.
  public static func isReadThrough(from start: BlockID, to block: BlockID, longestGap: Int) -> Bool {
    block > start && block.rawValue - start.rawValue <= UInt64(longestGap)
  }

  /// Reads what lies before `block`, where that is little; false when it is not, or could not be read.
  private func readTo(_ block: BlockID) -> Bool {
    guard let start = position, Self.isReadThrough(from: start, to: block, longestGap: longestGap) else { return false }
    for _ in start.rawValue..<block.rawValue {
      // Damage in what nobody asked for is no reason to stop: the tape is moved then.
      let outcome = try? passed.withMutableBytes { (space) throws(DriveError) in try drive.read(into: &space) }
      guard let outcome, outcome != .endOfData else {
        position = nil
        return false
      }
    }
    position = block
    return true
  }

  /// Goes to beginning of tape.
  func rewind() throws(VolumeError) {
    position = nil
    try driving { () throws(DriveError) in try drive.rewind() }
    position = .beginningOfTape
  }

  /// Forgets where the tape stands, after something else moved it.
  public func forgetPosition() { position = nil }

  /// Reads labels up to and with the filemark behind them: HDR1 and whatever follows it.
  public func readHeader() throws(VolumeError) -> Header {
    let start = try here()
    guard let header = try nextHeader() else {
      throw mismatch("a header", "HDR1", "end of data", start)
    }
    return header
  }

  /// As ``readHeader()``, but nil at end of data.
  public func nextHeader() throws(VolumeError) -> Header? {
    let start = try here()
    guard let labels = try readLabelGroup() else { return nil }
    guard let found = labels.first else { throw mismatch("a header", "HDR1", "a filemark", start) }
    let header: Header
    do {
      let user = labels.first { $0.isLabel("UHL1") }
      header = Header(
        first: try FileLabel1(parsing: found, after: knownFirst),
        user: try user.map { (label) throws(LabelError) in try UserLabel(parsing: label, after: knownUser) },
        block: start,
        userFile: start.advanced(by: labels.count + 1), labels: user.map { (found, $0) })
    } catch { throw mismatch("a header", "HDR1 and UHL1", "\(error)", start) }
    guard header.first.group == .header else { throw mismatch("a header", "HDR1", found.description, start) }
    knownFirst = (found, header.first)
    if let user = header.user, let labels = header.labels { knownUser = (labels.user, user) }
    return header
  }

  /// Reads the header of the next file on a volume of another program: other labels may stand before HDR1 (VOL1, UVL1).
  /// - Returns: the header, and whether HDR2 says that all blocks but the last are of one length; nil at end of data and at
  ///   a second filemark in a row, with which such volumes end.
  func nextForeignHeader() throws(VolumeError) -> (header: Header, hasOneLength: Bool)? {
    let start = try here()
    guard let labels = try readLabelGroup(), !labels.isEmpty else { return nil }
    guard let found = labels.first(where: { $0.isLabel("HDR1") }) else {
      throw mismatch("a header", "HDR1", labels[0].description, start)
    }
    let first: FileLabel1
    do { first = try FileLabel1(parsing: found) } catch { throw mismatch("a header", "HDR1", "\(error)", start) }
    // try?: other programs' user labels may be anything.
    let user = labels.first { $0.isLabel("UHL1") }.flatMap { try? UserLabel(parsing: $0) }
    let format = labels.first { $0.isLabel("HDR2") }?.bytes[4]
    let header = Header(first: first, user: user, block: start, userFile: start.advanced(by: labels.count + 1))
    return (header, format == UInt8(ascii: "F"))
  }

  /// Reads the labels behind a user file and the filemark behind them, and compares them with the file.
  /// - Parameter isContinued: whether they must say that the file goes on on the next volume.
  /// - Returns: what is wrong with them, in words; nil when nothing is.
  public func readTrailer(
    of header: Header, blockCount: UInt64, isContinued: Bool = false
  ) throws(VolumeError) -> String? {
    let found = try readAnyTrailer(of: header, blockCount: blockCount)
    switch (found.continues, isContinued) {
    case (true, false): return found.problem ?? "it goes on on the next volume"
    case (false, true): return found.problem ?? "it ends on this volume, and should go on on the next"
    default: return found.problem
    }
  }

  /// Reads the labels behind a user file and the filemark behind them, and compares them with the file.
  /// - Returns: whether they say that the file goes on on the next volume, and what is wrong with them, in words.
  public func readAnyTrailer(
    of header: Header, blockCount: UInt64
  ) throws(VolumeError) -> (continues: Bool, problem: String?) {
    guard let labels = try readLabelGroup(), let found = labels.first else { return (false, "its trailer is missing") }
    // Nearly all are those of the header but for what must differ: nothing needs to be taken apart then.
    if let expected = header.labels, labels.last == expected.user.trailing(blockCount: blockCount),
      found == expected.first.trailing(blockCount: blockCount)
    {
      return (false, nil)
    }
    do {
      let first = try FileLabel1(parsing: found)
      guard first.group != .header else { return (false, "its trailer is missing") }
      guard first.fileIdentifier == header.first.fileIdentifier, first.section == header.first.section else {
        return (false, "its trailer belongs to file '\(first.fileIdentifier)'")
      }
      guard first.blockCount == blockCount % 1_000_000 else {
        return (first.group == .endOfVolume, "its trailer counts \(first.blockCount) blocks, not \(blockCount)")
      }
      if let user = header.user {
        let last = try labels.last.map { (label) throws(LabelError) in try UserLabel(parsing: label) }
        guard last?.fileSequence == user.fileSequence else { return (false, "its trailer is that of another file") }
      }
      return (first.group == .endOfVolume, nil)
    } catch { return (false, "its trailer is damaged: \(error)") }
  }

  /// Reads the next block of a user file; nil at the filemark behind it.
  /// - Throws: also at end of data, which no user file of ours ends with.
  public func readBlock(into buffer: inout MutableRawSpan) throws(VolumeError) -> Int? {
    let before = position
    position = nil
    let outcome: ReadOutcome
    do { outcome = try drive.read(into: &buffer) } catch { throw .drive(error) }
    guard outcome != .endOfData else {
      throw .malformed(what: "a user file", why: "the volume ends in the middle of it")
    }
    position = before?.advanced(by: 1)
    if case .block(let byteCount) = outcome { return byteCount }
    return nil
  }

  /// Passes over the rest of a user file and the trailer behind it.
  public func skipFile() throws(VolumeError) {
    guard try passFile() else {
      throw .malformed(what: "a user file", why: "the volume ends in the middle of it")
    }
  }

  /// Passes over the rest of a user file and the trailer behind it; false when the volume ends in them.
  func passFile() throws(VolumeError) -> Bool { try pass(filemarks: 2) }

  /// Passes over the rest of a user file and the trailer behind it; nil when the volume ends in them.
  /// - Returns: how many labels the trailer has, whether or not they can be read.
  func passFileCountingLabels() throws(VolumeError) -> Int? {
    guard try passFilemark() else { return nil }
    let trailer = try here()
    guard try passFilemark() else { return nil }
    return Int(try here().rawValue - trailer.rawValue) - 1
  }

  /// Passes over one filemark and what lies before it; false when there is none.
  func passFilemark() throws(VolumeError) -> Bool { try pass(filemarks: 1) }

  /// Passes over `count` filemarks and what lies between them; false when there are fewer.
  func passFilemarks(_ count: Int) throws(VolumeError) -> Bool { try pass(filemarks: count) }

  private func pass(filemarks count: Int) throws(VolumeError) -> Bool {
    position = nil
    return try driving { () throws(DriveError) in try drive.space(filemarks: count) } == .done
  }

  /// The position of the tape.
  func here() throws(VolumeError) -> BlockID {
    if let position { return position }
    let found = try driving { () throws(DriveError) in try drive.position() }
    position = found
    return found
  }

  /// What came where a label was expected.
  enum LabelOutcome: Equatable {
    case label(LabelBlock)
    case notALabel(byteCount: Int)
    case filemark
    case endOfData
  }

  /// Reads the next object as a label.
  func readLabel() throws(VolumeError) -> LabelOutcome {
    let before = position
    position = nil
    do {
      let outcome = try label.withMutableBytes { (bytes) throws(DriveError) -> LabelOutcome in
        switch try drive.read(into: &bytes) {
        case .block(let count):
          // try?: a block of another length is no label; that is the finding.
          (try? LabelBlock(bytes.bytes.extracting(0..<count))).map { .label($0) } ?? .notALabel(byteCount: count)
        case .filemark: .filemark
        case .endOfData: .endOfData
        }
      }
      position = outcome == .endOfData ? before : before?.advanced(by: 1)
      return outcome
    } catch {
      // A block longer than any label: the drive has passed it.
      if error.cause == .bufferTooSmall { return .notALabel(byteCount: label.byteCount + 1) }
      throw .drive(error)
    }
  }

  /// Labels up to a filemark or end of data, at most eight: no group has more. Nil when end of data comes first.
  private func readLabelGroup() throws(VolumeError) -> [LabelBlock]? {
    var labels: [LabelBlock] = []
    labels.reserveCapacity(4)
    let start = try here()
    while labels.count < 8 {
      switch try readLabel() {
      case .label(let label): labels.append(label)
      case .filemark: return labels
      case .endOfData: return labels.isEmpty ? nil : labels
      case .notALabel(let count): throw mismatch("a label", "a block of 80 bytes", "one of \(count) bytes", start)
      }
    }
    throw mismatch("labels", "a filemark", "more labels", start)
  }

  private func mismatch(_ what: String, _ expected: String, _ found: String, _ at: BlockID) -> VolumeError {
    .mismatch(what: what, expected: expected, found: found, at: at, device: drive.identity.name)
  }
}
