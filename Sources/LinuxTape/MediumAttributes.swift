/// What the chip in the cartridge says, which the drive has read when it was loaded: READ ATTRIBUTE (SPC-4 6.17, 7.4).
public struct MediumAttributes: Equatable, Sendable {
  /// The values by their numbers.
  public let values: [UInt16: [UInt8]]

  /// Understands the answer to READ ATTRIBUTE with service action 0: four bytes that say how many follow, then for each
  /// attribute its number (2 bytes), format (1), length (2) and value. What is cut off is left out.
  public init(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    var found: [UInt16: [UInt8]] = [:]
    var place = 4
    let announced = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    let end = min(bytes.count, 4 + announced)
    while place + 5 <= end {
      let next = place + 5 + (Int(bytes[place + 3]) << 8 | Int(bytes[place + 4]))
      guard next <= end else { break }
      found[UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])] = Array(bytes[place + 5..<next])
      place = next
    }
    values = found
  }

  /// Its barcode, if whoever wrote it there knew it (0806h).
  public var barcode: String? { LogPage.text(values[0x0806] ?? []) }
  /// The cartridge's own serial number (0401h).
  public var serial: String? { LogPage.text(values[0x0401] ?? []) }
  /// Who made the cartridge (0400h).
  public var maker: String? { LogPage.text(values[0x0400] ?? []) }
  /// How often it was loaded (0003h).
  public var loads: UInt64? { number(0x0003) }
  /// Whether it is WORM, by its medium type (0408h); nil when it does not say.
  public var isWORM: Bool? { number(0x0408).map { $0 == 0x80 } }

  private func number(_ attribute: UInt16) -> UInt64? {
    guard let bytes = values[attribute], (1...8).contains(bytes.count) else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
