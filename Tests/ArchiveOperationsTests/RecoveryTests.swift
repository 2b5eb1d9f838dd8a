import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// The index comes back from labels and tar headers where catalogues cannot be read, and nothing that was committed is
/// ever written over.
struct RecoveryTests {
  private let contents: [String: [UInt8]] = [
    "a": Array("first".utf8), "b": [UInt8](repeating: 7, count: 40_000), "linked": Array("two names".utf8),
    "c": Array("third".utf8), "d": [], "e": [UInt8](repeating: 9, count: 16 << 10), "raw": Array("raw".utf8),
  ]

  /// Three batches: a and b; linked, link, c and d; e and raw.
  private func volume(_ index: IndexFile?) throws -> MemoryDrive {
    let drive = try MemoryDrive()
    func file(_ name: String) -> TestMember { .file(name, contents[name] ?? []) }
    try Tape.create([file("a"), file("b")], on: drive, index: index)
    let linked = TestMember.linked("linked", inode: 5, contents["linked"] ?? [])
    try Tape.create(
      [linked, .link("link", to: "linked", inode: 5), file("c"), file("d")], on: drive, index: index)
    try Tape.create([file("e"), .stream("raw", contents["raw"] ?? [])], on: drive, index: index)
    return drive
  }

  /// Where the headers of catalogues lie, the last one first.
  private func catalogues(_ drive: MemoryDrive) -> [Int] {
    drive.cartridge.records.indices.reversed().filter {
      guard case .block(let bytes) = drive.cartridge.records[$0] else { return false }
      return bytes.starts(with: "HDR1CATALOG".utf8)
    }
  }

  private func dump(_ index: IndexFile) throws -> [String] {
    let volume = try #require(try index.volumes().first)
    var lines = try index.batches(of: volume).map {
      "\($0.record) \(String(describing: $0.catalogue)) \($0.end as Any)"
    }
    let all = try Selection(MemberQuery(newestOnly: false), of: [volume], in: index)
    while let member = try all.next() { lines.append("\(member.file) \(member.record)") }
    return lines
  }

  @Test(arguments: [false, true])
  func lostCataloguesAreRecoveredFromLabels(scans: Bool) throws {
    let drive = try volume(nil)
    let headers = catalogues(drive)
    // One of the last three catalogues, two, all three: their content; or the header label, too.
    for wanted in [[0], [1], [2], [0, 1], [0, 1, 2], [0, 2]] {
      for offset in [0, 4] {
        drive.cartridge.damaged = Set(wanted.map { headers[$0] + offset })
        let index = try IndexFile()
        let events = Events()
        let volume = try RebuildOperation(vsn: nil, scans: scans).run(drive: drive, index: index, observer: events)
        let comment = Comment(rawValue: "catalogues \(wanted), object \(offset): \(events.words) \(events.information)")
        #expect(try index.totals(of: volume).members == 8, comment)
        #expect(!events.notices.isEmpty, comment)
        var found = try Tape.restore(from: drive, index: index, events: Events()).contents
        #expect(found["link"] == contents["linked"], comment)
        found["link"] = nil
        // Only a catalogue knows what a raw file was called.
        if found["raw"] == nil { found["raw"] = found.removeValue(forKey: "V00001.11.raw") }
        let isWhole = found == contents
        #expect(isWhole, comment)
      }
    }
    #expect(throws: Never.self) { try drive.rewind() }
  }

  @Test func aScanFindsWhatTheChainFinds() throws {
    let index = try IndexFile()
    let drive = try volume(index)
    for scans in [false, true] {
      let again = try IndexFile()
      _ = try RebuildOperation(vsn: nil, scans: scans).run(drive: drive, index: again, observer: Events())
      #expect(try dump(again) == dump(index))
    }
  }

  @Test func nothingCommittedIsWrittenOverWhateverIsDamaged() throws {
    let drive = try volume(nil)
    for object in 0..<drive.cartridge.records.count {
      let copy = try Tape.copy(drive.cartridge)
      copy.cartridge.damaged = [object]
      let records = copy.cartridge.records
      for erasesTail in [false, true] {
        do {
          try Tape.create([.file("new", [1])], on: copy, index: nil, erasesTail: erasesTail)
        } catch {}
        // Refused or appended: with the damage gone, all is there. Only what was insisted on may be gone.
        let all = copy.cartridge.records
        if erasesTail, all.count < records.count || !all.starts(with: records) { continue }
        let isKept = all.starts(with: records)
        #expect(isKept, "object \(object)")
      }
    }
  }

  @Test func anEndThatCannotBeReadIsWrittenOverOnlyWhenInsistedOn() throws {
    let inner = try volume(nil)
    let end = inner.cartridge.records.count
    try Tape.create([.file("lost", [1])], on: inner, index: nil)
    // Cut off in the last file's catalogue, and the mark of the end of data with it.
    let torn = try Tape.copy(inner.cartridge, upTo: end + 12)
    let drive = FaultDrive(torn)
    for nth in 1...100 { drive.fail(.endOfData, nth: nth, with: .mediumError(detail: "no end-of-data mark")) }
    let events = Events()
    #expect(try Tape.restore(from: drive, index: nil, events: events).contents.count == 8)
    #expect(events.words.contains { $0.contains("the end of volume V00001 is not whole") })
    let records = torn.cartridge.records
    #expect {
      try Tape.create([.file("new", [1])], on: drive, index: nil)
    } throws: { "\($0)".contains("its end of data cannot be found") }
    #expect(torn.cartridge.records == records)
    try Tape.create([.file("new", [1])], on: drive, index: nil, erasesTail: true)
    #expect(try Tape.restore(from: torn, index: nil).contents.count == 9)
    #expect(torn.cartridge.records.starts(with: records[..<end]))
  }

  @Test func completeMembersOfATailAreSalvagedWhenAskedFor() throws {
    let whole = try volume(nil)
    let end = whole.cartridge.records.count
    try Tape.create([.file("x", [1]), .file("y", [2])], on: whole, index: nil)
    // One file is ten objects long; all of it is there without its last filemark.
    for count in end + 1..<whole.cartridge.records.count {
      let drive = try Tape.copy(whole.cartridge, upTo: count)
      let index = try IndexFile()
      let events = Events()
      let volume = try RebuildOperation(vsn: nil, salvages: true).run(drive: drive, index: index, observer: events)
      let files = min(2, (count - end + 1) / 10)
      #expect(try index.totals(of: volume).members == Int64(8 + files), "cut at \(count - end)")
      #expect(events.notices.isEmpty, "cut at \(count - end): \(events.words)")
      let found = try Tape.restore(from: drive, index: index).contents
      #expect((found["x"] == [1]) == (files > 0) && (found["y"] == [2]) == (files > 1), "cut at \(count - end)")
      guard files > 0 else { continue }
      #expect(events.information.contains { $0.contains("salvaged") })
      // They would be overwritten: not before they are forgotten.
      #expect(throws: OperationError.self) { try Tape.create([.file("z", [3])], on: drive, index: index) }
      _ = try RebuildOperation(vsn: nil).run(drive: drive, index: index, observer: Events())
      try Tape.create([.file("z", [3])], on: drive, index: index)
      #expect(try Tape.restore(from: drive, index: index).contents.count == 9)
    }
  }

  @Test func aSessionIsAppendedBehindAnyTailOfAWORMVolume() throws {
    let whole = try volume(nil)
    let end = whole.cartridge.records.count
    try Tape.create([.file("x", [1]), .file("y", [2])], on: whole, index: nil)
    for count in end..<whole.cartridge.records.count {
      let drive = try Tape.copy(whole.cartridge, upTo: count, isWORM: true)
      let records = drive.cartridge.records
      let index = try IndexFile()
      let comment = Comment(rawValue: "cut at \(count - end)")
      let first = TestMember.linked("z", inode: 9, [3])
      try Tape.create([first, .link("zz", to: "z", inode: 9)], on: drive, index: index)
      try Tape.create([.file("w", [4])], on: drive, index: nil)
      let isKept = drive.cartridge.records.starts(with: records)
      #expect(isKept, comment)
      for known in [index, nil] {
        let found = try Tape.restore(from: drive, index: known).contents
        #expect(found["z"] == [3] && found["zz"] == [3] && found["x"] == nil, comment)
        #expect(found["w"] == (known == nil ? [4] : nil), comment)
      }
      let again = try IndexFile()
      let events = Events()
      for scans in [false, true] {
        let volume = try RebuildOperation(vsn: nil, scans: scans).run(drive: drive, index: again, observer: events)
        #expect(try again.totals(of: volume).members == 11, comment)
      }
      #expect(events.notices.isEmpty, "\(comment): \(events.words)")
      let sequence = Events()
      let found = try Tape.readInSequence(drive, events: sequence).contents
      #expect(found["z"] == [3] && found["zz"] == [3] && found["w"] == [4], "\(comment) \(sequence.words)")
    }
  }

  @Test func checkingNamesWhatDiffers() throws {
    let index = try IndexFile()
    let drive = try volume(index)
    let events = Events()
    let outcome = try CheckOperation(vsn: nil).run(drive: drive, index: index, observer: events)
    #expect(outcome.members == 8 && outcome.batches == 4 && outcome.differences == 0)
    #expect(events.notices.isEmpty)
    try Tape.create([.file("later", [1])], on: drive, index: nil)
    let behind = Events()
    #expect(try CheckOperation(vsn: nil).run(drive: drive, index: index, observer: behind).differences == 2)
    #expect(
      behind.words == [
        ": volume V00001: batch 4 is on tape and not in the index", "later: On tape and not in the index: file 13",
      ])
    #expect(throws: OperationError.self) {
      try CheckOperation(vsn: nil).run(drive: drive, index: IndexFile(), observer: Events())
    }
  }
}
