/// Which of the three groups a file label belongs to.
public enum LabelGroup: String, Sendable, CaseIterable {
  /// Before the user file: HDR1, HDR2, UHL1.
  case header = "HDR"
  /// Behind it: EOF1, EOF2, UTL1.
  case endOfFile = "EOF"
  /// Behind the part of it that fitted this volume: EOV1, EOV2, UTL1.
  case endOfVolume = "EOV"

  /// What first and second labels begin with.
  fileprivate static let firsts = allCases.map { $0.rawValue + "1" }
  fileprivate static let seconds = allCases.map { $0.rawValue + "2" }
}

/// HDR1, EOF1 and EOV1 (ECMA-13 §8.3, §8.5, §8.7).
///
/// | offset | length | field | value |
/// |-:|-:|---|---|
/// | 0 | 4 | label identifier | `HDR1`, `EOF1`, `EOV1` |
/// | 4 | 17 | file identifier | see docs/tape-format.md |
/// | 21 | 6 | file-set identifier | the VSN |
/// | 27 | 4 | section | `0001`, on the next volume `0002` |
/// | 31 | 4 | file sequence number | fseq modulo 10,000 |
/// | 35 | 4 | generation | `0001` |
/// | 39 | 2 | version | `00` |
/// | 41 | 6 | created | `cYYDDD` |
/// | 47 | 6 | expires | `cYYDDD` |
/// | 53 | 1 | accessibility | blank |
/// | 54 | 6 | block count | `000000` in HDR1; modulo 1,000,000 behind the file |
/// | 60 | 13 | system code | `TAPIR ` and version |
/// | 73 | 7 | reserved | blank |
public struct FileLabel1: Equatable, Sendable {
  /// HDR1, EOF1 or EOV1.
  public var group: LabelGroup
  /// At most 17 characters.
  public var fileIdentifier: String
  /// The VSN, or what another program put there.
  public var fileSet: String
  /// Which part of a file that spans volumes, from 1.
  public var section: Int
  /// As given when writing; only the last four digits when read.
  public var fileSequence: UInt64
  /// 1 in ours.
  public var generation: Int
  /// 0 in ours.
  public var version: Int
  /// Nil when the label has none (day 0), as other programs' may.
  public var created: LabelDate?
  /// The first day on which the volume may be overwritten; nil when the label has none.
  public var expires: LabelDate?
  /// Blocks of the user file on this volume; only the last six digits when read.
  public var blockCount: UInt64
  /// Which program wrote it, at most 13 characters.
  public var systemCode: String
  /// Whether the fields that carry nothing are blank.
  public private(set) var reservedIsBlank = true

  /// A label.
  public init(
    _ group: LabelGroup, fileIdentifier: String, fileSet: VSN, section: Int = 1, fileSequence: UInt64,
    created: LabelDate, expires: LabelDate, blockCount: UInt64 = 0, systemCode: String
  ) {
    self.group = group
    self.fileIdentifier = fileIdentifier
    self.fileSet = fileSet.text
    self.section = section
    self.fileSequence = fileSequence
    generation = 1
    version = 0
    self.created = created
    self.expires = expires
    self.blockCount = blockCount
    self.systemCode = systemCode
  }

  /// The HDR1 that CTA puts on a cartridge it has labelled but not yet written: file identifier `PRELABEL`.
  public static func prelabel(_ vsn: VSN, created: LabelDate, systemCode: String) -> FileLabel1 {
    FileLabel1(
      .header, fileIdentifier: "PRELABEL", fileSet: vsn, fileSequence: 1, created: created, expires: created,
      systemCode: systemCode)
  }

  /// Reads HDR1, EOF1 or EOV1.
  /// - Throws: ``LabelError`` when it is another label or a field is malformed.
  public init(parsing block: LabelBlock) throws(LabelError) {
    var fields = try LabelReader(block, oneOf: LabelGroup.firsts)
    group = LabelGroup.allCases.first { fields.label.hasPrefix($0.rawValue) } ?? .header
    fileIdentifier = try fields.text(17, "file identifier")
    fileSet = try fields.text(6, "file-set identifier")
    section = try fields.digits(4, "section")
    fileSequence = UInt64(try fields.digits(4, "file sequence number"))
    generation = try fields.digits(4, "generation")
    version = try fields.digits(2, "version")
    created = try LabelDate.parse(fields.text(6, "created"), label: fields.label, offset: 41)
    expires = try LabelDate.parse(fields.text(6, "expires"), label: fields.label, offset: 47)
    let accessibility = fields.reserved(1)
    blockCount = UInt64(try fields.digits(6, "block count"))
    systemCode = try fields.text(13, "system code")
    reservedIsBlank = accessibility && fields.reserved(7)
  }

  /// The same, sooner where all but file identifier and file sequence number is as in a label that was read before.
  public init(parsing block: LabelBlock, after known: (block: LabelBlock, label: FileLabel1)?) throws(LabelError) {
    guard let known, block.isLike(known.block, but: 4..<21, 31..<35), let identifier = block.text(4..<21),
      let sequence = block.digits(31..<35)
    else {
      try self.init(parsing: block)
      return
    }
    self = known.label
    fileIdentifier = identifier
    fileSequence = sequence
  }

  /// The label as it goes on tape.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public func serialized() throws(LabelError) -> LabelBlock {
    var fields = LabelWriter(group.rawValue + "1")
    try fields.text(fileIdentifier, 17, "file identifier")
    try fields.text(fileSet, 6, "file-set identifier")
    try fields.digits(section, 4, "section")
    try fields.wrappingDigits(fileSequence, 4, "file sequence number")
    try fields.digits(generation, 4, "generation")
    try fields.digits(version, 2, "version")
    fields.constant(created?.field ?? " 00000")
    fields.constant(expires?.field ?? " 00000")
    fields.blank(1)
    try fields.wrappingDigits(blockCount, 6, "block count")
    try fields.text(systemCode, 13, "system code")
    fields.blank(7)
    return fields.block
  }
}

/// HDR2, EOF2 and EOV2 (ECMA-13 §8.4, §8.6, §8.8).
///
/// | offset | length | field | value |
/// |-:|-:|---|---|
/// | 0 | 4 | label identifier | `HDR2`, `EOF2`, `EOV2` |
/// | 4 | 1 | record format | `F` |
/// | 5 | 5 | block length | `00000` when 100,000 or more |
/// | 10 | 5 | record length | the same |
/// | 15 | 1 | density | blank |
/// | 16 | 18 | reserved | blank |
/// | 34 | 2 | recording technique | `P ` if the drive compresses, else blank |
/// | 36 | 14 | reserved | blank |
/// | 50 | 2 | buffer offset | `00` |
/// | 52 | 28 | reserved | blank |
public struct FileLabel2: Equatable, Sendable {
  /// HDR2, EOF2 or EOV2.
  public var group: LabelGroup
  /// `F` in ours; `D`, `S`, `U`, `V` on other programs' tapes.
  public var recordFormat: String
  /// Bytes in a block; nil when it does not fit five digits (UHL1 says it).
  public var blockLength: Int?
  /// Bytes in a record; nil likewise.
  public var recordLength: Int?
  /// Whether the drive compresses.
  public var isCompressed: Bool

  /// A label.
  public init(_ group: LabelGroup, blockSize: Int, isCompressed: Bool) {
    self.group = group
    recordFormat = "F"
    blockLength = blockSize < 100_000 ? blockSize : nil
    recordLength = blockLength
    self.isCompressed = isCompressed
  }

  /// Reads HDR2, EOF2 or EOV2. What other programs put into reserved fields is passed over.
  /// - Throws: ``LabelError`` when it is another label or a field is malformed.
  public init(parsing block: LabelBlock) throws(LabelError) {
    var fields = try LabelReader(block, oneOf: LabelGroup.seconds)
    group = LabelGroup.allCases.first { fields.label.hasPrefix($0.rawValue) } ?? .header
    recordFormat = try fields.text(1, "record format")
    let block = try fields.digits(5, "block length")
    let record = try fields.digits(5, "record length")
    blockLength = block == 0 ? nil : block
    recordLength = record == 0 ? nil : record
    _ = fields.reserved(1 + 18)
    isCompressed = try fields.text(2, "recording technique").hasPrefix("P")
  }

  /// The label as it goes on tape.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public func serialized() throws(LabelError) -> LabelBlock {
    var fields = LabelWriter(group.rawValue + "2")
    try fields.text(recordFormat, 1, "record format")
    try fields.digits(blockLength ?? 0, 5, "block length")
    try fields.digits(recordLength ?? 0, 5, "record length")
    fields.blank(1 + 18)
    fields.constant(isCompressed ? "P " : "  ")
    fields.blank(14)
    fields.constant("00")
    fields.blank(28)
    return fields.block
  }
}
