/// Backslash escapes in names, as GNU tar reads them (gnulib's *unquote_string*).
public enum NameEscapes {
  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
    UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "?"): 127, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
  ]

  /// A name with its escapes replaced; what is no escape stays as it is.
  public static func unquoted(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(UInt8(ascii: "\\")) else { return name }
    var result: [UInt8] = []
    var rest = name[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      if let escaped = take(&rest) {
        result.append(escaped)
      } else {
        result.append(byte)
        if let next = rest.popFirst() { result.append(next) }
      }
    }
    return result
  }

  /// Takes what stands behind a backslash off the front of `rest`, if that is an escape.
  public static func take(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let first = rest.first else { return nil }
    if let byte = escapes[first] {
      rest = rest.dropFirst()
      return byte
    }
    let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) }
  }
}
