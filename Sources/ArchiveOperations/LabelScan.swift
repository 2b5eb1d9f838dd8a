internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// Makes the rows of batches from labels and tar headers, where no catalogue says what was written. Reads every byte, as
/// a digest of what is there now is the only one there can be.
///
/// What a raw file was called, and what a tar header does not hold, is lost (docs/index.md, *Making it again*).
struct LabelScan {
  let reader: VolumeReader
  let volume: VolumeDescriptor
  /// Where catalogues lie that another one names, though they cannot be read themselves; by number.
  let listed: [UInt32: CataloguePlacement]
  /// Whether files behind the last catalogue count that were never committed.
  let salvages: Bool
  let spool: CatalogueSpool
  let observer: any OperationObserver

  /// What came of a scan.
  struct Outcome {
    /// Files behind the last catalogue that were never committed.
    var uncommitted = 0
    /// When the last batch was committed, as far as it is known.
    var lastCommit: Timestamp
  }

  /// The batch whose files come.
  private struct Batch {
    var number: UInt32
    var first: UInt64
    var lastCommit: Timestamp
    var rows: CatalogueWriter
    var files = 0
    var label: FileLabel1?
    var host = ""
  }

  /// Scans the files from `sequence`, whose header lies at `block`, up to and with file `last`, or to end of data.
  /// - Parameter number: of the batch that they begin.
  func run(
    from sequence: UInt64, at block: BlockID?, through last: UInt64?, number: UInt32, after lastCommit: Timestamp
  ) throws(OperationError) -> Outcome {
    var walk = FileWalk(reader: reader, vsn: volume.vsn, sequence: sequence, block: block)
    var batch = try begin(number, sequence, lastCommit)
    var at = sequence
    while at <= last ?? .max, let step = walk.next() {
      at += 1
      switch step {
      case .unreadable(let sequence, let error, let identifier):
        report(sequence, error)
        let known = listed[batch.number]
        if known?.sequence == sequence || identifier == .catalogue(batch: batch.number) {
          batch = try end(batch, .recovered, catalogue: sequence, found: known, next: walk.end)
        }
      case .file(let header):
        if case .catalogue = header.identifier {
          // One whose trailer was never finished was not flushed.
          guard walk.pass(header), walk.trailerLabels >= 3 else { break }
          batch = try end(
            batch, .recovered, catalogue: header.sequence, found: listed[batch.number], next: walk.end)
        } else if case .members(let number, _, _) = header.identifier, number > batch.number {
          // The catalogue between the two could not be found, but nothing is begun before it is written.
          batch = try end(batch, .recovered, catalogue: header.sequence - 1, found: nil, next: nil)
          try take(header, &walk, &batch)
        } else {
          try take(header, &walk, &batch)
        }
      }
    }
    if let failure = walk.failure {
      observer.report(.notice(MemberNotice([], "volume \(volume.vsn) cannot be read on: \(failure)", .failure)))
    }
    if let last, batch.number == number {
      batch = try end(batch, .recovered, catalogue: last, found: listed[number], next: nil)
    }
    let outcome = Outcome(uncommitted: batch.files, lastCommit: batch.lastCommit)
    if salvages, batch.files > 0 { _ = try end(batch, .salvaged, catalogue: at, found: nil, next: nil) }
    return outcome
  }

  private func report(_ sequence: UInt64, _ error: any Error) {
    observer.report(.notice(MemberNotice([], "file \(sequence) of volume \(volume.vsn): \(error)", .failure)))
  }

  // MARK: Batches

  private func begin(_ number: UInt32, _ first: UInt64, _ lastCommit: Timestamp) throws(OperationError) -> Batch {
    Batch(
      number: number, first: first, lastCommit: lastCommit,
      rows: try onIndex { () throws(IndexError) in try CatalogueWriter() })
  }

  /// Puts a batch into the spool and begins the next one.
  private func end(
    _ batch: Batch, _ reason: BatchReason, catalogue: UInt64, found: CataloguePlacement?, next: BlockID?
  ) throws(OperationError) -> Batch {
    // The day of its labels is all that is known of when it was written; no batch is older than the one before it.
    let day = batch.label?.created.map { Timestamp(seconds: $0.unixTime) } ?? batch.lastCommit
    let committed = max(batch.lastCommit, day)
    func identity(_ what: String) -> UniqueID {
      .derived(from: volume.id.bytes + Array("\(what) \(batch.number)".utf8))
    }
    let record = BatchRecord(
      number: batch.number, id: identity("batch"),
      session: SessionRecord(
        id: identity("session"), started: committed, host: batch.host, program: batch.label?.systemCode ?? "",
        series: []),
      firstSequence: batch.first, catalogueSequence: max(catalogue, batch.first), committed: committed, reason: reason,
      previousDigest: batch.number > 0 ? listed[batch.number - 1]?.digest : nil)
    try onIndex { () throws(IndexError) in
      let frame = try batch.rows.finish(volume: volume, batch: record, earlier: [])
      try spool.add(
        frame, number: batch.number, found: found.flatMap { place in next.map { (place, end: $0) } })
    }
    let members = batch.rows.memberCount
    let how = reason == .salvaged ? "salvaged" : "recovered"
    observer.report(
      .information(
        "batch \(batch.number) of volume \(volume.vsn): \(members) member\(members == 1 ? "" : "s") \(how) from"
          + " labels and tar headers"))
    return try begin(batch.number + 1, catalogue + 1, committed)
  }

  // MARK: Files

  private func take(
    _ header: VolumeReader.Header, _ walk: inout FileWalk, _ batch: inout Batch
  ) throws(OperationError) {
    guard case .members(_, let layout, _) = header.identifier, let user = header.user else {
      _ = walk.pass(header)
      return
    }
    do throws(VolumeError) {
      let file = try ScannedFile(header, layout, user.blockSize, vsn: volume.vsn, reader: reader)
      walk.passed(header, blockCount: file.placement.blockCount)
      batch.files += 1
      batch.label = batch.label ?? header.first
      batch.host = user.origin.host
      let records = file.records
      try onIndexOfScan { () throws(IndexError) in try batch.rows.add(file.placement, records) }
    } catch {
      // The last file of a volume, cut off in its middle, was never anything.
      if walk.pass(header) { report(header.sequence, error) }
    }
  }

  /// The database is in memory and takes whatever a tar header can say; should it not, the file is reported.
  private func onIndexOfScan(_ body: () throws(IndexError) -> Void) throws(VolumeError) {
    do { try body() } catch { throw .malformed(what: "a tar header", why: error.description) }
  }
}

/// One user file, read for what it holds.
struct ScannedFile {
  let placement: FilePlacement
  let records: [MemberRecord]

  /// Reads the user file behind `header`, and its trailer.
  /// - Throws: ``VolumeError`` when it is not whole.
  init(
    _ header: VolumeReader.Header, _ layout: Layout, _ blockSize: Int, vsn: VSN, reader: VolumeReader
  ) throws(VolumeError) {
    guard VolumeDescriptor.blockSizes.contains(blockSize) else {
      throw .malformed(what: "its user label", why: "its block size is out of range")
    }
    guard header.first.section == 1 else {
      throw .malformed(what: "its user file", why: "it is a piece of a member that begins on an earlier volume")
    }
    let bytes = DrivenBytes(reader: reader, blockSize: blockSize)
    var records: [MemberRecord] = []
    if layout == .raw {
      records = [try Self.rawMember(header, vsn, bytes)]
    } else {
      var offset: Int64 = 0
      while let found = try PaxDecoder.next(from: bytes) {
        records.append(try Self.member(found, at: offset, bytes))
        let stored = paddedToTarRecord(found.storedSize)
        try bytes.skip(stored - found.storedSize)
        offset += found.byteCount + stored
      }
      guard !records.isEmpty else { throw .malformed(what: "its user file", why: "it holds no member") }
      while try !bytes.next(1 << 30).isEmpty {}
    }
    if let problem = try reader.readTrailer(of: header, blockCount: bytes.blockCount) {
      throw .malformed(what: "its user file", why: problem)
    }
    placement = FilePlacement(
      sequence: header.sequence, header: header.block, blockCount: bytes.blockCount, byteCount: bytes.byteCount,
      layout: layout, digest: bytes.finish())
    self.records = records
  }

  private static func member(
    _ found: PaxDecoder.Header, at offset: Int64, _ bytes: DrivenBytes
  ) throws(VolumeError) -> MemberRecord {
    var digester = ContentDigester()
    var position: Int64 = 0
    let size = found.member.size
    for extent in found.member.dataExtents ?? [Extent(offset: 0, length: size)] {
      digester.updateZeros(extent.offset - position)
      try digest(extent.length, of: bytes, &digester)
      position = extent.offset + extent.length
    }
    digester.updateZeros(size - position)
    let (digest, chunks) = digester.finish()
    return MemberRecord(
      member: found.member, offset: offset, contentOffset: offset + found.byteCount,
      digest: found.member.kind == .regular ? digest : nil, chunks: chunks)
  }

  private static func digest(
    _ count: Int64, of bytes: DrivenBytes, _ digester: inout ContentDigester
  ) throws(VolumeError) {
    var left = count
    while left > 0 {
      let part = try bytes.next(Int(min(left, 1 << 30)))
      guard !part.isEmpty else { throw .malformed(what: "its user file", why: "it ends too soon") }
      digester.update(part)
      left -= Int64(part.count)
    }
  }

  /// A raw file says nothing of itself: it is named by where it lies, `V00001.12.raw`.
  private static func rawMember(
    _ header: VolumeReader.Header, _ vsn: VSN, _ bytes: DrivenBytes
  ) throws(VolumeError) -> MemberRecord {
    var digester = ContentDigester()
    while true {
      let part = try bytes.next(1 << 30)
      if part.isEmpty { break }
      digester.update(part)
    }
    let (digest, chunks) = digester.finish()
    let member = Member(
      path: Array("\(vsn).\(header.sequence).raw".utf8), kind: .regular, mode: 0o600,
      ownership: Ownership(user: 0, group: 0), size: bytes.byteCount,
      modified: Timestamp(seconds: header.first.created?.unixTime ?? 0))
    return MemberRecord(member: member, offset: 0, contentOffset: 0, digest: digest, chunks: chunks)
  }
}
