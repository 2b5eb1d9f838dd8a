public import TapeIO
internal import TapeLabels

/// Writes AUL files at the end of a volume: labels, filemarks, and the arithmetic that says where everything lies.
///
/// Every call moves the tape. After an error nothing more is written until ``rollBack()`` has succeeded: a broken writer
/// stays broken.
public final class VolumeWriter {
  /// The volume.
  public let descriptor: VolumeDescriptor
  /// fseq that the next AUL file gets.
  public private(set) var nextSequence: UInt64
  /// Block ID that the next HDR1 gets.
  public private(set) var nextHeader: BlockID
  /// Whether the drive has given early warning since the position was last rolled back.
  public private(set) var isNearEnd = false

  /// Blocks of the open user file; 0 when none is open.
  public var blockCount: UInt64 { open?.blockCount ?? 0 }

  private let drive: any TapeDrive
  private let origin: UserLabel.Origin
  private let systemCode: String
  private let compresses: Bool
  private var open: OpenFile?
  private var isBroken = false

  private struct OpenFile {
    let identifier: InlineArray<16, UInt8>
    let section: Int
    var blockCount: UInt64 = 0
  }

  /// Labels that are the same for every file but for what ``FileLabels`` puts in.
  private struct Labels {
    /// Seconds of the day that they are of.
    let day: Int64
    var header: FileLabels
    var trailer: FileLabels
    /// Behind a file that goes on on the next volume.
    var continued: FileLabels
  }
  private var labels: Labels?

  /// Makes a writer that appends at `nextHeader`; the drive must stand there.
  /// - Parameters:
  ///   - host: short name of this machine, for UHL1.
  ///   - systemCode: program and version for HDR1, at most 13 characters.
  /// - Throws: ``VolumeError/drive(_:)`` when the drive cannot say what it is.
  public init(
    drive: any TapeDrive, descriptor: VolumeDescriptor, nextSequence: UInt64, nextHeader: BlockID, host: String,
    systemCode: String
  ) throws(VolumeError) {
    self.drive = drive
    self.descriptor = descriptor
    self.nextSequence = nextSequence
    self.nextHeader = nextHeader
    self.systemCode = systemCode
    let identity = drive.identity
    origin = UserLabel.Origin(
      host: host, vendor: identity.vendor, product: identity.product, serial: identity.serial)
    compresses = try driving { () throws(DriveError) in try drive.medium() }.compresses
  }

  /// Writes VOL1 at beginning of tape: everything that was on the volume is gone. The first AUL file follows.
  /// - Throws: ``VolumeError``; also when the cartridge ends right here.
  public static func label(drive: any TapeDrive, descriptor: VolumeDescriptor) throws(VolumeError) {
    try driving { () throws(DriveError) in try drive.rewind() }
    let label: LabelBlock
    do { label = try VolumeLabel(serial: descriptor.vsn, owner: descriptor.owner).serialized() } catch {
      throw .label(error, volume: descriptor.vsn.text)
    }
    let outcome = try driving { () throws(DriveError) in
      try label.withBytes { (bytes) throws(DriveError) in try drive.write(bytes) }
    }
    if outcome == .endOfMedium { throw .endOfMedium(device: drive.identity.name) }
  }

  /// Writes HDR1 HDR2 UHL1 and a filemark, after asking the drive whether it stands where the arithmetic says.
  /// - Parameter section: which part of a member that spans volumes it is, from 1.
  /// - Throws: ``VolumeError/position(expected:found:device:)`` when it does not; nothing is written then.
  public func begin(_ identifier: FileIdentifier, section: Int = 1, now: Timestamp) throws(VolumeError) {
    precondition(open == nil, "an AUL file is open")
    try checkUsable()
    let found = try driving { () throws(DriveError) in try drive.position() }
    guard found == nextHeader else {
      isBroken = true
      throw .position(expected: nextHeader, found: found, device: drive.identity.name)
    }
    if labels.map({ now.seconds < $0.day || now.seconds >= $0.day + 86_400 }) ?? true {
      do { labels = try labels(of: now) } catch { throw .label(error, volume: descriptor.vsn.text) }
    }
    let file = OpenFile(identifier: identifier.characters, section: section)
    open = file
    try write(\.header, file)
  }

  /// Writes one block of the user file.
  public func write(_ block: RawSpan) throws(VolumeError) {
    precondition(open != nil, "no AUL file is open")
    try checkUsable()
    try settle { () throws(DriveError) in try drive.write(block) }
    open?.blockCount += 1
  }

  /// Writes the filemark behind the user file, EOF1 EOF2 UTL1 (or EOV1 EOV2 UTL1) and a filemark. Nothing is safe before
  /// ``flush()``.
  /// - Parameter continues: whether the file goes on on the next volume.
  /// - Returns: where the file lies: its fseq, the block ID of its HDR1, the number of its blocks.
  public func end(
    continues: Bool = false
  ) throws(VolumeError) -> (sequence: UInt64, header: BlockID, blockCount: UInt64) {
    guard let file = open else { preconditionFailure("no AUL file is open") }
    try checkUsable()
    try settle { () throws(DriveError) in try drive.writeFilemark() }
    try write(continues ? \.continued : \.trailer, file)
    open = nil
    let placed = (nextSequence, nextHeader, file.blockCount)
    // Six labels and three filemarks beside the blocks.
    nextHeader = nextHeader.advanced(by: Int(file.blockCount) + 9)
    nextSequence += 1
    return placed
  }

  /// Goes back to where the open AUL file began, so that the next one is written over it. Also mends a broken writer,
  /// as the position is established anew.
  public func rollBack() throws(VolumeError) {
    try driving { () throws(DriveError) in try drive.locate(to: nextHeader) }
    open = nil
    isBroken = false
    isNearEnd = false
  }

  /// Opens an ended AUL file again, so that blocks are read back from it and its trailer is written over; every file behind
  /// it is given up. Nothing may be written before ``cut(to:)``.
  /// - Parameter placed: where it lies, as ``end(continues:)`` said.
  public func reopen(
    _ identifier: FileIdentifier, section: Int, placed: (sequence: UInt64, header: BlockID, blockCount: UInt64)
  ) {
    precondition(open == nil && placed.sequence < nextSequence, "it is not behind us")
    open = OpenFile(identifier: identifier.characters, section: section, blockCount: placed.blockCount)
    nextSequence = placed.sequence
    nextHeader = placed.header
    isBroken = true
  }

  /// Reads block `number`, from 0, of the open user file from the medium. The tape stands behind it then: nothing may be
  /// written before ``cut(to:)`` or ``rollBack()``, unless it was the last one.
  public func readBack(_ number: UInt64) throws(VolumeError) -> [UInt8] {
    guard let file = open, number < file.blockCount else { preconditionFailure("no such block was written") }
    isBroken = true
    let place = nextHeader.advanced(by: 4 + Int(number))
    try driving { () throws(DriveError) in try drive.locate(to: place) }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: descriptor.blockSize, alignment: 4096)
    defer { memory.deallocate() }
    var space = memory.mutableBytes
    guard case .block(let count) = try driving({ () throws(DriveError) in try drive.read(into: &space) }) else {
      throw .malformed(what: "a block just written", why: "it is not there")
    }
    isBroken = number + 1 < file.blockCount
    return Array(memory[..<count])
  }

  /// Goes back in the open user file, so that only its first `blockCount` blocks are left. Also mends a broken writer.
  public func cut(to blockCount: UInt64) throws(VolumeError) {
    guard let file = open, blockCount <= file.blockCount else { preconditionFailure("no such block was written") }
    isBroken = true
    let place = nextHeader.advanced(by: 4 + Int(blockCount))
    try driving { () throws(DriveError) in try drive.locate(to: place) }
    open?.blockCount = blockCount
    isBroken = false
    isNearEnd = false
  }

  /// Brings everything onto the medium. Only what was written before a flush that returned is safe.
  public func flush() throws(VolumeError) {
    try checkUsable()
    do { try drive.flush() } catch {
      isBroken = true
      throw .drive(error)
    }
  }

  /// Labels of files made at `now`.
  private func labels(of now: Timestamp) throws(LabelError) -> Labels {
    let created = try LabelDate(unixTime: now.seconds)
    let expires = try descriptor.expires.map { (time) throws(LabelError) in try LabelDate(unixTime: time.seconds) }
    var like = FileLabel1(
      .header, fileIdentifier: "", fileSet: descriptor.vsn, fileSequence: 1, created: created,
      expires: max(created, expires ?? created), systemCode: systemCode)
    let header = try FileLabels(like, blockSize: descriptor.blockSize, isCompressed: compresses, origin: origin)
    like.group = .endOfFile
    let trailer = try FileLabels(like, blockSize: descriptor.blockSize, isCompressed: compresses, origin: origin)
    like.group = .endOfVolume
    let continued = try FileLabels(like, blockSize: descriptor.blockSize, isCompressed: compresses, origin: origin)
    return Labels(day: created.unixTime, header: header, trailer: trailer, continued: continued)
  }

  private func write(_ group: WritableKeyPath<Labels, FileLabels>, _ file: OpenFile) throws(VolumeError) {
    guard var labels = labels?[keyPath: group] else { preconditionFailure("no AUL file is open") }
    do {
      try labels.set(
        identifier: file.identifier, sequence: nextSequence, blockCount: file.blockCount, section: file.section)
    } catch {
      isBroken = true
      throw .label(error, volume: descriptor.vsn.text)
    }
    try write(labels.first)
    try write(labels.second)
    try write(labels.user)
    try settle { () throws(DriveError) in try drive.writeFilemark() }
  }

  private func write(_ label: LabelBlock) throws(VolumeError) {
    try settle { () throws(DriveError) in
      try label.withBytes { (bytes) throws(DriveError) in try drive.write(bytes) }
    }
  }

  private func checkUsable() throws(VolumeError) {
    if isBroken { throw .broken(device: drive.identity.name) }
  }

  private func settle(_ write: () throws(DriveError) -> WriteOutcome) throws(VolumeError) {
    let outcome: WriteOutcome
    do { outcome = try write() } catch {
      isBroken = true
      throw .drive(error)
    }
    switch outcome {
    case .written: break
    case .earlyWarning: isNearEnd = true
    case .endOfMedium:
      isBroken = true
      throw .endOfMedium(device: drive.identity.name)
    }
  }
}
