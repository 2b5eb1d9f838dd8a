import CXXHash
import TapeIO

/// The header block of `data` (docs/virtual-tape-format.md, section 3).
enum DataHeader {
  static let byteCount = 4096
  static let magic: [UInt8] = [0x54, 0x41, 0x50, 0x49, 0x52, 0x56, 0x54, 0x0A]
  static let version: UInt32 = 1

  /// The block of a new cartridge, without slots.
  static func serialize(_ uuid: UUID) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: byteCount)
    block.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }  // never: the array is not empty
      for (index, byte) in magic.enumerated() { bytes[index] = byte }
      base.store(version, at: 8)
      base.store(UInt32(byteCount), at: 12)
      for (index, byte) in uuid.bytes.enumerated() { bytes[16 + index] = byte }
      base.store(tapir_xxh3_64(base, 56, 0), at: 56)
    }
    return block
  }

  /// Why the block cannot be that of the cartridge `uuid`; nil when it is.
  static func check(_ block: [UInt8], uuid: UUID) -> String? {
    block.withUnsafeBytes { bytes -> String? in
      guard bytes.count == byteCount, let base = bytes.baseAddress else { return "its data file has no header" }
      guard Array(bytes[0..<8]) == magic else { return "its data file does not begin like a cartridge's" }
      guard base.integer(at: 56, UInt64.self) == tapir_xxh3_64(base, 56, 0) else {
        return "the header of its data file is damaged"
      }
      guard base.integer(at: 8, UInt32.self) == version, base.integer(at: 12, UInt32.self) == UInt32(byteCount) else {
        return "it was written by a later version of this program"
      }
      guard Array(bytes[16..<32]) == uuid.bytes else { return "its data file belongs to another cartridge" }
      return nil
    }
  }
}

/// A pointer to a durable sync frame: a hint that is believed only when the frame agrees.
struct Slot: Equatable {
  static let byteCount = 64
  static let offsets: [UInt64] = [1024, 2048]

  var serial: UInt64
  var epoch: UInt32
  var offset: UInt64
  var objects: UInt64
  var filemarks: UInt64
  /// Entries of `map` known to be on disk.
  var mapped: UInt64

  init(serial: UInt64, epoch: UInt32, offset: UInt64, objects: UInt64, filemarks: UInt64, mapped: UInt64) {
    self.serial = serial
    self.epoch = epoch
    self.offset = offset
    self.objects = objects
    self.filemarks = filemarks
    self.mapped = mapped
  }

  /// Reads slot `index` from the header block; nil when it was never written or is damaged.
  init?(parsing block: [UInt8], index: Int, key: UInt64) {
    let start = Slot.offsets[index]
    let slot = block.withUnsafeBytes { bytes -> Slot? in
      guard bytes.count == DataHeader.byteCount, let base = bytes.baseAddress.map({ $0 + Int(start) }),
        base.integer(at: 56, UInt64.self) == tapir_xxh3_64(base, 56, key ^ start),
        base.integer(at: 12, UInt32.self) == 0, base.integer(at: 48, UInt64.self) == 0
      else { return nil }
      return Slot(
        serial: base.integer(at: 0, UInt64.self), epoch: base.integer(at: 8, UInt32.self),
        offset: base.integer(at: 16, UInt64.self), objects: base.integer(at: 24, UInt64.self),
        filemarks: base.integer(at: 32, UInt64.self), mapped: base.integer(at: 40, UInt64.self))
    }
    guard let slot else { return nil }
    self = slot
  }

  /// The slot's bytes, for slot `index`.
  func serialize(index: Int, key: UInt64) -> [UInt8] {
    var slot = [UInt8](repeating: 0, count: Slot.byteCount)
    slot.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }  // never: the array is not empty
      base.store(serial, at: 0)
      base.store(epoch, at: 8)
      base.store(offset, at: 16)
      base.store(objects, at: 24)
      base.store(filemarks, at: 32)
      base.store(mapped, at: 40)
      base.store(tapir_xxh3_64(base, 56, key ^ Slot.offsets[index]), at: 56)
    }
    return slot
  }
}
