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
  /// - Parameter supply: brings the volumes that continue it; nil for none.
  /// - Returns: whether another volume was brought: every drive has been closed then, the first one's too.
  @discardableResult
  public func run(
    drive: any TapeDrive, sink: (any MemberSink)?, observer: any OperationObserver, supply: (any VolumeSupply)? = nil,
    listed: @escaping (Member) -> Void
  ) throws(OperationError) -> Bool {
    let reader = VolumeReader(drive: drive)
    let (vsn, first) = try ReadTarget.identify(reader, vsn: vsn)
    let restorer = sink.map { MemberRestorer(sink: $0, options: options, observer: observer) }
    let volume = VolumeInSequence(
      reader: reader, vsn: vsn, restorer: restorer, isWanted: isWanted, supply: supply, observer: observer,
      listed: listed)
    // Also when the tape fails: what was restored so far gets what is set last.
    defer { volume.finish() }
    try onVolume { () throws(VolumeError) in
      var header = first
      while true {
        let next: VolumeReader.Header?
        do throws(VolumeError) {
          if case .catalogue = header.identifier {
            try volume.endBatch(behind: header)
          } else {
            try volume.readFile(header)
          }
          next = try volume.nextHeader()
        } catch {
          // A volume that is not to be had is no damage to go past.
          if case .unavailable = error { throw error }
          volume.report(error, in: header)
          next = try volume.headerBehindDamage()
        }
        if let next {
          header = next
        } else {
          guard let first = try volume.firstOfNextVolume() else { break }
          header = first
        }
      }
    }
    if volume.hasChanged { try volume.close() }
    return volume.hasChanged
  }
}

/// One pass over a volume.
private final class VolumeInSequence {
  private var reader: VolumeReader
  private var vsn: VSN
  private let supply: (any VolumeSupply)?
  /// The volume, once a catalogue has been read, and whether that says that it is full.
  private var descriptor: VolumeDescriptor?
  private var isFull = false
  private(set) var hasChanged = false
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
  private var restored: [LinkPlacement: (file: RestoredFile, digest: Digest?)] = [:]
  /// Where members lie that were wanted.
  private var wanted: Set<LinkPlacement> = []
  /// Packs that could be read up to this byte only.
  private var broken: [UInt64: Int64] = [:]
  /// Damaged members of the whole volume that have, or had, their names: links lead to them.
  private var damaged: [LinkPlacement: RestoredFile] = [:]
  /// Raw files that began on an earlier volume.
  private var spanningRaw: Set<UInt64> = []
  /// Whether the beginning of the member that lies last on the volume was passed over on purpose.
  private var passesPieces = false
  /// Links behind raw files: what they lead to may be there only after the catalogue.
  private var waitingLinks: [Member] = []

  init(
    reader: VolumeReader, vsn: VSN, restorer: MemberRestorer?, isWanted: @escaping (Member) -> Bool,
    supply: (any VolumeSupply)?, observer: any OperationObserver, listed: @escaping (Member) -> Void
  ) {
    self.supply = supply
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
    broken = [:]
    waitingLinks = []
    spanningRaw = []
  }

  func readFile(_ header: VolumeReader.Header) throws(VolumeError) {
    guard case .members(_, let layout, _) = header.identifier else { return try reader.skipFile() }
    fileCount += 1
    if header.first.section > 1 {
      // It was not come to from the volume before, or nobody wants it.
      if layout == .raw {
        spanningRaw.insert(header.sequence)
      } else if !passesPieces {
        let text = "file \(header.sequence) of volume \(vsn) begins on an earlier volume: passed over"
        observer.report(.notice(MemberNotice([], text, .failure)))
      }
      return try reader.skipFile()
    }
    passesPieces = false
    if layout == .raw {
      rawFiles[header.sequence] = header.block
      return try reader.skipFile()
    }
    let bytes = PieceBytes(try content(of: header), header)
    bytes.goesOn = { [self] (ended) throws(VolumeError) in try nextPiece(of: ended) }
    // Where the next member begins.
    var offset: Int64 = 0
    do throws(VolumeError) {
      while let found = try PaxDecoder.next(from: bytes) {
        let place = LinkPlacement(sequence: header.sequence, offset: offset)
        offset = bytes.byteCount + paddedToTarRecord(found.storedSize)
        let isTaken = isWanted(found.member)
        if isTaken { take(found.member, at: place, from: bytes) }
        // A listing needs no content, and there is one member in the file: the drive passes over the rest.
        if restorer == nil || !isTaken, layout == .pax, bytes.header.sequence == header.sequence, bytes.isFirst {
          passesPieces = true
          return try reader.skipFile()
        }
        try bytes.skip(offset - bytes.byteCount)
      }
    } catch {
      if layout == .pack { broken[header.sequence] = offset }
      throw error
    }
    while try !bytes.next(1 << 30).isEmpty {}
    try finish(bytes.header, bytes.piece, isAtEnd: true)
    if let problem = bytes.trailerProblem { reportTrailer(problem, in: bytes.header) }
  }

  private func reportTrailer(_ problem: String, in header: VolumeReader.Header) {
    observer.report(.notice(MemberNotice([], "file \(header.sequence) of volume \(vsn): \(problem)", .failure)))
  }

  private func take(_ member: Member, at first: LinkPlacement, from bytes: PieceBytes) {
    var place = first
    defer { wanted.insert(place) }
    listed(member)
    if member.kind == .hardLink, !rawFiles.isEmpty {
      waitingLinks.append(member)
    } else if let restorer {
      let digest = restorer.restore(member, record: nil, from: bytes)
      // Of one that spans volumes, the catalogue names the last piece.
      if !bytes.isFirst { place.sequence = bytes.header.sequence }
      restored[place] = restorer.lastRestored.map { ($0, digest) }
    }
  }

  private func content(of header: VolumeReader.Header) throws(VolumeError) -> DrivenBytes {
    guard let blockSize = header.user?.blockSize, VolumeDescriptor.blockSizes.contains(blockSize) else {
      throw .malformed(what: "file \(header.sequence) of volume \(vsn)", why: "its block size is out of range")
    }
    return DrivenBytes(reader: reader, blockSize: blockSize)
  }

  /// Reads what is left of a user file, and its trailer.
  private func finish(
    _ header: VolumeReader.Header, _ bytes: DrivenBytes, isAtEnd: Bool = false
  ) throws(VolumeError) {
    while try !bytes.next(1 << 30).isEmpty {}
    digests[header.sequence] = bytes.finish()
    observer.report(.passed(bytes: bytes.byteCount))
    // Its trailer has been read then.
    if isAtEnd { return }
    if let problem = try reader.readTrailer(of: header, blockCount: bytes.blockCount) {
      observer.report(.notice(MemberNotice([], "file \(header.sequence) of volume \(vsn): \(problem)", .failure)))
    }
  }

  /// Compares what was read with what the catalogue says was written, and restores the raw members it names.
  func endBatch(behind header: VolumeReader.Header) throws(VolumeError) {
    try endBatch(reader.readCatalogue(behind: header))
  }

  /// - Parameter apart: whether a member is being restored meanwhile.
  func endBatch(_ found: VolumeReader.FoundCatalogue, apart: Bool = false) throws(VolumeError) {
    let restorer = apart ? restorer?.another() : restorer
    var raw: [(FilePlacement, MemberRecord)] = []
    var behindDamage: [(FilePlacement, MemberRecord)] = []
    var listedFiles = 0
    var lastSequence: UInt64 = 0
    do throws(IndexError) {
      let catalogue = try Catalogue(found.file.database)
      (descriptor, isFull) = (catalogue.volume, catalogue.batch.reason == .volumeFull)
      // Of a member that goes on on the next volume only the piece is listed here.
      listedFiles += try catalogue.openPieceCount()
      try catalogue.forEachMember { (file, record) throws(IndexError) in
        let place = LinkPlacement(sequence: file.sequence, offset: record.offset)
        if file.sequence != lastSequence {
          listedFiles += 1
          if file.layout == .pack { comparePack(file) }
        }
        lastSequence = file.sequence
        if file.layout == .pack {
          compareMember(record, at: place, in: file)
          if let end = broken[file.sequence], record.offset >= end { behindDamage.append((file, record)) }
        } else if let digest = digests[file.sequence], digest != file.digest {
          observer.report(
            .notice(
              MemberNotice(
                record.member.path, "Damaged on tape: its user file's digest is \(digest), not \(file.digest)",
                .failure)))
          damaged[place] = restored[place]?.file
        }
        if let first = damaged[record.link ?? place] { setAside(first, record, at: place) }
        if spanningRaw.contains(file.sequence), isWanted(record.member) {
          let text = "Spans volumes in layout raw: it can be restored with the index, or the volumes' catalogues"
          observer.report(.notice(MemberNotice(record.member.path, text, .failure)))
        }
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
    readBehindDamage(behindDamage, restorer)
    if !raw.isEmpty || !behindDamage.isEmpty { try reader.go(to: found.end) }
    startBatch()
  }

  private func comparePack(_ file: FilePlacement) {
    guard let digest = digests[file.sequence], digest != file.digest else { return }
    observer.report(
      .notice(
        MemberNotice(
          [],
          "file \(file.sequence) of volume \(vsn): a pack is damaged on tape: its user file's digest is \(digest), not"
            + " \(file.digest)", .failure)))
  }

  /// Compares a member of a pack that as a whole is not what was written, or could not be read to its end.
  private func compareMember(_ record: MemberRecord, at place: LinkPlacement, in file: FilePlacement) {
    guard digests[file.sequence] != file.digest, let found = restored[place], let expected = record.digest,
      found.digest != expected
    else { return }
    let digest = found.digest.map { "\($0)" } ?? "unknown"
    observer.report(
      .notice(
        MemberNotice(record.member.path, "Damaged on tape: its digest is \(digest), not \(expected)", .failure)))
    damaged[place] = found.file
  }

  /// Reads what lies behind damage in packs, each member at the place that the catalogue gives.
  private func readBehindDamage(_ members: [(FilePlacement, MemberRecord)], _ restorer: MemberRestorer?) {
    var open: (sequence: UInt64, bytes: DrivenBytes, offset: Int64)?
    for (file, record) in members where isWanted(record.member) {
      let place = LinkPlacement(sequence: file.sequence, offset: record.offset)
      guard let restorer else {
        listed(record.member)
        continue
      }
      do throws(VolumeError) {
        if open?.sequence != file.sequence { open = nil }
        let (bytes, start): (DrivenBytes, Int64)
        if let open {
          (bytes, start) = (open.bytes, open.offset)
        } else {
          (bytes, start) = try content(of: file, from: record.offset)
        }
        open = nil
        try bytes.skip(record.offset - start - bytes.byteCount)
        guard let found = try PaxDecoder.next(from: bytes), found.member.path == record.member.path,
          found.member.kind == record.member.kind, found.member.size == record.member.size
        else { throw .malformed(what: "its user file", why: "it does not hold it at byte \(record.offset)") }
        let end = bytes.byteCount + paddedToTarRecord(found.storedSize)
        wanted.insert(place)
        listed(record.member)
        restorer.restore(found.member, record: record, from: bytes, placement: file)
        // try?: what goes wrong in its content was said; the next member is gone to then.
        if (try? bytes.skip(end - bytes.byteCount)) != nil { open = (file.sequence, bytes, start) }
      } catch {
        reader.forgetPosition()
        let block = "in file \(file.sequence) at block \(file.header)"
        observer.report(.notice(MemberNotice(record.member.path, "Cannot read from tape \(block): \(error)", .failure)))
      }
    }
  }

  /// The bytes of a user file from the block on that holds byte `offset`, and which byte that block begins with.
  private func content(of file: FilePlacement, from offset: Int64) throws(VolumeError) -> (DrivenBytes, Int64) {
    let header = try reader.openFile(at: file.header, sequence: file.sequence, vsn: vsn)
    let bytes = try content(of: header)
    let blockSize = Int64(header.user?.blockSize ?? 1)
    try reader.go(to: header.userFile.advanced(by: Int(offset / blockSize)))
    return (bytes, offset / blockSize * blockSize)
  }

  /// Takes the name from a damaged file, or from another name of it.
  private func setAside(_ file: RestoredFile, _ record: MemberRecord, at place: LinkPlacement) {
    guard wanted.contains(place), let path = restorer?.options.destination(of: record.member)?.path else {
      return
    }
    var file = file
    if record.link != nil {
      file.path = path
      observer.report(.notice(MemberNotice(path, "Damaged on tape: it is another name of a damaged member", .failure)))
    }
    restorer?.setAside(file)
  }

  // MARK: From volume to volume

  /// The piece that follows the one that has just been read to its end; nil when that was the last.
  private func nextPiece(
    of ended: PieceBytes
  ) throws(VolumeError) -> (bytes: DrivenBytes, header: VolumeReader.Header)? {
    let trailer = try reader.readAnyTrailer(of: ended.header, blockCount: ended.piece.blockCount)
    ended.trailerProblem = ended.trailerProblem ?? trailer.problem
    guard trailer.continues else { return nil }
    if let behind = try nextHeader(), case .catalogue = behind.identifier {
      // Whoever reads the member waits: what is restored meanwhile is restored apart.
      try endBatch(reader.readCatalogue(behind: behind), apart: true)
    }
    guard let next = try firstOfNextVolume(isWanted: true) else {
      throw .unavailable("file \(ended.header.sequence) of volume \(vsn) goes on on the next volume", hint: nil)
    }
    guard next.first.section == ended.header.first.section + 1, case .members(_, let layout, _) = next.identifier,
      case .members(_, layout, _) = ended.header.identifier
    else {
      throw .malformed(
        what: "volume \(vsn)", why: "it does not go on with section \(ended.header.first.section + 1)")
    }
    fileCount += 1
    return (try content(of: next), next)
  }

  /// The first header behind catalogue 0 of the volume that continues the one that has come to its end; nil when there is
  /// none to be had.
  /// - Parameter isWanted: whether it is known that there is more.
  func firstOfNextVolume(isWanted: Bool = false) throws(VolumeError) -> VolumeReader.Header? {
    guard isFull || isWanted, let full = descriptor else { return nil }
    guard let supply else {
      if !isWanted { return nil }
      throw .unavailable(
        "volume \(vsn) goes on on the next volume of its set",
        hint: "-M asks for it; more than one -f may name the volumes")
    }
    do {
      try reader.drive.close()
    } catch { throw .drive(error) }
    let drive: any TapeDrive
    do { drive = try supply.nextForReading(after: full) } catch { throw Self.unavailable(error) }
    reader = VolumeReader(drive: drive)
    do throws(OperationError) {
      let (name, header) = try ReadTarget.identify(reader, vsn: nil)
      let next = try VolumeSync.identify(reader, behind: header).volume
      guard next.set == full.set, next.previous == full.id else {
        throw .refused("volume \(name) does not continue volume \(full.vsn)", hint: nil)
      }
      (vsn, descriptor, isFull, fileNumber, hasChanged) = (name, next, false, 1, true)
      observer.report(.volume(next, .reading(isAwaited: true)))
    } catch { throw Self.unavailable(error) }
    return try nextHeader()
  }

  private static func unavailable(_ error: OperationError) -> VolumeError {
    switch error {
    case .volume(let error): error
    default: .unavailable(error.description, hint: error.hint)
    }
  }

  /// Ends the use of the drive.
  func close() throws(OperationError) {
    do { try reader.drive.close() } catch { throw .volume(.drive(error)) }
  }

  func finish() {
    if fileCount > 0 {
      observer.report(
        .information("the last \(fileCount) files of volume \(vsn) were never committed: no catalogue confirms them"))
    }
    restorer?.finish()
  }
}
