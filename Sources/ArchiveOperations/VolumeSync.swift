public import ArchiveFormat
internal import TapeIO
public import TapeIndex
internal import TapeLabels

/// Compares a volume with an index and brings the index up to date from the volume's catalogues.
public enum VolumeSync {
  /// What was found at the end of a volume.
  struct Found {
    var descriptor: VolumeDescriptor
    var last: BatchRecord
    var catalogues: [CataloguePlacement]
    /// Block ID behind the last catalogue.
    var end: BlockID
    /// Whether files that were never committed lie behind it.
    var hasUncommittedTail: Bool
    /// Whether the volume was closed: nothing is appended.
    var isFull: Bool
    /// Catalogues that could not be read and were passed over.
    var damagedCatalogues: Int
  }

  /// What identifies the volume in the drive, from catalogue 0: a few blocks at beginning of tape.
  /// - Parameter header: of catalogue 0, just read by ``VolumeReader/inspect()``.
  public static func identify(
    _ reader: VolumeReader, behind header: VolumeReader.Header
  ) throws(OperationError) -> Catalogue {
    let found = try onVolume { () throws(VolumeError) in try reader.readCatalogue(behind: header) }
    return try onIndex { () throws(IndexError) in try Catalogue(found.file.database) }
  }

  /// Goes to end of data, reads the last catalogue, and takes into `index` every catalogue of the volume that it lacks.
  ///
  /// - Parameters:
  ///   - id: the volume's identity as catalogue 0 has it; nil when that could not be read.
  ///   - passingDamage: whether a catalogue that cannot be read is reported and passed over, as for reading; nothing is
  ///     appended to a volume whose last catalogue is not whole.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the index holds batches of this volume that the tape does not:
  ///   then two copies were written to apart, and neither may be overwritten.
  static func bringUpToDate(
    _ index: IndexFile?, reader: VolumeReader, vsn: VSN, expecting id: UniqueID?, passingDamage: Bool = false,
    observer: any OperationObserver
  ) throws(OperationError) -> Found {
    let tail = try onVolume { () throws(VolumeError) in try reader.findTail(vsn: vsn) }
    var header: VolumeReader.Header
    var hasTail = false
    switch tail {
    case .catalogue(_, let found): header = found
    case .uncommitted(_, let found):
      header = found
      hasTail = true
    case .unreadable(_, let found, let error):
      guard passingDamage else {
        throw .refused(
          "cannot tell what lies at the end of volume \(vsn), behind the catalogue in file \(found.sequence): \(error)",
          hint: "read it, with --no-index too, and write to another volume")
      }
      observer.report(
        .notice(
          MemberNotice(
            [],
            "cannot read the end of volume \(vsn), behind the catalogue in file \(found.sequence): \(error); what was"
              + " committed there is missing here (--no-index reads it from the tape)", .failure)))
      header = found
      hasTail = true
    case .endOfVolume:
      throw .refused("volume \(vsn) is full: it ends with an end-of-volume label", hint: "use another volume")
    }
    var damaged = 0
    var read: (VolumeReader.FoundCatalogue, Catalogue)?
    while read == nil {
      do throws(OperationError) {
        let found = try onVolume { () throws(VolumeError) in try reader.readCatalogue(behind: header) }
        read = (found, try onIndex { () throws(IndexError) in try Catalogue(found.file.database) })
      } catch {
        guard passingDamage, header.sequence > 1 else { throw error }
        report(header.sequence, vsn, error, observer)
        damaged += 1
        let unreadable = header
        header = try onVolume { () throws(VolumeError) in try reader.lastCatalogue(before: unreadable, vsn: vsn) }.1
      }
    }
    guard let (last, catalogue) = read else { throw .refused("volume \(vsn) has no catalogue", hint: nil) }
    guard catalogue.volume.vsn == vsn, id == nil || catalogue.volume.id == id,
      catalogue.batch.number == last.placement.batch
    else {
      throw .refused(
        "the last catalogue of volume \(vsn) is that of volume \(catalogue.volume.vsn), \(catalogue.volume.id)",
        hint: nil)
    }
    if let index {
      damaged += try ingestMissing(
        into: index, last: (catalogue, last.placement, last.end), reader: reader, passingDamage: passingDamage,
        observer: observer)
    }
    return Found(
      descriptor: catalogue.volume, last: catalogue.batch, catalogues: catalogue.earlier + [last.placement],
      end: last.end, hasUncommittedTail: hasTail, isFull: catalogue.batch.reason == .volumeFull,
      damagedCatalogues: damaged)
  }

  private static func report(
    _ sequence: UInt64, _ vsn: VSN, _ error: OperationError, _ observer: any OperationObserver
  ) {
    observer.report(
      .notice(
        MemberNotice(
          [],
          "cannot read the catalogue in file \(sequence) of volume \(vsn): \(error); the members that it lists are"
            + " missing here (--no-index reads them from the tape)", .failure)))
  }

  /// Takes in what `index` lacks; returns how many catalogues could not be read.
  private static func ingestMissing(
    into index: IndexFile, last: (Catalogue, CataloguePlacement, end: BlockID), reader: VolumeReader,
    passingDamage: Bool, observer: any OperationObserver
  ) throws(OperationError) -> Int {
    let (catalogue, placement, end) = last
    let vsn = catalogue.volume.vsn
    let known = try onIndex { () throws(IndexError) in
      try index.volume(catalogue.volume.id).map { (volume) throws(IndexError) in try index.batches(of: volume) } ?? []
    }
    let all = catalogue.earlier + [placement]
    for batch in known {
      let number = Int(batch.record.number)
      guard number < all.count, all[number].digest == batch.catalogue.digest else {
        throw .refused(
          "volume \(vsn) and the index differ: the index knows batch \(number), committed there, which the volume does"
            + " not have; another copy of the volume was written to",
          hint: "use that copy, or keep this one apart with --index-db")
      }
    }
    guard known.count < all.count else { return 0 }
    var damaged = 0
    if !known.isEmpty {
      observer.report(
        .information(
          "volume \(vsn) is ahead of the index by \(all.count - known.count) batches: reading its catalogues"))
    }
    let numbers = Set(known.map(\.record.number))
    for missing in all.dropLast() where !numbers.contains(missing.batch) {
      do throws(OperationError) {
        let found = try onVolume { () throws(VolumeError) in
          try reader.readCatalogue(at: missing.header, sequence: missing.sequence, batch: missing.batch, vsn: vsn)
        }
        guard found.placement.digest == missing.digest else {
          throw .refused(
            "catalogue \(missing.batch) of volume \(vsn) is not the one that later catalogues name", hint: nil)
        }
        try onIndex { () throws(IndexError) in
          try index.ingest(Catalogue(found.file.database), placement: found.placement, end: found.end)
        }
      } catch {
        guard passingDamage else { throw error }
        damaged += 1
        report(missing.sequence, vsn, error, observer)
        reader.forgetPosition()
      }
    }
    try onIndex { () throws(IndexError) in try index.ingest(catalogue, placement: placement, end: end) }
    return damaged
  }
}
