public import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// What a session wrote.
public struct SessionSummary: Equatable, Sendable {
  /// The volume it wrote to; the last of them.
  public var volume: VolumeDescriptor
  /// How many volumes it wrote to. With more than one, the drive of the first has been closed.
  public var volumeCount = 1
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
  var volume: OpenVolume
  let index: IndexFile?
  let session: SessionRecord
  let limits: BatchLimits
  var verifier: BatchVerifier?
  var rateLimit: RateLimit?
  let observer: any OperationObserver
  /// Brings further volumes; nil when the session ends with the first.
  let change: VolumeChange?

  /// Says what is to be recorded of names in the end; nil once it was asked.
  var askChanges: ((VolumeDescriptor) throws(OperationError) -> [NameChange])?
  /// What is to be recorded of names with the last batch.
  var changes: [NameChange] = []
  var catalogue: CatalogueWriter
  var catalogues: [CataloguePlacement]
  var batchNumber: UInt32
  var lastCommit: Timestamp
  var firstSequence: UInt64
  var batchBegan: Int64?
  var batchBytes: Int64 = 0
  var unconfirmed: [[UInt8]] = []
  /// What is removed when the open batch is safe, with the AUL file that it was written to.
  var sources: [(sequence: UInt64, source: any RemovableSource)] = []
  /// The files of the open batch, where the volume may have to give them back.
  var written: [WrittenFile] = []
  /// The file that is being written.
  var open: OpenFile?
  /// A member of which a part is on volumes that are full, and no more on this one.
  var suspended: OpenFile?
  /// Whether the volume is to be closed when more comes of the stream that is open.
  var waitsForEnd = false
  /// What the volume that is full has given back.
  let returned = ReturnedBlocks()
  /// Where members with several names lie, for the links to them.
  var linked: [LinkKey: LinkPlacement] = [:]
  /// Links that were read before the volume was full which has what they lead to: they are read again, with content.
  var orphans: [any SourceMember] = []
  /// The volumes of the set that this session has filled.
  var preceding: [VolumeDescriptor] = []
  /// How many of them the open batch names, as pieces lie there.
  var needed = 0
  /// Whether the session has been past full volumes at most.
  var isFirstChange: Bool
  /// Whether anything has come to lie on the volume since the session got to it.
  var hasProgress = true
  var summary: SessionSummary
  var isFull = false

  /// A user file, or a piece of one, that is being written.
  struct OpenFile {
    var begin: FileBegin
    var section = 1
    /// The pieces on volumes before this one, with the place of each volume in the set.
    var pieces: [(place: Int, piece: PiecePlacement)] = []
    /// The members that came to their end in it.
    var members: [ComposedMember] = []
    /// What ends with its blocks, by their number.
    var ends: [UInt64: WriteEnd] = [:]
    /// Of the piece, where it may become one.
    var digests: PieceDigests?
    var ordinal: UInt32 = 0
    /// Whether a piece was not what was written when it was read back.
    var isDamaged = false
    /// Links in it that lead nowhere on this volume.
    var orphans: [any SourceMember] = []
    var layout: Layout { begin.layout }
  }

  /// A user file of the open batch, whole.
  struct WrittenFile {
    var placement: FilePlacement
    var records: [MemberRecord]
    var file: OpenFile
  }

  var writer: VolumeWriter { volume.writer }

  init(
    volume: OpenVolume, index: IndexFile?, session: SessionRecord, limits: BatchLimits,
    verifier: BatchVerifier? = nil, rateLimit: RateLimit? = nil, change: VolumeChange? = nil,
    changes: ((VolumeDescriptor) throws(OperationError) -> [NameChange])? = nil, observer: any OperationObserver
  ) throws(OperationError) {
    self.rateLimit = rateLimit
    self.volume = volume
    summary = SessionSummary(volume: volume.writer.descriptor)
    self.index = index
    self.session = session
    self.limits = limits
    self.verifier = verifier
    self.change = change
    askChanges = changes
    self.observer = observer
    catalogue = try onIndex { () throws(IndexError) in try CatalogueWriter() }
    catalogues = volume.catalogues
    batchNumber = volume.nextBatch
    // What a change is about was committed before it, and what comes after it behind it, whatever the clock says.
    lastCommit = max(
      volume.lastCommit,
      try onIndex { () throws(IndexError) in try index?.lastChange() } ?? volume.lastCommit)
    firstSequence = volume.firstSequence
    isFull = volume.isFull
    isFirstChange = isFull
  }

  /// Writes everything that comes through `ring`, then commits what is left.
  /// - Parameter again: has members read again: gives the ring that they come through.
  /// - Throws: when the drive or the index fails; what was not committed has been reported as unconfirmed.
  func run(
    _ first: WriteRing, _ interruption: Interruption,
    again: ([any SourceMember]) throws(OperationError) -> WriteRing
  ) throws(OperationError) {
    var ring = first
    do throws(OperationError) {
      repeat {
        if !orphans.isEmpty {
          ring = try again(orphans)
          orphans = []
        }
        while !stops, !interruption.isRequested, let block = returned.first ?? ring.next() {
          try handle(block, isLast: false, ring)
        }
        // A pack is finished with the member it is at.
        while interruption.isRequested, !stops, open?.layout == .pack,
          let block = returned.first ?? ring.nextThoughWoken()
        {
          try handle(block, isLast: true, ring)
        }
        if stops {
          noteLeftOut(ring)
        } else if interruption.isRequested {
          try giveUpOpenFile()
          try commit(.interrupted)
        } else if orphans.isEmpty, !written.contains(where: { !$0.file.orphans.isEmpty }) {
          try addChanges()
          try commit(.sessionEnd)
        } else {
          try commit(.limit)
        }
        // The last catalogue may have needed the room of what was before it, or a volume of its own.
      } while !stops && !interruption.isRequested && (!returned.isEmpty || !changes.isEmpty || !orphans.isEmpty)
      for orphan in orphans { observer.report(.unconfirmed(path: orphan.member.path)) }
    } catch {
      for orphan in orphans + written.flatMap(\.file.orphans) {
        observer.report(.unconfirmed(path: orphan.member.path))
      }
      for path in unconfirmed { observer.report(.unconfirmed(path: path)) }
      if let open = open ?? suspended {
        for path in open.members.isEmpty ? [open.begin.path] : open.members.map(\.record.member.path) {
          observer.report(.unconfirmed(path: path))
        }
      }
      throw error
    }
  }

  /// Whether no more can be written.
  var stops: Bool { isFull && change == nil }

  /// Takes the file that is being written off the tape again.
  func giveUpOpenFile() throws(OperationError) {
    suspended = nil
    guard open != nil else { return }
    open = nil
    if volume.isWORM {
      // Nothing can be written over: the file is closed as it is, and no catalogue will know it.
      _ = try onVolume { () throws(VolumeError) in try writer.end() }
    } else {
      try onVolume { () throws(VolumeError) in try writer.rollBack() }
    }
  }

  /// Writes a block and releases it, unless the volume has no room for it: then it comes again on the next one.
  func handle(_ block: WriteRing.Block, isLast: Bool, _ ring: WriteRing) throws(OperationError) {
    guard change != nil else {
      try handle(block, isLast: isLast)
      return ring.release()
    }
    let isReturned = !returned.isEmpty
    if isReturned { returned.take() }
    if try span(block, isLast: isLast, again: { if isReturned { returned.putBack(block) } }) {
      if isReturned { block.memory.deallocate() } else { ring.release() }
    }
  }

  /// - Parameter isLast: whether a pack is to end as soon as it can.
  func handle(_ block: WriteRing.Block, isLast: Bool) throws(OperationError) {
    if let begin = block.begin {
      if batchBegan == nil { batchBegan = steadySeconds() }
      open = OpenFile(begin: begin)
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
      try onVolume { () throws(VolumeError) in try writer.cut(to: writer.blockCount - 1) }
      try endPack(in: block, at: boundary, isFull: true)
    case .members(let boundary): open?.members += boundary.file.members
    case .file(let file): try end(file)
    case nil: break
    }
  }
  /// Ends a pack behind the last member that ends in `block`, as no more of it is wanted, or has room.
  /// - Parameter isFull: whether that is so because the volume is.
  func endPack(
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
  func written(
    passesWarning: Bool = false, _ write: () throws(VolumeError) -> Void
  ) throws(OperationError) -> Bool {
    do {
      try write()
      if passesWarning || !writer.isNearEnd { return true }
    } catch {
      guard case .endOfMedium = error else { throw .volume(error) }
    }
    summary.firstLeftOut = open?.begin.path
    try giveUpOpenFile()
    try commit(.volumeFull)
    return false
  }

  func end(_ file: ComposedFile, isFull: Bool = false) throws(OperationError) {
    let (members, orphaned) = listed((open?.members ?? []) + file.members)
    if members.isEmpty {
      // Nothing of it is to be kept.
      orphans += orphaned
      try giveUpOpenFile()
      guard isFull || writer.isNearEnd else { return }
      return change != nil ? try closeVolume() : try commit(.volumeFull)
    }
    let placed: (sequence: UInt64, header: BlockID, blockCount: UInt64)
    do { placed = try writer.end() } catch {
      // The trailer did not fit: the member goes, what is before it stays.
      guard case .endOfMedium = error, !volume.isWORM else { throw .volume(error) }
      if change != nil { return try closeVolume(givingBack: true) }
      _ = try written { () throws(VolumeError) in throw error }
      return
    }
    guard var done = open else { preconditionFailure("no file is open") }
    open = nil
    suspended = nil
    var placement = FilePlacement(
      sequence: placed.sequence, header: placed.header, blockCount: placed.blockCount, byteCount: file.byteCount,
      layout: file.layout, digest: file.digest)
    if done.section > 1, let digests = done.digests {
      (placement.byteCount, placement.digest) = (digests.byteCount, digests.digest)
    }
    var records: [MemberRecord] = []
    records.reserveCapacity(members.count)
    for member in members {
      let record = resolvingLink(member.record, in: placement)
      records.append(record)
      unconfirmed.append(record.member.path)
      // A link that leads nowhere holds no content.
      let isReachable = record.member.kind != .hardLink || record.link != nil
      if let source = member.source, isReachable, !done.isDamaged { sources.append((placement.sequence, source)) }
    }
    done.members = []
    done.orphans = orphaned
    if change != nil {
      if let last = written.indices.last, written[last].placement.byteCount <= Self.longestGivenBack {
        written[last].file.digests = nil
      }
      written.append(WrittenFile(placement: placement, records: records, file: done))
    }
    try onIndex { () throws(IndexError) in try add(placement, records, done) }
    verifier?.add(placement, records.first?.member.path ?? [])
    batchBytes += placement.byteCount
    let age = steadySeconds() - (batchBegan ?? steadySeconds())
    if isFull || writer.isNearEnd {
      if change != nil { try closeVolume() } else { try commit(.volumeFull) }
    } else if file.endsBatch || batchBytes >= limits.bytes || catalogue.memberCount >= limits.members
      || age >= limits.seconds
    {
      try commit(.limit)
    }
  }

  func add(_ placement: FilePlacement, _ records: [MemberRecord], _ file: OpenFile) throws(IndexError) {
    guard file.section > 1, let record = records.first else { return try catalogue.add(placement, records) }
    let place = writer.descriptor.sequenceInSet
    let pieces = file.pieces.map { before in
      PiecePlacement(
        section: before.piece.section, volumesBefore: place - before.place, file: before.piece.file)
    }
    try catalogue.add(placement, record, section: file.section, behind: pieces)
    needed = max(needed, pieces.map(\.volumesBefore).max() ?? 0)
  }

  func resolvingLink(_ record: MemberRecord, in file: FilePlacement) -> MemberRecord {
    guard let key = record.member.linkKey else { return record }
    var record = record
    if record.member.kind == .hardLink {
      record.link = linked[key]
    } else {
      linked[key] = LinkPlacement(sequence: file.sequence, offset: record.offset)
    }
    return record
  }

  /// The members of a file that are to be listed: of those that are taken over, the ones that are what they were; and links
  /// only to what is on this volume, but for those out of archives, which cannot be read again.
  func listed(_ members: [ComposedMember]) -> (members: [ComposedMember], orphans: [any SourceMember]) {
    var here: Set<LinkKey> = []
    var orphans: [any SourceMember] = []
    let listed = members.filter { member in
      let isTakenOver = member.record.member.origin != nil
      if isTakenOver, member.isWithdrawn { return false }
      guard let key = member.linkKey else { return !isTakenOver || member.record.member.kind != .hardLink }
      guard member.record.member.kind == .hardLink else {
        here.insert(key)
        return true
      }
      if linked[key] != nil || here.contains(key) { return true }
      if let again = member.again { orphans.append(again) }
      return !isTakenOver && member.again == nil
    }
    return (listed, orphans)
  }

  /// What a block is that has a user file of its own for a link which leads nowhere on this volume.
  func orphan(_ block: WriteRing.Block) -> (any SourceMember)? {
    guard block.begin != nil, case .file(let file) = block.end, file.layout != .pack, file.members.count == 1,
      let member = file.members.first, let key = member.linkKey, linked[key] == nil
    else { return nil }
    return member.again
  }

  func noteLeftOut(_ ring: WriteRing) {
    // Full right behind a member: whatever the reader has ready was not archived.
    while summary.firstLeftOut == nil, let block = ring.next() {
      summary.firstLeftOut = block.begin?.path ?? block.end?.members.first?.record.member.path
      ring.release()
    }
    ring.cancel()
  }
}
