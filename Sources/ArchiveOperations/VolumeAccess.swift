internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// The volumes that a reading needs, one at a time: the one that is in the drive, and those that are brought. Belongs to
/// the thread that reads.
public final class VolumeAccess {
  private var drive: any TapeDrive
  /// Whether there is a drive to be closed: none while a volume that cannot be had is wanted.
  private var isOpen = true
  private var volume: VolumeDescriptor
  private let supply: (any VolumeSupply)?
  private var reader: VolumeReader
  private let longestGap: Int
  private let blockSize: Int
  private let observer: any OperationObserver

  /// Begins with `volume`, which is in `drive`.
  /// - Parameters:
  ///   - supply: brings others; nil for none.
  ///   - longestGap: bytes that are read rather than passed with a locate.
  ///   - blockSize: the largest block size of all.
  init(
    _ volume: VolumeDescriptor, in drive: any TapeDrive, supply: (any VolumeSupply)?, longestGap: Int = 0,
    blockSize: Int, observer: any OperationObserver
  ) {
    self.volume = volume
    self.drive = drive
    self.supply = supply
    self.longestGap = longestGap / blockSize
    self.blockSize = blockSize
    self.observer = observer
    reader = VolumeReader(drive: drive, longestGap: self.longestGap, blockSize: blockSize)
  }

  /// A reader of `wanted`, which is brought when another volume is in the drive.
  /// - Throws: ``OperationError/refused(_:hint:)`` when it cannot be had, or what was brought is another one.
  func reader(of wanted: VolumeDescriptor) throws(OperationError) -> VolumeReader {
    if wanted.id == volume.id, isOpen { return reader }
    guard let supply else {
      throw .refused(
        "volume \(wanted.vsn) is wanted, and volume \(volume.vsn) is in \(drive.identity.name)",
        hint: "-M asks for \(wanted.vsn), and more than one -f may name the volumes")
    }
    try close()
    drive = try supply.forReading(wanted)
    isOpen = true
    volume = wanted
    reader = VolumeReader(drive: drive, longestGap: longestGap, blockSize: blockSize)
    let (name, header) = try ReadTarget.identify(reader, vsn: wanted.vsn)
    // A damaged catalogue 0 stops nothing: the labels of each file are checked as it is read.
    let found: VolumeDescriptor? = try? VolumeSync.identify(reader, behind: header).volume
    if let found, found.id != wanted.id {
      throw .refused(
        "volume \(name) in \(drive.identity.name) is another one of that name: \(found.id), not \(wanted.id)",
        hint: "load the \(wanted.vsn) of set \(wanted.set)")
    }
    reader.forgetPosition()
    observer.report(.volume(wanted, .reading(isAwaited: !supply.isInstant)))
    return reader
  }

  /// Ends the use of the drive that has a volume now, the first one's or another's.
  public func close() throws(OperationError) {
    guard isOpen else { return }
    isOpen = false
    do { try drive.close() } catch { throw .volume(.drive(error)) }
  }
}
