/// What a density code says of a cartridge. Codes are those that the drives' makers have; `mt densities` has the same.
public struct TapeDensity: Equatable, Sendable {
  /// The code in the drive's mode parameters.
  public let code: UInt8

  /// Wraps a code.
  public init(code: UInt8) { self.code = code }

  /// Its name; nil when it is not known.
  public var name: String? { Self.known[code]?.name }

  /// Megabytes (10^6 bytes) that a new cartridge holds without compression, as published; nil when not known.
  public var nominalMegabytes: UInt64? { Self.known[code]?.megabytes }

  private static let known: [UInt8: (name: String, megabytes: UInt64?)] = [
    0x13: ("DDS", nil), 0x24: ("DDS-2", nil), 0x25: ("DDS-3", nil), 0x26: ("DDS-4", nil), 0x47: ("DAT 72", nil),
    0x40: ("LTO-1", 100_000), 0x42: ("LTO-2", 200_000), 0x44: ("LTO-3", 400_000), 0x46: ("LTO-4", 800_000),
    0x58: ("LTO-5", 1_500_000), 0x5A: ("LTO-6", 2_500_000), 0x5C: ("LTO-7", 6_000_000), 0x5D: ("LTO-7 M8", 9_000_000),
    0x5E: ("LTO-8", 12_000_000), 0x60: ("LTO-9", 18_000_000),
    0x48: ("SDLT 220", nil), 0x49: ("SDLT 320", nil), 0x4A: ("T10000A", nil), 0x4B: ("T10000B", nil),
    0x4C: ("T10000C", nil), 0x4D: ("T10000D", nil), 0x51: ("3592 J1A", nil), 0x52: ("3592 E05", nil),
    0x53: ("3592 E06", nil), 0x54: ("3592 E07", nil), 0x55: ("3592 E08", nil), 0x71: ("3592 J1A, encrypted", nil),
    0x72: ("3592 E05, encrypted", nil), 0x73: ("3592 E06, encrypted", nil), 0x74: ("3592 E07, encrypted", nil),
    0x75: ("3592 E08, encrypted", nil),
  ]

  /// The code as the tables write it: `58h`.
  public var hexadecimal: String {
    let text = String(code, radix: 16, uppercase: true)
    return (text.utf8.count < 2 ? "0" : "") + text + "h"
  }
}
