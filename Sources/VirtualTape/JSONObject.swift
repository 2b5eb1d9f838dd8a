import CJansson
import Glibc
import TapeIO

/// One JSON object of scalar values and lists of such objects, in jansson's memory.
final class JSONObject {
  private let object: UnsafeMutablePointer<json_t>
  /// The file that it is of, for messages.
  private let file: String

  /// An empty object.
  init(file: String = "cartridge.json") {
    self.file = file
    // json_object() fails only without memory, which traps anywhere else in Swift as well.
    object = json_object()!
  }

  /// Reads an object; duplicate keys and bytes behind it are refused.
  init(parsing bytes: [UInt8], file: String = "cartridge.json", device: String) throws(DriveError) {
    var error = json_error_t()
    let parsed = bytes.withUnsafeBytes { source in
      json_loadb(
        source.baseAddress?.assumingMemoryBound(to: CChar.self), source.count, Int(JSON_REJECT_DUPLICATES), &error)
    }
    guard let parsed, parsed.pointee.type == JSON_OBJECT else {
      if let parsed { json_decref(parsed) }
      let reason =
        parsed == nil ? "line \(error.line) of its \(file) is not JSON" : "its \(file) is no object"
      throw DriveError(.unusable(reason: reason, hint: nil), operation: "open", device: device)
    }
    object = parsed
    self.file = file
  }

  /// Shares an object that jansson counts the users of.
  private init(sharing object: UnsafeMutablePointer<json_t>, file: String) {
    self.object = json_incref(object)
    self.file = file
  }

  deinit { json_decref(object) }

  private func value(_ key: String, _ type: json_type) -> UnsafeMutablePointer<json_t>? {
    guard let value = json_object_get(object, key), value.pointee.type == type else { return nil }
    return value
  }

  /// The string at `key`; nil when there is none.
  func string(_ key: String) -> String? {
    value(key, JSON_STRING).flatMap { json_string_value($0) }.map { String(cString: $0) }
  }

  /// The integer at `key`; nil when there is none.
  func integer(_ key: String) -> Int? { value(key, JSON_INTEGER).map { Int(json_integer_value($0)) } }

  /// The boolean at `key`; nil when there is none.
  func boolean(_ key: String) -> Bool? {
    value(key, JSON_TRUE) != nil ? true : value(key, JSON_FALSE) != nil ? false : nil
  }

  /// Whether `key` is missing or null.
  func isNull(_ key: String) -> Bool { json_object_get(object, key) == nil || value(key, JSON_NULL) != nil }

  /// Sets a string, or null.
  func set(_ key: String, _ value: String?) {
    json_object_set_new(object, key, value.map { json_stringn($0, $0.utf8.count) } ?? json_null())
  }

  /// Sets an integer, or null.
  func set(_ key: String, _ value: UInt64?) {
    json_object_set_new(object, key, value.map { json_integer(json_int_t(clamping: $0)) } ?? json_null())
  }

  /// Sets a boolean.
  func set(_ key: String, _ value: Bool) { json_object_set_new(object, key, value ? json_true() : json_false()) }

  /// The objects of the list at `key`; nil when there is none, or something else is in it.
  func objects(_ key: String) -> [JSONObject]? {
    guard let list = value(key, JSON_ARRAY) else { return nil }
    var objects: [JSONObject] = []
    for index in 0..<json_array_size(list) {
      guard let item = json_array_get(list, index), item.pointee.type == JSON_OBJECT else { return nil }
      objects.append(JSONObject(sharing: item, file: file))
    }
    return objects
  }

  /// Sets a list of objects.
  func set(_ key: String, _ value: [JSONObject]) {
    let list = json_array()
    for item in value { json_array_append(list, item.object) }
    json_object_set_new(object, key, list)
  }

  /// The object as text, a line for each key.
  func serialize(device: String) throws(DriveError) -> [UInt8] {
    // JSON_INDENT(2) is a macro that Swift cannot see: its value is the number itself.
    guard let text = json_dumps(object, 2 | Int(JSON_PRESERVE_ORDER)) else {
      throw DriveError(
        .unusable(reason: "a value of its \(file) is not UTF-8", hint: nil), operation: "describe",
        device: device)
    }
    defer { free(text) }
    return Array(String(cString: text).utf8) + [UInt8(ascii: "\n")]
  }
}
