import Glibc

/// Variables of the environment, as bytes.
enum Environment {
  /// The value of a variable; nil when it is not set.
  static func value(_ name: String) -> [UInt8]? { getenv(name).map { OptionScanner.bytes($0) } }
}
