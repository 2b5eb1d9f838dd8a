import CJansson
import Glibc
import TapeIO

/// What `cartridge.json` says (docs/virtual-tape-format.md, section 2).
public struct CartridgeDescription: Equatable, Sendable {
  static let format = "tapir virtual cartridge"
  static let version = 1

  /// The cartridge's UUID.
  public let uuid: UUID
  /// Identity, limits and protection.
  public var options: CartridgeOptions
  /// When it was made: UTC, `YYYY-MM-DDThh:mm:ssZ`.
  public let created: String

  /// Reads the file's bytes; `device` is for messages.
  static func parse(_ bytes: [UInt8], device: String) throws(DriveError) -> CartridgeDescription {
    let json = try JSONObject(parsing: bytes, device: device)
    func unusable(_ reason: String, _ hint: String? = nil) -> DriveError {
      DriveError(.unusable(reason: reason, hint: hint), operation: "open", device: device)
    }
    guard json.string("format") == format, let version = json.integer("version") else {
      throw unusable("its cartridge.json is not that of a virtual cartridge")
    }
    guard version == CartridgeDescription.version else {
      throw unusable("it has format version \(version), made by a later version of this program", "use a newer tapir")
    }
    guard let uuid = json.string("uuid").flatMap({ UUID(parsing: $0) }), let vsn = json.string("vsn"),
      let compression = json.string("compression").flatMap({ CartridgeOptions.Compression(rawValue: $0) }),
      let isWriteProtected = json.boolean("writeProtected"), let isWORM = json.boolean("worm"),
      let created = json.string("created")
    else { throw unusable("its cartridge.json lacks a value or has a wrong one") }
    let limits = try ["capacity", "earlyWarningZone"].map { key throws(DriveError) -> UInt64? in
      if json.isNull(key) { return nil }
      guard let value = json.integer(key), value >= 0 else { throw unusable("its cartridge.json has no valid \(key)") }
      return UInt64(value)
    }
    return CartridgeDescription(
      uuid: uuid,
      options: CartridgeOptions(
        vsn: vsn, barcode: json.string("barcode"), capacity: limits[0], earlyWarningZone: limits[1],
        compression: compression, isWriteProtected: isWriteProtected, isWORM: isWORM),
      created: created)
  }

  /// The file's bytes; keys of `previous`, an older state of the file, that are not ours are kept.
  func serialize(keeping previous: [UInt8]?, device: String) throws(DriveError) -> [UInt8] {
    let json =
      try previous.map { old throws(DriveError) in try JSONObject(parsing: old, device: device) } ?? JSONObject()
    json.set("format", CartridgeDescription.format)
    json.set("version", UInt64(CartridgeDescription.version))
    json.set("uuid", uuid.description)
    json.set("vsn", options.vsn)
    json.set("barcode", options.barcode)
    json.set("capacity", options.capacity)
    json.set("earlyWarningZone", options.effectiveZone)
    json.set("compression", options.compression.rawValue)
    json.set("writeProtected", options.isWriteProtected)
    json.set("worm", options.isWORM)
    json.set("created", created)
    return try json.serialize(device: device)
  }

  /// Now, as `created` has it.
  static func timestamp() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func digits(_ value: Int32, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let date = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    return date + "T\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))Z"
  }
}
