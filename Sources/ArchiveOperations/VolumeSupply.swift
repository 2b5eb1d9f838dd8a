public import ArchiveFormat
public import TapeIO
public import TapeLabels

/// Brings the volumes of a set into a drive, one after another: a library or changer does so by itself, or somebody is
/// asked.
///
/// One volume is in use at a time: whoever asks for the next has closed the drive of the one before. The operation closes
/// the drive that it is given.
public protocol VolumeSupply: AnyObject {
  /// Whether a volume is there at once, so that nobody needs to be told what is waited for.
  var isInstant: Bool { get }

  /// Loads a volume on which writing goes on behind `full`, of which everything is on the medium.
  /// - Throws: ``OperationError/refused(_:hint:)`` when there is none; its hint says which volume to bring.
  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume

  /// Loads a volume that is to be read. Whether it is that volume is for its label to say, which the caller reads.
  /// - Throws: ``OperationError/refused(_:hint:)`` when it cannot be had; its hint names the VSN.
  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive

  /// Loads the volume that continues `volume`, of which nothing else is known as no index is used. Whether it is that
  /// volume is for its labels to say, which the caller reads.
  /// - Throws: ``OperationError/refused(_:hint:)`` when it cannot be had.
  func nextForReading(after volume: VolumeDescriptor) throws(OperationError) -> any TapeDrive
}

extension VolumeSupply {
  /// Most have to be fetched.
  public var isInstant: Bool { false }

  public func nextForReading(after volume: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    throw .refused(
      "which volume continues volume \(volume.vsn) is not known", hint: "the index knows; leave out --no-index")
  }
}

/// A cartridge that was loaded for writing.
public struct SuppliedVolume {
  /// The drive that it is in.
  public let drive: any TapeDrive
  /// The VSN that it has or is to get, when one was asked for.
  public let vsn: VSN?
  /// What is written on the cartridge: the VSN of a blank one when no other is asked for.
  public let barcode: VSN?

  /// Describes a loaded cartridge.
  public init(drive: any TapeDrive, vsn: VSN? = nil, barcode: VSN? = nil) {
    self.drive = drive
    self.vsn = vsn
    self.barcode = barcode
  }
}
