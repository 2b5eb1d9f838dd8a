import ArchiveFormat
import TapeTestSupport
import Testing

/// What is encoded comes back from the decoder.
struct PaxRoundTripTests {
  private func check(_ samples: [Sample], _ what: String) throws {
    let decoded = try PaxSamples.decode(PaxSamples.archive(samples))
    #expect(decoded.count == samples.count, "\(what)")
    for (sample, found) in zip(samples, decoded) {
      #expect(found.member == sample.member, "\(what)")
      #expect(found.content == sample.content, "\(what)")
    }
  }

  @Test func everyKindOfMemberComesBack() throws {
    var generator = SeededGenerator("everyKindOfMemberComesBack")
    try check(PaxSamples.common(using: &generator), "common")
    try check(PaxSamples.sparse(), "sparse")
  }

  @Test func namesOfEveryLengthAndOfAnyBytesComeBack() throws {
    var generator = SeededGenerator("namesOfEveryLengthAndOfAnyBytesComeBack")
    var lengths = Array(1...300) + Array(stride(from: 301, to: 4000, by: 97)) + [3999, 4000]
    lengths.shuffle(using: &generator)
    for length in lengths {
      for isText in [true, false] {
        var sample = PaxSamples.file(PaxSamples.name(length, isText: isText, using: &generator))
        if length % 5 == 0 { sample.member.kind = .directory }
        try check([sample], "a name of \(length) bytes")
      }
    }
  }

  @Test func linkTargetsOfAnyLengthComeBack() throws {
    var generator = SeededGenerator("linkTargetsOfAnyLengthComeBack")
    for length in [1, 99, 100, 101, 102, 255, 256, 4000] {
      for kind in [Member.Kind.symbolicLink, .hardLink] {
        var sample = PaxSamples.file(Array("l".utf8))
        sample.member.kind = kind
        sample.member.linkTarget = PaxSamples.name(length, isText: false, using: &generator)
        try check([sample], "a target of \(length) bytes")
      }
    }
  }

  @Test(arguments: [0, 1, 511, 0o77777777777, 0o100000000000, 1 << 40, 1 << 59] as [Int64])
  func sizesComeBack(_ size: Int64) throws {
    var member = PaxSamples.file([0x61]).member
    member.size = size
    var encoder = PaxEncoder()
    var bytes: [UInt8] = []
    encoder.append(member, to: &bytes)
    let header = try #require(try bytes.withUnsafeBytes { try PaxDecoder.next(from: MemoryBytes($0)) })
    #expect(header.member == member)
    #expect(header.storedSize == size && header.byteCount == bytes.count)
  }

  @Test func timesAndOwnersAndDevicesComeBack() throws {
    var generator = SeededGenerator("timesAndOwnersAndDevicesComeBack")
    for round in 0..<300 {
      var sample = PaxSamples.file([0x61], generator.bytes(round % 3))
      let magnitude = UInt64(1) << UInt64.random(in: 0..<62, using: &generator)
      sample.member.modified = Timestamp(
        seconds: Int64(magnitude) * (round % 2 == 0 ? 1 : -1) + Int64.random(in: -3...3, using: &generator),
        nanoseconds: round % 4 == 0 ? 0 : Int32.random(in: 0..<1_000_000_000, using: &generator))
      sample.member.ownership = Ownership(
        user: UInt32(truncatingIfNeeded: generator.next() >> UInt64(32 + round % 32)),
        group: UInt32(truncatingIfNeeded: generator.next()), userName: Array(repeating: 0x61, count: round % 60),
        groupName: Array(repeating: 0xe9, count: 60 - round % 60))
      sample.member.mode = UInt32(truncatingIfNeeded: generator.next()) & 0o7777
      if round % 7 == 0 {
        sample.content = []
        sample.member.size = 0
        sample.member.kind = round % 2 == 0 ? .characterDevice : .blockDevice
        sample.member.deviceNumber = DeviceNumber(
          major: UInt32(truncatingIfNeeded: generator.next()), minor: UInt32(truncatingIfNeeded: generator.next()))
      }
      try check([sample], "round \(round)")
    }
  }

  @Test func attributesAndListsComeBack() throws {
    var generator = SeededGenerator("attributesAndListsComeBack")
    for round in 0..<60 {
      var sample = PaxSamples.file([0x61], [1])
      sample.member.extendedAttributes = (0..<round % 6).map { number in
        ExtendedAttribute(
          name: Array("user.%=%%3D\(number)".utf8), value: generator.bytes([0, 1, 88, 89, 90, 980, 65_536][round % 7]))
      }
      if round % 2 == 0 { sample.member.accessACL = Array("user::rw-\nuser:1000:r--\nmask::r--\n".utf8) }
      if round % 3 == 0 { sample.member.defaultACL = Array("user::rwx\n".utf8) }
      try check([sample], "round \(round)")
    }
  }
}
