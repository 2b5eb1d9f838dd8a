import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// Damage costs what it hit and nothing else: the rest is listed and restored, and what is not is named.
struct DamageTests {
  /// A volume of three batches: a and b, c and d, e.
  private func volume() throws -> (MemoryDrive, IndexFile) {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    for names in [["a", "b"], ["c", "d"], ["e"]] {
      try Tape.create(names.map { .file($0, Array("content of \($0)".utf8)) }, on: drive, index: index)
    }
    return (drive, index)
  }

  /// The objects that are blocks of user files: neither labels nor filemarks.
  private func blocks(_ drive: MemoryDrive) -> [Int] {
    drive.cartridge.records.indices.filter {
      if case .block(let bytes) = drive.cartridge.records[$0] { bytes.count != 80 } else { false }
    }
  }

  private func firstRange(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    bytes.indices.first { bytes[$0...].starts(with: pattern) }
  }

  @Test func aDamagedCatalogueCostsNoMember() throws {
    let (drive, index) = try volume()
    let blocks = blocks(drive)
    // Catalogue 0, a, b, catalogue 1, c, d, catalogue 2, e, catalogue 3.
    try #require(blocks.count == 9)
    for block in [0, 3, 6, 8] {
      let damaged = try Tape.copy(drive.cartridge, changing: blocks[block]) {
        // In the compressed database, behind the magic number of its frame.
        $0[(firstRange(of: [0x04, 0x22, 0x4d, 0x18], in: $0) ?? 0) + 100] ^= 0x55
      }
      let events = Events()
      let found = try Tape.restore(from: damaged, index: nil, events: events).files.keys.sorted().joined()
      #expect(found == "abcde", "block \(block)")
      #expect(events.notices.contains { $0.message.contains("cannot read the catalogue") })
      // The index still knows everything, and in sequence everything is found.
      if block > 0 { #expect(try Tape.restore(from: damaged, index: index).files.count == 5) }
      let sequence = Events()
      #expect(try Tape.readInSequence(damaged, events: sequence).files.count == 5, "block \(block)")
      #expect(sequence.notices.count == 1, "block \(block): \(sequence.words)")
      #expect(sequence.information == [], "block \(block)")
    }
  }

  @Test func rebuildingKeepsWhatOnlyTheIndexStillKnows() throws {
    let (drive, index) = try volume()
    let damaged = try Tape.copy(drive.cartridge, changing: blocks(drive)[3]) {
      $0[(firstRange(of: [0x04, 0x22, 0x4d, 0x18], in: $0) ?? 0) + 100] ^= 0x55
    }
    for (into, members) in [(index, 5), (try IndexFile(), 5)] {
      let events = Events()
      let volume = try RebuildOperation(vsn: nil).run(drive: damaged, index: into, observer: events)
      #expect(try into.totals(of: volume).members == Int64(members))
      #expect(events.notices.count == 1)
    }
    // A whole volume replaces what the index knew.
    let volume = try RebuildOperation(vsn: nil).run(drive: drive, index: index, observer: Events())
    #expect(try index.totals(of: volume).members == 5)
  }

  @Test func nothingIsAppendedBehindADamagedLastCatalogue() throws {
    let (drive, index) = try volume()
    let damaged = try Tape.copy(drive.cartridge, changing: try #require(blocks(drive).last)) { $0[1500] ^= 0x55 }
    let records = damaged.cartridge.records
    for index in [index, nil] {
      #expect(throws: OperationError.self) { try Tape.create([.file("f", [1])], on: damaged, index: index) }
    }
    #expect(damaged.cartridge.records == records)
  }

  @Test func readingInSequenceGoesOnBehindADamagedFile() throws {
    let (drive, _) = try volume()
    let blocks = blocks(drive)
    for (block, rest) in [(1, "bcde"), (2, "acde"), (5, "abce"), (7, "abcd")] {
      // The tar header of the member: its name cannot be told any more.
      let damaged = try Tape.copy(drive.cartridge, changing: blocks[block]) { $0[3] ^= 0x55 }
      let events = Events()
      let found = try Tape.readInSequence(damaged, events: events).files.keys.sorted().joined()
      #expect(found == rest, "block \(block)")
      #expect(events.notices.allSatisfy { $0.severity == .failure } && !events.notices.isEmpty)
    }
  }

  @Test func aDamagedHeaderLabelCostsItsFileAlone() throws {
    let (drive, index) = try volume()
    // Three labels and a filemark before its block.
    let hdr1 = blocks(drive)[4] - 4
    let damaged = try Tape.copy(drive.cartridge, changing: hdr1) { $0[0] = 0x58 }
    let events = Events()
    #expect(try Tape.restore(from: damaged, index: index, events: events).files.keys.sorted().joined() == "abde")
    #expect(events.words.count == 1 && events.words[0].hasPrefix("c: Cannot read from tape"))
    #expect(try Tape.readInSequence(damaged).files.keys.sorted().joined() == "abde")
  }

  @Test func anUnreadableEndIsSaidAndNeverOverwritten() throws {
    let (drive, index) = try volume()
    // HDR1 of the last catalogue.
    let damaged = try Tape.copy(drive.cartridge)
    damaged.cartridge.damage(try #require(blocks(drive).last) - 4)
    let events = Events()
    #expect(try Tape.restore(from: damaged, index: nil, events: events).files.count == 5)
    #expect(events.words.contains { $0.contains("the end of volume V00001 is not whole") }, "\(events.words)")
    let records = damaged.cartridge.records
    for index in [index, nil] {
      #expect(throws: OperationError.self) { try Tape.create([.file("f", [1])], on: damaged, index: index) }
    }
    #expect(damaged.cartridge.records == records)
  }

  @Test(.timeLimit(.minutes(1)))
  func aLabelThatNamesAnEarlierFileDoesNotLeadReadingBack() throws {
    let (drive, _) = try volume()
    // UHL1 of d says that it is file 2, as a's does; its tar header is damaged.
    let block = blocks(drive)[5]
    var damaged = try Tape.copy(drive.cartridge, changing: block - 2) {
      $0.replaceSubrange(4..<14, with: "0000000002".utf8)
    }
    damaged = try Tape.copy(damaged.cartridge, changing: block) { $0[3] ^= 0x55 }
    let sink = try Tape.readInSequence(damaged)
    #expect(sink.order == ["a", "b", "c", "e"])
  }
}
