/// Makes what stands at the beginning of the second and later volumes of an archive, byte for byte as GNU tar 1.34 does
/// (GNU tar manual, *Archives Longer than One Tape or Disk*): the label, and which member goes on here.
public struct TarVolumeHeaders {
  private var encoder: TarEncoder
  private let label: [UInt8]?
  /// What parts are members of, for readers that know nothing of volumes (format pax).
  private let author: Member

  /// - Parameters:
  ///   - encoder: of the archive's format.
  ///   - label: the argument of `--label`; nil without.
  ///   - author: a member with the mode, owner and times that parts get.
  ///   - continues: whether the archive was there already: it has no global header of this run then.
  public init(_ encoder: TarEncoder, label: [UInt8]?, author: Member, continues: Bool) {
    self.encoder = encoder
    self.label = label
    self.author = author
    self.encoder.globalHeaders = !continues && encoder.format == .pax && encoder.hasGlobals(label: label) ? 1 : 0
  }

  /// The label of a volume.
  public static func label(_ text: [UInt8], volume number: Int) -> [UInt8] { text + Array(" Volume \(number)".utf8) }

  /// The beginning of volume `number`.
  /// - Parameter part: the member that goes on there; nil when none does.
  /// - Returns: the headers, and what is to be said of them: a name that was cut off.
  /// - Throws: what the format cannot hold.
  public mutating func make(
    number: Int, part: MemberPart?
  ) throws(MemberNotice) -> (bytes: [UInt8], notice: MemberNotice?) {
    var bytes: [UInt8] = []
    let label = label.map { Self.label($0, volume: number) }
    guard encoder.format == .pax else {
      try encoder.appendBeginning(label: label, to: &bytes)
      guard let part else { return (bytes, nil) }
      bytes += encoder.continuation(part)
      let isCut = part.name.count > TarField.name.count
      let words = "file name too long to be stored in a GNU multivolume header, truncated"
      return (bytes, isCut ? MemberNotice(part.name, words, .information) : nil)
    }
    encoder.appendGlobalHeader(label: label, part: part, to: &bytes)
    guard let part else { return (bytes, nil) }
    var member = author
    let (directory, base) = TarEncoder.split(part.name)
    member.path = directory + Array("/GNUFileParts/".utf8) + base + Array(".\(number)".utf8)
    member.size = part.left
    if let notice = try encoder.append(member, to: &bytes) { return (bytes, notice) }
    return (bytes, nil)
  }
}

extension TarEncoder {
  /// GNU's header of the rest of a member (type M).
  func continuation(_ part: MemberPart) -> [UInt8] {
    var header = TarBlock()
    header.put(part.name, TarField.name)
    header.put(Self.gnuNumber(part.left), TarField.size)
    header.put(Self.gnuNumber(part.total - part.left), TarField.gnuOffset)
    header.putTypeflag(UInt8(ascii: "M"))
    header.seal()
    return header.bytes
  }

  /// Whether the archive begins with a global header.
  func hasGlobals(label: [UInt8]?) -> Bool { label != nil || !options.pax.globals.isEmpty }

  /// Appends the global header of a volume that is not the first, where there is something to say in it.
  mutating func appendGlobalHeader(label: [UInt8]?, part: MemberPart?, to bytes: inout [UInt8]) {
    var records = PaxRecords()
    if let label { records.append("GNU.volume.label", label) }
    if let part {
      records.append("GNU.volume.filename", part.name)
      records.append("GNU.volume.size", Array(String(part.left).utf8))
      records.append("GNU.volume.offset", Array(String(part.total - part.left).utf8))
    }
    if !records.isEmpty { appendGlobals(records, to: &bytes) }
  }
}
