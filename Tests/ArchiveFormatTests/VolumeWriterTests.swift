import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

struct VolumeWriterTests {
  private func padded(_ text: String) -> String { text + String(repeating: " ", count: 80 - text.utf8.count) }

  @Test func aSessionLiesOnTapeAsTheFormatSays() throws {
    let session = try Session()
    try session.catalogue()
    let block = [UInt8](repeating: 7, count: 16 << 10)
    let placed = try session.file([block, block, [1, 2, 3]])
    #expect(placed == (2, BlockID(11), 3))
    func group(_ kind: String, _ user: String, _ name: String, _ sequence: Int, blocks: Int) -> [String] {
      // The fields of the contract, one by one: identifier, file, set, section, fseq, generation, version, dates.
      [
        padded(
          "\(kind)1" + name + " V00001" + "0001" + "000\(sequence)" + "0001" + "00" + "026325" + "026325" + " "
            + "00000\(blocks)" + "TAPIR 0.1"),
        padded("\(kind)2F" + "16384" + "16384" + String(repeating: " ", count: 35) + "00"),
        padded(
          "\(user)1" + "000000000\(sequence)" + "0000016384" + "0000016384" + "LOCAL   " + "HOST      " + "TAPIR   "
            + "MEMORY  " + "000000000001"),
        "|",
      ]
    }
    let catalogue = "CATALOG 00000000"
    let member = "0000000110000001"
    #expect(
      session.cartridge.records.map(\.shown) == [
        "VOL1V00001" + String(repeating: " ", count: 27) + "TAPIR" + String(repeating: " ", count: 35) + "003"
      ] + group("HDR", "UHL", catalogue, 1, blocks: 0) + ["3072 bytes", "|"]
        + group("EOF", "UTL", catalogue, 1, blocks: 1)
        + group("HDR", "UHL", member, 2, blocks: 0) + ["16384 bytes", "16384 bytes", "3 bytes", "|"]
        + group("EOF", "UTL", member, 2, blocks: 3))
  }

  @Test func eachHeaderLiesNineObjectsAndItsBlocksBehindTheOneBefore() throws {
    let session = try Session()
    var placed = [try session.catalogue()]
    for count in [1, 2, 5, 1] { placed.append(try session.file(Array(repeating: [1], count: count))) }
    for (before, after) in zip(placed, placed.dropFirst()) {
      #expect(after.header == before.header.advanced(by: Int(before.blockCount) + 9))
      #expect(after.sequence == before.sequence + 1)
    }
    let reader = VolumeReader(drive: session.drive)
    for file in placed {
      let header = try reader.openFile(at: file.header, sequence: file.sequence, vsn: session.descriptor.vsn)
      #expect(header.block == file.header && header.userFile == file.header.advanced(by: 4))
    }
  }

  @Test func filemarksAreSingleAndOnlyFlushFlushes() throws {
    let session = try Session()
    try session.catalogue()
    for _ in 0..<3 { try session.file([[1]]) }
    try session.catalogue()
    #expect(session.drive.operations.filter { $0 == .flush }.count == 2)
    #expect(session.drive.operations.last == .flush)
    #expect(session.cartridge.confirmed == session.cartridge.records.count)
    for (one, other) in zip(session.cartridge.records, session.cartridge.records.dropFirst()) {
      #expect(one != .filemark || other != .filemark)
    }
  }

  @Test func aMovedTapeIsNoticedBeforeAnythingIsWritten() throws {
    let session = try Session()
    try session.catalogue()
    let before = session.cartridge.records
    try session.drive.locate(to: BlockID(3))
    var found: VolumeError?
    do { try session.file([[1]]) } catch { found = error as? VolumeError }
    guard case .position(BlockID(11), BlockID(3), _) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(session.cartridge.records == before)
    // And it stays broken until the position is established anew.
    #expect(throws: VolumeError.self) { try session.file([[1]]) }
    #expect(throws: VolumeError.self) { try session.writer.flush() }
    try session.writer.rollBack()
    #expect(try session.file([[1]]).header == BlockID(11))
  }

  @Test func aBrokenWriterStaysBrokenUntilItIsRolledBack() throws {
    for kind in [FaultDrive.Kind.write, .filemark, .flush] {
      for nth in 1...7 {
        let session = try Session()
        try session.catalogue()
        let good = session.cartridge.records
        let fault = FaultDrive(session.drive)
        let writer = try Session.writer(fault, session.descriptor, 2, BlockID(11))
        fault.fail(kind, nth: nth, with: .mediumError(detail: "test"))
        func run() throws {
          try writer.begin(.members(batch: 1, layout: .pax, ordinal: 1), now: Session.now)
          try writer.write([1].span.bytes)
          _ = try writer.end()
          try writer.flush()
        }
        var didFail = false
        do { try run() } catch { didFail = true }
        let calls = [FaultDrive.Kind.write: 7, .filemark: 3, .flush: 1][kind] ?? 0
        #expect(didFail == (nth <= calls), "\(kind) \(nth)")
        guard didFail else { continue }
        var isBroken = false
        do { try writer.flush() } catch { if case .broken = error { isBroken = true } }
        #expect(isBroken, "\(kind) \(nth)")
        // A failed flush comes behind the trailer: the file was ended, and what is rolled back is only the position.
        if kind == .flush { continue }
        try writer.rollBack()
        try run()
        #expect(session.cartridge.records.count == good.count + 10, "\(kind) \(nth)")
        #expect(Array(session.cartridge.records.prefix(good.count)) == good)
      }
    }
  }

  @Test func theEndOfTheMediumIsAnErrorAndEarlyWarningIsNot() throws {
    let room: UInt64 = 20_000
    let session = try Session(MemoryCartridge(capacity: room, earlyWarningZone: 6_000))
    try session.catalogue()
    #expect(!session.writer.isNearEnd)
    try session.file([[UInt8](repeating: 1, count: 10_000)])
    #expect(session.writer.isNearEnd)
    var isEnd = false
    do { try session.file([[UInt8](repeating: 1, count: 10_000)]) } catch {
      if case VolumeError.endOfMedium = error { isEnd = true }
    }
    #expect(isEnd)
    try session.writer.rollBack()
    #expect(!session.writer.isNearEnd)
    try session.catalogue()
    let tail = try VolumeReader(drive: session.drive).findTail(vsn: session.descriptor.vsn)
    guard case .catalogue(batch: 1, _) = tail else {
      Issue.record("\(tail)")
      return
    }
  }

  @Test func expiryNeverComesBeforeCreation() throws {
    let cartridge = MemoryCartridge()
    let drive = try MemoryDrive(cartridge)
    for (expires, field) in [(Session.now.seconds - 86400 * 30, "026325"), (Session.now.seconds + 86400, "026326")] {
      let descriptor = VolumeDescriptor(
        id: .random(), vsn: try VSN("V00001"), set: .random(), blockSize: 16 << 10, created: Session.now,
        expires: Timestamp(seconds: expires))
      try VolumeWriter.label(drive: drive, descriptor: descriptor)
      try Session.writer(drive, descriptor, 1, BlockID(1)).begin(.catalogue(batch: 0), now: Session.now)
      #expect(Array(cartridge.records[1].shown)[47..<53] == Array(field)[...])
    }
  }
}
