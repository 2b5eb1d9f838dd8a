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
  private(set) var volume: OpenVolume
  private let index: IndexFile?
  private let session: SessionRecord
  private let limits: BatchLimits
  private var verifier: BatchVerifier?
  private var rateLimit: RateLimit?
  private let observer: any OperationObserver
  /// Brings further volumes; nil when the session ends with the first.
  private let change: VolumeChange?

  /// Says what is to be recorded of names in the end; nil once it was asked.
  private var askChanges: ((VolumeDescriptor) throws(OperationError) -> [NameChange])?
  /// What is to be recorded of names with the last batch.
  private var changes: [NameChange] = []
  private var catalogue: CatalogueWriter
  private var catalogues: [CataloguePlacement]
  private var batchNumber: UInt32
  private var lastCommit: Timestamp
  private var firstSequence: UInt64
  private var batchBegan: Int64?
  private var batchBytes: Int64 = 0
  private var unconfirmed: [[UInt8]] = []
  /// What is removed when the open batch is safe, with the AUL file that it was written to.
  private var sources: [(sequence: UInt64, source: any RemovableSource)] = []
  /// The files of the open batch, where the volume may have to give them back.
  private var written: [WrittenFile] = []
  /// The file that is being written.
  private var open: OpenFile?
  /// A member of which a part is on volumes that are full, and no more on this one.
  private var suspended: OpenFile?
  /// Whether the volume is to be closed when more comes of the stream that is open.
  private var waitsForEnd = false
  /// What the volume that is full has given back.
  private let returned = ReturnedBlocks()
  /// Where members with several names lie, for the links to them.
  private var linked: [LinkKey: LinkPlacement] = [:]
  /// The volumes of the set that this session has filled.
  private var preceding: [VolumeDescriptor] = []
  /// How many of them the open batch names, as pieces lie there.
  private var needed = 0
  /// Whether the session has been past full volumes at most.
  private var isFirstChange: Bool
  /// Whether anything has come to lie on the volume since the session got to it.
  private var hasProgress = true
  private(set) var summary: SessionSummary
  private(set) var isFull = false

  /// A user file, or a piece of one, that is being written.
  private struct OpenFile {
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
    var layout: Layout { begin.layout }
  }

  /// A user file of the open batch, whole.
  private struct WrittenFile {
    var placement: FilePlacement
    var records: [MemberRecord]
    var file: OpenFile
  }

  private var writer: VolumeWriter { volume.writer }

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
  /// - Throws: when the drive or the index fails; what was not committed has been reported as unconfirmed.
  func run(_ ring: WriteRing, _ interruption: Interruption) throws(OperationError) {
    do throws(OperationError) {
      repeat {
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
        } else {
          try addChanges()
          try commit(.sessionEnd)
        }
        // The last catalogue may have needed the room of what was before it, or a volume of its own.
      } while !stops && !interruption.isRequested && (!returned.isEmpty || !changes.isEmpty)
    } catch {
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
  private var stops: Bool { isFull && change == nil }

  /// Takes the file that is being written off the tape again.
  private func giveUpOpenFile() throws(OperationError) {
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
  private func handle(_ block: WriteRing.Block, isLast: Bool, _ ring: WriteRing) throws(OperationError) {
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
  private func handle(_ block: WriteRing.Block, isLast: Bool) throws(OperationError) {
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
    summary.firstLeftOut = open?.begin.path
    try giveUpOpenFile()
    try commit(.volumeFull)
    return false
  }

  private func end(_ file: ComposedFile, isFull: Bool = false) throws(OperationError) {
    let members = takenOver((open?.members ?? []) + file.members)
    if members.isEmpty {
      // Nothing of it is to be kept.
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
    for member in members {
      let record = resolvingLink(member.record, in: placement)
      records.append(record)
      unconfirmed.append(record.member.path)
      // A link that leads nowhere holds no content.
      let isReachable = record.member.kind != .hardLink || record.link != nil
      if let source = member.source, isReachable, !done.isDamaged { sources.append((placement.sequence, source)) }
    }
    done.members = []
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

  private func add(_ placement: FilePlacement, _ records: [MemberRecord], _ file: OpenFile) throws(IndexError) {
    guard file.section > 1, let record = records.first else { return try catalogue.add(placement, records) }
    let place = writer.descriptor.sequenceInSet
    let pieces = file.pieces.map { before in
      PiecePlacement(
        section: before.piece.section, volumesBefore: place - before.place, file: before.piece.file)
    }
    try catalogue.add(placement, record, section: file.section, behind: pieces)
    needed = max(needed, pieces.map(\.volumesBefore).max() ?? 0)
  }

  private func resolvingLink(_ record: MemberRecord, in file: FilePlacement) -> MemberRecord {
    guard let key = record.member.linkKey else { return record }
    var record = record
    if record.member.kind == .hardLink {
      record.link = linked[key]
    } else {
      linked[key] = LinkPlacement(sequence: file.sequence, offset: record.offset)
    }
    return record
  }

  /// The members of a file that are to be listed: of those that are taken over, the ones that are what they were, and links
  /// only to what is on this volume.
  private func takenOver(_ members: [ComposedMember]) -> [ComposedMember] {
    var here: Set<LinkKey> = []
    return members.filter { member in
      guard member.record.member.origin != nil else { return true }
      if member.isWithdrawn { return false }
      guard let key = member.linkKey else { return member.record.member.kind != .hardLink }
      if member.record.member.kind == .hardLink { return linked[key] != nil || here.contains(key) }
      here.insert(key)
      return true
    }
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

  /// Puts what is to be said of names into the catalogue that ends the session.
  private func addChanges() throws(OperationError) {
    if let askChanges {
      self.askChanges = nil
      changes = try askChanges(writer.descriptor)
      if !changes.isEmpty, let last = try onIndex({ () throws(IndexError) in try index?.lastCommit() }) {
        lastCommit = max(lastCommit, last.next)
      }
    }
    guard !changes.isEmpty else { return }
    while isFull { try nextVolume(for: changes[0].name) }
    try onIndex { () throws(IndexError) in for change in changes { try catalogue.add(change) } }
  }

  /// Ends the batch, and when its catalogue has no room and volumes may follow, the volume.
  private func commit(_ reason: BatchReason) throws(OperationError) {
    do { try writeCatalogue(reason) } catch {
      guard case .volume(.endOfMedium) = error, change != nil, !volume.isWORM else { throw error }
      try closeVolume(givingBack: true)
    }
  }

  /// Ends the batch: catalogue, flush, index, in that order. Only then its members are safe, and their sources go.
  /// - Returns: the fseqs of files that were not what was written when they were read back.
  /// - Throws: when there is no room for the catalogue, and volumes may follow, nothing has changed.
  @discardableResult
  private func writeCatalogue(_ reason: BatchReason) throws(OperationError) -> Set<UInt64> {
    if reason == .volumeFull { isFull = true }
    guard catalogue.memberCount > 0 || catalogue.changeCount > 0 || reason == .volumeFull else { return [] }
    let now = max(Timestamp.now(), lastCommit)
    let batch = BatchRecord(
      number: batchNumber, id: .random(), session: session, firstSequence: firstSequence,
      catalogueSequence: writer.nextSequence, committed: now, reason: reason,
      previousDigest: catalogues.last?.digest)
    let (frame, own) = try onIndex { () throws(IndexError) in
      try catalogue.finished(
        volume: writer.descriptor, batch: batch, earlier: catalogues, preceding: preceding.suffix(needed).reversed())
    }
    let placement: CataloguePlacement
    do { placement = try volume.write(CatalogueFile(database: frame), batch: batchNumber, now: now) } catch {
      if case .endOfMedium = error, change != nil, !volume.isWORM {
        try onVolume { () throws(VolumeError) in try writer.rollBack() }
        try gatherAgain()
      }
      throw .volume(error)
    }
    // From here on the batch is on the medium, whatever becomes of the index.
    let damaged = try onVolume { () throws(VolumeError) in
      try verifier?.verify(vsn: writer.descriptor.vsn, blockSize: writer.descriptor.blockSize, end: writer.nextHeader)
    }
    if damaged?.isEmpty == false { summary.isDamaged = true }
    let members = catalogue.memberCount
    summary.members += members
    summary.bytes += batchBytes
    if batchBytes > 0 { hasProgress = true }
    let changed = catalogue.changeCount > 0 ? changes : []
    if !changed.isEmpty { changes = [] }
    unconfirmed = []
    written = []
    needed = 0
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
    for change in changed { observer.report(.changed(change)) }
    removeSources(except: damaged ?? [])
    return damaged ?? []
  }

  /// Begins the catalogue anew with the files that the open batch has.
  private func gatherAgain() throws(OperationError) {
    needed = 0
    try onIndex { () throws(IndexError) in
      catalogue = try CatalogueWriter()
      for file in written { try add(file.placement, file.records, file.file) }
    }
  }

  /// Removes the sources of the batch that has just become safe, in the order in which they were read.
  private func removeSources(except damaged: Set<UInt64>) {
    for (sequence, source) in sources where !damaged.contains(sequence) {
      if let notice = source.remove() { observer.report(.notice(notice)) }
    }
    sources = []
  }

  // MARK: From volume to volume

  /// The longest file that is read back as a whole, when it is not the last one: for longer ones digests are kept.
  private static let longestGivenBack: Int64 = 128 << 20

  /// Writes a block where further volumes may follow.
  /// - Parameter again: is called before anything is put in front of the block, when it has to come again.
  /// - Returns: false when it was not written, and has to come again.
  private func span(_ block: WriteRing.Block, isLast: Bool, again: () -> Void) throws(OperationError) -> Bool {
    while isFull { try nextVolume(for: suspended?.begin.path ?? block.begin?.path ?? []) }
    if waitsForEnd {
      waitsForEnd = false
      if block.byteCount > 0 {
        again()
        try closeVolume()
        return false
      }
    }
    if let begin = block.begin, change?.splitsMembers == false, try !hasRoom(for: begin) {
      again()
      try closeVolume()
      return false
    }
    guard try beginFile(block) else {
      again()
      try closeVolume()
      return false
    }
    if open?.layout == .pack, isLast, case .members(let boundary) = block.end {
      try endPack(in: block, at: boundary, isFull: false)
      return true
    }
    if block.byteCount > 0 {
      observer.report(.passed(bytes: Int64(block.byteCount)))
      do { try writer.write(block.bytes.bytes) } catch {
        guard case .endOfMedium = error else { throw .volume(error) }
        again()
        // Its end is where the block before it ended.
        try onVolume { () throws(VolumeError) in try writer.cut(to: writer.blockCount) }
        try closeVolume()
        return false
      }
      rateLimit?.pass(block.byteCount)
      open?.digests?.add(block.bytes)
    }
    open?.ends[writer.blockCount - 1] = block.end
    switch block.end {
    case .file(let file):
      try end(file)
      return true
    case .members(let boundary): open?.members += boundary.file.members
    case nil: break
    }
    if writer.isNearEnd {
      // Of a stream nothing may follow but its end, and no piece may be empty.
      if open?.begin.isStream == true { waitsForEnd = true } else { try closeVolume() }
    }
    return true
  }

  /// Writes the header of the file that begins or goes on with a block; false when the volume ends in it.
  private func beginFile(_ block: WriteRing.Block) throws(OperationError) -> Bool {
    if let begin = block.begin {
      suspended = nil
      open = OpenFile(begin: begin)
    } else if open == nil {
      open = suspended
    } else {
      return true
    }
    guard var file = open else { preconditionFailure("a block of no file") }
    if batchBegan == nil { batchBegan = steadySeconds() }
    file.ordinal = UInt32(writer.nextSequence - firstSequence + 1)
    file.digests = file.layout == .pack ? nil : PieceDigests()
    open = file
    do {
      try writer.begin(identifier(of: file), section: file.section, now: .now())
      return !writer.isNearEnd
    } catch {
      guard case .endOfMedium = error else { throw .volume(error) }
      return false
    }
  }

  private func identifier(of file: OpenFile) -> FileIdentifier {
    .members(batch: batchNumber, layout: file.layout, ordinal: file.ordinal)
  }

  /// Ends the volume: what is open goes on on the next one, with what the end of the volume has to give back for its
  /// catalogue. Everything else is safe then.
  /// - Parameter givingBack: whether it is known that there is too little room.
  private func closeVolume(givingBack: Bool = false) throws(OperationError) {
    var needsRoom = givingBack
    if open != nil, writer.blockCount == 0 {
      try takeBackHeader()
    } else if let file = open, file.layout == .pack || change?.splitsMembers == false {
      guard Int64(writer.blockCount) * Int64(writer.descriptor.blockSize) <= Self.longestGivenBack else {
        try giveUpOpenFile()
        try writeCatalogue(.volumeFull)
        throw .refused(
          "\(String(decoding: file.begin.path, as: UTF8.self)) does not fit on what is left of volume"
            + " \(writer.descriptor.vsn), and the drive does not say how much that is",
          hint: "the \(summary.members) members before it are safe; without --no-span it goes on on the next volume")
      }
      try giveBackWhole()
      needsRoom = false
    }
    while true {
      if needsRoom, try !giveBack() { break }
      do {
        try finishVolume()
        break
      } catch {
        guard case .volume(.endOfMedium) = error, !volume.isWORM else { throw error }
        needsRoom = true
      }
    }
    isFull = true
  }

  /// Ends the open file as a piece, and the batch with the volume.
  private func finishVolume() throws(OperationError) {
    guard var file = open, let digests = file.digests else {
      try writeCatalogue(.volumeFull)
      return
    }
    let placed = try onVolume { () throws(VolumeError) in
      let placed = try writer.end(continues: true)
      try writer.flush()
      return placed
    }
    let piece = FilePlacement(
      sequence: placed.sequence, header: placed.header, blockCount: placed.blockCount, byteCount: digests.byteCount,
      layout: file.layout, digest: digests.digest)
    try onIndex { () throws(IndexError) in try catalogue.add(piece, openSection: file.section) }
    verifier?.add(piece, file.begin.path, isContinued: true)
    let before = batchBytes
    batchBytes += piece.byteCount
    let damaged: Set<UInt64>
    do { damaged = try writeCatalogue(.volumeFull) } catch {
      batchBytes = before
      verifier?.removeLast()
      if case .volume(.endOfMedium) = error, !volume.isWORM {
        writer.reopen(identifier(of: file), section: file.section, placed: placed)
      }
      throw error
    }
    file.pieces.append(
      (
        place: writer.descriptor.sequenceInSet,
        piece: PiecePlacement(section: file.section, volumesBefore: 0, file: piece)
      ))
    file.isDamaged = file.isDamaged || damaged.contains(piece.sequence)
    file.section += 1
    file.ends = [:]
    file.digests = nil
    suspended = file
    open = nil
  }

  /// Makes room at the end of the volume: takes back the last block of the open file, or reopens the one before it.
  /// - Returns: false when nothing of the batch is left.
  private func giveBack() throws(OperationError) -> Bool {
    if let file = open {
      let last = writer.blockCount - 1
      try giveBack(last, of: file)
      if last == 0 {
        try takeBackHeader()
      } else {
        guard file.digests?.removeLast() == true else {
          throw .volume(.endOfMedium(device: volume.drive.identity.name))
        }
        try onVolume { () throws(VolumeError) in try writer.cut(to: last) }
      }
      return true
    }
    guard let last = written.popLast() else { return false }
    unconfirmed.removeLast(last.records.count)
    sources.removeAll { $0.sequence == last.placement.sequence }
    verifier?.removeLast()
    batchBytes -= last.placement.byteCount
    try gatherAgain()
    let placement = last.placement
    writer.reopen(
      identifier(of: last.file), section: last.file.section,
      placed: (placement.sequence, placement.header, placement.blockCount))
    open = last.file
    let isSplit = last.file.layout != .pack && change?.splitsMembers != false
    if isSplit, placement.blockCount > 1, last.file.digests != nil { return try giveBack() }
    guard placement.byteCount <= Self.longestGivenBack else {
      throw .volume(.endOfMedium(device: volume.drive.identity.name))
    }
    for number in (0..<placement.blockCount).reversed() { try giveBack(number, of: last.file) }
    try takeBackHeader()
    return true
  }

  private func giveBack(_ number: UInt64, of file: OpenFile) throws(OperationError) {
    let bytes = try onVolume { () throws(VolumeError) in try writer.readBack(number) }
    returned.putFirst(
      bytes, capacity: writer.descriptor.blockSize, begin: number == 0 && file.section == 1 ? file.begin : nil,
      end: file.ends[number])
  }

  /// Whether the drive says that there is too little room for a file that is to be on one volume.
  private func hasRoom(for begin: FileBegin) throws(OperationError) -> Bool {
    let medium: MediumState
    do { medium = try volume.drive.medium() } catch { throw .volume(.drive(error)) }
    guard let capacity = medium.capacity, let used = medium.used, let size = begin.contentSize else { return true }
    // Labels, headers and what a medium keeps of each block; and the catalogue, at 100 bytes a member.
    let blocks = size / Int64(writer.descriptor.blockSize) + 1
    let beside = blocks * 64 + 32_768 + Int64(catalogue.memberCount) * 100
    if size + beside > Int64(clamping: capacity) {
      try commit(.sessionEnd)
      throw .refused(
        "\(String(decoding: begin.path, as: UTF8.self)) is bigger than volume \(writer.descriptor.vsn)",
        hint: "the \(summary.members) members before it are safe; without --no-span it goes on on the next volume")
    }
    return size + beside <= Int64(clamping: capacity) - Int64(clamping: used)
  }

  /// What has to be on one volume begins again on the next one.
  private func giveBackWhole() throws(OperationError) {
    guard let file = open else { return }
    var blocks: [[UInt8]] = []
    // Forwards, as the tape then stands behind the last one, where a WORM medium goes on.
    for number in 0..<writer.blockCount {
      blocks.append(try onVolume { () throws(VolumeError) in try writer.readBack(number) })
    }
    for (number, bytes) in blocks.enumerated().reversed() {
      returned.putFirst(
        bytes, capacity: writer.descriptor.blockSize, begin: number == 0 ? file.begin : nil,
        end: file.ends[UInt64(number)])
    }
    try takeBackHeader()
  }

  /// Takes the open file off the volume, of which nothing is to be kept there.
  private func takeBackHeader() throws(OperationError) {
    suspended = open.flatMap { $0.section > 1 ? $0 : nil }
    open = nil
    if volume.isWORM {
      _ = try onVolume { () throws(VolumeError) in try writer.end() }
    } else {
      try onVolume { () throws(VolumeError) in try writer.rollBack() }
    }
  }

  /// Goes to the volume that follows.
  private func nextVolume(for path: [UInt8]) throws(OperationError) {
    guard let change else { preconditionFailure("no volume follows") }
    let full = writer.descriptor
    guard hasProgress else {
      throw .refused(
        "volume \(full.vsn) is too small: it has no room for any of \(String(decoding: path, as: UTF8.self))",
        hint:
          "the \(summary.members) members before it are safe; use volumes that hold more, or a smaller block size (-b)")
    }
    do { (volume, verifier) = try change.open(after: volume, appends: isFirstChange) } catch {
      let name = String(decoding: path, as: UTF8.self)
      guard case .refused(let why, let hint) = error else { throw error }
      throw .refused(
        "volume \(full.vsn) is full: \(name) and what follows it were not archived: \(why)",
        hint: "the \(summary.members) members before it are safe" + (hint.map { "; \($0)" } ?? ""))
    }
    change.count.add()
    preceding.append(full)
    summary.volume = writer.descriptor
    summary.volumeCount += 1
    isFull = volume.isFull
    // A session that has written nothing yet may go past what is full.
    if !isFull { isFirstChange = false }
    hasProgress = isFull
    linked = [:]
    catalogues = volume.catalogues
    batchNumber = volume.nextBatch
    lastCommit = max(lastCommit, volume.lastCommit)
    firstSequence = volume.firstSequence
  }
}
