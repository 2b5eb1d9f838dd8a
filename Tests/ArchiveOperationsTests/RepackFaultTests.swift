import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// A repack that ends at every call of the target's drive, and is run again.
struct RepackFaultTests {
  private static let first: [TestMember] = [
    .file("a", Noise.incompressible(1, 3_000)), .file("b", Noise.incompressible(2, 90_000)),
    .file("c", Noise.incompressible(3, 200)), .stream("d", Noise.incompressible(4, 50_000)),
    .file("e", Noise.incompressible(5, 12_000)), .file("f", Noise.incompressible(6, 700)),
  ]
  private static let second: [TestMember] = [
    .file("c", Noise.incompressible(7, 900)), .file("a", Noise.incompressible(8, 20_000)),
  ]
  /// What is live.
  private static let contents = Dictionary(
    (first + second).map { (String(decoding: $0.member.path, as: UTF8.self), $0.content) }
  ) {
    $1
  }

  /// Blank cartridges, one behind another, and those that were written.
  private final class Shelf: VolumeSupply {
    var cartridges: [MemoryCartridge] = []
    var position = 0
    var calls = Int.max

    func load(_ number: Int) throws(OperationError) -> any TapeDrive {
      while cartridges.count <= number {
        cartridges.append(MemoryCartridge(capacity: 75_000, earlyWarningZone: 9_000))
      }
      do { return FailingDrive(try MemoryDrive(cartridges[number]), self) } catch { throw .volume(.drive(error)) }
    }

    func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
      position += 1
      return SuppliedVolume(drive: try load(position))
    }

    func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
      for number in cartridges.indices {
        guard case .block(let label) = cartridges[number].records.first, label.count == 80 else { continue }
        if String(decoding: label[4..<10], as: UTF8.self) == wanted.vsn.text { return try load(number) }
      }
      throw .refused("volume \(wanted.vsn) is not at hand", hint: nil)
    }
  }

  /// Fails for good after so many calls that write.
  private final class FailingDrive: TapeDrive {
    private let drive: any TapeDrive
    private let shelf: Shelf
    init(_ drive: any TapeDrive, _ shelf: Shelf) {
      self.drive = drive
      self.shelf = shelf
    }
    private func call() throws(DriveError) {
      shelf.calls -= 1
      if shelf.calls < 0 { throw DriveError(.mediumError(detail: "test"), operation: "write", device: "memory") }
    }
    var identity: DriveIdentity { drive.identity }
    func medium() throws(DriveError) -> MediumState { try drive.medium() }
    func position() throws(DriveError) -> BlockID { try drive.position() }
    func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome { try drive.read(into: &buffer) }
    func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
      try call()
      return try drive.write(block)
    }
    func writeFilemark() throws(DriveError) -> WriteOutcome {
      try call()
      return try drive.writeFilemark()
    }
    func flush() throws(DriveError) {
      try call()
      try drive.flush()
    }
    func rewind() throws(DriveError) { try drive.rewind() }
    func locate(to target: BlockID) throws(DriveError) { try drive.locate(to: target) }
    func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(filemarks: count) }
    func space(blocks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(blocks: count) }
    func spaceToEndOfData() throws(DriveError) { try drive.spaceToEndOfData() }
    func close() throws(DriveError) { try drive.close() }
  }

  /// Brings the volume with this VSN.
  private final class Source: VolumeSupply {
    let cartridge: MemoryCartridge
    init(_ cartridge: MemoryCartridge) { self.cartridge = cartridge }
    func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
      throw .refused("read only", hint: nil)
    }
    func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
      // A copy: a source whose target failed is read no further, and not closed.
      do { return try Tape.copy(cartridge) } catch { throw .refused("\(error)", hint: nil) }
    }
  }

  private static func source() throws -> MemoryCartridge {
    let cartridge = MemoryCartridge()
    for members in [first, second] {
      let drive = try MemoryDrive(cartridge)
      try Tape.create(members, on: drive, index: nil)
      try drive.close()
    }
    return cartridge
  }

  /// One run of a repack: looks what is there, goes on behind it, and says what is there then.
  private static func run(
    _ cartridge: MemoryCartridge, _ shelf: Shelf, index: IndexFile, packLimit: Int64?, events: Events
  ) throws -> RepackOperation.Survey {
    let known = try IndexFile()
    let drive = try Tape.copy(cartridge)
    let volume = try #require(try VolumeSync.learn(drive, known, observer: events))
    try drive.close()
    let operation = RepackOperation(index: known, sources: [volume], scope: [volume])
    shelf.position = 0
    var appends = false
    for number in shelf.cartridges.indices {
      let drive = try shelf.load(number)
      let found = try VolumeSync.learn(drive, index, observer: events)
      try drive.close()
      guard let found, try operation.isTarget(found, in: index) else { break }
      (shelf.position, appends) = (number, true)
    }
    let taken = try lookup(operation, shelf, events)
    let survey = try operation.survey(taken)
    if survey.isComplete { return survey }
    let supply = Source(cartridge)
    let source = try operation.source(
      survey, taken, linksOnly: false, first: volume, in: try supply.forReading(volume.descriptor), supply: supply,
      bufferSize: 4 * Tape.blockSize, observer: events)
    let target = try shelf.load(shelf.position)
    let summary = try CreateOperation(
      intent: WriteIntent(appends: appends, blockSize: Tape.blockSize), packLimit: packLimit,
      limits: BatchLimits(members: 2), bufferSize: 4 * Tape.blockSize,
      identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: operation.series
    ).run(from: source, to: target, index: index, observer: events, supply: shelf)
    try source.close()
    if summary.volumeCount == 1 { try target.close() }
    return try operation.survey(try lookup(operation, shelf, events))
  }

  /// What the targets hold, in an index of its own, as a session writes to the other.
  private static func lookup(
    _ operation: RepackOperation, _ shelf: Shelf, _ events: Events
  ) throws -> MemberLookup {
    let index = try IndexFile()
    for number in shelf.cartridges.indices {
      let drive = try shelf.load(number)
      _ = try VolumeSync.learn(drive, index, observer: events)
      try drive.close()
    }
    return try MemberLookup(try operation.targets(in: index), in: index)
  }

  /// The power fails at every object that is written, with what was flushed, with one object more, and with all; the next
  /// run knows what happened from an index that knows it, and from the tapes alone.
  @Test(arguments: zip([0, 1, 1_000], [nil, 4_000, nil] as [Int64?]))
  func everyLiveMemberIsThereOnceAfterAFailureAnywhere(keeping kept: Int, _ packLimit: Int64?) throws {
    let cartridge = try Self.source()
    let records = cartridge.records
    var isOver = false
    var found: Set<Int64> = []
    for calls in 0..<1_000 where !isOver {
      let what = "after \(calls) calls, keeping \(kept)"
      let shelf = Shelf()
      shelf.calls = calls
      var index = try IndexFile()
      do {
        _ = try Self.run(cartridge, shelf, index: index, packLimit: packLimit, events: Events())
        isOver = true
      } catch { #expect("\(error)".contains("test"), "\(what): \(error)") }
      for cartridge in shelf.cartridges { cartridge.powerCut(keeping: kept) }
      shelf.calls = .max
      if calls % 2 == 0 { index = try IndexFile() }
      let events = Events()
      let survey = try Self.run(cartridge, shelf, index: index, packLimit: packLimit, events: events)
      #expect(survey.isComplete && survey.members == 6, "\(what)")
      #expect(events.words == [], "\(what)")
      found.insert(Int64(events.committed.reduce(0, +)))
      // From the tapes alone: each once, and as it was.
      let alone = try IndexFile()
      for number in shelf.cartridges.indices {
        let drive = try shelf.load(number)
        _ = try VolumeSync.learn(drive, alone, observer: events)
        try drive.close()
      }
      let volumes = try alone.volumes()
      let names = try alone.versions(of: .pattern { _ in true }, on: volumes).map {
        String(decoding: $0.record.member.path, as: UTF8.self)
      }
      #expect(names == ["a", "b", "c", "d", "e", "f"], "\(what): \(names)")
      let first = try #require(volumes.min { $0.descriptor.sequenceInSet < $1.descriptor.sequenceInSet })
      let drive = try shelf.forReading(first.descriptor)
      let target = try ReadTarget.open(drive: drive, index: alone, vsn: nil, observer: events)
      let sink = TestSink()
      let access = target.access(drive, supply: shelf, events)
      _ = try RestoreOperation(
        query: MemberQuery(newestOnly: true), options: RestoreOptions(), bufferSize: 4 * Tape.blockSize
      ).run(target, access: access, sink: sink, observer: events)
      try access.close()
      #expect(sink.files == Self.contents, "\(what)")
      #expect(events.words == [], "\(what)")
    }
    #expect(isOver)
    #expect(found.count >= 4)
    #expect(cartridge.records == records)
  }
}
