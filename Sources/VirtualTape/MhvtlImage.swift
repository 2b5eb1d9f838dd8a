import CISAL
import CZlib
import Glibc
import TapeIO

/// A cartridge of mhvtl, a virtual tape library in the kernel's SCSI layer: a folder with the blocks' bytes (`data.0`), an
/// entry of 512 bytes for each object (`indx.0`), and the numbers of the filemarks (`meta.0`). Older versions' names have
/// no number.
///
/// Written are blocks as they are, with their CRC-32C; read also those compressed by zlib.
final class MhvtlImage: TapeImage {
  let format = "MHVTL"
  let isWritable: Bool
  let maximumBlockSize = 16 << 20
  let notices: [String] = []
  private let data: File
  private let index: File
  private let marks: File
  private var objects: UInt64
  private var dataEnd: UInt64
  private var markCount: UInt32
  private let device: String

  /// Bytes of an entry, and of the header of `meta.0`.
  private static let entrySize = 512

  private enum Field {
    static let offset = 0
    static let type = 8
    static let flags = 12
    static let number = 16
    static let size = 20
    static let diskSize = 24
    static let crc = 28
  }
  private enum Kind {
    static let filemark: UInt32 = 3
    static let data: UInt32 = 11
  }
  private enum Flag {
    static let zlib: UInt32 = 1
    static let encrypted: UInt32 = 2
    static let lzo: UInt32 = 4
    static let crc: UInt32 = 8
  }

  /// Opens the files in `folder`, which is one of ``isOne(_:)``.
  init(_ folder: File, access: DriveAccess) throws(DriveError) {
    device = folder.device
    let suffix = Self.suffix(folder) ?? ".0"
    var isWritable = access == .readWrite
    func open(_ name: String) throws(DriveError) -> File {
      let writes = isWritable
      do throws(DriveError) {
        if let file = try folder.open(name + suffix, writes ? O_RDWR : O_RDONLY, operation: "open") { return file }
      } catch {
        guard writes, case .system(EACCES, _) = error.cause else { throw error }
        isWritable = false
        if let file = try folder.open(name + suffix, O_RDONLY, operation: "open") { return file }
      }
      throw DriveError(
        .unusable(reason: "\(name + suffix) is missing", hint: nil), operation: "open", device: folder.device)
    }
    data = try open("data")
    index = try open("indx")
    marks = try open("meta")
    self.isWritable = isWritable
    try CartridgeLock.take(data, exclusive: isWritable)
    let size = try index.size(operation: "open")
    objects = size / UInt64(Self.entrySize)
    dataEnd = 0
    markCount = 0
    if objects > 0 {
      let last = try fields(of: objects - 1)
      dataEnd = last.offset + UInt64(last.diskSize)
    }
    var count: UInt32 = 0
    let result = withUnsafeMutableBytes(of: &count) { bytes in
      // Not nil: four bytes have an address.
      marks.read(into: bytes.baseAddress!, count: 4, at: 0)
    }
    guard result.errno == 0 else { throw systemError(result.errno, "open", device) }
    markCount = UInt32(littleEndian: count)
  }

  /// Makes a blank one: three files in the folder `folder`.
  static func fill(_ folder: File) throws(DriveError) {
    for name in ["data.0", "indx.0", "meta.0"] {
      guard let file = try folder.open(name, O_RDWR | O_CREAT | O_EXCL, operation: "create") else {
        throw systemError(ENOENT, "create", folder.device)
      }
      if name == "meta.0" {
        let header = [UInt8](repeating: 0, count: entrySize)
        let (_, code) = header.withUnsafeBytes { bytes in
          bytes.baseAddress.map { file.write($0, count: bytes.count, at: 0) } ?? (0, 0)
        }
        guard code == 0 else { throw systemError(code, "create", folder.device) }
      }
      try file.sync(operation: "create")
      try file.close(operation: "create")
    }
    try folder.sync(operation: "create")
  }

  /// What stands behind the names of its files; nil when there are none.
  private static func suffix(_ folder: File) -> String? {
    [".0", ""].first { suffix in
      ["data", "indx", "meta"].allSatisfy { faccessat(folder.descriptor, $0 + suffix, F_OK, 0) == 0 }
    }
  }

  /// Whether `folder` is such a cartridge.
  static func isOne(_ folder: File) -> Bool { suffix(folder) != nil }

  var used: UInt64 { dataEnd }

  private struct Fields {
    var offset: UInt64 = 0
    var type: UInt32 = 0
    var flags: UInt32 = 0
    var number: UInt32 = 0
    var size: UInt32 = 0
    var diskSize: UInt32 = 0
    var crc: UInt32 = 0
  }

  private func fields(of number: UInt64) throws(DriveError) -> Fields {
    var bytes = [UInt8](repeating: 0, count: 32)
    let result = bytes.withUnsafeMutableBytes { target in
      // Not nil: the array is not empty.
      index.read(into: target.baseAddress!, count: 32, at: number * UInt64(Self.entrySize))
    }
    guard result.errno == 0 else { throw systemError(result.errno, "read block", device) }
    guard result.count == 32 else { throw damage("its entry cannot be read") }
    return bytes.withUnsafeBytes { raw in
      func value(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      }
      return Fields(
        // Beyond that there is nothing, and sums stay in range.
        offset: min(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: Field.offset, as: UInt64.self)), 1 << 62),
        type: value(Field.type), flags: value(Field.flags), number: value(Field.number), size: value(Field.size),
        diskSize: value(Field.diskSize), crc: value(Field.crc))
    }
  }

  private func damage(_ why: String) -> DriveError {
    DriveError(.mediumError(detail: why), operation: "read block", device: device)
  }

  func entry(at place: UInt64) throws(DriveError) -> ImageEntry {
    guard place < objects else { return ImageEntry(kind: .endOfData, place: place, next: place) }
    let found = try fields(of: place)
    func entry(_ kind: ImageEntry.Kind) -> ImageEntry { ImageEntry(kind: kind, place: place, next: place + 1) }
    guard UInt64(found.number) == place else { return entry(.damaged("its entry is that of block \(found.number)")) }
    switch found.type {
    case Kind.filemark: return entry(.filemark)
    case Kind.data where found.size > 0 && found.size <= maximumBlockSize: return entry(.block(length: Int(found.size)))
    default: return entry(.damaged("its entry is of type \(found.type), length \(found.size)"))
    }
  }

  func read(_ entry: ImageEntry, into target: UnsafeMutableRawBufferPointer) throws(DriveError) {
    let found = try fields(of: entry.place)
    guard let base = target.baseAddress, Int(found.size) == target.count else { throw damage("its entry has changed") }
    guard found.flags & Flag.lzo == 0, found.flags & Flag.encrypted == 0 else {
      let what = found.flags & Flag.lzo != 0 ? "compressed by LZO" : "encrypted"
      throw DriveError(
        .unusable(
          reason: "its blocks are \(what)", hint: "have mhvtl write the cartridge with zlib or without compression"),
        operation: "read block", device: device)
    }
    if found.flags & Flag.zlib != 0 {
      // zlib never makes anything larger than its own bound, and no more is believed.
      guard UInt(found.diskSize) <= compressBound(uLong(found.size)) else { throw damage("its length is wrong") }
      let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(found.diskSize)), alignment: 16)
      defer { packed.deallocate() }
      try fetch(found, into: packed)
      var count = uLongf(target.count)
      let code = uncompress(
        base.assumingMemoryBound(to: Bytef.self), &count, packed.baseAddress?.assumingMemoryBound(to: Bytef.self),
        uLong(found.diskSize))
      guard code == Z_OK, Int(count) == target.count else { throw damage("it cannot be decompressed") }
    } else {
      guard found.diskSize == found.size else { throw damage("its two lengths differ") }
      try fetch(found, into: target)
    }
    if found.flags & Flag.crc != 0, tapir_crc32c(base, Int32(target.count)) != found.crc {
      throw damage("its checksum is wrong")
    }
  }

  private func fetch(_ found: Fields, into target: UnsafeMutableRawBufferPointer) throws(DriveError) {
    guard let base = target.baseAddress else { return }
    let result = data.read(into: base, count: Int(found.diskSize), at: found.offset)
    guard result.errno == 0 else { throw systemError(result.errno, "read block", device) }
    guard result.count == Int(found.diskSize) else { throw damage("data is shorter than its entry says") }
  }

  // MARK: Writing

  func cut(at place: UInt64, objects: UInt64, filemarks: UInt64) throws(DriveError) {
    let end: UInt64
    if place == 0 {
      end = 0
    } else {
      let last = try fields(of: place - 1)
      end = last.offset + UInt64(last.diskSize)
    }
    try index.truncate(to: place * UInt64(Self.entrySize), operation: "write block")
    try data.truncate(to: end, operation: "write block")
    try marks.truncate(to: UInt64(Self.entrySize) + filemarks * 4, operation: "write block")
    self.objects = place
    dataEnd = end
    markCount = UInt32(filemarks)
    try writeMarkCount()
  }

  func append(_ block: RawSpan?, at place: UInt64, number: UInt64) throws(DriveError) -> UInt64 {
    guard place <= UInt64(UInt32.max) else {
      throw DriveError(
        .unusable(reason: "mhvtl counts objects in 32 bits", hint: nil), operation: "write block", device: device)
    }
    var entry = [UInt8](repeating: 0, count: Self.entrySize)
    func set(_ value: UInt32, at offset: Int) {
      for byte in 0..<4 { entry[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte)) }
    }
    set(UInt32(truncatingIfNeeded: dataEnd), at: Field.offset)
    set(UInt32(truncatingIfNeeded: dataEnd >> 32), at: Field.offset + 4)
    set(block == nil ? Kind.filemark : Kind.data, at: Field.type)
    set(UInt32(place), at: Field.number)
    if let block {
      set(Flag.crc, at: Field.flags)
      set(UInt32(block.byteCount), at: Field.size)
      set(UInt32(block.byteCount), at: Field.diskSize)
      set(block.withUnsafeBytes { tapir_crc32c($0.baseAddress, Int32($0.count)) }, at: Field.crc)
      try block.withUnsafeBytes { (bytes) throws(DriveError) in try put(bytes, in: data, at: dataEnd) }
      dataEnd += UInt64(block.byteCount)
    } else {
      // The count goes out with the next flush; what counts when reading are the entries.
      try put([UInt32(place).littleEndian], in: marks, at: UInt64(Self.entrySize) + UInt64(markCount) * 4)
      markCount += 1
    }
    try put(entry, in: index, at: place * UInt64(Self.entrySize))
    objects = place + 1
    return objects
  }

  private func put<Value>(_ values: [Value], in file: File, at offset: UInt64) throws(DriveError) {
    var failure: DriveError?
    values.withUnsafeBytes { bytes in
      do throws(DriveError) { try put(bytes, in: file, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, in file: File, at offset: UInt64) throws(DriveError) {
    guard let base = bytes.baseAddress else { return }
    let (_, code) = file.write(base, count: bytes.count, at: offset)
    guard code == 0 else { throw systemError(code, "write block", device) }
  }

  private func writeMarkCount() throws(DriveError) { try put([markCount.littleEndian], in: marks, at: 0) }

  func sync() throws(DriveError) {
    try writeMarkCount()
    try data.syncData(operation: "flush")
    try marks.syncData(operation: "flush")
    try index.syncData(operation: "flush")
  }

  func close() throws(DriveError) {
    if isWritable { try writeMarkCount() }
    CartridgeLock.release(data)
    try data.close(operation: "close")
    try marks.close(operation: "close")
    try index.close(operation: "close")
  }
}
