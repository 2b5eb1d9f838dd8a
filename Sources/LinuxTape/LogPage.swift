/// A log page of a drive: numbered values (SPC-4 7.3.2). What comes from the drive is foreign input: no length in it is
/// believed.
public struct LogPage: Equatable, Sendable {
  /// Which page.
  public let code: UInt8
  /// The values by their numbers, as bytes.
  public let parameters: [UInt16: [UInt8]]

  /// Understands a page as LOG SENSE returns it; nil when it is no page. What is cut off at its end is left out.
  ///
  /// | bytes | meaning |
  /// |---|---|
  /// | 0 | bits 5-0: page |
  /// | 1 | subpage; 0 here |
  /// | 2-3 | bytes that follow |
  /// | then, for each parameter: 0-1 | its number |
  /// | 2 | how it is kept; not used |
  /// | 3 | bytes of value that follow |
  public init?(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count >= 4, bytes[1] == 0 else { return nil }
    code = bytes[0] & 0x3F
    let end = min(bytes.count, 4 + (Int(bytes[2]) << 8 | Int(bytes[3])))
    var found: [UInt16: [UInt8]] = [:]
    var place = 4
    while place + 4 <= end {
      let next = place + 4 + Int(bytes[place + 3])
      guard next <= end else { break }
      found[UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])] = Array(bytes[place + 4..<next])
      place = next
    }
    parameters = found
  }

  /// A value as an unsigned number, most significant byte first; nil when it is not there, or is larger than 64 bits.
  /// All bits set mean that the drive does not know.
  public func number(_ parameter: UInt16) -> UInt64? {
    guard let bytes = parameters[parameter], !bytes.isEmpty else { return nil }
    let significant = bytes.drop { $0 == 0 }
    guard significant.count <= 8, bytes.count < 4 || bytes.contains(where: { $0 != 0xFF }) else { return nil }
    return significant.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A value as text, without blanks at its ends and anything but printable ASCII; nil when nothing is left.
  public func text(_ parameter: UInt16) -> String? { Self.text(parameters[parameter] ?? []) }

  static func text(_ bytes: some Collection<UInt8>) -> String? {
    let printable = bytes.filter { $0 >= 32 && $0 < 127 }
    let text = printable.drop { $0 == 32 }.reversed().drop { $0 == 32 }.reversed()
    return text.isEmpty ? nil : String(decoding: Array(text), as: UTF8.self)
  }
}
