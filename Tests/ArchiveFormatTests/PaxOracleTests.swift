import ArchiveFormat
import Foundation
import TapeTestSupport
import Testing

/// Other programs read our archives as we mean them.
struct PaxOracleTests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A line of Oracles/pax_listing.py.
  private func line(_ sample: Sample) -> String {
    let member = sample.member
    let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
    let isLink = member.kind == .hardLink || member.kind == .symbolicLink
    let attributes = member.extendedAttributes.map { attribute in
      let name = String(decoding: attribute.name, as: UTF8.self)
        .replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: "=", with: "%3D")
      return hex(Array(name.utf8)) + "=" + hex(attribute.value)
    }.sorted()
    return [
      String(member.kind.rawValue), String(member.mode, radix: 8), String(member.ownership.user),
      String(member.ownership.group), String(member.size), decimal(member.modified), hex(member.path),
      isLink ? hex(member.linkTarget) : "",
      isDevice ? "\(member.deviceNumber.major),\(member.deviceNumber.minor)" : "", hex(member.ownership.userName),
      hex(member.ownership.groupName), attributes.joined(separator: ","), hex(PaxSamples.whole(sample)),
    ].joined(separator: "|")
  }

  /// A time as pax has it, computed another way than the encoder does.
  private func decimal(_ time: Timestamp) -> String {
    let total = Int128(time.seconds) * 1_000_000_000 + Int128(time.nanoseconds)
    let (whole, part) = total.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    var fraction = String(String(part + 1_000_000_000).dropFirst())
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return (total < 0 ? "-" : "") + String(whole) + (fraction.isEmpty ? "" : "." + fraction)
  }

  private func oracle(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Oracles/\(name)", ofType: nil))
  }

  @Test func pythonReadsWhatWeWrite() throws {
    var generator = SeededGenerator("pythonReadsWhatWeWrite")
    let samples = (PaxSamples.common(using: &generator) + PaxSamples.sparse().filter { $0.member.size < 100_000 })
    let folder = TestFolder()
    folder.write(PaxSamples.archive(samples), to: "a.tar")
    let lines = folder.text("python3 '\(try oracle("pax_listing.py"))' a.tar").split(separator: "\n")
    #expect(lines.count == samples.count)
    for (sample, found) in zip(samples, lines) { #expect(found == line(sample)) }
  }

  @Test func weReadWhatPythonWrites() throws {
    let folder = TestFolder()
    #expect(folder.run("python3 '\(try oracle("pax_archive.py"))' a.tar").status == 0)
    let samples = try PaxSamples.decode(folder.read("a.tar"))
    let lengths = [1, 99, 100, 101, 155, 255, 256, 257, 1000]
    #expect(samples.count == lengths.count + 3)
    for (length, sample) in zip(lengths, samples) {
      let member = sample.member
      #expect(member.path.count == length && member.size == length && member.mode == 0o4755)
      #expect(member.modified == Timestamp(seconds: 1_700_000_000, nanoseconds: 500_000_000))
      #expect(member.ownership.user == 5_000_000 && member.ownership.group == 6_000_000)
      #expect(member.ownership.userName == Array(repeating: 0x75, count: 40))
      #expect(member.ownership.groupName == Array("grüppe".utf8))
      #expect(member.extendedAttributes.map(\.value) == [Array("väl=ue".utf8)])
    }
    #expect(samples[9].member.linkTarget == Array(repeating: 0x74, count: 300))
    #expect(samples[9].member.modified == Timestamp(seconds: -2, nanoseconds: 750_000_000))
    #expect(samples[10].member.kind == .directory && samples[10].member.modified.seconds == 1 << 35)
    #expect(samples[11].member.deviceNumber == DeviceNumber(major: 8, minor: 17))
  }

  @Test func gnuTarAndBsdtarListEveryMember() throws {
    var generator = SeededGenerator("gnuTarAndBsdtarListEveryMember")
    let samples = PaxSamples.common(using: &generator) + PaxSamples.sparse()
    let folder = TestFolder()
    folder.write(PaxSamples.archive(samples), to: "a.tar")
    let names = samples.map { sample in
      sample.member.path + (sample.member.kind == .directory ? [0x2f] : []) + [0x0a]
    }
    for tar in ["tar --quoting-style=literal -tf", "bsdtar -tf"] {
      let found = folder.run("\(tar) a.tar")
      #expect(found.status == 0)
      // bsdtar quotes what is not text: names of letters only are compared there.
      let isText = names.filter { $0.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x0a } && !$0.contains(0x5c) }
      if tar.hasPrefix("tar") { #expect(found.output == names.flatMap { $0 }) }
      for name in isText { #expect(found.output.split(separator: 0x0a).contains(name.dropLast())) }
    }
    let sizes = folder.text("TZ=UTC tar --full-time --numeric-owner --quoting-style=escape -tvf a.tar")
    #expect(sizes.split(separator: "\n").count == samples.count)
    #expect(sizes.contains("2242-03-16 12:56:37.999999999 t-33"))
    #expect(sizes.contains("2023-11-14 22:13:20.12"))
    #expect(sizes.contains("2097152/4294967290"))
    #expect(sizes.contains("259,1000000"))
  }

  @Test func gnuTarExtractsWhatWeWrite() throws {
    var generator = SeededGenerator("gnuTarExtractsWhatWeWrite")
    let folder = TestFolder()
    // Devices and other owners need root; the limits of the folder's file system are not ours.
    let samples = (PaxSamples.common(using: &generator) + PaxSamples.sparse()).filter { sample in
      [.regular, .hardLink, .symbolicLink, .directory].contains(sample.member.kind) && sample.member.path.count < 3000
        && sample.member.extendedAttributes.isEmpty
    }
    folder.write(PaxSamples.archive(samples), to: "a.tar")
    let extracted = folder.run("mkdir x && tar --warning=no-timestamp --no-same-owner -C x -xpf a.tar")
    #expect(extracted.status == 0, "\(String(decoding: extracted.output, as: UTF8.self))")
    for sample in samples where sample.member.path.allSatisfy({ $0 < 0x7f && $0 > 0x20 && $0 != 0x5c }) {
      let name = String(decoding: sample.member.path, as: UTF8.self)
      switch sample.member.kind {
      case .regular:
        let isSame = folder.read("x/\(name)") == PaxSamples.whole(sample)
        #expect(isSame, "\(name)")
        #expect(folder.text("stat -c %.9Y 'x/\(name)'").hasPrefix(decimal(sample.member.modified)), "\(name)")
      case .symbolicLink:
        #expect(Array(folder.text("readlink 'x/\(name)'").utf8) == sample.member.linkTarget + [0x0a], "\(name)")
      default: break
      }
    }
    #expect(folder.text("stat -c %h x/hard") == "2\n")
  }

  @Test func weReadWhatGNUTarWrites() throws {
    let folder = TestFolder()
    let long = String(repeating: "l", count: 120)
    let made = folder.run(
      """
      mkdir -p d/\(long); echo content > d/f; ln d/f d/hard; ln -s f d/soft; touch -d '1960-01-02 03:04:05.678' d/old
      truncate -s 1M d/\(long)/hole; printf data | dd of=d/\(long)/hole bs=1 seek=500000 conv=notrunc 2>/dev/null
      truncate -s 100000 d/empty; setfattr -n user.note -v 'a=b%' d/f; setfattr -n user.b=%c -v 0x000aff d/f
      tar --format=pax --sparse --xattrs --xattrs-include='user.*' --sort=name -cf a.tar d
      """)
    #expect(made.status == 0, "\(String(decoding: made.output, as: UTF8.self))")
    let samples = try PaxSamples.decode(folder.read("a.tar"))
    func sample(_ name: String) throws -> Sample {
      try #require(samples.first { $0.member.path == Array(name.utf8) }, "\(name)")
    }
    #expect(samples.count == 8)
    #expect(try sample("d").member.kind == .directory)
    let file = try sample("d/f")
    #expect(file.content == Array("content\n".utf8))
    let hasAttributes = folder.run("getfattr d/f | grep -q user.note").status == 0
    if hasAttributes {
      #expect(
        file.member.extendedAttributes.sorted { $0.name.lexicographicallyPrecedes($1.name) } == [
          ExtendedAttribute(name: Array("user.b=%c".utf8), value: [0, 0x0a, 0xff]),
          ExtendedAttribute(name: Array("user.note".utf8), value: Array("a=b%".utf8)),
        ])
    } else {
      print("extended attributes not compared: the file system of \(folder.path) takes none")
    }
    #expect(try sample("d/hard").member.linkTarget == Array("d/f".utf8))
    #expect(try sample("d/soft").member.kind == .symbolicLink)
    #expect(try sample("d/old").member.modified.nanoseconds == 678_000_000)
    #expect(try sample("d/old").member.modified.seconds < 0)
    let hole = try sample("d/\(long)/hole")
    #expect(hole.member.size == 1 << 20 && hole.content.count < 1 << 19)
    #expect(PaxSamples.whole(hole) == folder.read("d/\(long)/hole"))
    let empty = try sample("d/empty")
    #expect(empty.member.size == 100_000 && empty.member.dataExtents == [] && empty.content.isEmpty)
  }
}
