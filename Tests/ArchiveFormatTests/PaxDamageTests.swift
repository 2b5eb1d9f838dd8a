import ArchiveFormat
import TapeTestSupport
import Testing

/// Whatever the bytes are, the decoder ends with members or with an error.
struct PaxDamageTests {
  private var sample: [UInt8] {
    var sample = PaxSamples.sparse()[2]
    sample.member.extendedAttributes = [ExtendedAttribute(name: Array("user.x".utf8), value: [1, 2])]
    sample.content = Array(sample.content.prefix(1))
    sample.member.size = 4097
    sample.member.dataExtents = [Extent(offset: 4096, length: 1)]
    return PaxSamples.archive([sample])
  }

  /// Sums the tar headers anew, so that damage in them is believed.
  private func mend(_ archive: inout [UInt8]) {
    for start in stride(from: 0, to: archive.count - 511, by: 512)
    where archive[start + 257..<start + 262].elementsEqual("ustar".utf8) {
      for offset in 148..<156 { archive[start + offset] = 32 }
      let digits = String(archive[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
      for (offset, byte) in digits.utf8.enumerated() { archive[start + 154 - digits.utf8.count + offset] = byte }
      archive[start + 154] = 0
      for offset in 148..<154 where archive[start + offset] == 32 { archive[start + offset] = 0x30 }
    }
  }

  @Test func anArchiveCutOffAnywhereIsAnErrorOrHasFewerMembers() throws {
    let archive = sample
    let dataEnd = archive.count - PaxEncoder.endOfArchiveSize
    for count in 0..<archive.count {
      // try?: which error it is does not matter here.
      let members = try? PaxSamples.decode(Array(archive[..<count]))
      if count > 0, count < dataEnd - 511 { #expect(members == nil, "cut at \(count)") }
    }
  }

  @Test func everySingleFlippedBitOfATarHeaderIsNoticed() {
    let archive = sample
    for bit in 0..<512 * 8 {
      var damaged = archive
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      // Spaces and NULs end a number alike, and so do leading ones: only the checksum's own field may differ unseen.
      if (148..<156).contains(bit / 8) { continue }
      #expect(throws: VolumeError.self, "bit \(bit)") { try PaxSamples.decode(damaged) }
    }
  }

  @Test func aFlippedBitBehindAMendedChecksumNeverCrashes() {
    let archive = sample
    for bit in 0..<(archive.count - PaxEncoder.endOfArchiveSize) * 8 {
      var damaged = archive
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      mend(&damaged)
      _ = try? PaxSamples.decode(damaged)  // try?: any error will do
    }
  }

  @Test func fieldsOfAnyBytesNeverCrash() {
    var generator = SeededGenerator("fieldsOfAnyBytesNeverCrash")
    let archive = sample
    let edges: [UInt8] = [0, 0x20, 0x30, 0x37, 0x38, 0x80, 0xff, 0x0a, 0x3d]
    for _ in 0..<4000 {
      var damaged = archive
      let start = Int.random(in: 0..<archive.count - 1100, using: &generator)
      for offset in start..<start + Int.random(in: 1...14, using: &generator) {
        damaged[offset] = edges.randomElement(using: &generator) ?? 0
      }
      mend(&damaged)
      _ = try? PaxSamples.decode(damaged)  // try?: any error will do
    }
  }

  @Test(arguments: [
    ("size", "9223372036854775807"), ("size", "-1"), ("size", ""), ("size", "99999999999999999999"),
    ("GNU.sparse.realsize", "9223372036854775807"), ("mtime", ""), ("mtime", "1.x"), ("mtime", "--1"), ("uid", "x"),
    ("GNU.sparse.map", "0,1"),
  ])
  func impossibleValuesInExtendedHeadersAreRefused(_ keyword: String, _ value: String) {
    let record = Array("=\(keyword)\(value)\n".utf8)
    let text = Array("\(record.count + 3) \(keyword)=\(value)\n".utf8)
    let extended = record.count + 3 < 100 && record.count + 3 > 9 ? text : Array("9 \(keyword)=\(value)\n".utf8)
    var archive = header("x", size: extended.count, typeflag: "x")
    archive += extended + [UInt8](repeating: 0, count: 512 - extended.count)
    archive += header("a", size: 512, typeflag: "0") + [UInt8](repeating: 0x31, count: 512)
    archive += [UInt8](repeating: 0, count: 1024)
    #expect(throws: VolumeError.self) { try PaxSamples.decode(archive) }
  }

  private func header(_ name: String, size: Int, typeflag: String) -> [UInt8] {
    let digits = String(size, radix: 8)
    var bytes = Array(name.utf8) + [UInt8](repeating: 0, count: 124 - name.utf8.count)
    bytes += Array(String(repeating: "0", count: 11 - digits.utf8.count).utf8) + Array(digits.utf8) + [0]
    bytes += [UInt8](repeating: 0, count: 20) + Array(typeflag.utf8) + [UInt8](repeating: 0, count: 100)
    bytes += Array("ustar\u{0}00".utf8)
    bytes += [UInt8](repeating: 0, count: 512 - bytes.count)
    mend(&bytes)
    return bytes
  }

  @Test func numbersOfBaseTwoHundredAndFiftySixAreRead() throws {
    let folder = TestFolder()
    let made = folder.run(
      "echo x > f && tar --format=gnu --owner=u:3000000 --group=g:4000000 --mtime=@1700000000 -cf a.tar f")
    #expect(made.status == 0)
    let member = try #require(try PaxSamples.decode(folder.read("a.tar")).first?.member)
    #expect(member.ownership.user == 3_000_000 && member.ownership.group == 4_000_000)
  }

  @Test func moreBytesThanThereAreTakeNoMemory() {
    [1, 2, 3].withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      _ = #expect(throws: VolumeError.self) { try MemoryBytes(bytes).take(1 << 50, of: "a test") }
    }
  }
}
