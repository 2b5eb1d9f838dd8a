import ArchiveFormat

/// Pax headers: foreign bytes are read or refused, and a member that was read is the same when it is written and read.
func fuzzPax(_ input: [UInt8]) {
  var input = Input(input)
  let mode = input.byte()
  if mode & 1 == 0 {
    var archive = input.remainder()
    // Without a checksum that is right nothing behind it would ever be seen.
    if mode & 2 != 0 {
      for record in stride(from: 0, to: archive.count - 511, by: 512) { sealTarRecord(&archive, at: record) }
    }
    read(archive)
  } else {
    roundTrip(member(&input))
  }
}

private func read(_ archive: [UInt8]) {
  archive.withUnsafeBytes { raw in
    let bytes = MemoryBytes(raw)
    while let header = try? PaxDecoder.next(from: bytes) {
      precondition(header.storedSize >= 0 && header.byteCount > 0 && header.member.size >= 0)
      if isOurs(header.member) { roundTrip(header.member) }
      guard let passed = try? bytes.skip(header.storedSize), passed == header.storedSize else { return }
    }
  }
}

/// Whether a member is one that a source could give.
private func isOurs(_ member: Member) -> Bool {
  let texts = [member.path, member.linkTarget, member.ownership.userName, member.ownership.groupName]
  let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
  return !member.path.isEmpty && member.path.contains { $0 != 0x2f } && texts.allSatisfy { !$0.contains(0) }
    && (member.kind == .regular || member.dataExtents == nil)
    && (isDevice || member.deviceNumber == DeviceNumber(major: 0, minor: 0))
}

private func roundTrip(_ member: Member) {
  var encoder = PaxEncoder()
  var bytes: [UInt8] = []
  encoder.append(member, to: &bytes)
  precondition(bytes.count % 512 == 0)
  let found = bytes.withUnsafeBytes { try? PaxDecoder.next(from: MemoryBytes($0)) }
  precondition(found?.member == member, "\(member) came back as \(String(describing: found?.member))")
  precondition(found?.storedSize == PaxEncoder.storedSize(of: member))
}

/// A member made of the input: every field that a header can hold.
private func member(_ input: inout Input) -> Member {
  func text(_ longest: Int) -> [UInt8] { Array(input.text().prefix(longest)).filter { $0 != 0 } }
  let kind = Member.Kind(rawValue: Int(input.byte()) % Member.Kind.allCases.count) ?? .regular
  let path = [0x61] + text(255) + text(255) + [0x62]
  var member = Member(
    path: path, kind: kind, mode: UInt32(input.number(2)) & 0o7777,
    ownership: Ownership(
      user: UInt32(input.number(4)), group: UInt32(input.number(4)), userName: text(64), groupName: text(64)),
    size: kind == .regular ? Int64(input.number(8) & 0xfff_ffff_ffff_ffff) : 0,
    modified: Timestamp(
      seconds: Int64(bitPattern: input.number(8)) / 2, nanoseconds: Int32(input.number(4) % 1_000_000_000)))
  if kind == .hardLink || kind == .symbolicLink { member.linkTarget = text(255) }
  if kind == .characterDevice || kind == .blockDevice {
    member.deviceNumber = DeviceNumber(major: UInt32(input.number(4)), minor: UInt32(input.number(4)))
  }
  for _ in 0..<(input.byte() & 3) {
    member.extendedAttributes.append(ExtendedAttribute(name: Array("user.".utf8) + text(64), value: input.text()))
  }
  if input.byte() & 1 == 1 { member.accessACL = input.text() }
  if input.byte() & 1 == 1 { member.defaultACL = input.text() }
  if kind == .regular, input.byte() & 1 == 1 {
    var extents: [Extent] = []
    var end: Int64 = 0
    for _ in 0..<(input.byte() & 7) {
      let offset = end + Int64(input.number(4)) * 512
      let length = (1 + Int64(input.number(3))) * 512
      extents.append(Extent(offset: offset, length: length))
      end = offset + length
    }
    member.size = max(member.size, end)
    member.dataExtents = extents
  }
  return member
}
