/// Offsets and lengths of the ustar header (POSIX.1-2017 pax, *ustar Interchange Format*).
enum TarField {
  static let name = 0..<100
  static let mode = 100..<108
  static let uid = 108..<116
  static let gid = 116..<124
  static let size = 124..<136
  static let mtime = 136..<148
  static let checksum = 148..<156
  static let typeflag = 156
  static let linkName = 157..<257
  static let magic = 257..<265
  static let userName = 265..<297
  static let groupName = 297..<329
  static let deviceMajor = 329..<337
  static let deviceMinor = 337..<345
  static let prefix = 345..<500

  // GNU's headers (GNU tar manual, *Basic Tar Format*) have instead of the prefix:
  static let gnuAccessTime = 345..<357
  static let gnuChangeTime = 357..<369
  static let gnuOffset = 369..<381
  static let gnuSparseList = 386..<482
  static let gnuIsExtended = 482..<483
  static let gnuRealSize = 483..<495
  /// Of offset and length, 12 bytes each.
  static let gnuSparseEntrySize = 24
  static let gnuSparseEntries = 4
  /// In each record of a sparse file's list that follows.
  static let gnuExtensionEntries = 21
  static let gnuExtensionIsExtended = 504..<505

  // The headers of star: a shorter prefix, times, and a magic at the end.
  static let starPrefix = 345..<476
  static let starAccessTime = 476..<488
  static let starChangeTime = 488..<500
}

/// Bytes in a tar record: headers and the content of members begin at multiples of it.
public let tarRecordSize = 512

/// `count` rounded up to whole tar records.
public func paddedToTarRecord(_ count: Int64) -> Int64 { (count + 511) / 512 * 512 }

extension Member.Kind {
  var typeflag: UInt8 {
    switch self {
    case .regular: UInt8(ascii: "0")
    case .hardLink: UInt8(ascii: "1")
    case .symbolicLink: UInt8(ascii: "2")
    case .characterDevice: UInt8(ascii: "3")
    case .blockDevice: UInt8(ascii: "4")
    case .directory: UInt8(ascii: "5")
    case .fifo: UInt8(ascii: "6")
    }
  }

  init?(typeflag: UInt8) {
    switch typeflag {
    case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): self = .regular
    case UInt8(ascii: "1"): self = .hardLink
    case UInt8(ascii: "2"): self = .symbolicLink
    case UInt8(ascii: "3"): self = .characterDevice
    case UInt8(ascii: "4"): self = .blockDevice
    case UInt8(ascii: "5"): self = .directory
    case UInt8(ascii: "6"): self = .fifo
    default: return nil
    }
  }
}
