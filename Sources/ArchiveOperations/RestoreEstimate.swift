public import ArchiveFormat
public import DriveTiming
internal import TapeIO
internal import TapeIndex

/// What reading members would take on a drive, from the index alone: nothing moves.
///
/// It goes through the ``RestorePlan`` that the restore goes through, and decides between reading on and a locate as
/// ``VolumeReader`` does, so that both come to the same. A volume that is not in the drive is loaded, when the one before
/// has been given out; what identifies each is read, but not the rewind before that, as nothing tells from where. What
/// reading errors and the changer take is not counted.
public struct RestoreEstimate {
  /// The drive, which has counted seconds and what they went into.
  public private(set) var drive: ModelledDrive
  /// Members that are read, and bytes of their content.
  public private(set) var members: Int64 = 0
  public private(set) var bytes: Int64 = 0
  /// AUL files that are read.
  public private(set) var files = 0
  /// Volumes that are read, a volume that comes again counted again.
  public private(set) var volumes = 0
  /// How often the tape is moved to another place.
  public private(set) var locates = 0
  /// How often it is read on to another place in its stead, and bytes of that.
  public private(set) var gaps = 0
  public private(set) var gapBytes: Double = 0

  /// Bytes that are read through rather than passed with a locate.
  private let longestGap: Int
  private var current: (volume: UniqueID, offsets: VolumeOffsets)?
  /// The volume whose cartridge is in the drive; nil for none.
  private var loaded: UniqueID?
  /// Where the tape stands, as ``VolumeReader`` knows it; nil when it does not.
  private var position: BlockID?
  /// Where it stands indeed.
  private var object: BlockID?

  /// Nothing yet.
  /// - Parameters:
  ///   - loaded: the volume that is in the drive; nil for none.
  ///   - longestGap: as ``RestoreOperation/longestGap``.
  public init(on drive: ModelledDrive, loaded: UniqueID? = nil, longestGap: Int = 0) {
    self.drive = drive
    self.loaded = loaded
    self.longestGap = longestGap
  }

  /// Adds what `operation` would read.
  /// - Parameter each: is told of each member, in the order in which they are read.
  /// - Returns: for each operand of the query, how many names it matched.
  @discardableResult public mutating func add(
    _ operation: RestoreOperation, of target: ReadTarget, each: (Member) -> Void = { _ in }
  ) throws(OperationError) -> [Int] {
    let (selection, plan) = try operation.planned(target)
    do throws(IndexError) {
      members += selection.count
      bytes += try selection.byteCount
      while let file = try plan.next() {
        for member in file.members { each(member.copyAs ?? member.record.member) }
        try read(file, target)
      }
      return selection.matches
    } catch { throw .index(error) }
  }

  private mutating func read(_ file: PlannedFile, _ target: ReadTarget) throws(IndexError) {
    guard !file.pieces.isEmpty else {
      return try read(file.placement, on: file.volume, file.wantedBlocks(), target)
    }
    for piece in file.pieces {
      // Of one whose volume is not known the restore says so.
      guard let volume = piece.volume?.descriptor else { continue }
      try read(piece.file, on: volume, 0..<UInt64.max, target)
    }
  }

  /// Reads an AUL file as ``FileReading`` does.
  private mutating func read(
    _ file: FilePlacement, on volume: VolumeDescriptor, _ wanted: Range<UInt64>, _ target: ReadTarget
  ) throws(IndexError) {
    guard let offsets = try mount(volume, target) else { return }
    // Nothing lies where no tape reaches, whatever a foreign catalogue claims: the restore will say so.
    let most: UInt64 = 1 << 40
    guard file.header.rawValue < most, file.blockCount < most, wanted.lowerBound < most else { return }
    files += 1
    go(to: file.header, offsets, target)
    let userFile = file.header.advanced(by: Self.labelObjects)
    pass(Self.labelObjects, VolumeReader.labelBytes)
    if wanted.lowerBound > 0 { go(to: userFile.advanced(by: Int(wanted.lowerBound)), offsets, target) }
    let blockSize = Double(volume.blockSize)
    guard wanted.upperBound >= file.blockCount else {
      let count = wanted.upperBound - wanted.lowerBound
      return pass(Int(count), Double(count) * blockSize)
    }
    let count = file.blockCount - min(file.blockCount, wanted.lowerBound)
    pass(Int(count) + 1, max(0, Double(file.byteCount) - Double(min(file.blockCount, wanted.lowerBound)) * blockSize))
    pass(Self.labelObjects, VolumeReader.labelBytes)
  }

  /// Three labels and a filemark.
  private static let labelObjects = 4

  /// Where things lie on `volume`, which is loaded when another one is in the drive; nil when the index does not have it.
  private mutating func mount(_ volume: VolumeDescriptor, _ target: ReadTarget) throws(IndexError) -> VolumeOffsets? {
    if let current, current.volume == volume.id { return current.offsets }
    guard let found = try target.index.volume(volume.id) else { return nil }
    let offsets = try VolumeOffsets(of: found, in: target.index)
    volumes += 1
    if loaded != volume.id {
      if loaded != nil { drive.unload() }
      drive.load()
    }
    loaded = volume.id
    current = (volume.id, offsets)
    // Identified, from its label and catalogue 0.
    drive.read(offsets.offset(of: offsets.beginning))
    position = nil
    object = offsets.beginning
    return offsets
  }

  private mutating func go(to block: BlockID, _ offsets: VolumeOffsets, _ target: ReadTarget) {
    guard position != block else { return }
    let limit = longestGap / target.blockSize
    if let start = position, VolumeReader.isReadThrough(from: start, to: block, longestGap: limit) {
      let gap = offsets.offset(of: block) - offsets.offset(of: start)
      gaps += 1
      gapBytes += gap
      drive.read(gap)
    } else if object != block {
      locates += 1
      drive.locate(to: offsets.offset(of: block) / drive.compressionRatio)
    }
    (position, object) = (block, block)
  }

  /// Reads so many objects of so many bytes together.
  private mutating func pass(_ objects: Int, _ bytes: Double) {
    drive.read(bytes)
    position = position?.advanced(by: objects)
    object = position
  }
}
