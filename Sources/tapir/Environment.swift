import Glibc

/// Variables of the environment, as bytes.
enum Environment {
  /// The value of a variable; nil when it is not set.
  static func value(_ name: String) -> [UInt8]? { getenv(name).map { OptionScanner.bytes($0) } }

  /// `$TAR_OPTIONS`: words as in a shell, before those of the command line.
  static func options() throws(UsageError) -> [[UInt8]] {
    guard let value = getenv("TAR_OPTIONS") else { return [] }
    guard let words = WordSplitter.words(OptionScanner.bytes(value)) else {
      throw .fatal("cannot split TAR_OPTIONS: missing closing quote")
    }
    return words
  }
}
