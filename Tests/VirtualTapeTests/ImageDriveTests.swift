import Foundation
import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// Images in other programs' formats, with a reader and a maker of images in Python as counterparts.
struct ImageDriveTests {
  /// Nothing that an image has no notion of: a capacity, WORM.
  static let rules = DriveConformance.rules.filter { $0.options == .plain || $0.options == .writeProtected }

  @Test(arguments: rules, [CartridgeImage.Format.simh, .mhvtl])
  func itKeepsTheRulesOfDrives(_ rule: ConformanceRule, _ format: CartridgeImage.Format) throws {
    let folder = try TemporaryFolder()
    let path = Array("\(folder.path)/image.\(format == .simh ? "tap" : "mhvtl")".utf8)
    var access = DriveAccess.readWrite
    try rule.run(
      ConformanceSubject { options in
        try CartridgeImage.create(at: path, format)
        access = options.isWriteProtected ? .readOnly : .readWrite
        return try CartridgeImage.open(path, format, access: access)
      } reopen: {
        try CartridgeImage.open(path, format, access: access)
      })
  }

  @Test func thereAreRulesToKeep() { #expect(Self.rules.count >= 50) }

  /// What `images.py` was given, as the drive gives it: lengths, nil for filemarks, -1 for a bad block.
  private func objects(_ drive: ImageDrive, _ files: [[UInt8]]) throws -> [Int?] {
    var result: [Int?] = []
    var buffer = BlockBuffer(byteCount: 1 << 20)
    while true {
      let number = result.count { $0 != nil }
      do {
        let outcome = try buffer.withMutableBytes { (span) throws(DriveError) in try drive.read(into: &span) }
        switch outcome {
        case .endOfData: return result
        case .filemark: result.append(nil)
        case .block(let count):
          result.append(count)
          let isSame = buffer.withBytes(first: count) { span in span.withUnsafeBytes { Array($0) } == files[number] }
          #expect(isSame, "block \(number)")
        }
      } catch {
        guard case .mediumError = error.cause else { throw error }
        result.append(-1)
      }
    }
  }

  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../second-reader/images.py").path

  private func python(_ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [Self.script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text.split(separator: "\n").map(String.init)
  }

  private func files(in folder: TemporaryFolder) throws -> ([[UInt8]], [String]) {
    let blocks = [80, 10_240, 1, 100_001].enumerated().map { Noise.compressible($0, $1) }
    var names: [String] = []
    for (number, block) in blocks.enumerated() {
      names.append("\(folder.path)/\(number)")
      try Data(block).write(to: URL(filePath: names[number]))
    }
    return (blocks, names)
  }

  @Test(arguments: [(CartridgeImage.Format.simh, "tap"), (.aws, "aws"), (.mhvtl, "mhvtl"), (.mhvtl, "mhvtl-zlib")])
  func whatAnotherProgramMadeIsRead(_ format: CartridgeImage.Format, _ name: String) throws {
    let folder = try TemporaryFolder()
    let (blocks, names) = try files(in: folder)
    let image = "\(folder.path)/image." + (format == .mhvtl ? "mhvtl" : name)
    let last = format == .simh ? "bad:" + names[3] : names[3]
    _ = try python(["make", name, image, names[0], "-", names[1], names[2], last, names[3], "-", "-"])
    #expect(CartridgeImage.format(at: Array(image.utf8)) == format)
    let drive = try CartridgeImage.open(Array(image.utf8), format, access: .readOnly)
    let end = format == .simh ? -1 : 100_001
    #expect(try objects(drive, blocks + blocks.suffix(1)) == [80, nil, 10_240, 1, end, 100_001, nil, nil])
    #expect(try drive.position() == BlockID(8))
    // Back over both filemarks at the end, and into the middle.
    #expect(try drive.space(filemarks: -2) == .done)
    #expect(try drive.position() == BlockID(6))
    try drive.locate(to: BlockID(3))
    var buffer = BlockBuffer(byteCount: 4096)
    let outcome = try buffer.withMutableBytes { (span) throws(DriveError) in try drive.read(into: &span) }
    #expect(outcome == .block(byteCount: 1))
    try drive.close()
  }

  @Test(arguments: [CartridgeImage.Format.simh, .mhvtl])
  func whatIsWrittenAnotherProgramReads(_ format: CartridgeImage.Format) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/image.\(format == .simh ? "tap" : "mhvtl")"
    try CartridgeImage.create(at: Array(path.utf8), format)
    let drive = try CartridgeImage.open(Array(path.utf8), format, access: .readWrite)
    for size in [80, 7, 4096] { _ = try drive.write(Noise.compressible(size, size).span.bytes) }
    _ = try drive.writeFilemark()
    _ = try drive.writeFilemark()
    // Overwritten from block 2 on.
    try drive.locate(to: BlockID(2))
    _ = try drive.writeFilemark()
    _ = try drive.write(Noise.compressible(5, 5).span.bytes)
    try drive.flush()
    try drive.close()
    let lines = try python(["list", path])
    #expect(
      lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "block 80", "block 7", "filemark", "block 5",
      ])
  }

  @Test func aTornRecordAtTheEndIsLeftOutAndSaid() throws {
    let folder = try TemporaryFolder()
    let path = Array("\(folder.path)/image.tap".utf8)
    try CartridgeImage.create(at: path, .simh)
    let drive = try CartridgeImage.open(path, .simh, access: .readWrite)
    _ = try drive.write(Noise.compressible(1, 100).span.bytes)
    _ = try drive.write(Noise.compressible(2, 100).span.bytes)
    try drive.close()
    #expect(truncate("\(folder.path)/image.tap", 200) == 0)
    let again = try CartridgeImage.open(path, .simh, access: .readWrite)
    try again.spaceToEndOfData()
    #expect(try again.position() == BlockID(1))
    #expect(again.notices.count == 1 && again.notices[0].contains("cut off"))
    _ = try again.write(Noise.compressible(3, 3).span.bytes)
    try again.close()
    #expect(try python(["list", "\(folder.path)/image.tap"]).count == 2)
  }

  @Test func anArchiveIsNoImageWhateverItsName() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/x.tap"
    for bytes in [Array("README.md".utf8) + [UInt8](repeating: 0, count: 1000), Array("ab".utf8)] {
      try Data(bytes).write(to: URL(filePath: path))
      #expect(CartridgeImage.format(at: Array(path.utf8)) == nil)
    }
  }
}
