import CXXHash
import TapeIO
import Testing
import VirtualTape

/// The format against another program's bytes: frame_vectors.py writes it from docs/virtual-tape-format.md alone.
struct FrameVectorTests {
  static let uuid = "00112233-4455-4677-8899-aabbccddeeff"

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)
    }
  }

  static let vector: [UInt8] =
    bytes(headerVector) + [UInt8](repeating: 0, count: 4096 - headerVector.utf8.count / 2) + bytes(framesVector)

  /// A cartridge with the vector's UUID and no compression, blank.
  private func blank(_ folder: TemporaryFolder) throws -> String {
    let path = try folder.cartridge("V", CartridgeOptions(compression: .off))
    let json = String(decoding: Files.read("\(path)/cartridge.json"), as: UTF8.self)
    let own = try Cartridge.describe(at: Array(path.utf8)).uuid.description
    try Files.write("\(path)/cartridge.json", Array(json.replacing(own, with: FrameVectorTests.uuid).utf8))
    return path
  }

  @Test func aCartridgeWrittenByAnotherProgramIsRead() throws {
    let folder = try TemporaryFolder()
    let path = try blank(folder)
    try Files.write("\(path)/data", FrameVectorTests.vector)
    let drive = try open(path)
    #expect(try drive.next() == Array(("VOL1V00001" + String(repeating: " ", count: 70)).utf8))
    #expect(try drive.next() == [UInt8(ascii: "x")])
    #expect(try drive.next() == nil)
    #expect(try drive.next() == Array(0..<100))
    #expect(try drive.next() == nil)
    #expect(throws: End.self) { try drive.next() }
    #expect(try drive.space(filemarks: -2) == .done)
    #expect(try drive.position() == BlockID(2))
  }

  @Test func theSameObjectsGiveTheSameFrames() throws {
    let folder = try TemporaryFolder()
    let path = try blank(folder)
    // Another program's header block and first sync frame; all else is ours.
    try Files.write("\(path)/data", Array(FrameVectorTests.vector.prefix(4096 + 56)))
    let drive = try open(path)
    try drive.put(Array(("VOL1V00001" + String(repeating: " ", count: 70)).utf8))
    try drive.put([UInt8(ascii: "x")])
    #expect(try drive.writeFilemark() == .written)
    try drive.put(Array(0..<100))
    #expect(try drive.writeFilemark() == .written)
    try drive.flush()
    #expect(Files.read("\(path)/data").dropFirst(4096) == FrameVectorTests.vector.dropFirst(4096))
  }

  @Test func aFrameThatClaimsMoreObjectsThanFitBeforeItIsNone() throws {
    let folder = try TemporaryFolder()
    let path = try blank(folder)
    var data = FrameVectorTests.vector
    // The frame of VOL1, object 0, behind a sync frame: a map up to there would take a gigabyte.
    let frame = 4096 + 56
    data.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: UInt64(1 << 26).littleEndian, toByteOffset: frame + 24, as: UInt64.self)
      let uuid = FrameVectorTests.bytes(FrameVectorTests.uuid.replacing("-", with: ""))
      let halves = uuid.withUnsafeBytes { bytes in
        [0, 8].map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)) }
      }
      let header = UnsafeRawBufferPointer(rebasing: bytes[frame..<frame + 48])
      let sum = tapir_xxh3_64(header.baseAddress, 48, halves[0] ^ halves[1] ^ UInt64(frame))
      bytes.storeBytes(of: sum.littleEndian, toByteOffset: frame + 48, as: UInt64.self)
    }
    try Files.write("\(path)/data", data)
    let drive = try open(path)
    #expect(throws: DriveError.self) { try drive.next() }
    #expect(try drive.next() == [UInt8(ascii: "x")])
    try drive.close()
    #expect(Files.read("\(path)/map").count < 1000)
  }
}
