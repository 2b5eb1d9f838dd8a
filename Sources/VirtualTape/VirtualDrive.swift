import CLZ4
import CLinux
import CXXHash
import Glibc
public import TapeIO

/// A tape drive whose cartridge is a folder on a disk (docs/virtual-tape-format.md).
///
/// Writes are collected in memory and reach the disk in large pieces: an error of the disk may belong to an earlier
/// write, as with a real drive. A drive that is given up without ``close()`` leaves the cartridge as a crash would.
public final class VirtualDrive: TapeDrive {
  /// A sync frame at least this often, as a waypoint.
  static let waypointInterval: UInt64 = 1 << 30
  /// Blocks of this many bytes and more are not copied on their way to the disk.
  static let directSize = 64 << 10
  /// Shorter blocks are stored raw: LZ4 would cost more than it saves.
  static let smallestCompressed = 256

  public let identity: DriveIdentity
  /// What was dropped or made anew when the cartridge was opened, in sentences; empty after an orderly close.
  public let notices: [String]
  /// What the cartridge's `cartridge.json` said when it was opened.
  public let description: CartridgeDescription

  let tape: Medium
  let buffer: FrameBuffer
  let device: String
  let isWritable: Bool
  let lz4State: UnsafeMutableRawPointer
  /// Blocks that are being compressed and come behind the end of data; made when there is one.
  var pool: CompressionPool?
  /// Bytes that their frames take at most.
  var pooledSize: UInt64 = 0
  /// Bytes in use at which early warning begins, and which cannot be passed.
  let warningAt: UInt64
  let capacity: UInt64

  /// Where the tape is.
  var here: Place
  /// Whether an error cut off what was written; cleared when the position is established anew.
  var isBroken = false
  var isClosed = false
  /// Whether the physical end was met: nothing more is written until something is cut off.
  var isFull = false
  /// Where the last sync frame ends.
  var lastSync: UInt64
  /// Whether objects were written since the last flush.
  var isUnflushed = false
  /// Whether anything was written since the slots were.
  var isChanged = false

  /// Opens the cartridge at `path`, at beginning of tape; milliseconds whatever it holds, unless the last use ended in
  /// a crash: then what was written after its last flush is read and checked.
  /// - Throws: `busy` when another process has it open (any, for writing; a writer, for reading), `unusable` when it is
  ///   no cartridge or a newer one.
  public convenience init(path: [UInt8], access: DriveAccess) throws(DriveError) {
    try self.init(path: path, access: access, witness: nil)
  }

  /// The same, telling `witness` of every change to files.
  package init(path: [UInt8], access: DriveAccess, witness: (any FileWitness)?) throws(DriveError) {
    let operation = "open"
    let name = Cartridge.displayName(path)
    let folder = try File.folder(path, device: name, operation: operation, witness: witness)
    let description = try CartridgeDescription.parse(Cartridge.json(in: folder), device: name)
    let options = description.options
    let isWritable = access == .readWrite && !options.isWriteProtected
    let mode = isWritable ? O_RDWR : O_RDONLY
    guard let data = try folder.open("data", mode, operation: operation) else {
      throw DriveError(.unusable(reason: "its data file is missing", hint: nil), operation: operation, device: name)
    }
    try CartridgeLock.take(data, exclusive: isWritable)
    // A hint: most of what is read is read on and on.
    if !isWritable { _ = posix_fadvise(data.descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
    let header = try VirtualDrive.headerBlock(data, description.uuid)
    let created = isWritable ? mode | O_CREAT : mode
    let map = ObjectMap(
      objects: try EntryStream(
        file: folder.open("map", created, operation: operation), isWritable: isWritable, entrySize: ObjectMap.entrySize),
      marks: try EntryStream(
        file: folder.open("marks", created, operation: operation), isWritable: isWritable, entrySize: ObjectMap.markSize
      ))
    let tape = Medium(folder: folder, data: data, key: description.uuid.key, map: map)
    try tape.establish(headerBlock: header)
    if isWritable { try VirtualDrive.secure(tape, path, operation) }

    let serial = description.uuid.bytes.prefix(6).map { byte in
      let digits = Array("0123456789ABCDEF")
      return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
    identity = DriveIdentity(name: name, vendor: "TAPIR", product: "VTL", serial: serial)
    notices = tape.notices
    self.description = description
    self.tape = tape
    self.isWritable = isWritable
    device = name
    // A file system that knows no direct writing says so when the file is opened.
    let direct = isWritable ? try? folder.open("data", O_WRONLY | clinux_O_DIRECT, operation: operation) : nil
    buffer = FrameBuffer(data, direct: direct, offset: tape.end.offset)
    lz4State = .allocate(byteCount: Int(LZ4_sizeofState()), alignment: 16)
    capacity = options.capacity ?? .max
    warningAt = capacity - min(capacity, options.capacity == nil ? 0 : options.effectiveZone ?? 0)
    here = .beginning
    lastSync = tape.end.offset
  }

  deinit {
    if tape.data.descriptor >= 0 { CartridgeLock.release(tape.data) }
    pool?.endThreads()
    lz4State.deallocate()
  }

  /// Has the system bring to disk what a killed program left to it, a truncation too, before anybody relies on having read
  /// it: an index must not know a batch that a power cut can still take away. Costs nothing where nothing was left.
  private static func secure(_ tape: Medium, _ path: [UInt8], _ operation: String) throws(DriveError) {
    try tape.data.syncData(operation: operation)
    // Blank: whoever made it may not have come to the sync that makes its name last.
    if tape.end.number == 0 { try Cartridge.syncName(of: path, tape.folder, operation: operation) }
  }

  private static func headerBlock(_ data: File, _ uuid: UUID) throws(DriveError) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: DataHeader.byteCount)
    let got = block.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { data.read(into: $0, count: DataHeader.byteCount, at: 0) }
        ?? File.ReadResult(count: 0, errno: 0)
    }
    guard got.errno == 0 else { throw systemError(got.errno, "open", data.device) }
    if let reason = DataHeader.check(Array(block.prefix(got.count)), uuid: uuid) {
      throw DriveError(.unusable(reason: reason, hint: nil), operation: "open", device: data.device)
    }
    return block
  }

  /// What the cartridge allows and how much of it is in use.
  public func medium() throws(DriveError) -> MediumState {
    try checkOpen("read the state of")
    return MediumState(
      isWriteProtected: !isWritable, isWORM: description.options.isWORM,
      compresses: description.options.compression == .lz4, maximumBlockSize: FrameHeader.maximumLength,
      capacity: description.options.capacity, used: tape.end.offset - Place.beginning.offset)
  }

  public func position() throws(DriveError) -> BlockID {
    try checkOpen("read the position of")
    return BlockID(here.number)
  }

  /// Fails once the drive was closed; else nothing is being compressed any more.
  func checkOpen(_ operation: String) throws(DriveError) {
    guard !isClosed else { throw DriveError(.closed, operation: operation, device: device) }
    try settlePool(operation)
  }

  /// Reads the next object; both checksums are confirmed before a byte counts.
  public func read(into target: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    try beginReading("read block")
    var next = here
    guard next.number < tape.end.number else { return .endOfData }
    guard case .object(let header) = tape.find(&next) else {
      next.number += 1
      here = next
      throw mediumError("its header is damaged", at: next.number - 1)
    }
    let place = next
    next.pass(header.kind, frameSize: header.frameSize)
    here = next
    if header.kind == .filemark { return .filemark }
    let length = Int(header.length)
    guard length <= target.byteCount else {
      throw DriveError(.bufferTooSmall, operation: "read block", device: device, position: BlockID(place.number))
    }
    let problem = target.withUnsafeMutableBytes { bytes in
      // Not nil: the buffer holds at least one byte.
      bytes.baseAddress.map { readPayload(header, at: place.offset, into: $0) } ?? "no buffer"
    }
    if let problem { throw mediumError(problem, at: place.number) }
    return .block(byteCount: length)
  }

  /// Fetches, checks and unpacks a block; what is wrong with it, or nil.
  private func readPayload(_ header: FrameHeader, at offset: UInt64, into target: UnsafeMutableRawPointer) -> String? {
    let start = offset + UInt64(FrameHeader.byteCount)
    let stored = Int(header.storedLength)
    if !header.isCompressed {
      guard tape.window.copy(at: start, count: stored, to: target) else { return "its data cannot be read" }
      guard tapir_xxh3_64(target, stored, header.number) == header.payloadChecksum else {
        return "its checksum is wrong"
      }
      return nil
    }
    guard let payload = tape.window.bytes(at: start, count: stored) else { return "its data cannot be read" }
    guard tapir_xxh3_64(payload, stored, header.number) == header.payloadChecksum else {
      return "its checksum is wrong"
    }
    let unpacked = LZ4_decompress_safe(
      payload.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self), Int32(stored),
      Int32(header.length))
    return unpacked == Int32(header.length) ? nil : "it cannot be decompressed"
  }

  func mediumError(_ detail: String, at number: UInt64) -> DriveError {
    DriveError(.mediumError(detail: detail), operation: "read block", device: device, position: BlockID(number))
  }

  /// Brings what was written to the disk, so that it can be found; a deferred write error surfaces here.
  func beginReading(_ operation: String) throws(DriveError) {
    try checkOpen(operation)
    if let failure = buffer.write() { throw fail(failure, operation) }
  }

  /// Ends the use of the cartridge in order: with nothing left to check when it is next opened.
  public func close() throws(DriveError) {
    try checkOpen("close")
    isClosed = true
    if isWritable, isChanged, !isBroken {
      try closeInOrder()
    }
    CartridgeLock.release(tape.data)
    // What mattered was synced.
    try tape.data.close(operation: "close")
  }
}
