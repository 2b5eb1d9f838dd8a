import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Members over several volumes, with the end of each wherever it may come.
struct SpanTests {
  /// How members are laid down.
  enum Way: CaseIterable {
    case pax, raw, packs, streams
  }

  static let members: [TestMember] = [
    .file("a", Noise.incompressible(1, 3_000)), .linked("b", inode: 7, Noise.incompressible(2, 70_000)),
    .file("c", []), .file("d", Noise.incompressible(3, 200)), .file("e", Noise.incompressible(4, 33_000)),
    .file("f", Noise.incompressible(5, 16_384)), .file("g", Noise.incompressible(6, 100)),
    .file("h", Noise.incompressible(7, 49_152)),
  ]
  static let contents = Dictionary(
    uniqueKeysWithValues: members.map { (String(decoding: $0.member.path, as: UTF8.self), $0.content) })

  func create(
    _ way: Way, _ supply: MemorySupply, _ index: IndexFile?, _ events: Events, limits: BatchLimits = BatchLimits(),
    verifies: Bool = false
  ) throws -> SessionSummary {
    let members =
      way == .streams
      ? Self.members.map { TestMember.stream(String(decoding: $0.member.path, as: UTF8.self), $0.content) }
      : Self.members
    return try Span.create(
      members, to: supply, index: index, layout: way == .raw ? .raw : .pax, packLimit: way == .packs ? 5_000 : nil,
      limits: limits, verifies: verifies, events: events)
  }

  @Test(arguments: Way.allCases, [1, 2, 3, 10])
  func membersGoOnOverVolumes(_ way: Way, _ count: Int) throws {
    // Some 170,000 bytes of content; each volume has its own labels and catalogues.
    let capacity: UInt64 = count == 1 ? 1 << 20 : count == 2 ? 150_000 : count == 3 ? 100_000 : 42_000
    let supply = MemorySupply(MemoryCartridge(capacity: capacity, earlyWarningZone: 12_000)) { _ in
      MemoryCartridge(capacity: capacity, earlyWarningZone: 12_000)
    }
    let index = try IndexFile()
    let events = Events()
    let summary = try create(way, supply, index, events, verifies: true)
    #expect(events.words == [])
    #expect(summary.members == Self.members.count)
    if count < 10 { #expect(summary.volumeCount == count) } else { #expect(summary.volumeCount >= 8) }
    for known in [index, try Span.rebuilt(supply)] {
      let reading = Events()
      let sink = try Span.restore(from: supply, index: known, events: reading, options: .init(verifiesUserFiles: true))
      #expect(reading.words == [])
      #expect(sink.contents == Self.contents)
      // One pass each, in order.
      #expect(supply.asked == supply.asked.sorted() || supply.asked.count > summary.volumeCount)
    }
  }

  /// Everything that was reported committed comes back from the tapes alone, wherever the volumes end.
  @Test(arguments: Way.allCases, [0, 300, 17_000] as [UInt64])
  func theEndMayComeAnywhere(_ way: Way, _ zone: UInt64) throws {
    var complete = 0
    for capacity in stride(from: 30_000 as UInt64, to: 120_000, by: 4_999) {
      let what = "\(way), capacity \(capacity), zone \(zone)"
      let supply = MemorySupply(MemoryCartridge(capacity: capacity, earlyWarningZone: zone)) { number in
        number < 20 ? MemoryCartridge(capacity: capacity, earlyWarningZone: zone) : nil
      }
      let index = try IndexFile()
      let events = Events()
      do {
        let summary = try create(way, supply, index, events, limits: BatchLimits(members: 3))
        #expect(summary.members == Self.members.count, "\(what)")
        complete += 1
      } catch {
        #expect("\(error)".contains("is too small"), "\(what): \(error)")
      }
      #expect(events.words == [], "\(what)")
      let names = Self.members.map { String(decoding: $0.member.path, as: UTF8.self) }
      let safe = Set(names.prefix(events.committed.reduce(0, +)))
      for known in [index, try Span.rebuilt(supply)] {
        let reading = Events()
        let sink = try Span.restore(from: supply, index: known, events: reading)
        #expect(reading.words == [], "\(what)")
        let isSame = sink.contents == Self.contents.filter { safe.contains($0.key) }
        #expect(isSame, "\(what): \(sink.contents.keys.sorted()) of \(safe.sorted())")
      }
    }
    #expect(complete > 8)
  }
}

extension SpanTests {
  private static func supply(_ capacity: UInt64, zone: UInt64 = 12_000, isWORM: Bool = false) -> MemorySupply {
    func make() -> MemoryCartridge {
      MemoryCartridge(capacity: capacity, earlyWarningZone: zone, isWORM: isWORM)
    }
    return MemorySupply(make()) { _ in make() }
  }

  @Test(arguments: Way.allCases)
  func wormMediaAreNeverWrittenOver(_ way: Way) throws {
    for capacity in stride(from: 60_000 as UInt64, to: 100_000, by: 9_001) {
      let supply = Self.supply(capacity, zone: 25_000, isWORM: true)
      let index = try IndexFile()
      let events = Events()
      let summary = try create(way, supply, index, events, limits: BatchLimits(members: 3))
      #expect(events.words == [])
      #expect(summary.members == Self.members.count)
      for known in [index, try Span.rebuilt(supply)] {
        let sink = try Span.restore(from: supply, index: known)
        #expect(sink.contents == Self.contents, "capacity \(capacity)")
      }
    }
  }

  @Test
  func theIndexIsTheSameInWhicheverOrderVolumesCome() throws {
    let supply = Self.supply(42_000)
    let index = try IndexFile()
    let summary = try create(.pax, supply, index, Events())
    let orders = [Array(0..<summary.volumeCount), Array((0..<summary.volumeCount).reversed())]
    for order in orders {
      let rebuilt = try Span.rebuilt(supply, order: order)
      for number in 0..<summary.volumeCount {
        // Each cartridge says the same, and so do both indexes.
        for known in [index, rebuilt] {
          let drive = try MemoryDrive(supply.cartridges[number])
          let events = Events()
          let outcome = try CheckOperation(vsn: nil).run(drive: drive, index: known, observer: events)
          #expect(outcome.differences == 0)
          #expect(events.words == [])
          try drive.close()
        }
      }
      let sink = try Span.restore(from: supply, index: rebuilt)
      #expect(sink.contents == Self.contents)
    }
    // Rebuilt again, one by one, nothing is lost.
    let again = try Span.rebuilt(supply, order: orders[0] + orders[1])
    #expect(try Span.restore(from: supply, index: again).contents == Self.contents)
  }

  @Test
  func aMemberComesFromItsLastVolumeWithTheOthers() throws {
    let supply = Self.supply(60_000)
    let index = try IndexFile()
    _ = try Span.create([.file("b", Noise.incompressible(2, 90_000))], to: supply, index: index)
    #expect(supply.cartridges.count >= 2)
    let last = supply.cartridges.count - 1
    // The catalogues of the last volume know the names of those before it.
    for known in [index, nil] {
      let sink = try Span.restore(["b"], from: supply, index: known, volume: last)
      #expect(sink.files["b"] == Noise.incompressible(2, 90_000))
    }
    // The first lists nothing.
    let drive = try MemoryDrive(supply.cartridges[0])
    let target = try ReadTarget.open(drive: drive, index: nil, vsn: nil, observer: Events())
    _ = try ListOperation(query: MemberQuery(newestOnly: false)).run(volumes: target.volumes, index: target.index) {
      _ in
      Issue.record("a piece was listed as a member")
    }
    try drive.close()
    // Without anybody who brings volumes it is refused by the name of the one that is wanted.
    let alone = try MemoryDrive(supply.cartridges[last])
    let found = try ReadTarget.open(drive: alone, index: index, vsn: nil, observer: Events())
    let error = try #require(throws: OperationError.self) {
      _ = try RestoreOperation(
        query: MemberQuery(newestOnly: true), options: RestoreOptions(), bufferSize: 4 * Tape.blockSize
      ).run(found, drive: alone, sink: TestSink(), observer: Events())
    }
    #expect(error.description == "volume V00001 is wanted, and volume V0000\(last + 1) is in memory")
  }

  @Test
  func aLinkToAnEarlierVolumeHasItsContentAgain() throws {
    let content = Noise.incompressible(9, 20_000)
    var members: [TestMember] = [.linked("first", inode: 5, content)]
    members += (0..<8).map { .file("x\($0)", Noise.incompressible($0, 30_000)) }
    var link = TestMember.link("second", to: "first", inode: 5)
    link.content = content
    members += [link, .link("third", to: "first", inode: 5)]
    let supply = Self.supply(80_000)
    let index = try IndexFile()
    _ = try Span.create(members, to: supply, index: index)
    for known in [index, try Span.rebuilt(supply)] {
      let sink = try Span.restore(from: supply, index: known)
      for name in ["first", "second", "third"] { #expect(sink.contents[name] == content, "\(name)") }
      let asked = supply.asked.count
      let last = supply.cartridges.count - 1
      let one = try Span.restore(["second"], from: supply, index: known, volume: last)
      #expect(one.contents["second"] == content)
      // Its own volume has it.
      #expect(supply.asked.count == asked)
    }
  }

  @Test
  func readingInSequenceGoesOnWithTheNextVolume() throws {
    let supply = Self.supply(60_000)
    let events = Events()
    _ = try create(.pax, supply, nil, Events())
    let sink = TestSink()
    let drive = try MemoryDrive(supply.cartridges[0])
    supply.sequence = 0
    let hasChanged = try SequentialReading(vsn: nil, options: RestoreOptions()) { _ in true }
      .run(drive: drive, sink: sink, observer: events, supply: supply) { _ in }
    #expect(hasChanged)
    #expect(events.words == [])
    #expect(sink.contents == Self.contents)
    // With nobody to bring the next, what goes on there is said.
    let alone = try MemoryDrive(supply.cartridges[0])
    #expect(throws: OperationError.self) {
      try SequentialReading(vsn: nil, options: RestoreOptions()) { _ in true }
        .run(drive: alone, sink: TestSink(), observer: events) { _ in }
    }
  }

  /// Also where the drive does not say how much is left: the warning then comes in the middle of a member.
  @Test(arguments: [Way.pax, .raw, .packs])
  func membersStayOnOneVolumeWhenAsked(_ way: Way) throws {
    for capacity in stride(from: 140_000 as UInt64, to: 200_000, by: 9_001) {
      for zone in [500, 40_000] as [UInt64] {
        let supply = Self.supply(capacity, zone: zone)
        let index = try IndexFile()
        let events = Events()
        let summary = try Span.create(
          Self.members, to: supply, index: index, layout: way == .raw ? .raw : .pax,
          packLimit: way == .packs ? 5_000 : nil, events: events, splits: false)
        #expect(summary.members == Self.members.count)
        #expect(summary.volumeCount > 1)
        #expect(events.words == [])
        let asked = supply.asked.count
        for number in supply.cartridges.indices {
          let alone = try Span.restore(from: supply, index: nil, volume: number)
          #expect(alone.contents.allSatisfy { Self.contents[$0.key] == $0.value })
        }
        // No volume needed another one.
        #expect(supply.asked.count == asked)
        #expect(try Span.restore(from: supply, index: index).contents == Self.contents)
      }
    }
    let supply = Self.supply(60_000)
    let error = try #require(throws: OperationError.self) {
      _ = try Span.create(Self.members, to: supply, index: nil, layout: .raw, splits: false)
    }
    #expect(error.description == "b is bigger than volume V00001")
  }
}
