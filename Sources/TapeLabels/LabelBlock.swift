/// The 80 bytes of one label, as they stand in one tape block.
public struct LabelBlock: Sendable {
  /// Bytes in every label (ECMA-13 §7: a label is 80 characters).
  public static let byteCount = 80

  private(set) var storage: InlineArray<80, UInt8>

  /// A label of spaces.
  init() { storage = InlineArray(repeating: UInt8(ascii: " ")) }

  /// Takes the bytes of a tape block.
  /// - Throws: ``LabelError/wrongLength(_:)`` unless there are exactly 80.
  public init(_ block: RawSpan) throws(LabelError) {
    guard block.byteCount == Self.byteCount else { throw .wrongLength(block.byteCount) }
    storage = InlineArray(repeating: 0)
    var bytes = storage.mutableSpan
    unsafe block.withUnsafeBytes { block in
      unsafe bytes.withUnsafeMutableBytes { unsafe $0.copyMemory(from: block) }
    }
  }

  subscript(offset: Int) -> UInt8 {
    get { storage[offset] }
    set { storage[offset] = newValue }
  }

  /// Lends the 80 bytes.
  public func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(storage.span.bytes)
  }

  /// Printable ASCII without the spaces that fill it up; nil when there is anything else.
  func text(_ range: Range<Int>) -> String? {
    withBytes { bytes in
      unsafe bytes.withUnsafeBytes { bytes in
        var end = range.lowerBound
        for place in range {
          let byte = unsafe bytes[place]
          guard (0x20...0x7e).contains(byte) else { return nil }
          if byte != UInt8(ascii: " ") { end = place + 1 }
        }
        return unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<end]), as: UTF8.self)
      }
    }
  }

  /// These characters as a decimal number; nil when one of them is no digit.
  func digits(_ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for place in range {
      guard (0x30...0x39).contains(storage[place]) else { return nil }
      value = value * 10 + UInt64(storage[place] - 0x30)
    }
    return value
  }

  /// Whether it is the same as `other` everywhere but in these places.
  func isLike(_ other: LabelBlock, but first: Range<Int>, _ second: Range<Int> = 0..<0) -> Bool {
    var expected = other
    for place in first { expected.storage[place] = storage[place] }
    for place in second { expected.storage[place] = storage[place] }
    return self == expected
  }

  /// Whether it begins with these four characters: `VOL1`, `HDR1`.
  public func isLabel(_ identifier: String) -> Bool {
    var place = 0
    for byte in identifier.utf8 {
      guard storage[place] == byte else { return false }
      place += 1
    }
    return place == 4
  }

  /// The 80 bytes as an array.
  public var bytes: [UInt8] { (0..<Self.byteCount).map { storage[$0] } }
}

extension LabelBlock: Equatable {
  public static func == (left: LabelBlock, right: LabelBlock) -> Bool {
    left.withBytes { left in
      right.withBytes { right in
        var difference: UInt64 = 0
        for offset in stride(from: 0, to: byteCount, by: 8) {
          difference |=
            unsafe left.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            ^ right.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return difference == 0
      }
    }
  }
}

extension LabelBlock: CustomStringConvertible {
  /// The label as text; what is not printable ASCII shows as `?`.
  public var description: String {
    String(bytes.map { (0x20...0x7e).contains($0) ? Character(UnicodeScalar($0)) : "?" })
  }
}
