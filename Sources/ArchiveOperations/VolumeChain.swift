internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// The catalogues of a volume as they are on tape: the last one that can be read, and those that it names.
struct VolumeChain {
  /// What comes behind the last catalogue.
  enum Tail: Equatable {
    case nothing
    /// Files that were never committed.
    case uncommitted
    /// A piece of a member that was never committed here, with an end-of-volume label: nothing is appended.
    case full
    /// What cannot be read: whether anything was committed there is not known.
    case unclear(why: String)

    var isUnclear: Bool { if case .unclear = self { true } else { false } }
  }

  /// How far damage is gone into.
  struct Reading {
    /// Whether catalogues that cannot be read are reported and their batches recovered from labels; without it they are
    /// errors, as nothing is appended to such a volume.
    var recovers = false
    /// Whether every file is gone past from the beginning, and the end of the volume not asked.
    var scans = false
    /// Whether files count that were never committed.
    var salvages = false
  }

  let descriptor: VolumeDescriptor
  /// The batch of the last catalogue that can be read.
  let last: BatchRecord
  /// Every catalogue up to that one, by number.
  let catalogues: [CataloguePlacement]
  /// Block ID behind the last of them.
  let end: BlockID
  let tail: Tail
  /// Catalogues behind it that could not be read.
  let damagedBehind: Int

  private let lastFrame: [UInt8]

  /// Finds the last catalogue and reads it. Moves the tape.
  /// - Parameters:
  ///   - id: the volume's identity as catalogue 0 has it; nil when that could not be read.
  ///   - known: a catalogue that the index knows to be on the volume.
  init(
    reader: VolumeReader, vsn: VSN, expecting id: UniqueID?, knowing known: CataloguePlacement?, _ reading: Reading,
    observer: any OperationObserver
  ) throws(OperationError) {
    let found = try onVolume { () throws(VolumeError) in
      try reader.findTail(vsn: vsn, knowing: known, byWalking: reading.scans)
    }
    var header: VolumeReader.Header
    switch found {
    case .catalogue(_, let last): (header, tail) = (last, .nothing)
    case .uncommitted(_, let last): (header, tail) = (last, .uncommitted)
    case .unclear(_, let last, let why): (header, tail) = (last, .unclear(why: why))
    case .endOfVolume(_, let last): (header, tail) = (last, .full)
    }
    var damaged = 0
    var whole: (VolumeReader.FoundCatalogue, Catalogue)?
    while whole == nil {
      do throws(OperationError) {
        let found = try onVolume { () throws(VolumeError) in try reader.readCatalogue(behind: header) }
        whole = (found, try onIndex { () throws(IndexError) in try Catalogue(found.file.database) })
      } catch {
        guard reading.recovers, header.sequence > 1 else { throw error }
        Self.report(header.sequence, vsn, error, observer)
        damaged += 1
        let unreadable = header
        header = try onVolume { () throws(VolumeError) in try reader.lastCatalogue(before: unreadable, vsn: vsn) }.1
      }
    }
    guard let (place, catalogue) = whole else { throw .refused("volume \(vsn) has no catalogue", hint: nil) }
    guard catalogue.volume.vsn == vsn, id == nil || catalogue.volume.id == id,
      catalogue.batch.number == place.placement.batch
    else {
      throw .refused(
        "the last catalogue of volume \(vsn) is that of volume \(catalogue.volume.vsn), \(catalogue.volume.id)",
        hint: nil)
    }
    descriptor = catalogue.volume
    last = catalogue.batch
    catalogues = catalogue.earlier + [place.placement]
    end = place.end
    damagedBehind = damaged
    lastFrame = place.file.database
  }

  /// Refuses a volume that lacks what the index knows to be committed on it.
  func check(against known: [IndexFile.Batch]) throws(OperationError) {
    for batch in known {
      let number = batch.record.number
      if batch.record.reason == .salvaged {
        throw .refused(
          "volume \(descriptor.vsn) ends with files that were salvaged and never committed: they would be overwritten",
          hint: "restore what is needed of them; 'tapir index rebuild' forgets them")
      }
      guard Int(number) < catalogues.count, batch.catalogue?.digest == catalogues[Int(number)].digest else {
        throw .refused(
          "volume \(descriptor.vsn) and the index differ: the index knows batch \(number), committed there, which the"
            + " volume does not have; another copy of the volume was written to",
          hint: "use that copy, or keep this one apart with --index-db; if the tape is damaged, it can still be read")
      }
    }
  }

  /// Reads every catalogue whose number is not among `known`, and recovers what damaged ones listed.
  /// - Returns: how many could not be read, those behind the last one included, and how many files of the tail were
  ///   never committed; nil when they were not counted.
  func gather(
    except known: Set<UInt32>, into spool: CatalogueSpool, reader: VolumeReader, _ reading: Reading,
    observer: any OperationObserver
  ) throws(OperationError) -> (damaged: Int, uncommitted: Int?) {
    let listed = Dictionary(uniqueKeysWithValues: catalogues.map { ($0.batch, $0) })
    let scan = LabelScan(
      reader: reader, volume: descriptor, listed: listed, salvages: reading.salvages, spool: spool, observer: observer)
    var damaged = damagedBehind
    var committed = descriptor.created
    for (number, place) in catalogues.enumerated() where !known.contains(place.batch) {
      if number == catalogues.count - 1 {
        try onIndex { () throws(IndexError) in try spool.add(lastFrame, number: last.number, found: (place, end)) }
        continue
      }
      do throws(OperationError) {
        let (frame, batch, end) = try read(place, reader)
        try onIndex { () throws(IndexError) in try spool.add(frame, number: place.batch, found: (place, end)) }
        committed = batch.committed
      } catch {
        guard reading.recovers else { throw error }
        damaged += 1
        reader.forgetPosition()
        Self.report(place.sequence, descriptor.vsn, error, observer)
        let first = number == 0 ? 1 : catalogues[number - 1].sequence + 1
        committed = try scan.run(
          from: first, at: nil, through: place.sequence, number: place.batch, after: committed
        ).lastCommit
      }
    }
    guard reading.recovers, damagedBehind > 0 || reading.salvages || tail.isUnclear else { return (damaged, nil) }
    let behind = try scan.run(
      from: last.catalogueSequence + 1, at: end, through: nil, number: last.number + 1, after: last.committed)
    return (damaged, behind.uncommitted)
  }

  private func read(
    _ place: CataloguePlacement, _ reader: VolumeReader
  ) throws(OperationError) -> ([UInt8], BatchRecord, end: BlockID) {
    let found = try onVolume { () throws(VolumeError) in
      try reader.readCatalogue(at: place.header, sequence: place.sequence, batch: place.batch, vsn: descriptor.vsn)
    }
    guard found.placement.digest == place.digest else {
      throw .refused(
        "catalogue \(place.batch) of volume \(descriptor.vsn) is not the one that later catalogues name", hint: nil)
    }
    let catalogue = try onIndex { () throws(IndexError) in try Catalogue(found.file.database) }
    return (found.file.database, catalogue.batch, found.end)
  }

  private static func report(
    _ sequence: UInt64, _ vsn: VSN, _ error: OperationError, _ observer: any OperationObserver
  ) {
    observer.report(
      .notice(
        MemberNotice(
          [],
          "cannot read the catalogue in file \(sequence) of volume \(vsn): \(error); what it lists is looked for in"
            + " labels and tar headers", .failure)))
  }
}
