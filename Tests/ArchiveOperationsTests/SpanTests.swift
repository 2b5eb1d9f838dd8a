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

  private static let members: [TestMember] = [
    .file("a", Noise.incompressible(1, 3_000)), .linked("b", inode: 7, Noise.incompressible(2, 70_000)),
    .file("c", []), .file("d", Noise.incompressible(3, 200)), .file("e", Noise.incompressible(4, 33_000)),
    .file("f", Noise.incompressible(5, 16_384)), .file("g", Noise.incompressible(6, 100)),
    .file("h", Noise.incompressible(7, 49_152)),
  ]
  private static let contents = Dictionary(
    uniqueKeysWithValues: members.map { (String(decoding: $0.member.path, as: UTF8.self), $0.content) })

  private func create(
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
  @Test(arguments: Way.allCases, [0, 1, 81, 300, 2_000, 17_000] as [UInt64])
  func theEndMayComeAnywhere(_ way: Way, _ zone: UInt64) throws {
    var complete = 0
    for capacity in stride(from: 30_000 as UInt64, to: 120_000, by: 1_999) {
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
    #expect(complete > 25)
  }
}
