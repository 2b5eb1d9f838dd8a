public import ArchiveFormat
public import TapeIO
public import TapeIndex
internal import TapeLabels

/// Compares a volume with an index and brings the index up to date from the volume's catalogues.
public enum VolumeSync {
  /// What identifies the volume in the drive, from catalogue 0: a few blocks at beginning of tape.
  /// - Parameter header: of catalogue 0, just read by ``VolumeReader/inspect()``.
  public static func identify(
    _ reader: VolumeReader, behind header: VolumeReader.Header
  ) throws(OperationError) -> Catalogue {
    let found = try onVolume { () throws(VolumeError) in try reader.readCatalogue(behind: header) }
    return try onIndex { () throws(IndexError) in try Catalogue(found.file.database) }
  }

  /// Goes to end of data, reads the last catalogue, and takes into `index` every catalogue of the volume that it lacks, in
  /// one transaction.
  ///
  /// - Parameter id: the volume's identity as catalogue 0 has it; nil when that could not be read.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the index holds batches of this volume that the tape does not:
  ///   then two copies were written to apart, and neither may be overwritten.
  static func bringUpToDate(
    _ index: IndexFile?, reader: VolumeReader, vsn: VSN, expecting id: UniqueID?,
    _ reading: VolumeChain.Reading = VolumeChain.Reading(), observer: any OperationObserver
  ) throws(OperationError) -> VolumeChain {
    let before = try batches(of: id, in: index)
    let chain = try VolumeChain(
      reader: reader, vsn: vsn, expecting: id, knowing: before.last { $0.catalogue != nil }?.catalogue, reading,
      observer: observer)
    guard let index else { return chain }
    let known = try batches(of: chain.descriptor.id, in: index)
    try chain.check(against: known)
    if !known.isEmpty, known.count < chain.catalogues.count {
      let missing = chain.catalogues.count - known.count
      observer.report(
        .information(
          "volume \(vsn) is ahead of the index by \(missing) batch\(missing == 1 ? "" : "es"): reading"
            + " \(missing == 1 ? "its catalogue" : "their catalogues")"))
    }
    let spool = try onIndex { () throws(IndexError) in try CatalogueSpool() }
    _ = try chain.gather(
      except: Set(known.map(\.record.number)), into: spool, reader: reader, reading, observer: observer)
    if spool.count > 0 { try onIndex { () throws(IndexError) in try index.ingest(spool) } }
    return chain
  }

  /// Takes into `index` what it lacks of the volume in `drive`. Moves the tape.
  /// - Returns: the volume; nil when the cartridge is blank, or labelled and nothing else.
  /// - Throws: ``OperationError``; also when it is no volume of ours, or the index knows more of it than is there.
  public static func learn(
    _ drive: any TapeDrive, _ index: IndexFile, observer: any OperationObserver
  ) throws(OperationError) -> IndexFile.Volume? {
    let reader = VolumeReader(drive: drive)
    switch try onVolume({ () throws(VolumeError) in try reader.inspect() }) {
    case .blank, .prelabelled, .unfinished: return nil
    case .labelled, .unlabelled, .tapir: break
    }
    let (vsn, header) = try ReadTarget.identify(reader, vsn: nil)
    // try?: a damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? identify(reader, behind: header)
    let found: VolumeChain
    do throws(OperationError) {
      found = try bringUpToDate(index, reader: reader, vsn: vsn, expecting: first?.volume.id, observer: observer)
    } catch {
      // It may have been cut off while it was labelled.
      if try onVolume({ () throws(VolumeError) in try reader.holdsNothingCommitted() }) { return nil }
      throw error
    }
    if case .unclear(let why) = found.tail {
      observer.report(.notice(MemberNotice([], "the end of volume \(vsn) is not whole: \(why)", .failure)))
    }
    return try onIndex { () throws(IndexError) in try index.volume(found.descriptor.id) }
  }

  static func batches(of id: UniqueID?, in index: IndexFile?) throws(OperationError) -> [IndexFile.Batch] {
    guard let id, let index else { return [] }
    return try onIndex { () throws(IndexError) in
      try index.volume(id).map { (volume) throws(IndexError) in try index.batches(of: volume) } ?? []
    }
  }
}
