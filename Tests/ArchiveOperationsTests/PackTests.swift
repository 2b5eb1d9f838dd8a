import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// `--pack`: small members share user files, and each is as safe and as easy to have back as one by itself.
struct PackTests {
  /// Sizes about the edges of records and of blocks (16 KiB), and one that is too large for a pack.
  private static let sizes = [
    0, 1, 511, 512, 513, 3_000, 14_335, 14_336, 14_848, 15_360, 15_872, 16_383, 16_384, 16_385, 0, 40_000, 70_000, 7,
    20_000,
  ]
  private static let limit: Int64 = 50_000

  private static func file(_ number: Int, _ size: Int) -> TestMember {
    .file("f\(number)", Noise.incompressible(number, size))
  }

  private func members() -> [TestMember] { Self.sizes.enumerated().map { Self.file($0, $1) } }

  private func directory(_ path: String) -> TestMember {
    var made = TestMember.file(path, [])
    made.member.kind = .directory
    return made
  }

  /// What the index says of every member: fseq, layout and offset.
  private func places(_ index: IndexFile) throws -> [(name: String, file: FilePlacement, record: MemberRecord)] {
    var found: [(String, FilePlacement, MemberRecord)] = []
    _ = try ListOperation(query: MemberQuery(newestOnly: false)).run(volumes: try index.volumes(), index: index) {
      found.append((String(decoding: $0.record.member.path, as: UTF8.self), $0.file, $0.record))
    }
    return found
  }

  private func check(_ sink: TestSink, has members: [TestMember], _ what: String = "") {
    for made in members where made.member.kind == .regular {
      let isSame = sink.contents[String(decoding: made.member.path, as: UTF8.self)] == made.content
      #expect(isSame, "\(String(decoding: made.member.path, as: UTF8.self)) \(what)")
    }
  }

  /// The objects that are blocks of the user file.
  private func blocks(of file: FilePlacement) -> [Int] {
    (0..<Int(file.blockCount)).map { Int(file.header.rawValue) + 4 + $0 }
  }

  @Test func membersComeBackInEveryWay() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let events = Events()
    let members = [directory("d")] + members()
    try Tape.create(members, on: drive, index: index, packLimit: Self.limit, events: events)
    #expect(events.words == [] && events.committed == [members.count])
    let places = try places(index)
    #expect(places.map(\.name) == members.map { String(decoding: $0.member.path, as: UTF8.self) })
    // A pack, the large one by itself, a pack: in the order in which they were archived.
    #expect(places.map(\.file.layout) == Array(repeating: .pack, count: 17) + [.pax, .pack, .pack])
    #expect(Set(places.map(\.file.sequence)) == [2, 3, 4])
    for (before, after) in zip(places, places.dropFirst()) where before.file.sequence == after.file.sequence {
      #expect(before.record.offset < after.record.offset && before.record.offset % 512 == 0)
    }
    for index in [index, nil] {
      let said = Events()
      check(try Tape.restore(from: drive, index: index, events: said), has: members)
      #expect(said.words == [])
    }
    check(try Tape.readInSequence(drive), has: members, "in sequence")
    for made in members where made.member.kind == .regular {
      let name = String(decoding: made.member.path, as: UTF8.self)
      let sink = try Tape.restore([name], from: drive, index: index)
      #expect(sink.files.count == 1)
      check(sink, has: [made], "alone")
    }
  }

  /// The blocks that are read for one member are its own: the tape goes there and stops behind it.
  @Test func oneMemberCostsItsOwnBlocks() throws {
    let cartridge = MemoryCartridge()
    let writing = try MemoryDrive(cartridge)
    let index = try IndexFile()
    let members = (0..<20).map { Self.file($0, 30_000) }
    try Tape.create(members, on: writing, index: index, packLimit: Self.limit)
    try writing.close()
    let drive = FaultDrive(try MemoryDrive(cartridge))
    let sink = try Tape.restore(["f10"], from: drive, index: index)
    check(sink, has: [members[10]])
    let whole = FaultDrive(drive)
    check(try Tape.restore(from: whole, index: index), has: members)
    // Labels and catalogue 0 besides: of 38 blocks three or four.
    #expect(drive.count(.read) - whole.count(.read) < 20 && whole.count(.read) > 40)
  }

  @Test func aPackEndsWhereItsBatchDoes() throws {
    for (limits, committed) in [
      (BatchLimits(members: 3), [3, 3, 3, 1]), (BatchLimits(bytes: 10_000), [3, 3, 3, 1]),
      (BatchLimits(seconds: 1_000), [10]),
    ] {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      let events = Events()
      let members = (0..<10).map { Self.file($0, 3_000) }
      try Tape.create(members, on: drive, index: index, packLimit: Self.limit, limits: limits, events: events)
      #expect(events.committed == committed)
      check(try Tape.restore(from: drive, index: nil), has: members)
    }
  }

  @Test func packsHaveAboutTheSameSize() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members = (0..<140).map { Self.file($0, 1 << 20) }
    try Tape.create(members, on: drive, index: index, packLimit: 1 << 20)
    let files = try places(index).map(\.file)
    #expect(Set(files.map(\.sequence)).count == 3)
    #expect(files[0].byteCount == (1 << 20 + 512) * 64 + 1024)
  }

  @Test func linksLeadIntoPacks() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members: [TestMember] = [
      .file("z", [9]), .linked("a", inode: 5, [1, 2]), .linked("b", inode: 6, [3]),
      .file("large", [UInt8](repeating: 7, count: 60_000)),
      .link("a2", to: "a", inode: 5), .link("b2", to: "b", inode: 6), .link("a3", to: "a", inode: 5), .file("y", [4]),
    ]
    try Tape.create(members, on: drive, index: index, packLimit: Self.limit)
    let links = try places(index).filter { $0.record.link != nil }
    #expect(links.map(\.name) == ["a2", "b2", "a3"])
    #expect(links.map(\.record.link?.sequence) == [2, 2, 2])
    for index in [index, nil] {
      let all = try Tape.restore(from: drive, index: index)
      #expect(all.links == ["a2": "a", "b2": "b", "a3": "a"])
      // Without what they are names of, each is a file with its content; the pack between is read once.
      let alone = try Tape.restore(["y", "b2", "a3", "a2"], from: drive, index: index)
      #expect(alone.files == ["a2": [1, 2], "a3": [1, 2], "b2": [3], "y": [4]])
    }
    #expect(try Tape.readInSequence(drive).links.count == 3)
  }

  @Test func everyKindOfSourceTroubleIsKeptToItsMember() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    var shrinking = TestMember.file("shrinking", Noise.incompressible(1, 9_000))
    shrinking.shrinksTo = 5_000
    var failing = TestMember.file("failing", Noise.incompressible(2, 9_000))
    failing.failsAt = 100
    var gone = TestMember.file("gone", [1])
    gone.isGone = true
    let events = Events()
    try Tape.create(
      [
        .file("first", [1]), shrinking, failing, gone, .stream("stream", [5, 6]), .stream("empty", []),
        .file("last", [2]),
      ],
      on: drive, index: index, packLimit: Self.limit, events: events)
    #expect(events.notices.count == 3)
    let sink = try Tape.restore(from: drive, index: index)
    #expect(sink.files["first"] == [1] && sink.files["last"] == [2] && sink.files["stream"] == [5, 6])
    #expect(sink.files["empty"] == [])
    #expect(sink.files["shrinking"] == Array(shrinking.content.prefix(5_000)) + [UInt8](repeating: 0, count: 4_000))
    #expect(sink.files["failing"] == Array(failing.content.prefix(100)) + [UInt8](repeating: 0, count: 8_900))
  }

  // MARK: The end of the volume

  /// Whatever the capacity: what was committed is there, in the order of archiving, and what comes next is named.
  @Test(arguments: [(30_000, false), (200, false), (60_000, true)])
  func aFullVolumeKeepsTheMembersThatFit(zone: Int, isWORM: Bool) throws {
    let members = (0..<40).map { Self.file($0, 1_000 + $0 * 211) }
    var counts: Set<Int> = []
    for capacity in stride(from: max(40_000, zone), to: 420_000, by: 3_989) {
      let drive = try MemoryDrive(
        MemoryCartridge(capacity: UInt64(capacity), earlyWarningZone: UInt64(zone), isWORM: isWORM))
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let events = Events()
      var summary: SessionSummary?
      do { summary = try Tape.create(members, on: drive, index: index, packLimit: Self.limit, events: events) } catch {
        // The catalogue did not fit: it is not committed, and said so.
        #expect(zone == 200, "\(error)")
      }
      let committed = events.committed.reduce(0, +)
      counts.insert(committed)
      if let summary, committed < members.count {
        #expect(summary.firstLeftOut.map { String(decoding: $0, as: UTF8.self) } == "f\(committed)", "\(capacity)")
      }
      for index in [index, nil] {
        let said = Events()
        let sink = try Tape.restore(from: drive, index: index, events: said)
        #expect(sink.files.count == committed && said.words == [], "\(capacity): \(said.words)")
        check(sink, has: Array(members.prefix(committed)), "capacity \(capacity)")
      }
    }
    // A pack ends in the block that met the warning: three members lie in a block.
    if zone > 1_000 { #expect(counts.count > 12, "\(counts.sorted())") }
  }

  @Test func anInterruptedSessionKeepsThePackUpToTheMemberAtHand() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let interruption = Interruption()
    let members = (0..<200).map { Self.file($0, 5_000) }
    let events = InterruptingEvents("f60", interruption)
    let intent = WriteIntent(appends: true, blockSize: Tape.blockSize)
    let summary = try CreateOperation(
      intent: intent, packLimit: Self.limit, bufferSize: 4 * Tape.blockSize,
      identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
    ).run(from: TestSource(members), to: drive, index: index, observer: events, interruption: interruption)
    // The four blocks between the two sides hold a dozen members.
    #expect((40...61).contains(summary.members), "\(summary.members)")
    let sink = try Tape.restore(from: drive, index: nil)
    #expect(sink.files.count == summary.members)
    check(sink, has: Array(members.prefix(summary.members)))
  }

  private final class InterruptingEvents: OperationObserver {
    private let name: String
    private let interruption: Interruption
    init(_ name: String, _ interruption: Interruption) {
      self.name = name
      self.interruption = interruption
    }
    func report(_ event: OperationEvent) {
      if case .member(let member) = event, member.path == Array(name.utf8) { interruption.interrupt() }
    }
  }

  // MARK: Damage

  /// A pack of 20 members of two or three blocks each, with its tape.
  private func volume() throws -> (drive: MemoryDrive, index: IndexFile, members: [TestMember], file: FilePlacement) {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members = (0..<20).map { Self.file($0, 25_000 + $0 * 100) }
    try Tape.create(members, on: drive, index: index, packLimit: Self.limit)
    let file = try #require(try places(index).first).file
    return (drive, index, members, file)
  }

  /// The members that have bytes in a block of the pack.
  private func members(in block: Int, _ index: IndexFile) throws -> Set<String> {
    let places = try places(index)
    let range = Int64(block) * Int64(Tape.blockSize)..<Int64(block + 1) * Int64(Tape.blockSize)
    return Set(
      zip(places, places.dropFirst().map(\.record.offset) + [places[0].file.byteCount]).filter { place, end in
        range.overlaps(place.record.offset..<end)
      }.map(\.0.name))
  }

  @Test func aBlockThatCannotBeReadCostsTheMembersInItAlone() throws {
    let (drive, index, members, file) = try volume()
    for block in stride(from: 0, to: Int(file.blockCount) - 1, by: 3) {
      drive.cartridge.damaged = [blocks(of: file)[block]]
      let lost = try self.members(in: block, index)
      let kept = members.filter { !lost.contains(String(decoding: $0.member.path, as: UTF8.self)) }
      for (name, index) in [("index", index), ("catalogues", nil)] {
        let events = Events()
        let sink = try Tape.restore(from: drive, index: index, events: events)
        check(sink, has: kept, "\(name), block \(block)")
        #expect(sink.files.count == kept.count && Set(events.notices.map(\.path)).count == lost.count)
        #expect(events.notices.allSatisfy { lost.contains(String(decoding: $0.path, as: UTF8.self)) })
      }
      let events = Events()
      let sink = try Tape.readInSequence(drive, events: events)
      check(sink, has: kept, "in sequence, block \(block)")
      #expect(sink.files.count == kept.count, "in sequence, block \(block): \(events.words)")
    }
  }

  @Test func aChangedByteIsFoundInItsMember() throws {
    let (drive, index, members, file) = try volume()
    for block in stride(from: 0, to: Int(file.blockCount) - 1, by: 4) {
      let damaged = try Tape.copy(drive.cartridge, changing: blocks(of: file)[block]) { $0[9_999] ^= 4 }
      let lost = try self.members(in: block, index)
      let events = Events()
      let sink = try Tape.restore(
        from: damaged, index: index, events: events, options: RestoreOptions(keepsDamaged: true))
      #expect(sink.files.count == members.count - 1 && sink.kept.count == 1 && events.notices.count == 2)
      #expect(events.notices.allSatisfy { lost.contains(String(decoding: $0.path, as: UTF8.self)) })
      // In sequence it is known when the catalogue comes, and no other member loses its name.
      let sequence = Events()
      let read = try Tape.readInSequence(damaged, events: sequence)
      #expect(read.setAside.count == 1 && lost.isSuperset(of: read.setAside), "\(sequence.words)")
      // As a whole.
      let whole = Events()
      _ = try Tape.restore(from: damaged, index: index, events: whole, options: RestoreOptions(verifiesUserFiles: true))
      #expect(whole.notices.count == 1, "\(whole.words)")
    }
  }

  @Test func aDamagedHeaderCostsItsMemberAlone() throws {
    let (drive, index, members, file) = try volume()
    let place = try #require(try places(index).first { $0.name == "f7" })
    let block = Int(place.record.offset) / Tape.blockSize
    let damaged = try Tape.copy(drive.cartridge, changing: blocks(of: file)[block]) {
      $0[Int(place.record.offset) % Tape.blockSize + 3] ^= 4
    }
    for sink in [try Tape.restore(from: damaged, index: index), try Tape.readInSequence(damaged)] {
      #expect(sink.files.count == 19 && sink.files["f7"] == nil)
      check(sink, has: members.filter { $0.member.path != Array("f7".utf8) })
    }
  }

  @Test func damageBetweenMembersIsFoundWhenThePackIsVerified() throws {
    let (drive, index, _, file) = try volume()
    let last = try #require(blocks(of: file).last)
    let damaged = try Tape.copy(drive.cartridge, changing: last) { $0[$0.count - 1] = 1 }
    #expect(try Tape.restore(from: damaged, index: index).files.count == 20)
    let events = Events()
    _ = try Tape.restore(from: damaged, index: index, events: events, options: RestoreOptions(verifiesUserFiles: true))
    #expect(events.words.count == 1 && events.words[0].contains("a pack is damaged on tape in file 2 at block"))
  }

  // MARK: Beside the catalogue

  @Test func rowsAreRecoveredFromTarHeaders() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members: [TestMember] =
      members() + [.linked("a", inode: 5, [1, 2]), .link("a2", to: "a", inode: 5)]
    try Tape.create(members, on: drive, index: index, packLimit: Self.limit)
    // The catalogue of the batch is the last block that is no label.
    let catalogue = try #require(
      drive.cartridge.records.lastIndex { if case .block(let bytes) = $0 { bytes.count != 80 } else { false } })
    drive.cartridge.damaged = [catalogue]
    let rebuilt = try IndexFile()
    _ = try RebuildOperation(vsn: nil, salvages: true, scans: true).run(
      drive: drive, index: rebuilt, observer: Events())
    let (before, after) = (try places(index), try places(rebuilt))
    #expect(before.map(\.name) == after.map(\.name) && before.map(\.file) == after.map(\.file))
    #expect(before.map(\.record.offset) == after.map(\.record.offset))
    #expect(before.map(\.record.digest) == after.map(\.record.digest))
    #expect(before.map(\.record.link) == after.map(\.record.link))
  }

  @Test func sourcesOfADamagedPackStay() throws {
    var reads = 0
    for isDamaged in [false, true] {
      let drive = FaultDrive(try MemoryDrive())
      let removals = Removals()
      let members = (0..<4).map { number in
        var made = Self.file(number, 3_000)
        made.removals = removals
        return made
      }
      // Of the pack's block, behind it a filemark and the trailer with its own.
      if isDamaged { drive.fail(.read, nth: reads - 5, with: .mediumError(detail: "test")) }
      let events = Events()
      try Tape.create(members, on: drive, index: nil, packLimit: Self.limit, verifies: true, events: events)
      reads = drive.count(.read)
      #expect(removals.names == (isDamaged ? [] : ["f0", "f1", "f2", "f3"]) + ["directories"])
      #expect(events.words.count == (isDamaged ? 1 : 0), "\(events.words)")
    }
  }
}
