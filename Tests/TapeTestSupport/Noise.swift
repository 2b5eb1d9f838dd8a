/// Bytes for tests, the same for the same seed.
public enum Noise {
  /// `size` bytes that do not compress.
  public static func incompressible(_ seed: Int, _ size: Int) -> [UInt8] { words(seed, size) { _ in true } }

  /// `size` bytes of which about half are zeros, in runs of 64.
  public static func compressible(_ seed: Int, _ size: Int) -> [UInt8] { words(seed, size) { $0 & 64 == 0 } }

  /// Makes eight bytes at a time: debug builds are slow, and blocks of 8 MiB many.
  private static func words(_ seed: Int, _ size: Int, _ isNoise: (Int) -> Bool) -> [UInt8] {
    var state = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(size)
    if state == 0 { state = 1 }
    return [UInt8](unsafeUninitializedCapacity: size + 8) { bytes, count in
      count = size
      guard let base = UnsafeMutableRawPointer(bytes.baseAddress) else { return }
      var offset = 0
      while offset < size {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        base.storeBytes(of: isNoise(offset) ? state &* 0x2545_F491_4F6C_DD1D : 0, toByteOffset: offset, as: UInt64.self)
        offset += 8
      }
    }
  }
}
