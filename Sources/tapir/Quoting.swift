import HostFiles

/// Names as a person reads them, in GNU tar's default quoting style, *escape*.
enum Quoting {
  /// Backslash, control characters and what the locale cannot print as C escapes.
  static func escaped(_ name: [UInt8]) -> [UInt8] { NameQuoting().quoted(name) }
}
