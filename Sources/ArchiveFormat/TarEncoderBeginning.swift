/// What stands before the first member.
extension TarEncoder {
  /// Appends the volume label and the global header, where there is something to say in them.
  /// - Parameter label: the argument of `--label`; nil without.
  /// - Throws: what GNU tar says when the format cannot hold it.
  public mutating func appendBeginning(label: [UInt8]?, to bytes: inout [UInt8]) throws(MemberNotice) {
    switch format {
    case .gnu, .oldGNU:
      guard let label else { return }
      guard label.count < TarField.name.count else {
        throw MemberNotice(label, "Volume label is too long (limit is 99 bytes)", .failure)
      }
      var header = TarBlock()
      header.put(label, TarField.name)
      header.put(Self.gnuNumber(options.startTime), TarField.mtime)
      header.putTypeflag(UInt8(ascii: "V"))
      header.seal()
      bytes += header.bytes
    case .pax: appendGlobalHeader(label: label, to: &bytes)
    case .v7, .ustar: if label != nil { throw Self.needsGNU }
    }
  }

  static let needsGNU = MemberNotice([], "GNU features wanted on incompatible archive format", .failure)

  private mutating func appendGlobalHeader(label: [UInt8]?, to bytes: inout [UInt8]) {
    guard hasGlobals(label: label) else { return }
    var records = PaxRecords()
    if let label { records.append("GNU.volume.label", label) }
    for (keyword, value) in options.pax.globals { records.append(keyword, value) }
    appendGlobals(records, to: &bytes)
  }

  /// Appends a global header.
  mutating func appendGlobals(_ globals: PaxRecords, to bytes: inout [UInt8]) {
    var records = globals
    for (keyword, value) in options.pax.overrides { records.append(keyword, value) }
    globalHeaders += 1
    let suffix = options.isPOSIXLYCorrect ? "/GlobalHead.%p.%n" : "/GlobalHead.%n"
    let template = options.pax.globalHeaderName ?? options.temporaryDirectory + Array(suffix.utf8)
    appendRecords(
      records, "g",
      name: PaxOptions.name(template, directory: [], base: [], process: options.process, number: globalHeaders),
      time: options.pax.globalHeaderTime ?? options.startTime, to: &bytes)
  }
}
