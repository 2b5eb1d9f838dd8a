/// VOL1, the first block of a volume (ECMA-13 §8.2).
///
/// | offset | length | field | value |
/// |-:|-:|---|---|
/// | 0 | 4 | label identifier | `VOL1` |
/// | 4 | 6 | VSN | six characters |
/// | 10 | 1 | accessibility | blank |
/// | 11 | 13 | reserved | blank |
/// | 24 | 13 | implementation | blank |
/// | 37 | 14 | owner | `TAPIR`, or what the user gave |
/// | 51 | 26 | reserved | blank |
/// | 77 | 2 | logical block protection | `00` none, `02` CRC-32C (CTA; blank in the standard) |
/// | 79 | 1 | label standard | `3` |
public struct VolumeLabel: Equatable, Sendable {
  /// Volume serial number as it stands there: other programs' may be shorter than six characters.
  public var serial: String
  /// Owner, at most 14 characters.
  public var owner: String
  /// Logical block protection: 0 none, 2 CRC-32C.
  public var blockProtection: Int
  /// Version of the label standard, 3 in ours.
  public var standard: Int
  /// Whether the fields that carry nothing are blank, as in ours and CTA's.
  public private(set) var reservedIsBlank = true

  /// The label of a volume.
  public init(serial: VSN, owner: String = "TAPIR") {
    self.serial = serial.text
    self.owner = owner
    blockProtection = 0
    standard = 3
  }

  /// Reads VOL1.
  /// - Throws: ``LabelError`` when it is another label or a field is malformed.
  public init(parsing block: LabelBlock) throws(LabelError) {
    var fields = try LabelReader(block, oneOf: ["VOL1"])
    serial = try fields.text(6, "VSN")
    let accessibility = fields.reserved(1)
    let first = fields.reserved(13)
    let implementation = fields.reserved(13)
    owner = try fields.text(14, "owner")
    let second = fields.reserved(26)
    let protection = try fields.text(2, "logical block protection")
    guard let method = ["": 0, "00": 0, "01": 1, "02": 2][protection] else {
      throw .badField(label: "VOL1", field: "logical block protection", offset: 77, found: protection)
    }
    blockProtection = method
    standard = try fields.digits(1, "label standard")
    reservedIsBlank = accessibility && first && implementation && second
  }

  /// The label as it goes on tape.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public func serialized() throws(LabelError) -> LabelBlock {
    var fields = LabelWriter("VOL1")
    try fields.text(serial, 6, "VSN")
    fields.blank(1 + 13 + 13)
    try fields.text(owner, 14, "owner")
    fields.blank(26)
    try fields.digits(blockProtection, 2, "logical block protection")
    try fields.digits(standard, 1, "label standard")
    return fields.block
  }
}
