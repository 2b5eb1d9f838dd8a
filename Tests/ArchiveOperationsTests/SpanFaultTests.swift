import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Sessions over several volumes that end in the middle: what was reported committed is never lost.
struct SpanFaultTests {
  /// Lets so many calls that write through, then fails for good.
  private final class Fuse {
    var left: Int
    init(_ left: Int) { self.left = left }
  }

  private final class FusedDrive: TapeDrive {
    private let drive: any TapeDrive
    private let fuse: Fuse
    init(_ drive: any TapeDrive, _ fuse: Fuse) {
      self.drive = drive
      self.fuse = fuse
    }

    private func burn() throws(DriveError) {
      fuse.left -= 1
      if fuse.left < 0 { throw DriveError(.mediumError(detail: "test"), operation: "write", device: "memory") }
    }

    var identity: DriveIdentity { drive.identity }
    func medium() throws(DriveError) -> MediumState { try drive.medium() }
    func position() throws(DriveError) -> BlockID { try drive.position() }
    func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome { try drive.read(into: &buffer) }
    func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
      try burn()
      return try drive.write(block)
    }
    func writeFilemark() throws(DriveError) -> WriteOutcome {
      try burn()
      return try drive.writeFilemark()
    }
    func flush() throws(DriveError) {
      try burn()
      try drive.flush()
    }
    func rewind() throws(DriveError) { try drive.rewind() }
    func locate(to target: BlockID) throws(DriveError) { try drive.locate(to: target) }
    func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(filemarks: count) }
    func space(blocks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(blocks: count) }
    func spaceToEndOfData() throws(DriveError) { try drive.spaceToEndOfData() }
    func close() throws(DriveError) { try drive.close() }
  }

  private static let members: [TestMember] = [
    .file("a", Noise.incompressible(1, 3_000)), .file("b", Noise.incompressible(2, 90_000)),
    .file("c", Noise.incompressible(3, 200)), .stream("d", Noise.incompressible(4, 50_000)),
    .file("e", Noise.incompressible(5, 12_000)),
  ]
  private static let contents = Dictionary(
    uniqueKeysWithValues: members.map { (String(decoding: $0.member.path, as: UTF8.self), $0.content) })

  /// The power fails at every object that a session over several volumes writes: with what was flushed, with one object
  /// more, and with all.
  @Test(arguments: zip([0, 1, 1_000], [9_000, 0, 9_000] as [UInt64]))
  func nothingCommittedIsLostInAPowerCut(keeping kept: Int, _ zone: UInt64) throws {
    var isOver = false
    var seen: Set<Int> = []
    for calls in stride(from: 0, to: 1_000, by: 1) where !isOver {
      let what = "after \(calls) calls, keeping \(kept), zone \(zone)"
      let fuse = Fuse(calls)
      let supply = MemorySupply(MemoryCartridge(capacity: 75_000, earlyWarningZone: zone)) { _ in
        MemoryCartridge(capacity: 75_000, earlyWarningZone: zone)
      }
      supply.wrap = { FusedDrive($0, fuse) }
      let index = try IndexFile()
      let events = Events()
      do {
        _ = try Span.create(
          Self.members, to: supply, index: index, packLimit: 4_000, limits: BatchLimits(members: 2), events: events)
        isOver = true
      } catch { #expect("\(error)".contains("test"), "\(what): \(error)") }
      for cartridge in supply.cartridges { cartridge.powerCut(keeping: kept) }
      supply.wrap = { $0 }
      let safe = Self.members.prefix(events.committed.reduce(0, +)).map {
        String(decoding: $0.member.path, as: UTF8.self)
      }
      seen.insert(safe.count)
      // What the index knows to be labelled can be read, whatever its end looks like.
      let readable = try supply.cartridges.indices.filter { number in
        try !index.volumes(vsn: VSN(MemorySupply.vsn(number))).isEmpty
      }
      guard !safe.isEmpty else { continue }
      for known in [index, try Span.rebuilt(supply, order: readable.reversed())] {
        let reading = Events()
        let sink = try Span.restore(from: supply, index: known, events: reading)
        #expect(reading.words == [], "\(what)")
        for name in safe {
          let isSame = sink.files[name] == Self.contents[name]
          #expect(isSame, "\(what): \(name)")
        }
        // What comes back besides was committed, and the index was not told.
        let isWhole = sink.files.allSatisfy { $0.value == Self.contents[$0.key] }
        #expect(isWhole, "\(what)")
      }
    }
    #expect(isOver)
    #expect(seen.count >= 4)
  }

  @Test
  func whatWasInterruptedOnTheSecondVolumeIsDead() throws {
    let supply = MemorySupply(MemoryCartridge(capacity: 75_000, earlyWarningZone: 9_000)) { _ in
      MemoryCartridge(capacity: 750_000, earlyWarningZone: 9_000)
    }
    let index = try IndexFile()
    let interruption = Interruption()
    let fuse = Fuse(.max)
    supply.wrap = { drive in
      if supply.cartridges.count > 1 { interruption.interrupt() }
      return FusedDrive(drive, fuse)
    }
    let summary = try Span.create(Self.members, to: supply, index: index, interruption: interruption)
    #expect(summary.members == 1)
    #expect(summary.volumeCount == 2)
    supply.wrap = { $0 }
    for known in [index, try Span.rebuilt(supply)] {
      let events = Events()
      let sink = try Span.restore(from: supply, index: known, events: events)
      #expect(sink.files.keys.sorted() == ["a"])
      #expect(events.words == [])
    }
    // The next session goes on with the last volume of the set.
    let next = try Span.create([.file("f", [1, 2, 3])], to: second(supply), index: index)
    #expect(next.volume.sequenceInSet == 2)
    let sink = try Span.restore(from: supply, index: try Span.rebuilt(supply))
    #expect(sink.files.keys.sorted() == ["a", "f"])
  }

  /// Gives the second of two cartridges again.
  private func second(_ supply: MemorySupply) -> MemorySupply {
    MemorySupply(supply.cartridges[0]) { _ in supply.cartridges[1] }
  }
}
