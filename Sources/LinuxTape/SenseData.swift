/// Why a SCSI command failed: sense key and additional sense code (SPC-4 4.5).
public struct SenseData: Equatable, Sendable {
  /// The kind of failure: 2 not ready, 3 medium error, 5 illegal request, 6 unit attention...
  public let key: UInt8
  /// Additional sense code and its qualifier.
  public let code, qualifier: UInt8

  /// Understands sense data in fixed (70h, 71h) or descriptor format (72h, 73h); nil for anything else, or too short.
  public init?(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    guard let first = bytes.first else { return nil }
    switch first & 0x7F {
    case 0x70, 0x71:
      guard bytes.count >= 14 else { return nil }
      (key, code, qualifier) = (bytes[2] & 0xF, bytes[12], bytes[13])
    case 0x72, 0x73:
      guard bytes.count >= 4 else { return nil }
      (key, code, qualifier) = (bytes[1] & 0xF, bytes[2], bytes[3])
    default: return nil
    }
  }

  /// Whether the drive tells of something that happened before, such as a reset, and did not do what it was asked.
  var isUnitAttention: Bool { key == 6 }

  /// In words, as far as they are known (SPC-4, table "ASC and ASCQ assignments").
  public var text: String {
    let words: [UInt16: String] = [
      0x0400: "not ready, and it does not say why", 0x0401: "it is becoming ready",
      0x0402: "the cartridge in it is not loaded: 'tapir drive load' loads it",
      0x0403: "it needs somebody to look at it", 0x0407: "it is busy with something else",
      0x0409: "it tests itself", 0x0412: "it is offline", 0x0413: "it calibrates the cartridge",
      0x2000: "it does not know the command", 0x2400: "it does not know that", 0x2500: "there is no such unit",
      0x2800: "another cartridge may have been loaded", 0x2900: "it was reset or switched on",
      0x3000: "the cartridge does not fit the drive", 0x3001: "the cartridge's format is not known to the drive",
      0x3003: "a cleaning cartridge is in it", 0x3007: "cleaning failed", 0x3A00: "there is no cartridge in it",
      0x3A04: "the cartridge in it is not loaded: 'tapir drive load' loads it",
      0x5300: "loading or ejecting failed", 0x5302: "the cartridge is held: its removal is prevented",
    ]
    if let text = words[UInt16(code) << 8 | UInt16(qualifier)] { return text }
    return "sense \(Self.hex(key))/\(Self.hex(code))/\(Self.hex(qualifier))"
  }

  private static func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16, uppercase: true)
    return (text.utf8.count < 2 ? "0" : "") + text + "h"
  }
}
