internal import ArchiveFormat
public import TapeIO
public import TapeIndex
public import TapeLabels

/// Makes the rows of a volume in an index anew from the catalogues on the volume.
public struct RebuildOperation {
  /// The volume that must be in the drive; nil for any.
  public var vsn: VSN?

  /// Describes a rebuild.
  public init(vsn: VSN?) { self.vsn = vsn }

  /// Reads the catalogues of the volume in `drive` and puts what they say in place of what `index` knows of it.
  ///
  /// What the index knew is removed only when every catalogue has been read: of a damaged one its rows may be all that is
  /// left, and are kept. The catalogues are then taken in one by one: cut off in between, the index is behind the volume,
  /// and the next session or rebuild makes that good.
  /// - Returns: the volume, as the index knows it now.
  public func run(
    drive: any TapeDrive, index: IndexFile, observer: any OperationObserver
  ) throws(OperationError) -> IndexFile.Volume {
    let reader = VolumeReader(drive: drive)
    let (name, header) = try ReadTarget.identify(reader, vsn: vsn)
    // A damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? VolumeSync.identify(reader, behind: header)
    let trial = try onIndex { () throws(IndexError) in try IndexFile() }
    let found = try VolumeSync.bringUpToDate(
      trial, reader: reader, vsn: name, expecting: first?.volume.id, passingDamage: true, observer: observer)
    if let old = try onIndex({ () throws(IndexError) in try index.volume(found.descriptor.id) }) {
      if found.damagedCatalogues == 0 {
        try onIndex { () throws(IndexError) in try index.remove(old) }
      } else {
        observer.report(.information("what the index knew of volume \(name) is kept"))
      }
    }
    // What there is to say was said the first time.
    _ = try VolumeSync.bringUpToDate(
      index, reader: reader, vsn: name, expecting: found.descriptor.id, passingDamage: true, observer: Silence())
    if found.hasUncommittedTail {
      observer.report(
        .information("volume \(name) ends with files that were never committed: they are not in the index"))
    }
    guard let volume = try onIndex({ () throws(IndexError) in try index.volume(found.descriptor.id) }) else {
      throw .refused("the catalogues of volume \(name) are those of another volume", hint: nil)
    }
    return volume
  }
}

/// Takes events and keeps none.
private final class Silence: OperationObserver {
  func report(_ event: OperationEvent) {}
}
