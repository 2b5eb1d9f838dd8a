/// Random numbers that a seed repeats (SplitMix64); the seed is printed with the name of what uses it.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Starts from `seed` and says so.
  public init(_ user: String, seed: UInt64 = 0x7461_7069_7220_2631) {
    print("seed of \(user): \(seed)")
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  /// `count` bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
