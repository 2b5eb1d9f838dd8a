/// A few bytes, which lie in the value itself up to a length: several threads that hand on the same owner's name would
/// count it to and fro.
struct ShortText: Hashable, Sendable {
  /// The first bytes, the first of them lowest.
  private var low: UInt64 = 0
  private var high: UInt64 = 0
  private var count: UInt8 = 0
  /// All of them, where they are more than fit.
  private var long: [UInt8]?

  private static let capacity = 16

  init(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count <= Self.capacity else {
      long = Array(bytes)
      return
    }
    count = UInt8(bytes.count)
    for byte in bytes.reversed() {
      high = high << 8 | low >> 56
      low = low << 8 | UInt64(byte)
    }
  }

  var bytes: [UInt8] {
    if let long { return long }
    if count == 0 { return [] }
    return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, used in
      for index in 0..<Int(count) {
        buffer[index] = UInt8(truncatingIfNeeded: index < 8 ? low >> UInt64(8 * index) : high >> UInt64(8 * index - 64))
      }
      used = Int(count)
    }
  }
}
