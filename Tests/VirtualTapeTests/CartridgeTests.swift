import Glibc
import TapeIO
import TapeTestSupport
import Testing

@testable import VirtualTape

/// Cartridges as folders: what is in them, who may use them, and what they refuse.
struct CartridgeTests {
  @Test func aNewCartridgeSaysWhatItIs() throws {
    let folder = try TemporaryFolder()
    let options = CartridgeOptions(
      vsn: "V00001", barcode: "V00001L8", capacity: 1 << 30, earlyWarningZone: 1 << 20, compression: .off, isWORM: true)
    let path = try folder.cartridge("V00001", options)
    #expect(Cartridge.isCartridge(at: Array(path.utf8)))
    #expect(!Cartridge.isCartridge(at: Array(folder.path.utf8)))
    #expect(try Cartridge.describe(at: Array(path.utf8)).options == options)
    #expect(Files.names(in: path) == ["cartridge.json", "data", "map", "marks"])
    #expect(Files.names(in: folder.path) == ["V00001"])
  }

  @Test func theDefaultZoneIsTwoPercentWithinItsBounds() throws {
    let folder = try TemporaryFolder()
    let mebibyte: UInt64 = 1 << 20
    let cases: [(UInt64, UInt64)] = [
      (16 * mebibyte, 4 * mebibyte), (1024 * mebibyte, 21_474_836), (100 * mebibyte, 8 * mebibyte),
      (mebibyte * mebibyte, 1024 * mebibyte),
    ]
    for (capacity, zone) in cases {
      let path = try folder.cartridge("V\(capacity)", CartridgeOptions(capacity: capacity))
      #expect(try Cartridge.describe(at: Array(path.utf8)).options.earlyWarningZone == zone)
    }
  }

  @Test func whatIsThereAlreadyIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let drive = try open(path)
    try drive.put([1])
    try drive.close()
    #expect(throws: DriveError.self) { try folder.cartridge() }
    #expect(Files.names(in: folder.path) == ["V00001"])
    #expect(try open(path).next() == [1])
  }

  @Test(arguments: [CartridgeOptions.Compression.off, .lz4]) func aDriveLeavesNoThreadsBehind(
    _ compression: CartridgeOptions.Compression
  ) throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge("V00001", CartridgeOptions(compression: compression))
    weak var pool: CompressionPool?
    weak var writer: WriteBehind?
    do {
      let drive = try open(path)
      // More than is collected before anything is written, and nothing that LZ4 makes shorter.
      var state: UInt8 = 1
      let block = (0..<256 << 10).map { (index: Int) -> UInt8 in
        state = state &* 73 &+ UInt8(truncatingIfNeeded: index >> 3)
        return state
      }
      for _ in 0..<40 { try drive.put(block) }
      try drive.flush()
      pool = drive.pool
      writer = drive.buffer.writer
      #expect((pool != nil) == (compression == .lz4))
      try drive.close()
    }
    #expect(pool == nil && writer == nil)
    let again = try open(path)
    for _ in 0..<40 { #expect(try again.next()?.count == 256 << 10) }
  }

  @Test func updatingKeepsKeysOfOthers() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let json = String(decoding: Files.read("\(path)/cartridge.json"), as: UTF8.self)
    try Files.write("\(path)/cartridge.json", Array(json.replacing("{\n", with: "{\n  \"shelf\": 17,\n").utf8))
    try Cartridge.setVSN("ABC123", at: Array(path.utf8))
    let changed = String(decoding: Files.read("\(path)/cartridge.json"), as: UTF8.self)
    #expect(changed.contains("\"shelf\": 17"))
    #expect(try Cartridge.describe(at: Array(path.utf8)).options.vsn == "ABC123")
  }

  @Test func cartridgeDescriptionsThatAreWrongAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let good = String(decoding: Files.read("\(path)/cartridge.json"), as: UTF8.self)
    let bad = [
      "", "[]", "{}", "nonsense", good.replacing("\"version\": 1", with: "\"version\": 2"),
      good.replacing("lz4", with: "zip"), good.replacing("\"uuid\"", with: "\"uid\""),
      good.replacing("\"capacity\": null", with: "\"capacity\": -1"), String(good.dropLast(4)),
    ]
    for text in bad {
      try Files.write("\(path)/cartridge.json", Array(text.utf8))
      #expect(throws: DriveError.self, "\(text)") { try open(path) }
    }
    try Files.write("\(path)/cartridge.json", Array(good.utf8))
    _ = try open(path)
  }

  @Test func dataOfAnotherCartridgeIsRefused() throws {
    let folder = try TemporaryFolder()
    let one = try folder.cartridge("A")
    let other = try folder.cartridge("B")
    try Files.write("\(one)/data", Files.read("\(other)/data"))
    #expect(throws: DriveError.self) { try open(one) }
  }

  @Test func aSecondWriterIsToldWhoHasTheCartridge() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let writer = try open(path)
    for access in [DriveAccess.readWrite, .readOnly] {
      #expect {
        try open(path, access)
      } throws: { error in
        guard case .busy(let holder?) = (error as? DriveError)?.cause else { return false }
        return holder.hasPrefix("process \(getpid()) (")
      }
    }
    try writer.close()
    _ = try open(path)
  }

  @Test func manyMayReadAtOnceAndNoneMayWriteMeanwhile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let readers = try (0..<3).map { _ in try open(path, .readOnly) }
    #expect(throws: DriveError.self) { try open(path, .readWrite) }
    for reader in readers { try reader.close() }
    _ = try open(path, .readWrite)
  }

  @Test func aReaderRefusesEveryWriteAndSaysThatItIsProtected() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let reader = try open(path, .readOnly)
    #expect(try reader.medium().isWriteProtected)
    #expect(throws: DriveError.self) { try reader.put([1]) }
  }

  @Test func aFullDiskIsReportedAsOneAndTheCartridgeStaysReadable() throws {
    let folder = try TemporaryFolder()
    guard mount("none", folder.path, "tmpfs", 0, "size=12m") == 0 else {
      print("skipped: mounting a small tmpfs needs root")
      return
    }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    for compression in [CartridgeOptions.Compression.lz4, .off] {
      let path = try folder.cartridge("V\(compression)", CartridgeOptions(compression: compression))
      let drive = try open(path)
      var failed: DriveError?
      var written = 0
      while failed == nil, written < 1000 {
        do {
          try drive.put(Noise.incompressible(written, 50_000))
          written += 1
          if written % 40 == 0 { try drive.flush() }
        } catch let error as DriveError { failed = error }
      }
      #expect(failed?.cause == .diskFull)
      let position = try drive.position().rawValue
      #expect((40...UInt64(written)).contains(position))
      #expect {
        try drive.put([1])
      } throws: { ($0 as? DriveError)?.cause == .broken }
      #expect {
        try drive.flush()
      } throws: { ($0 as? DriveError)?.cause == .broken }
      try drive.rewind()
      for number in 0..<Int(position) { #expect(try drive.next() == Noise.incompressible(number, 50_000)) }
      #expect(throws: End.self) { try drive.next() }
      try drive.close()
      let again = try open(path)
      for number in 0..<Int(position) { #expect(try again.next() == Noise.incompressible(number, 50_000)) }
      #expect(throws: End.self) { try again.next() }
      // There is room again once something is overwritten.
      try again.locate(to: BlockID(1))
      try again.put([7])
      try again.flush()
      try again.close()
      Files.remove(path)
    }
  }
}
