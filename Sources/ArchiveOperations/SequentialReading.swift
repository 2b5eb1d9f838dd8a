public import ArchiveFormat
public import TapeIO
internal import TapeIndex
public import TapeLabels

/// Reads a volume from its beginning to end of data without any index, as tar reads a tape: each member as it comes, the
/// last of a name winning. What was restored is compared with each batch's catalogue when that comes; what is damaged has
/// its name by then, and is renamed if damaged members are to be kept.
public struct SequentialReading {
  /// Which members are wanted; asked once for each, in the order in which they are come upon.
  public var isWanted: (Member) -> Bool
  /// How members are restored.
  public var options: RestoreOptions
  /// The volume that it must be; nil for any.
  public var vsn: VSN?

  /// Describes a reading.
  public init(vsn: VSN?, options: RestoreOptions, isWanted: @escaping (Member) -> Bool) {
    self.vsn = vsn
    self.options = options
    self.isWanted = isWanted
  }

  /// Restores every wanted member to `sink`, or with nil only hands its metadata to `listed`.
  ///
  /// A raw member's name stands in its catalogue alone: such members are gone back for when that has been read.
  public func run(
    drive: any TapeDrive, sink: (any MemberSink)?, observer: any OperationObserver,
    listed: @escaping (Member) -> Void
  ) throws(OperationError) {
    let reader = VolumeReader(drive: drive)
    let (vsn, first) = try ReadTarget.identify(reader, vsn: vsn)
    let restorer = sink.map { MemberRestorer(sink: $0, options: options, observer: observer) }
    let volume = VolumeInSequence(
      reader: reader, vsn: vsn, restorer: restorer, isWanted: isWanted, observer: observer, listed: listed)
    // Also when the tape fails: what was restored so far gets what is set last.
    defer { volume.finish() }
    try onVolume { () throws(VolumeError) in
      var header = first
      while true {
        let next: VolumeReader.Header?
        do throws(VolumeError) {
          if case .catalogue = header.identifier {
            try volume.endBatch(reader.readCatalogue(behind: header))
          } else {
            try volume.readFile(header)
          }
          next = try volume.nextHeader()
        } catch {
          volume.report(error, in: header)
          next = try volume.headerBehindDamage()
        }
        guard let next else { break }
        header = next
      }
    }
  }
}

/// One pass over a volume.
private final class VolumeInSequence {
  private let reader: VolumeReader
  private let vsn: VSN
  private let restorer: MemberRestorer?
  private let isWanted: (Member) -> Bool
  private let observer: any OperationObserver
  private let listed: (Member) -> Void

  /// The file at hand, counted: what a damaged label says of it could lead back, and round for ever.
  private var fileNumber: UInt64 = 1

  // Since the last catalogue:
  private var fileCount = 0
  private var digests: [UInt64: Digest] = [:]
  private var rawFiles: [UInt64: BlockID] = [:]
  private var restored: [UInt64: RestoredFile] = [:]
  /// Files with members that were wanted.
  private var wanted: Set<UInt64> = []
  /// Damaged files of the whole volume that have, or had, their names: links lead to them.
  private var damaged: [UInt64: RestoredFile] = [:]
  /// Links behind raw files: what they lead to may be there only after the catalogue.
  private var waitingLinks: [Member] = []

  init(
    reader: VolumeReader, vsn: VSN, restorer: MemberRestorer?, isWanted: @escaping (Member) -> Bool,
    observer: any OperationObserver, listed: @escaping (Member) -> Void
  ) {
    self.reader = reader
    self.vsn = vsn
    self.restorer = restorer
    self.isWanted = isWanted
    self.observer = observer
    self.listed = listed
  }

  /// Says that a file could not be read, or not to its end.
  func report(_ error: VolumeError, in header: VolumeReader.Header) {
    if case .catalogue = header.identifier { startBatch() }
    observer.report(.notice(MemberNotice([], "file \(header.sequence) of volume \(vsn): \(error)", .failure)))
  }

  /// The header that comes next; nil at end of data.
  func nextHeader() throws(VolumeError) -> VolumeReader.Header? {
    let header = try reader.nextHeader()
    fileNumber += 1
    return header
  }

  /// The next header that can be read behind a file that could not; nil when there is none.
  func headerBehindDamage() throws(VolumeError) -> VolumeReader.Header? {
    while try reader.space(toFile: fileNumber + 1) {
      do { return try nextHeader() } catch {
        fileNumber += 1
        observer.report(.notice(MemberNotice([], "file \(fileNumber) of volume \(vsn): \(error)", .failure)))
      }
    }
    return nil
  }

  private func startBatch() {
    fileCount = 0
    digests = [:]
    rawFiles = [:]
    restored = [:]
    wanted = []
    waitingLinks = []
  }

  func readFile(_ header: VolumeReader.Header) throws(VolumeError) {
    guard case .members(_, let layout, _) = header.identifier else { return try reader.skipFile() }
    fileCount += 1
    if layout == .raw {
      rawFiles[header.sequence] = header.block
      return try reader.skipFile()
    }
    let bytes = try content(of: header)
    while let found = try PaxDecoder.next(from: bytes) {
      let end = bytes.byteCount + paddedToTarRecord(found.storedSize)
      if isWanted(found.member) {
        wanted.insert(header.sequence)
        take(found.member, from: bytes)
      }
      restored[header.sequence] = restorer?.lastRestored
      // A listing needs no content, and there is one member in the file: the drive passes over the rest.
      if restorer == nil, layout == .pax { return try reader.skipFile() }
      try bytes.skip(end - bytes.byteCount)
    }
    try finish(header, bytes)
  }

  private func take(_ member: Member, from bytes: DrivenBytes) {
    listed(member)
    if member.kind == .hardLink, !rawFiles.isEmpty {
      waitingLinks.append(member)
    } else {
      restorer?.restore(member, record: nil, from: bytes)
    }
  }

  private func content(of header: VolumeReader.Header) throws(VolumeError) -> DrivenBytes {
    guard let blockSize = header.user?.blockSize, VolumeDescriptor.blockSizes.contains(blockSize) else {
      throw .malformed(what: "file \(header.sequence) of volume \(vsn)", why: "its block size is out of range")
    }
    return DrivenBytes(reader: reader, blockSize: blockSize)
  }

  /// Reads what is left of a user file, and its trailer.
  private func finish(_ header: VolumeReader.Header, _ bytes: DrivenBytes) throws(VolumeError) {
    while try !bytes.next(1 << 30).isEmpty {}
    digests[header.sequence] = bytes.finish()
    observer.report(.passed(bytes: bytes.byteCount))
    if let problem = try reader.readTrailer(of: header, blockCount: bytes.blockCount) {
      observer.report(.notice(MemberNotice([], "file \(header.sequence) of volume \(vsn): \(problem)", .failure)))
    }
  }

  /// Compares what was read with what the catalogue says was written, and restores the raw members it names.
  func endBatch(_ found: VolumeReader.FoundCatalogue) throws(VolumeError) {
    var raw: [(FilePlacement, MemberRecord)] = []
    var listedFiles = 0
    var lastSequence: UInt64 = 0
    do throws(IndexError) {
      try Catalogue(found.file.database).forEachMember { (file, record) throws(IndexError) in
        if file.sequence != lastSequence { listedFiles += 1 }
        lastSequence = file.sequence
        if let digest = digests[file.sequence], digest != file.digest {
          observer.report(
            .notice(
              MemberNotice(
                record.member.path, "Damaged on tape: its user file's digest is \(digest), not \(file.digest)",
                .failure)))
          damaged[file.sequence] = restored[file.sequence]
        }
        if let first = damaged[record.link?.sequence ?? file.sequence] { setAside(first, record, in: file) }
        if file.layout == .raw, rawFiles[file.sequence] == file.header, isWanted(record.member) {
          raw.append((file, record))
        }
      }
      if fileCount > listedFiles {
        // On WORM, where what was rolled back stays.
        let count = fileCount - listedFiles
        observer.report(
          .information(
            "\(count) file\(count == 1 ? "" : "s") before file \(found.placement.sequence) of volume \(vsn)"
              + " \(count == 1 ? "is" : "are") in no catalogue: never committed"))
      }
    } catch { observer.report(.notice(MemberNotice([], error.description, .failure))) }
    for (file, record) in raw {
      listed(record.member)
      guard let restorer else { continue }
      let header = try reader.openFile(at: file.header, sequence: file.sequence, vsn: vsn)
      let bytes = try content(of: header)
      restorer.restore(record.member, record: record, from: bytes)
      try finish(header, bytes)
    }
    for link in waitingLinks { restorer?.restore(link, record: nil, from: MemoryBytes(.init(start: nil, count: 0))) }
    if !raw.isEmpty { try reader.go(to: found.end) }
    startBatch()
  }

  /// Takes the name from a damaged file, or from another name of it.
  private func setAside(_ file: RestoredFile, _ record: MemberRecord, in place: FilePlacement) {
    guard wanted.contains(place.sequence), let path = restorer?.options.destination(of: record.member)?.path else {
      return
    }
    var file = file
    if record.link != nil {
      file.path = path
      observer.report(.notice(MemberNotice(path, "Damaged on tape: it is another name of a damaged member", .failure)))
    }
    restorer?.setAside(file)
  }

  func finish() {
    if fileCount > 0 {
      observer.report(
        .information("the last \(fileCount) files of volume \(vsn) were never committed: no catalogue confirms them"))
    }
    restorer?.finish()
  }
}
