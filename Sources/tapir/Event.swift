import ArchiveFormat
import ArchiveOperations
import CJansson
import Glibc

/// One line of `--json`: what happened and its fields, in the order in which they were set. The one place where values
/// become JSON; which kinds and fields there are is documented in docs/json.md and checked by docs/tapir.schema.json.
final class Event {
  /// What happened.
  enum Kind: String, CaseIterable {
    case start, member, label, change, difference, committed, volume, warning, error, summary
    case batch, session, version, copy, verify, check, rebuild, repack, plan
    case restorePlan = "restore_plan"
    case library, element, cartridge
    case drive, health, map, setting
  }

  private let object: UnsafeMutablePointer<json_t>?

  init(_ kind: Kind) {
    object = json_object()
    set("event", kind.rawValue)
  }

  /// A value that is itself an object.
  init() { object = json_object() }

  deinit { json_decref(object) }

  private func set(_ key: StaticString, _ value: UnsafeMutablePointer<json_t>?) {
    // A key in the program's text is UTF-8 and ends in a NUL.
    key.withUTF8Buffer { name in
      name.withMemoryRebound(to: CChar.self) { name in
        // Fails without memory alone.
        guard let name = name.baseAddress else { return }
        json_object_set_new_nocheck(object, name, value)
      }
    }
  }

  func set(_ key: StaticString, _ value: String) {
    var value = value
    let text = value.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { json_stringn_nocheck($0.baseAddress ?? Self.empty, $0.count) }
    }
    set(key, text)
  }

  /// Nil leaves the field out, as everywhere here.
  func set(_ key: StaticString, _ value: String?) { if let value { set(key, value) } }

  func set(_ key: StaticString, _ value: Int64) { set(key, json_integer(json_int_t(value))) }
  func set(_ key: StaticString, _ value: Int64?) { if let value { set(key, value) } }
  func set(_ key: StaticString, _ value: some BinaryInteger) { set(key, Int64(clamping: value)) }
  func set(_ key: StaticString, _ value: (some BinaryInteger)?) { if let value { set(key, Int64(clamping: value)) } }

  /// A number with a fraction, rounded to thousandths; what is none becomes null.
  func set(_ key: StaticString, _ value: Double) {
    set(key, value.isFinite ? json_real((value * 1000).rounded() / 1000) : json_null())
  }

  func set(_ key: StaticString, _ value: Bool) { set(key, value ? json_true() : json_false()) }

  /// A time, as `2026-11-21T13:45:07.000000000Z`.
  func set(_ key: StaticString, _ value: Timestamp) { set(key, value.utcText) }
  func set(_ key: StaticString, _ value: Timestamp?) { if let value { set(key, value) } }

  /// Sets null.
  func setNull(_ key: StaticString) { set(key, json_null()) }

  func set(_ key: StaticString, _ value: Event) { set(key, json_incref(value.object)) }

  func set(_ key: StaticString, _ values: [Event]) {
    let list = json_array()
    for value in values { json_array_append(list, value.object) }
    set(key, list)
  }

  func set(_ key: StaticString, _ values: [String]) {
    let list = json_array()
    for value in values { json_array_append_new(list, json_string(value)) }
    set(key, list)
  }

  /// Bytes that are mostly text: a name, an owner. Where they are not UTF-8, `key` has U+FFFD for what is not, and `exact`
  /// all of them in base64.
  func set(_ key: StaticString, _ value: [UInt8], exact: StaticString) {
    let text = value.withUnsafeBytes { bytes in
      json_stringn(bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.empty, bytes.count)
    }
    if let text { return set(key, text) }
    set(key, String(decoding: value, as: UTF8.self))
    set(exact, Self.base64(value))
  }

  /// A path under the name that all events have for it.
  func set(path: [UInt8]) { set("path", path, exact: "path_b64") }

  private nonisolated(unsafe) static let empty: UnsafePointer<CChar> = {
    let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    bytes.pointee = 0
    return UnsafePointer(bytes)
  }()

  /// RFC 4648, with padding.
  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var group = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
      var four: [UInt8] = [0, 0, 0, 0]
      for place in (0..<4).reversed() {
        four[place] = place <= part.count ? digits[group & 63] : UInt8(ascii: "=")
        group >>= 6
      }
      text += four
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the line.
  func append(to output: inout [UInt8]) {
    // Macros that Swift cannot see: JSON_REAL_PRECISION(15).
    let flags = Int(JSON_COMPACT) | Int(JSON_PRESERVE_ORDER) | 15 << 11
    var room = 512
    while true {
      var used = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        used = buffer.withMemoryRebound(to: CChar.self) { json_dumpb(object, $0.baseAddress, $0.count, flags) }
        count = min(used, room)
      }
      if used <= room {
        output += bytes
        output.append(UInt8(ascii: "\n"))
        return
      }
      room = used
    }
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with nanoseconds; years beyond 9999 have more digits, those before 0 a minus.
  var utcText: String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 48) { buffer in
      var place = buffer.count
      func put(_ value: Int64, _ width: Int) {
        var (left, rest) = (width, value)
        while left > 0 || rest > 0 {
          place -= 1
          buffer[place] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
          rest /= 10
          left -= 1
        }
      }
      func put(_ mark: Unicode.Scalar) {
        place -= 1
        buffer[place] = UInt8(ascii: mark)
      }
      let date = civilDate
      let second = (seconds % 86_400 + 86_400) % 86_400
      put("Z")
      put(Int64(nanoseconds), 9)
      put(".")
      put(second % 60, 2)
      put(":")
      put(second / 60 % 60, 2)
      put(":")
      put(second / 3600, 2)
      put("T")
      put(date.day, 2)
      put("-")
      put(date.month, 2)
      put("-")
      put(abs(date.year), 4)
      if date.year < 0 { put("-") }
      return String(decoding: buffer[place...], as: UTF8.self)
    }
  }
}
