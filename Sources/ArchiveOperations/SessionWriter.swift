public import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// What a session wrote.
public struct SessionSummary: Equatable, Sendable {
  /// The volume it wrote to.
  public var volume: VolumeDescriptor
  /// Members committed.
  public var members = 0
  /// Bytes of user files committed.
  public var bytes: Int64 = 0
  /// The name of the first member that the volume had no room for; nil when all fitted.
  public var firstLeftOut: [UInt8]?
  /// Who waited for whom.
  public var waiting = WaitingTimes()
  /// Whether a batch was not what was written when it was read back.
  public var isDamaged = false
}

/// Puts composed user files on tape and commits them batch by batch. The one place that knows the order *trailer,
/// catalogue, flush, index, remove the sources*. Runs on the drive's thread, which alone touches the drive.
final class SessionWriter {
  private let volume: OpenVolume
  private let index: IndexFile?
  private let session: SessionRecord
  private let limits: BatchLimits
  private let verifier: BatchVerifier?
  private var rateLimit: RateLimit?
  private let observer: any OperationObserver

  private var catalogue: CatalogueWriter
  private var catalogues: [CataloguePlacement]
  private var batchNumber: UInt32
  private var lastCommit: Timestamp
  private var firstSequence: UInt64
  private var batchBytes: Int64 = 0
  private var batchBegan: Int64?
  private var unconfirmed: [[UInt8]] = []
  /// What is removed when the open batch is safe, with the AUL file that it was written to.
  private var sources: [(sequence: UInt64, source: any RemovableSource)] = []
  /// Where members with several names lie, for the links to them.
  private var linked: [LinkKey: LinkPlacement] = [:]
  private(set) var summary: SessionSummary
  private(set) var isFull = false

  private struct LinkKey: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  private var writer: VolumeWriter { volume.writer }

  init(
    volume: OpenVolume, index: IndexFile?, session: SessionRecord, limits: BatchLimits,
    verifier: BatchVerifier? = nil, rateLimit: RateLimit? = nil, observer: any OperationObserver
  ) throws(OperationError) {
    self.rateLimit = rateLimit
    self.volume = volume
    summary = SessionSummary(volume: volume.writer.descriptor)
    self.index = index
    self.session = session
    self.limits = limits
    self.verifier = verifier
    self.observer = observer
    catalogue = try onIndex { () throws(IndexError) in try CatalogueWriter() }
    catalogues = volume.catalogues
    batchNumber = volume.nextBatch
    lastCommit = volume.lastCommit
    firstSequence = volume.firstSequence
  }

  /// Writes everything that comes through `ring`, then commits what is left.
  /// - Throws: when the drive or the index fails; what was not committed has been reported as unconfirmed.
  func run(_ ring: WriteRing, _ interruption: Interruption) throws(OperationError) {
    do throws(OperationError) {
      while !isFull, !interruption.isRequested, let block = ring.next() {
        try handle(block, isLast: false)
        ring.release()
      }
      // A pack is finished with the member it is at.
      while interruption.isRequested, !isFull, open?.layout == .pack, let block = ring.nextThoughWoken() {
        try handle(block, isLast: true)
        ring.release()
      }
      if isFull {
        noteLeftOut(ring)
      } else if interruption.isRequested {
        try giveUpOpenFile()
        try commit(.interrupted)
      } else {
        try commit(.sessionEnd)
      }
    } catch {
      for path in unconfirmed { observer.report(.unconfirmed(path: path)) }
      if let open {
        for path in open.members.isEmpty ? [open.path] : open.members.map(\.record.member.path) {
          observer.report(.unconfirmed(path: path))
        }
      }
      throw error
    }
  }

  /// Takes the file that is being written off the tape again.
  private func giveUpOpenFile() throws(OperationError) {
    guard open != nil else { return }
    open = nil
    if volume.isWORM {
      // Nothing can be written over: the file is closed as it is, and no catalogue will know it.
      _ = try onVolume { () throws(VolumeError) in try writer.end() }
    } else {
      try onVolume { () throws(VolumeError) in try writer.rollBack() }
    }
  }

  /// - Parameter isLast: whether a pack is to end as soon as it can.
  private func handle(_ block: WriteRing.Block, isLast: Bool) throws(OperationError) {
    if let begin = block.begin {
      if batchBegan == nil { batchBegan = steadySeconds() }
      open = OpenFile(layout: begin.layout, path: begin.path)
      let ordinal = UInt32(writer.nextSequence - firstSequence + 1)
      guard
        try written({ () throws(VolumeError) in
          try writer.begin(.members(batch: batchNumber, layout: begin.layout, ordinal: ordinal), now: .now())
        })
      else { return }
    }
    let isPack = open?.layout == .pack
    if isPack, isLast || writer.isNearEnd, case .members(let boundary) = block.end {
      return try endPack(in: block, at: boundary, isFull: writer.isNearEnd)
    }
    if block.byteCount > 0 {
      observer.report(.passed(bytes: Int64(block.byteCount)))
      guard
        try written(passesWarning: isPack, { () throws(VolumeError) in try writer.write(block.bytes.bytes) })
      else { return }
      rateLimit?.pass(block.byteCount)
    }
    switch block.end {
    case .members(let boundary) where isPack && writer.isNearEnd && !volume.isWORM:
      // The room behind the warning is the catalogue's. A member without an end in this block needs some of it, and
      // so does a pack on a medium that cannot be written over.
      try onVolume { () throws(VolumeError) in try writer.takeBackBlock() }
      try endPack(in: block, at: boundary, isFull: true)
    case .members(let boundary): open?.members += boundary.file.members
    case .file(let file): try end(file)
    case nil: break
    }
  }
  private var open: OpenFile?

  /// The file that is being written.
  private struct OpenFile {
    var layout: Layout
    /// The name of its first member.
    var path: [UInt8]
    /// The members that came to their end in it.
    var members: [ComposedMember] = []
  }

  /// Ends a pack behind the last member that ends in `block`, as no more of it is wanted, or has room.
  /// - Parameter isFull: whether that is so because the volume is.
  private func endPack(
    in block: WriteRing.Block, at boundary: MemberBoundary, isFull: Bool
  ) throws(OperationError) {
    let end = boundary.byteCount + PaxEncoder.endOfArchiveSize
    let first = min(end, block.memory.count)
    // What lies behind the member is not written any more: the room is there for the end of the archive.
    UnsafeMutableRawBufferPointer(rebasing: block.memory[boundary.byteCount..<first])
      .initializeMemory(as: UInt8.self, repeating: 0)
    observer.report(.passed(bytes: Int64(end)))
    let bytes = UnsafeRawBufferPointer(rebasing: block.memory[..<first])
    let rest = [UInt8](repeating: 0, count: end - first)
    guard
      try written(
        passesWarning: true,
        { () throws(VolumeError) in
          try writer.write(bytes.bytes)
          if !rest.isEmpty { try writer.write(rest.span.bytes) }
        })
    else { return }
    try self.end(boundary.file, isFull: isFull)
  }

  /// Runs a write that belongs to a file. When the volume comes to its end in it, the file is rolled back, what is before
  /// it is committed, and the result is false.
  /// - Parameter passesWarning: whether only the physical end counts.
  private func written(
    passesWarning: Bool = false, _ write: () throws(VolumeError) -> Void
  ) throws(OperationError) -> Bool {
    do {
      try write()
      if passesWarning || !writer.isNearEnd { return true }
    } catch {
      guard case .endOfMedium = error else { throw .volume(error) }
    }
    summary.firstLeftOut = open?.path
    try giveUpOpenFile()
    try commit(.volumeFull)
    return false
  }

  private func end(_ file: ComposedFile, isFull: Bool = false) throws(OperationError) {
    let placed: (sequence: UInt64, header: BlockID, blockCount: UInt64)
    do { placed = try writer.end() } catch {
      // The trailer did not fit: the member goes, what is before it stays.
      guard case .endOfMedium = error, !volume.isWORM else { throw .volume(error) }
      _ = try written { () throws(VolumeError) in throw error }
      return
    }
    let placement = FilePlacement(
      sequence: placed.sequence, header: placed.header, blockCount: placed.blockCount, byteCount: file.byteCount,
      layout: file.layout, digest: file.digest)
    var records: [MemberRecord] = []
    for members in [open?.members ?? [], file.members] {
      for member in members {
        let record = resolvingLink(member.record, in: placement)
        records.append(record)
        unconfirmed.append(record.member.path)
        // A link that leads nowhere holds no content.
        let isReachable = record.member.kind != .hardLink || record.link != nil
        if let source = member.source, isReachable { sources.append((placement.sequence, source)) }
      }
    }
    open = nil
    try onIndex { () throws(IndexError) in try catalogue.add(placement, records) }
    verifier?.add(placement, records.first?.member.path ?? [])
    batchBytes += file.byteCount
    let age = steadySeconds() - (batchBegan ?? steadySeconds())
    if isFull || writer.isNearEnd {
      try commit(.volumeFull)
    } else if file.endsBatch || batchBytes >= limits.bytes || catalogue.memberCount >= limits.members
      || age >= limits.seconds
    {
      try commit(.limit)
    }
  }

  private func resolvingLink(_ record: MemberRecord, in file: FilePlacement) -> MemberRecord {
    guard let source = record.member.sourceFile else { return record }
    let key = LinkKey(device: source.device, inode: source.inode)
    var record = record
    if record.member.kind == .hardLink {
      record.link = linked[key]
    } else if source.linkCount > 1, record.member.kind != .directory {
      linked[key] = LinkPlacement(sequence: file.sequence, offset: record.offset)
    }
    return record
  }

  private func noteLeftOut(_ ring: WriteRing) {
    // Full right behind a member: whatever the reader has ready was not archived.
    while summary.firstLeftOut == nil, let block = ring.next() {
      summary.firstLeftOut = block.begin?.path ?? block.end?.members.first?.record.member.path
      ring.release()
    }
    ring.cancel()
  }

  // MARK: Commit

  /// Ends the batch: catalogue, flush, index, in that order. Only then its members are safe, and their sources go.
  private func commit(_ reason: BatchReason) throws(OperationError) {
    if reason == .volumeFull { isFull = true }
    guard catalogue.memberCount > 0 || reason == .volumeFull else { return }
    let now = max(Timestamp.now(), lastCommit)
    let batch = BatchRecord(
      number: batchNumber, id: .random(), session: session, firstSequence: firstSequence,
      catalogueSequence: writer.nextSequence, committed: now, reason: reason,
      previousDigest: catalogues.last?.digest)
    let (frame, own) = try onIndex { () throws(IndexError) in
      try catalogue.finished(volume: writer.descriptor, batch: batch, earlier: catalogues)
    }
    let placement = try onVolume { () throws(VolumeError) in
      try volume.write(CatalogueFile(database: frame), batch: batchNumber, now: now)
    }
    // From here on the batch is on the medium, whatever becomes of the index.
    let damaged = try onVolume { () throws(VolumeError) in
      try verifier?.verify(vsn: writer.descriptor.vsn, blockSize: writer.descriptor.blockSize, end: writer.nextHeader)
    }
    if damaged?.isEmpty == false { summary.isDamaged = true }
    let members = catalogue.memberCount
    summary.members += members
    summary.bytes += batchBytes
    unconfirmed = []
    catalogues.append(placement)
    batchNumber += 1
    lastCommit = now
    firstSequence = writer.nextSequence
    let bytes = batchBytes
    batchBytes = 0
    batchBegan = nil
    catalogue = try onIndex { () throws(IndexError) in try CatalogueWriter() }
    if let index {
      do { try index.ingest(own, placement: placement, end: writer.nextHeader) } catch {
        throw .refused(
          "\(error); everything up to here is safe on volume \(writer.descriptor.vsn), but the index does not know it",
          hint: "the next command that writes to the volume brings the index up to date")
      }
    }
    observer.report(.committed(members: members, bytes: bytes, volume: writer.descriptor))
    removeSources(except: damaged ?? [])
  }

  /// Removes the sources of the batch that has just become safe, in the order in which they were read.
  private func removeSources(except damaged: Set<UInt64>) {
    for (sequence, source) in sources where !damaged.contains(sequence) {
      if let notice = source.remove() { observer.report(.notice(notice)) }
    }
    sources = []
  }
}
