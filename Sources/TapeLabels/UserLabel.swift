/// UHL1 and UTL1, the user labels that put the U into AUL (the fields are CASTOR's).
///
/// | offset | length | field | value |
/// |-:|-:|---|---|
/// | 0 | 4 | label identifier | `UHL1`, `UTL1` |
/// | 4 | 10 | file sequence number | all ten digits of fseq |
/// | 14 | 10 | block size | bytes in a block of the user file |
/// | 24 | 10 | record length | the same |
/// | 34 | 8 | site | `LOCAL` |
/// | 42 | 10 | host | short name |
/// | 52 | 8 | drive vendor | |
/// | 60 | 8 | drive model | first eight characters |
/// | 68 | 12 | drive serial number | first twelve characters |
public struct UserLabel: Equatable, Sendable {
  /// Whether it is UTL1, behind the user file; else UHL1.
  public var isTrailer: Bool
  /// fseq, from 1.
  public var fileSequence: UInt64
  /// Bytes in a block.
  public var blockSize: Int
  /// Where it was written.
  public var origin: Origin

  /// The fields that name where a file was written. None may be blank: CTA refuses a label with a blank one.
  public struct Origin: Equatable, Sendable {
    /// Site, at most 8 characters.
    public var site: String
    /// Short host name, at most 10 characters.
    public var host: String
    /// Drive vendor, at most 8 characters.
    public var vendor: String
    /// Drive model, at most 8 characters.
    public var product: String
    /// Drive serial number, at most 12 characters.
    public var serial: String

    fileprivate init() {
      (site, host, vendor, product, serial) = ("", "", "", "", "")
    }

    /// Cuts each value to its field, converts it to the labels' characters, and puts a word in place of nothing.
    public init(site: String = "LOCAL", host: String, vendor: String, product: String, serial: String) {
      self.site = LabelText.fitted(site, 8, fallback: "LOCAL")
      self.host = LabelText.fitted(String(host.prefix { $0 != "." }), 10, fallback: "LOCALHOST")
      self.vendor = LabelText.fitted(vendor, 8, fallback: "UNKNOWN")
      self.product = LabelText.fitted(product, 8, fallback: "UNKNOWN")
      self.serial = LabelText.fitted(serial, 12, fallback: "UNKNOWN")
    }
  }

  /// A label.
  public init(isTrailer: Bool, fileSequence: UInt64, blockSize: Int, origin: Origin) {
    self.isTrailer = isTrailer
    self.fileSequence = fileSequence
    self.blockSize = blockSize
    self.origin = origin
  }

  /// Reads UHL1 or UTL1.
  /// - Throws: ``LabelError`` when it is another label, a field is malformed, or the block size is 0.
  public init(parsing block: LabelBlock) throws(LabelError) {
    var fields = try LabelReader(block, oneOf: ["UHL1", "UTL1"])
    isTrailer = fields.label == "UTL1"
    fileSequence = UInt64(try fields.digits(10, "file sequence number"))
    blockSize = try fields.digits(10, "block size")
    guard blockSize > 0 else { throw .badField(label: fields.label, field: "block size", offset: 14, found: "0") }
    _ = try fields.text(10, "record length")
    origin = Origin()
    origin.site = try fields.text(8, "site")
    origin.host = try fields.text(10, "host")
    origin.vendor = try fields.text(8, "drive vendor")
    origin.product = try fields.text(8, "drive model")
    origin.serial = try fields.text(12, "drive serial number")
  }

  /// The same, sooner where all but the file sequence number is as in a label that was read before.
  public init(parsing block: LabelBlock, after known: (block: LabelBlock, label: UserLabel)?) throws(LabelError) {
    guard let known, block.isLike(known.block, but: 4..<14), let sequence = block.digits(4..<14) else {
      try self.init(parsing: block)
      return
    }
    self = known.label
    fileSequence = sequence
  }

  /// The label as it goes on tape.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public func serialized() throws(LabelError) -> LabelBlock {
    var fields = LabelWriter(isTrailer ? "UTL1" : "UHL1")
    try fields.digits(Int(fileSequence), 10, "file sequence number")
    try fields.digits(blockSize, 10, "block size")
    try fields.digits(blockSize, 10, "record length")
    try fields.text(origin.site, 8, "site")
    try fields.text(origin.host, 10, "host")
    try fields.text(origin.vendor, 8, "drive vendor")
    try fields.text(origin.product, 8, "drive model")
    try fields.text(origin.serial, 12, "drive serial number")
    return fields.block
  }
}
