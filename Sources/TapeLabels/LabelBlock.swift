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
    for offset in 0..<Self.byteCount {
      storage[offset] = unsafe block.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
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
    for offset in 0..<byteCount where left.storage[offset] != right.storage[offset] { return false }
    return true
  }
}

extension LabelBlock: CustomStringConvertible {
  /// The label as text; what is not printable ASCII shows as `?`.
  public var description: String {
    String(bytes.map { (0x20...0x7e).contains($0) ? Character(UnicodeScalar($0)) : "?" })
  }
}
