internal import ArchiveFormat
public import TapeIO
public import TapeIndex
public import TapeLabels

/// Makes the rows of a volume in an index anew from what is on the volume.
public struct RebuildOperation {
  /// The volume that must be in the drive; nil for any.
  public var vsn: VSN?
  /// Whether complete members count that lie behind the last catalogue and were never committed.
  public var salvages: Bool
  /// Whether the catalogues are looked for file by file from the beginning, and the end of the volume not asked.
  public var scans: Bool

  /// Describes a rebuild.
  public init(vsn: VSN?, salvages: Bool = false, scans: Bool = false) {
    self.vsn = vsn
    self.salvages = salvages
    self.scans = scans
  }

  /// Reads the catalogues of the volume in `drive`, recovers from labels and tar headers what damaged ones listed, and
  /// puts that in place of what `index` knows of the volume, in one transaction.
  ///
  /// When a catalogue cannot be read, what the index knew is kept and only what it lacks is added: of a damaged catalogue
  /// its rows say more than labels do.
  /// - Returns: the volume, as the index knows it now.
  public func run(
    drive: any TapeDrive, index: IndexFile, observer: any OperationObserver
  ) throws(OperationError) -> IndexFile.Volume {
    let reader = VolumeReader(drive: drive)
    let (name, header) = try ReadTarget.identify(reader, vsn: vsn)
    // try?: a damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? VolumeSync.identify(reader, behind: header)
    let reading = VolumeChain.Reading(recovers: true, scans: scans, salvages: salvages)
    let chain = try VolumeChain(
      reader: reader, vsn: name, expecting: first?.volume.id, knowing: nil, reading, observer: observer)
    let spool = try onIndex { () throws(IndexError) in try CatalogueSpool() }
    let (damaged, uncommitted) = try chain.gather(except: [], into: spool, reader: reader, reading, observer: observer)
    let old = try onIndex { () throws(IndexError) in try index.volume(chain.descriptor.id) }
    let gone = try VolumeSync.batches(of: chain.descriptor.id, in: index)
      .count { $0.catalogue != nil && Int($0.record.number) >= chain.catalogues.count }
    if let old, damaged > 0 || chain.tail.isUnclear {
      try onIndex { () throws(IndexError) in try index.removeSalvaged(of: old) }
      observer.report(.information("what the index knew of volume \(name) is kept"))
      try onIndex { () throws(IndexError) in try index.ingest(spool) }
    } else {
      if gone > 0 {
        observer.report(
          .information(
            "the index knew \(gone) batch\(gone == 1 ? "" : "es") more than this copy of volume \(name) has:"
              + " forgotten"))
      }
      try onIndex { () throws(IndexError) in try index.ingest(spool, replacing: old) }
    }
    if !salvages, chain.tail == .uncommitted || uncommitted ?? 0 > 0 {
      observer.report(
        .information(
          "volume \(name) ends with files that were never committed: they are not in the index (--salvage takes them in)"
        ))
    }
    if case .unclear(let why) = chain.tail {
      observer.report(.notice(MemberNotice([], "the end of volume \(name) is not whole: \(why)", .failure)))
    }
    guard let volume = try onIndex({ () throws(IndexError) in try index.volume(chain.descriptor.id) }) else {
      throw .refused("the catalogues of volume \(name) are those of another volume", hint: nil)
    }
    return volume
  }
}
