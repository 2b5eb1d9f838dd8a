import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// `--remove-files`: a source goes only when its member is safe, and only when it was read whole and unchanged.
struct RemovalTests {
  private let removals = Removals()

  private func files(_ count: Int) -> [TestMember] {
    (0..<count).map { number in
      var file = TestMember.file("f\(number)", Noise.incompressible(number, 2_000 + number * 5_000))
      file.removals = removals
      return file
    }
  }

  private func names(_ count: Int) -> [String] { (0..<count).map { "f\($0)" } }

  @Test func sourcesGoBatchByBatchBehindFlushAndIndexAndDirectoriesLast() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    var known: [Int64] = []
    removals.before = { _ in
      #expect(drive.cartridge.confirmed == drive.cartridge.records.count)
      do { known.append(try index.volumes().reduce(0) { try $0 + index.totals(of: $1).members }) } catch {
        Issue.record(error)
      }
    }
    try Tape.create(files(7), on: drive, index: index, limits: BatchLimits(members: 3))
    #expect(removals.names == names(7) + ["directories"])
    #expect(known == [3, 3, 3, 6, 6, 6, 7])
  }

  @Test(arguments: [FaultDrive.Kind.write, .filemark, .flush])
  func whateverFailsNothingUncommittedIsRemoved(_ kind: FaultDrive.Kind) throws {
    var removed: Set<Int> = []
    for nth in 1... {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let fault = FaultDrive(drive)
      fault.fail(kind, nth: nth, with: .mediumError(detail: "test"))
      let events = Events()
      removals.names = []
      do {
        try Tape.create(files(8), on: fault, index: index, limits: BatchLimits(members: 3), events: events)
        break
      } catch {}
      let committed = events.committed.reduce(0, +)
      #expect(removals.names == names(committed), "\(kind) \(nth)")
      removed.insert(committed)
    }
    #expect(removals.names == names(8) + ["directories"])
    #expect(removed == [0, 3, 6])
  }

  @Test func aBatchThatTheIndexDoesNotTakeKeepsItsSources() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    removals.before = { name in
      guard name == "f2" else { return }
      // Behind the first batch another volume takes the name in the index.
      do {
        for volume in try index.volumes() { try index.markErased(volume) }
        try Tape.create([.file("other", [1])], on: MemoryDrive(), index: index)
      } catch { Issue.record(error) }
    }
    let events = Events()
    #expect(throws: OperationError.self) {
      try Tape.create(files(7), on: drive, index: index, limits: BatchLimits(members: 3), events: events)
    }
    #expect(removals.names == names(3))
    #expect(events.committed == [3])
    // On the tape it is all the same.
    #expect(try Tape.restore(from: drive, index: nil).files.count == 6)
  }

  @Test func whatWasNotReadWholeAndUnchangedStays() throws {
    var members = files(5)
    members[1].shrinksTo = 100
    members[2].failsAt = 100
    members[3].changes = true
    let events = Events()
    try Tape.create(members, on: MemoryDrive(), index: nil, events: events)
    #expect(removals.names == ["f0", "f4", "directories"])
    let said = events.words.filter { $0.hasSuffix(": Not removed: it changed or could not be read to its end") }
    #expect(said.map { $0.prefix(2) } == ["f1", "f2", "f3"])
  }

  @Test func whatIsNotAsItWasWrittenStays() throws {
    var kept: Set<String> = []
    for nth in 1... {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let fault = FaultDrive(drive)
      fault.fail(.read, nth: nth, with: .mediumError(detail: "test"))
      let events = Events()
      removals.names = []
      do { try Tape.create(files(4), on: fault, index: index, verifies: true, events: events) } catch {
        #expect(removals.names == [], "\(nth)")
        continue
      }
      if fault.count(.read) < nth { break }
      let damaged = events.notices.map { String(decoding: $0.path, as: UTF8.self) }
      #expect(removals.names == names(4).filter { !damaged.contains($0) } + ["directories"], "\(nth)")
      kept.formUnion(damaged)
    }
    #expect(kept == ["f0", "f1", "f2", "f3"])
  }

  @Test func aFullVolumeKeepsTheSourcesOfWhatItHadNoRoomForAndAllDirectories() throws {
    var counts: Set<Int> = []
    for capacity in stride(from: 40_000, to: 230_000, by: 3_331) {
      let drive = try MemoryDrive(MemoryCartridge(capacity: UInt64(capacity), earlyWarningZone: 30_000))
      let events = Events()
      removals.names = []
      let summary = try Tape.create(
        files(8), on: drive, index: IndexFile(), limits: BatchLimits(members: 3), events: events)
      let committed = events.committed.reduce(0, +)
      #expect(removals.names == names(committed) + (summary.firstLeftOut == nil ? ["directories"] : []))
      counts.insert(committed)
    }
    #expect(counts.count >= 7)
  }

  @Test func anInterruptedSessionKeepsTheSourcesOfWhatItGaveUpAndAllDirectories() throws {
    let drive = try MemoryDrive()
    let interruption = Interruption()
    removals.before = { if $0 == "f2" { interruption.interrupt() } }
    let events = Events()
    _ = try CreateOperation(
      intent: WriteIntent(appends: true, blockSize: Tape.blockSize), limits: BatchLimits(members: 3),
      bufferSize: 4 * Tape.blockSize, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
    ).run(
      from: TestSource(files(8)), to: drive, index: nil, observer: events, interruption: interruption)
    #expect(removals.names == names(3))
  }
}
