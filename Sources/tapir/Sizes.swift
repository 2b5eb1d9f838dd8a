/// Numbers on the command line.
enum Sizes {
  /// Bytes: digits and an optional suffix as GNU tar has them (c, w, b, k K, M, G, T, P, E: powers of 1024), or of 1000
  /// with B behind it (kB, MB, GB, TB).
  static func bytes(_ text: [UInt8]) -> Int64? {
    let digits = text.prefix { (0x30...0x39).contains($0) }
    guard let number = number(Array(digits)) else { return nil }
    let scale: Int64
    switch String(decoding: text.dropFirst(digits.count), as: UTF8.self) {
    case "", "c": scale = 1
    case "w": scale = 2
    case "b": scale = 512
    case "k", "K", "KiB": scale = 1 << 10
    case "M", "MiB": scale = 1 << 20
    case "G", "GiB": scale = 1 << 30
    case "T", "TiB": scale = 1 << 40
    case "P", "PiB": scale = 1 << 50
    case "E", "EiB": scale = 1 << 60
    case "kB", "KB": scale = 1_000
    case "MB": scale = 1_000_000
    case "GB": scale = 1_000_000_000
    case "TB": scale = 1_000_000_000_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: scale)
    return overflow ? nil : product
  }

  /// A decimal number without sign.
  static func number(_ text: [UInt8]) -> Int64? {
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(String(decoding: text, as: UTF8.self))
  }
}
