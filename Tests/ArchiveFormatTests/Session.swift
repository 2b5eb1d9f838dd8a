import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport

/// A small volume written with ``VolumeWriter`` alone: its catalogues are bytes.
final class Session {
  let cartridge: MemoryCartridge
  let drive: MemoryDrive
  let descriptor: VolumeDescriptor
  let writer: VolumeWriter
  var batch: UInt32 = 0
  var ordinal: UInt32 = 1

  static let now = Timestamp(seconds: 1_795_219_200)

  init(_ cartridge: MemoryCartridge = MemoryCartridge(), blockSize: Int = 16 << 10) throws {
    self.cartridge = cartridge
    drive = try MemoryDrive(cartridge, recordsOperations: true)
    descriptor = VolumeDescriptor(
      id: .random(), vsn: try VSN("V00001"), set: .random(), blockSize: blockSize, created: Self.now)
    try VolumeWriter.label(drive: drive, descriptor: descriptor)
    writer = try Self.writer(drive, descriptor, 1, BlockID(1))
  }

  static func writer(
    _ drive: any TapeDrive, _ descriptor: VolumeDescriptor, _ sequence: UInt64, _ header: BlockID
  ) throws -> VolumeWriter {
    try VolumeWriter(
      drive: drive, descriptor: descriptor, nextSequence: sequence, nextHeader: header, host: "host",
      systemCode: "TAPIR 0.1")
  }

  @discardableResult
  func file(_ blocks: [[UInt8]]) throws -> (sequence: UInt64, header: BlockID, blockCount: UInt64) {
    try write(.members(batch: batch, layout: .pax, ordinal: ordinal), blocks)
  }

  /// Ends the batch with a catalogue of these bytes.
  @discardableResult
  func catalogue(_ text: String = "database") throws -> (sequence: UInt64, header: BlockID, blockCount: UInt64) {
    let bytes = CatalogueFile(database: Array(text.utf8), readMe: batch == 0 ? [0x52] : nil).encoded(now: Self.now)
    var blocks: [[UInt8]] = []
    for start in stride(from: 0, to: bytes.count, by: descriptor.blockSize) {
      blocks.append(Array(bytes[start...].prefix(descriptor.blockSize)))
    }
    let placed = try write(.catalogue(batch: batch), blocks)
    try writer.flush()
    batch += 1
    ordinal = 1
    return placed
  }

  func write(
    _ identifier: FileIdentifier, _ blocks: [[UInt8]]
  ) throws -> (sequence: UInt64, header: BlockID, blockCount: UInt64) {
    try writer.begin(identifier, now: Self.now)
    for block in blocks { try writer.write(block.span.bytes) }
    ordinal += 1
    return try writer.end()
  }

  /// The same tape up to object `count`, in a fresh drive.
  func cut(at count: Int) throws -> MemoryDrive {
    let copy = MemoryCartridge(isWORM: cartridge.isWORM)
    let drive = try MemoryDrive(copy)
    for record in cartridge.records[..<count] { try drive.put(record) }
    return drive
  }
}

extension MemoryDrive {
  /// Writes a record as it is.
  func put(_ record: MemoryCartridge.Record) throws {
    switch record {
    case .block(let bytes): _ = try write(bytes.span.bytes)
    case .filemark: _ = try writeFilemark()
    }
  }
}

extension MemoryCartridge.Record {
  /// A label as text, `n bytes`, or `|` for a filemark.
  var shown: String {
    switch self {
    case .filemark: "|"
    case .block(let bytes) where bytes.count == 80: String(decoding: bytes, as: UTF8.self)
    case .block(let bytes): "\(bytes.count) bytes"
    }
  }
}
