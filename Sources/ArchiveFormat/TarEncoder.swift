/// Makes the headers of members of ordinary archives, byte for byte as GNU tar 1.34 does.
///
/// One encoder serves all members of an archive, on one thread.
public struct TarEncoder {
  /// What GNU tar's options ask of an archive.
  public struct Options: Sendable {
    /// How sparse files stand in format pax (`--sparse-version`).
    public var sparseVersion = SparseVersion.v1_0
    /// Whether holes were sought in the content (`--hole-detection=raw`) and not asked of the file system: lists of
    /// extents then end with the data.
    public var hasRawHoles = false
    /// Whether headers of the GNU formats have the times of access and change (`--incremental`, `--listed-incremental`).
    public var isIncremental = false
    /// Whether members have no names of owners (`--numeric-owner`).
    public var isNumericOwner = false
    /// What `--pax-option` asks.
    public var pax = PaxOptions()
    /// When the run began, in seconds: the time of volume labels and global headers.
    public var startTime: Int64 = 0
    /// The process, which names of extended headers and sparse files have.
    public var process: Int32 = 0
    /// The directory of global headers' names: `$TMPDIR`.
    public var temporaryDirectory = Array("/tmp".utf8)
    /// Whether `$POSIXLY_CORRECT` is set: names of extended headers then have the process.
    public var isPOSIXLYCorrect = false

    /// Asks for nothing.
    public init() {}
  }

  /// The dialect.
  public let format: TarFormat
  let options: Options
  var records = PaxRecords()
  var globalHeaders = 0

  /// Creates an encoder.
  public init(format: TarFormat, options: Options = Options()) {
    self.format = format
    self.options = options
  }

  /// Two records of zeros: the end of every tar archive.
  public static let endOfArchiveSize = PaxEncoder.endOfArchiveSize

  /// The parts of a member's content that stand in the archive, one after another: those of a sparse file that hold data
  /// where the format has sparse files.
  public func storedExtents(of member: Member) -> [Extent] {
    guard member.kind == .regular else { return [] }
    if let extents = member.dataExtents, hasSparseFiles { return extents }
    return member.size > 0 ? [Extent(offset: 0, length: member.size)] : []
  }

  /// Bytes of content that stand in the archive.
  public func storedSize(of member: Member) -> Int64 { storedExtents(of: member).reduce(0) { $0 + $1.length } }

  /// Bytes of zeros that follow the content of `member` to the end of a record.
  public func paddingSize(of member: Member) -> Int {
    let size = storedSize(of: member)
    return Int(paddedToTarRecord(size) - size)
  }

  private var hasSparseFiles: Bool { format.isGNU || format == .pax }

  /// Appends everything that stands before the content of `member`; always whole tar records.
  ///
  /// The invariants of ``Member/dataExtents`` hold; attributes stand in the order in which they are given.
  /// - Parameter originalName: the name before `--transform`, without a trailing slash, which names of extended headers
  ///   and sparse files are made of; nil when it is the same.
  /// - Returns: something to say though the member is written: a link's name that was cut off, a directory's list that
  ///   the format cannot hold.
  /// - Throws: what GNU tar says when the format cannot hold the member; nothing was appended then.
  public mutating func append(
    _ member: Member, originalName: [UInt8]? = nil, to bytes: inout [UInt8]
  ) throws(MemberNotice) -> MemberNotice? {
    records.removeAll()
    var front: [UInt8] = []
    var header = TarBlock()
    var name = member.path
    if member.kind == .directory { name.append(UInt8(ascii: "/")) }
    let original = originalName.map { $0 + (member.kind == .directory ? [UInt8(ascii: "/")] : []) } ?? name
    let listed =
      hasSparseFiles && member.kind == .regular
      ? member.dataExtents.map { SparseMap.listed($0, size: member.size, always: !options.hasRawHoles) } : nil
    var size = storedSize(of: member)
    var map: [UInt8] = []
    var extensions: [UInt8] = []
    if let listed, format == .pax {
      recordSparse(listed, of: member, name)
      if options.sparseVersion == .v1_0 { map = SparseMap.text(listed) }
      if options.sparseVersion != .v0_0 { name = sparseName(of: original) }
    }
    size += Int64(map.count)
    let list = member.kind == .directory ? member.dumpDirectory : nil
    let storedList = format.isGNU ? list ?? [] : []
    size += Int64(storedList.count)
    var notice = putLinkName(member, &header, &front)
    try putName(name, &header, &front)
    try putNumbers(member, size: size, &header)
    try putDevice(member, &header)
    putTimes(member, &header)
    putTypeflag(member, &header)
    header.put(format.magic, TarField.magic)
    putOwners(member.ownership, &header)
    recordAttributes(member)
    if let list {
      switch format {
      case .gnu, .oldGNU: header.putTypeflag(UInt8(ascii: "D"))
      case .pax: record("GNU.dumpdir", list)
      case .v7, .ustar:
        notice = MemberNotice(member.path, "This format has no room for the list of its contents", .failure)
      }
    }
    if let listed, format.isGNU { extensions = putSparse(listed, size: member.size, &header) }
    header.seal()

    if format == .pax {
      for (keyword, value) in options.pax.overrides { records.append(keyword, value) }
      if !records.isEmpty { appendExtendedHeader(of: original, member, to: &bytes) }
    }
    bytes += front + header.bytes + extensions + map
    if !storedList.isEmpty { bytes += storedList + TarBlock.padding(storedList.count) }
    return notice
  }

  /// Adds a record to the member's extended header unless `--pax-option` has it otherwise.
  mutating func record(_ keyword: String, _ value: [UInt8]) {
    let keyword = Array(keyword.utf8)
    if options.pax.isWanted(keyword) { records.append(keyword, value) }
  }

  private func appendExtendedHeader(of name: [UInt8], _ member: Member, to bytes: inout [UInt8]) {
    let template =
      options.pax.headerName
      ?? Array((options.isPOSIXLYCorrect ? "%d/PaxHeaders.%p/%f" : "%d/PaxHeaders/%f").utf8)
    let (directory, base) = Self.split(name)
    appendRecords(
      records, "x",
      name: PaxOptions.name(template, directory: directory, base: base, process: options.process, number: 0),
      time: options.pax.headerTime ?? member.modified.seconds, to: &bytes)
  }

  /// Appends a header and the records that it announces.
  func appendRecords(
    _ records: PaxRecords, _ typeflag: Unicode.Scalar, name: [UInt8], time: Int64, to bytes: inout [UInt8]
  ) {
    var header = TarBlock()
    header.put(name, TarField.name)
    putPrivate(size: records.bytes.count, time: time, &header)
    header.putTypeflag(UInt8(ascii: typeflag))
    header.put("ustar\u{0}00", TarField.magic)
    header.seal()
    bytes += header.bytes + records.bytes + TarBlock.padding(records.bytes.count)
  }

  /// Fields of headers that no member has.
  func putPrivate(size: Int, time: Int64, _ header: inout TarBlock) {
    header.put("0000644", TarField.mode)
    header.put("0000000", TarField.uid)
    header.put("0000000", TarField.gid)
    header.put(TarBlock.octal(Int64(size), digits: 11), TarField.size)
    header.put(TarBlock.octal(max(0, min(time, TarBlock.largest(digits: 11))), digits: 11), TarField.mtime)
  }

  /// The directory, `.` where there is none, and the last component of a name with the slash that may be behind it.
  static func split(_ name: [UInt8]) -> (directory: [UInt8], base: [UInt8]) {
    let end = name.lastIndex { $0 != UInt8(ascii: "/") } ?? 0
    guard let slash = name[..<end].lastIndex(of: UInt8(ascii: "/")) else { return ([UInt8(ascii: ".")], name) }
    var directory = name[..<slash]
    while directory.last == UInt8(ascii: "/") { directory.removeLast() }
    return (directory.isEmpty ? [UInt8(ascii: "/")] : Array(directory), Array(name[(slash + 1)...]))
  }
}
