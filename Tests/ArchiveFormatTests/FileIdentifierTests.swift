import ArchiveFormat
import TapeLabels
import Testing

struct FileIdentifierTests {
  @Test func everyIdentifierComesBackFromItsText() {
    for batch in [0, 1, 0xabcdef, 0xffff_ffff] as [UInt32] {
      #expect(FileIdentifier(FileIdentifier.catalogue(batch: batch).text) == .catalogue(batch: batch))
      for ordinal in [1, 2, 0xabcdef, 0xfff_ffff] as [UInt32] {
        for layout in Layout.allCases {
          let identifier = FileIdentifier.members(batch: batch, layout: layout, ordinal: ordinal)
          #expect(FileIdentifier(identifier.text) == identifier)
          #expect(identifier.text.utf8.count == 16)
        }
        let void = FileIdentifier.void(batch: batch, ordinal: ordinal)
        #expect(FileIdentifier(void.text) == void)
      }
    }
  }

  @Test func identifiersStandAsTheFormatSays() {
    #expect(FileIdentifier.members(batch: 0x1a, layout: .pax, ordinal: 3).text == "0000001A10000003")
    #expect(FileIdentifier.members(batch: 0xffff_ffff, layout: .raw, ordinal: 0xfff_ffff).text == "FFFFFFFF3FFFFFFF")
    #expect(FileIdentifier.void(batch: 2, ordinal: 1).text == "00000002F0000001")
    #expect(FileIdentifier.catalogue(batch: 0xbeef).text == "CATALOG 0000BEEF")
  }

  @Test(arguments: [
    "", "PRELABEL", "CATALOG ", "CATALOG 1", "CATALOG 0000000g", "CATALOG 0000000a", "CATALOG 000000001",
    "CATALOG  0000001", "0000000110000000", "000000011000000", "00000001100000010", "0000000A40000001",
    "0000000a10000001", "0000000100000001", "0000000110000O01", "+000000110000001", "CATALOGUE0000001",
    "00000001E0000001", "00000001é000001",
  ])
  func otherTextIsNoneOfOurs(_ text: String) { #expect(FileIdentifier(text) == nil) }

  @Test func theTextForStrangersIsASCIIAndNarrow() throws {
    let volume = VolumeDescriptor(
      id: .random(), vsn: try VSN("V00001"), set: .random(), sequenceInSet: 9_999, blockSize: 8 << 20,
      created: Timestamp(seconds: 0))
    let text = ReadMe.text(for: volume, program: "tapir 100.100.100", date: "2026-11-21 12:00:00")
    #expect(text.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x0a })
    for line in text.split(separator: 0x0a) { #expect(line.count <= 110) }
    let words = String(decoding: text, as: UTF8.self)
    for word in ["V00001", "\(volume.id)", "\(volume.set)", "B=8388608", "2026-11-21"] {
      #expect(words.contains(word))
    }
  }

  @Test func everyUUIDComesBackFromItsBytes() throws {
    for _ in 0..<100 {
      let id = UniqueID.random()
      #expect(UniqueID(bytes: id.bytes) == id)
      let digits = Array(id.description)
      #expect(digits[14] == "4" && "89ab".contains(digits[19]) && digits.count == 36)
    }
    #expect(UniqueID(bytes: [1, 2, 3]) == nil)
  }
}
