import Glibc
public import TapeIO

/// A drive whose cartridge is an image in another program's format: SIMH's `.tap`, a cartridge of mhvtl, or AWSTAPE.
///
/// Such images have no capacity, no map and no checksums of their own (but mhvtl's): objects are counted from beginning of
/// tape on, and every so often one is remembered.
public final class ImageDrive: TapeDrive {
  public let identity: DriveIdentity
  let image: any TapeImage
  var here = Position()
  /// Where end of data is, once it was met.
  var end: Position?
  /// Every ``interval``-th position that was passed.
  var passed = [Position()]
  static let interval: UInt64 = 1024

  private var isBroken = false
  private var isClosed = false
  private var isChanged = false

  /// A place, and what lies before it.
  struct Position: Equatable {
    var place: UInt64 = 0
    /// Objects before it.
    var number: UInt64 = 0
    /// Filemarks among them.
    var filemarks: UInt64 = 0
  }

  init(_ image: any TapeImage, name: String) {
    self.image = image
    identity = DriveIdentity(name: name, vendor: "TAPIR", product: image.format, serial: "IMAGE")
  }

  /// What was noticed when the image was read, in sentences.
  public var notices: [String] { image.notices }

  func error(_ cause: DriveError.Cause, _ operation: String, at number: UInt64? = nil) -> DriveError {
    DriveError(cause, operation: operation, device: identity.name, position: BlockID(number ?? here.number))
  }

  func begin(_ operation: String, positions: Bool = false) throws(DriveError) {
    guard !isClosed else { throw error(.closed, operation) }
    if positions { isBroken = false }
  }

  public func medium() throws(DriveError) -> MediumState {
    try begin("read the state of")
    return MediumState(
      isWriteProtected: !image.isWritable, isWORM: false, compresses: false, maximumBlockSize: image.maximumBlockSize,
      used: image.used)
  }

  public func position() throws(DriveError) -> BlockID {
    try begin("read the position of")
    return BlockID(here.number)
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    try begin("read block")
    let entry = try image.entry(at: here.place)
    let number = here.number
    if entry.kind != .endOfData { pass(entry) }
    switch entry.kind {
    case .endOfData: return .endOfData
    case .filemark: return .filemark
    case .damaged(let why): throw error(.mediumError(detail: why), "read block", at: number)
    case .block(let length):
      guard length <= buffer.byteCount else { throw error(.bufferTooSmall, "read block", at: number) }
      try buffer.withUnsafeMutableBytes { (bytes) throws(DriveError) in
        do throws(DriveError) {
          try image.read(entry, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<length]))
        } catch {
          throw self.error(error.cause, "read block", at: number)
        }
      }
      return .block(byteCount: length)
    }
  }

  /// Goes behind `entry`, which lies here.
  func pass(_ entry: ImageEntry) {
    here.place = entry.next
    here.number += 1
    if entry.kind == .filemark { here.filemarks += 1 }
    if here.number == UInt64(passed.count) * Self.interval { passed.append(here) }
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    try begin("write block")
    guard block.byteCount <= image.maximumBlockSize else {
      throw error(.blockTooLarge(limit: image.maximumBlockSize), "write block")
    }
    guard block.byteCount > 0 else {
      throw error(.unusable(reason: "a block has at least one byte", hint: nil), "write block")
    }
    return try append(block, "write block")
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    try begin("write filemark")
    return try append(nil, "write filemark")
  }

  private func append(_ block: RawSpan?, _ operation: String) throws(DriveError) -> WriteOutcome {
    guard !isBroken else { throw error(.broken, operation) }
    guard image.isWritable else { throw error(.writeProtected, operation) }
    isChanged = true
    let kind: ImageEntry.Kind
    if let block { kind = .block(length: block.byteCount) } else { kind = .filemark }
    do throws(DriveError) {
      if end != here {
        try image.cut(at: here.place, objects: here.number, filemarks: here.filemarks)
        passed.removeAll { $0.number > here.number }
      }
      let next = try image.append(block, at: here.place, number: here.number)
      pass(ImageEntry(kind: kind, place: here.place, next: next))
      end = here
    } catch {
      isBroken = true
      // What there is now is for the next look at it to say.
      end = nil
      throw self.error(error.cause, operation)
    }
    return .written
  }

  public func flush() throws(DriveError) {
    try begin("flush")
    guard isChanged else { return }
    guard !isBroken else { throw error(.broken, "flush") }
    do { try image.sync() } catch {
      isBroken = true
      throw error
    }
  }

  public func close() throws(DriveError) {
    try begin("close")
    isClosed = true
    try image.close()
  }
}
