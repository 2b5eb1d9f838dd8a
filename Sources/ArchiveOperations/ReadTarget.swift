internal import ArchiveFormat
public import TapeIO
public import TapeIndex
public import TapeLabels

/// A volume opened for reading: which one it is, and an index that knows it.
public struct ReadTarget {
  /// The volume, as `index` knows it.
  public let volume: IndexFile.Volume
  /// That volume and those that continue it, in their order, as far as `index` knows them.
  /// Members are chosen among these, also when there are others: those of a library.
  public var volumes: [IndexFile.Volume]
  /// The index that answers: the one on disk, or one made for this run from the volume's catalogues.
  public let index: IndexFile

  /// Looks at the label of the cartridge in `drive`, and finds an index for it.
  /// - Parameters:
  ///   - index: the index on disk, where there is one.
  ///   - vsn: the volume that it must be; nil for any.
  /// - Throws: ``OperationError``; ``OperationError/refused(_:hint:)`` when it is blank, foreign, or another volume.
  public static func open(
    drive: any TapeDrive, index: IndexFile?, vsn: VSN?, observer: any OperationObserver
  ) throws(OperationError) -> ReadTarget {
    let reader = VolumeReader(drive: drive)
    let (name, header) = try identify(reader, vsn: vsn)
    // A damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? onVolume { () throws(VolumeError) in try reader.readCatalogue(behind: header) }
    // One that the index took in, byte for byte, need not be opened to know what it says.
    if let index, let first,
      let volume = try onIndex({ () throws(IndexError) in try index.volume(name, with: first.placement) })
    {
      return try ReadTarget(volume, in: index)
    }
    let descriptor = first.flatMap { found in
      try? Catalogue(found.file.database).volume  // try?: as above
    }
    guard descriptor == nil || descriptor?.vsn == name else {
      throw .refused("volume \(name) has the catalogue of another volume", hint: nil)
    }
    if let index, let descriptor,
      let volume = try onIndex({ () throws(IndexError) in try index.volume(descriptor.id) }),
      try onIndex({ () throws(IndexError) in try index.isKnown(volume) })
    {
      return try ReadTarget(volume, in: index)
    }
    observer.report(.information("volume \(name) is not in the index: reading its catalogues"))
    let temporary = try onIndex { () throws(IndexError) in try IndexFile() }
    let found = try VolumeSync.bringUpToDate(
      temporary, reader: reader, vsn: name, expecting: descriptor?.id, .init(recovers: true), observer: observer)
    if case .unclear(let why) = found.tail {
      observer.report(.notice(MemberNotice([], "the end of volume \(name) is not whole: \(why)", .failure)))
    }
    guard let volume = try onIndex({ () throws(IndexError) in try temporary.volume(found.descriptor.id) }) else {
      throw .refused("the catalogues of volume \(name) are those of another volume", hint: nil)
    }
    return try ReadTarget(volume, in: temporary)
  }

  /// The largest block size of the volumes.
  var blockSize: Int { volumes.map(\.descriptor.blockSize).max() ?? VolumeDescriptor.defaultBlockSize }

  /// The volumes for reading: the one in `drive`, and what `supply` brings.
  /// - Parameter longestGap: bytes between two members that are read through rather than passed with a locate.
  public func access(
    _ drive: any TapeDrive, supply: (any VolumeSupply)? = nil, longestGap: Int = 0, _ observer: any OperationObserver
  ) -> VolumeAccess {
    VolumeAccess(
      volume.descriptor, in: drive, supply: supply, longestGap: longestGap, blockSize: blockSize, observer: observer)
  }

  /// Some volumes of an index, of which `volume` is at hand or comes first.
  public init(_ volume: IndexFile.Volume, among volumes: [IndexFile.Volume], in index: IndexFile) {
    self.volume = volume
    self.volumes = volumes
    self.index = index
  }

  private init(_ volume: IndexFile.Volume, in index: IndexFile) throws(OperationError) {
    self.volume = volume
    self.index = index
    volumes = [volume] + (try onIndex { () throws(IndexError) in try index.volumes(continuing: volume) })
  }

  /// Rewinds and reads the label: one of our volumes, or a refusal that says what is there.
  static func identify(
    _ reader: VolumeReader, vsn: VSN?
  ) throws(OperationError) -> (VSN, VolumeReader.Header) {
    let device = reader.drive.identity.name
    switch try onVolume({ () throws(VolumeError) in try reader.inspect() }) {
    case .blank: throw .refused("the cartridge in \(device) is blank", hint: nil)
    case .prelabelled(let label), .unfinished(let label):
      throw .refused("volume \(label.serial) in \(device) is labelled but holds no files", hint: nil)
    case .unlabelled: throw .foreign(.unlabelled, device: device)
    case .labelled(let label, let found): throw .foreign(.labelled(label, found), device: device)
    case .tapir(let label, let header):
      guard let name = try? VSN(label.serial) else {  // try?: what is wrong with it is that it is no VSN
        throw .refused("volume '\(label.serial)' in \(device) has a VSN that is none of ours", hint: nil)
      }
      if let vsn, vsn != name {
        throw .refused("volume \(name) is in \(device), not \(vsn)", hint: "load \(vsn)")
      }
      return (name, header)
    }
  }
}
