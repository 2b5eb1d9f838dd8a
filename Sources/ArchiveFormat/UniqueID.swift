/// A random UUID (RFC 9562 version 4): what identifies a volume, a batch, a session.
public struct UniqueID: Hashable, Sendable {
  /// The first eight bytes, big-endian.
  public let high: UInt64
  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// A fresh one.
  public static func random(using generator: inout some RandomNumberGenerator) -> UniqueID {
    UniqueID(
      high: UInt64.random(in: .min ... .max, using: &generator) & ~0xf000 | 0x4000,
      low: UInt64.random(in: .min ... .max, using: &generator) & ~(0xc0 << 56) | (0x80 << 56))
  }

  /// A fresh one from the system's generator.
  public static func random() -> UniqueID {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  /// One that is always the same for the same `name` (RFC 9562 version 8): of what has an identity that cannot be read
  /// any more.
  public static func derived(from name: [UInt8]) -> UniqueID {
    switch Digester.digest(of: name) {
    case .xxh128(let high, let low):
      UniqueID(high: high & ~0xf000 | 0x8000, low: low & ~(0xc0 << 56) | (0x80 << 56))
    }
  }

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Takes 16 bytes; nil for any other number of them.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The 16 bytes.
  public var bytes: [UInt8] { bigEndianBytes(high) + bigEndianBytes(low) }
}

extension UniqueID: CustomStringConvertible {
  /// 8-4-4-4-12 lower-case hexadecimal digits.
  public var description: String {
    let digits = Array(hexadecimal(bytes))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
  }
}

func bigEndianBytes(_ value: UInt64) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef")
  return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
