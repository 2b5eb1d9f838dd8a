/// How sparse files are written.
extension TarEncoder {
  /// The records that say where a sparse file's data are (format pax).
  mutating func recordSparse(_ listed: [Extent], of member: Member, _ name: [UInt8]) {
    switch options.sparseVersion {
    case .v0_0, .v0_1:
      record("GNU.sparse.size", Array(String(member.size).utf8))
      record("GNU.sparse.numblocks", Array(String(listed.count).utf8))
      if options.sparseVersion == .v0_0 {
        for extent in listed {
          record("GNU.sparse.offset", Array(String(extent.offset).utf8))
          record("GNU.sparse.numbytes", Array(String(extent.length).utf8))
        }
      } else {
        record("GNU.sparse.name", name)
        record("GNU.sparse.map", Array(listed.map { "\($0.offset),\($0.length)" }.joined(separator: ",").utf8))
      }
    case .v1_0:
      record("GNU.sparse.major", [UInt8(ascii: "1")])
      record("GNU.sparse.minor", [UInt8(ascii: "0")])
      record("GNU.sparse.name", name)
      record("GNU.sparse.realsize", Array(String(member.size).utf8))
    }
  }

  /// The name that other programs see of a file that they cannot read right.
  func sparseName(of name: [UInt8]) -> [UInt8] {
    let (directory, base) = Self.split(name)
    let whole = directory + Array("/GNUSparseFile.\(options.process)/".utf8) + base
    // GNU tar cuts it in format 1.0 off where the field ends, also in a record.
    return options.sparseVersion == .v1_0 ? Array(whole.prefix(TarField.name.count)) : whole
  }

  /// Puts type, list and size of a sparse file in a GNU header; returns the records of its list that follow.
  func putSparse(_ listed: [Extent], size: Int64, _ header: inout TarBlock) -> [UInt8] {
    header.putTypeflag(UInt8(ascii: "S"))
    header.put(Self.gnuNumber(size), TarField.gnuRealSize)
    header.put(Self.entries(listed.prefix(TarField.gnuSparseEntries)), TarField.gnuSparseList)
    var rest = listed.dropFirst(TarField.gnuSparseEntries)
    if !rest.isEmpty { header.put([1], TarField.gnuIsExtended) }
    var extensions: [UInt8] = []
    while !rest.isEmpty {
      let entries = rest.prefix(TarField.gnuExtensionEntries)
      rest = rest.dropFirst(entries.count)
      var record = TarBlock()
      record.put(Self.entries(entries), 0..<TarField.gnuExtensionEntries * TarField.gnuSparseEntrySize)
      if !rest.isEmpty { record.put([1], TarField.gnuExtensionIsExtended) }
      extensions += record.bytes
    }
    return extensions
  }

  private static func entries(_ extents: ArraySlice<Extent>) -> [UInt8] {
    extents.flatMap { gnuNumber($0.offset) + gnuNumber($0.length) }
  }
}
