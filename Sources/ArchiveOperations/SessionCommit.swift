internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// Ending batches: what makes members safe, in its order.
extension SessionWriter {
  /// Puts what is to be said of names into the catalogue that ends the session.
  func addChanges() throws(OperationError) {
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
  func commit(_ reason: BatchReason) throws(OperationError) {
    do { try writeCatalogue(reason) } catch {
      guard case .volume(.endOfMedium) = error, change != nil, !volume.isWORM else { throw error }
      try closeVolume(givingBack: true)
    }
  }

  /// Ends the batch: catalogue, flush, index, in that order. Only then its members are safe, and their sources go.
  /// - Returns: the fseqs of files that were not what was written when they were read back.
  /// - Throws: when there is no room for the catalogue, and volumes may follow, nothing has changed.
  @discardableResult
  func writeCatalogue(_ reason: BatchReason) throws(OperationError) -> Set<UInt64> {
    if reason == .volumeFull { isFull = true }
    let isKeptLonger = volume.isKeptLonger && reason == .sessionEnd
    guard catalogue.memberCount > 0 || catalogue.changeCount > 0 || isKeptLonger || reason == .volumeFull else {
      return []
    }
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
    if verifier != nil { observer.report(.readingBack(bytes: batchBytes)) }
    let damaged = try onVolume { () throws(VolumeError) in
      try verifier?.verify(vsn: writer.descriptor.vsn, blockSize: writer.descriptor.blockSize, end: writer.nextHeader)
    }
    if damaged?.isEmpty == false { summary.isDamaged = true }
    let members = catalogue.memberCount
    summary.members += members
    summary.bytes += batchBytes
    if batchBytes > 0 { hasProgress = true }
    if catalogue.changeCount > 0 { changes = [] }
    volume.isKeptLonger = false
    unconfirmed = []
    for file in written { orphans += file.file.orphans }
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
    removeSources(except: damaged ?? [])
    return damaged ?? []
  }

  /// Begins the catalogue anew with the files that the open batch has.
  func gatherAgain() throws(OperationError) {
    needed = 0
    try onIndex { () throws(IndexError) in
      catalogue = try CatalogueWriter()
      for file in written { try add(file.placement, file.records, file.file) }
    }
  }

  /// Removes the sources of the batch that has just become safe, in the order in which they were read.
  func removeSources(except damaged: Set<UInt64>) {
    for (sequence, source) in sources where !damaged.contains(sequence) {
      if let notice = source.remove() { observer.report(.notice(notice)) }
    }
    sources = []
  }
}
