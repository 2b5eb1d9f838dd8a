import CXXHash

/// The header of one frame of `data` (docs/virtual-tape-format.md, section 4).
struct FrameHeader: Equatable {
  enum Kind: UInt8 {
    case block = 1
    case filemark = 2
    case sync = 3
  }

  static let byteCount = 56
  static let magic: UInt32 = 0x4650_54A7  // A7 54 50 46 in the file
  static let compressedFlag: UInt8 = 1
  static let maximumLength = 16_777_216

  var kind: Kind
  var isCompressed: Bool
  var epoch: UInt32
  var length: UInt32
  var storedLength: UInt32
  var filemarks: UInt32
  var number: UInt64
  var previousFilemark: UInt64
  var payloadChecksum: UInt64

  /// A filemark or sync frame.
  init(_ kind: Kind, epoch: UInt32, at place: Place) {
    self.init(
      kind, epoch: epoch, at: place, length: 0, storedLength: 0, isCompressed: false,
      payloadChecksum: tapir_xxh3_64(nil, 0, place.number))
  }

  init(
    _ kind: Kind, epoch: UInt32, at place: Place, length: Int, storedLength: Int, isCompressed: Bool,
    payloadChecksum: UInt64
  ) {
    self.kind = kind
    self.isCompressed = isCompressed
    self.epoch = epoch
    self.length = UInt32(length)
    self.storedLength = UInt32(storedLength)
    filemarks = UInt32(place.filemarks)
    number = place.number
    previousFilemark = place.previousFilemark
    self.payloadChecksum = payloadChecksum
  }

  /// Bytes of a frame with `storedLength` bytes of payload, padding included.
  static func frameSize(storedLength: Int) -> Int { byteCount + (storedLength + 7) & ~7 }

  /// Bytes of this frame in `data`.
  var frameSize: UInt64 { UInt64(FrameHeader.frameSize(storedLength: Int(storedLength))) }

  /// Reads the header at `bytes`, which lies at `offset` of the `data` of the cartridge with this key; nil when there is
  /// no valid header.
  init?(parsing bytes: UnsafeRawPointer, at offset: UInt64, key: UInt64) {
    guard bytes.integer(at: 0, UInt32.self) == FrameHeader.magic,
      bytes.integer(at: 48, UInt64.self) == tapir_xxh3_64(bytes, 48, key ^ offset),
      let kind = Kind(rawValue: bytes.integer(at: 4, UInt8.self))
    else { return nil }
    let flags = bytes.integer(at: 5, UInt8.self)
    self.kind = kind
    isCompressed = flags & FrameHeader.compressedFlag != 0
    epoch = bytes.integer(at: 8, UInt32.self)
    length = bytes.integer(at: 12, UInt32.self)
    storedLength = bytes.integer(at: 16, UInt32.self)
    filemarks = bytes.integer(at: 20, UInt32.self)
    number = bytes.integer(at: 24, UInt64.self)
    previousFilemark = bytes.integer(at: 32, UInt64.self)
    payloadChecksum = bytes.integer(at: 40, UInt64.self)
    // Each object before this one has a header at least: more than fit there would be a map without end.
    guard offset >= DataHeader.byteCount,
      number <= (offset - UInt64(DataHeader.byteCount)) / UInt64(FrameHeader.byteCount),
      UInt64(filemarks) <= number, previousFilemark < offset
    else { return nil }
    guard flags & ~FrameHeader.compressedFlag == 0, bytes.integer(at: 6, UInt16.self) == 0, epoch > 0 else {
      return nil
    }
    if kind == .block {
      guard (1...UInt32(FrameHeader.maximumLength)).contains(length),
        isCompressed ? storedLength < length && storedLength > 0 : storedLength == length
      else { return nil }
    } else {
      guard length == 0, storedLength == 0, flags == 0 else { return nil }
    }
  }

  /// Writes the header to `bytes`, which goes to `offset` of `data`.
  func serialize(to bytes: UnsafeMutableRawPointer, at offset: UInt64, key: UInt64) {
    bytes.store(FrameHeader.magic, at: 0)
    bytes.store(kind.rawValue, at: 4)
    bytes.store(isCompressed ? FrameHeader.compressedFlag : 0, at: 5)
    bytes.store(UInt16(0), at: 6)
    bytes.store(epoch, at: 8)
    bytes.store(length, at: 12)
    bytes.store(storedLength, at: 16)
    bytes.store(filemarks, at: 20)
    bytes.store(number, at: 24)
    bytes.store(previousFilemark, at: 32)
    bytes.store(payloadChecksum, at: 40)
    bytes.store(tapir_xxh3_64(bytes, 48, key ^ offset), at: 48)
  }
}

/// A place between two objects: how many objects and filemarks lie before it, and where in `data` it is.
struct Place: Equatable {
  /// Where frames begin: behind the header block.
  static let beginning = Place(number: 0, offset: UInt64(DataHeader.byteCount), filemarks: 0, previousFilemark: 0)

  var number: UInt64
  var offset: UInt64
  var filemarks: UInt64
  /// Offset of the last filemark before it, 0 for none.
  var previousFilemark: UInt64

  /// The place of the frame with this header.
  init(of header: FrameHeader, at offset: UInt64) {
    self.init(
      number: header.number, offset: offset, filemarks: UInt64(header.filemarks),
      previousFilemark: header.previousFilemark)
  }

  init(number: UInt64, offset: UInt64, filemarks: UInt64, previousFilemark: UInt64) {
    self.number = number
    self.offset = offset
    self.filemarks = filemarks
    self.previousFilemark = previousFilemark
  }

  /// Goes behind the frame that lies here.
  mutating func pass(_ kind: FrameHeader.Kind, frameSize: UInt64) {
    if kind == .filemark {
      previousFilemark = offset
      filemarks += 1
    }
    if kind != .sync { number += 1 }
    offset += frameSize
  }
}

extension UnsafeRawPointer {
  /// The little-endian integer at `offset`.
  func integer<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: Integer.Type) -> Integer {
    Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
  }
}

extension UnsafeMutableRawPointer {
  /// Stores an integer little-endian at `offset`.
  func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: Integer.self)
  }
}
