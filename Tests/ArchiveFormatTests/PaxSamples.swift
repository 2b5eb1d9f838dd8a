import ArchiveFormat
import TapeTestSupport

/// A member and its content, as a test archives it.
struct Sample {
  var member: Member
  var content: [UInt8] = []
}

/// Members of every kind, with names, owners, times and attributes at the edges of what headers hold.
enum PaxSamples {
  /// A name of `length` bytes, in components that a file system takes; any byte but `/` and NUL where `isText` is off.
  static func name(_ length: Int, isText: Bool, using generator: inout SeededGenerator) -> [UInt8] {
    var name = (0..<length).map { _ -> UInt8 in
      isText ? UInt8.random(in: 0x61...0x7a, using: &generator) : UInt8.random(in: 1...255, using: &generator)
    }.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    for slash in stride(from: 60, to: length - 1, by: 61) { name[slash] = UInt8(ascii: "/") }
    return name
  }

  static func file(_ path: [UInt8], _ content: [UInt8] = [], seconds: Int64 = 1_700_000_000) -> Sample {
    let member = Member(
      path: path, kind: .regular, mode: 0o644,
      ownership: Ownership(user: 1000, group: 100, userName: Array("user".utf8), groupName: Array("group".utf8)),
      size: Int64(content.count), modified: Timestamp(seconds: seconds))
    return Sample(member: member, content: content)
  }

  /// A set that every other tar understands and a file system can hold.
  static func common(using generator: inout SeededGenerator) -> [Sample] {
    var samples: [Sample] = []
    for length in [1, 2, 99, 100, 101, 154, 155, 156, 255, 256, 257, 1000, 3500] {
      var name = name(length, isText: true, using: &generator)
      // Each below its own folder, unless it is too short for one: no name is another's prefix.
      for (place, byte) in "d\(length)/".utf8.enumerated() where length > 50 { name[place] = byte }
      samples.append(file(name, generator.bytes(length % 700)))
    }
    samples.append(file([0x66, 0xff, 0xfe, 0x0a, 0x09, 0x5c, 0x20], Array("any bytes".utf8)))
    for (name, time) in [
      ("t-negative", Timestamp(seconds: -1)), ("t-before", Timestamp(seconds: -1, nanoseconds: 500_000_000)),
      ("t-ago", Timestamp(seconds: -86_401, nanoseconds: 1)), ("t-nano", Timestamp(seconds: 1, nanoseconds: 1)),
      ("t-dot", Timestamp(seconds: 1_700_000_000, nanoseconds: 120_000_000)),
      ("t-33", Timestamp(seconds: 8_589_934_592 + 5, nanoseconds: 999_999_999)), ("t-zero", Timestamp(seconds: 0)),
    ] {
      var sample = file(Array(name.utf8), [7])
      sample.member.modified = time
      samples.append(sample)
    }
    var owned = file(Array("owned".utf8), [1, 2, 3])
    owned.member.mode = 0o6751
    owned.member.ownership = Ownership(
      user: 2_097_152, group: 4_294_967_290, userName: Array(repeating: 0x75, count: 33), groupName: Array("gé".utf8))
    samples.append(owned)
    var attributes = file(Array("attributes".utf8), [9])
    attributes.member.extendedAttributes = [
      ExtendedAttribute(name: Array("user.a=b".utf8), value: Array("equals".utf8)),
      ExtendedAttribute(name: Array("user.binary".utf8), value: [0, 1, 0x0a, 0x3d, 0xff, 0]),
      ExtendedAttribute(name: Array("user.per%cent%3D".utf8), value: Array("percent".utf8)),
    ]
    samples.append(attributes)
    samples += links() + nodes()
    return samples
  }

  private static func links() -> [Sample] {
    var samples = [file(Array("first".utf8), Array("content".utf8))]
    for (name, kind, target) in [
      ("hard", Member.Kind.hardLink, Array("first".utf8)), ("soft", .symbolicLink, Array("no/where".utf8)),
      ("soft100", .symbolicLink, [UInt8](repeating: 0x74, count: 100)),
      ("soft101", .symbolicLink, [UInt8](repeating: 0x74, count: 101)),
      ("soft3000", .symbolicLink, [UInt8](repeating: 0x74, count: 3000)),
    ] {
      var sample = file(Array(name.utf8))
      sample.member.kind = kind
      sample.member.mode = 0o777
      sample.member.linkTarget = target
      samples.append(sample)
    }
    return samples
  }

  private static func nodes() -> [Sample] {
    [
      ("folder", Member.Kind.directory, 0 as UInt32, 0 as UInt32), ("fifo", .fifo, 0, 0),
      ("null", .characterDevice, 1, 3),
      ("block", .blockDevice, 259, 1_000_000),
    ].map { name, kind, major, minor in
      var sample = file(Array((name as String).utf8))
      sample.member.kind = kind
      sample.member.deviceNumber = DeviceNumber(major: major, minor: minor)
      return sample
    }
  }

  /// Sparse files: holes in front, between, behind, nothing but a hole, and no hole at all.
  static func sparse() -> [Sample] {
    func sparse(_ name: String, _ size: Int64, _ extents: [(Int64, Int64)]) -> Sample {
      var sample = file(Array(name.utf8))
      sample.member.size = size
      sample.member.dataExtents = extents.map { Extent(offset: $0.0, length: $0.1) }
      sample.content = extents.flatMap { Noise.incompressible(Int($0.0), Int($0.1)) }
      return sample
    }
    return [
      sparse("s-front", 10_000, [(8192, 1808)]), sparse("s-behind", 1_000_000, [(0, 10)]),
      sparse("s-between", 70_000, [(0, 4096), (32_768, 512), (65_536, 4464)]), sparse("s-hole", 65_536, []),
      sparse("s-whole", 600, [(0, 600)]), sparse("deep/er/s-\(String(repeating: "n", count: 120))", 9000, [(4096, 1)]),
      sparse("s-many", 4_200_000, (0..<200).map { (Int64($0) * 20_480, 512) }),
    ]
  }

  /// The archive of `samples`, as one volume's pax file would be.
  static func archive(_ samples: [Sample]) -> [UInt8] {
    var encoder = PaxEncoder()
    var bytes: [UInt8] = []
    for sample in samples {
      encoder.append(sample.member, to: &bytes)
      bytes += sample.content
      bytes += [UInt8](
        repeating: 0, count: Int(paddedToTarRecord(Int64(sample.content.count))) - sample.content.count)
    }
    return bytes + [UInt8](repeating: 0, count: PaxEncoder.endOfArchiveSize)
  }

  /// Members and contents of an archive.
  static func decode(_ archive: [UInt8]) throws -> [Sample] {
    try archive.withUnsafeBytes { memory in
      let bytes = MemoryBytes(memory)
      var samples: [Sample] = []
      while let header = try PaxDecoder.next(from: bytes) {
        let content = try bytes.take(Int(header.storedSize), of: "content")
        try bytes.skip(paddedToTarRecord(header.storedSize) - header.storedSize)
        samples.append(Sample(member: header.member, content: content))
      }
      return samples
    }
  }

  /// The content with its holes as zeros.
  static func whole(_ sample: Sample) -> [UInt8] {
    guard let extents = sample.member.dataExtents else { return sample.content }
    var bytes = [UInt8](repeating: 0, count: Int(sample.member.size))
    var used = 0
    for extent in extents {
      bytes.replaceSubrange(
        Int(extent.offset)..<Int(extent.offset + extent.length), with: sample.content[used..<used + Int(extent.length)])
      used += Int(extent.length)
    }
    return bytes
  }
}
