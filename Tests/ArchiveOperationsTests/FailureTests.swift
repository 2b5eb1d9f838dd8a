import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// Whatever fails, what was reported committed is there, what was not is named, and the next session goes on.
struct FailureTests {
  private static let content = (0..<8).map { Noise.incompressible($0, 2_000 + $0 * 5_000) }
  private func file(_ number: Int) -> TestMember { .file("f\(number)", Self.content[number]) }

  /// Every member in `committed` restores from the tape, with the index and without one.
  private func check(_ drive: any TapeDrive, _ index: IndexFile?, has committed: Int, _ what: String) throws {
    for index in index.map({ [$0, nil] }) ?? [nil] {
      let events = Events()
      let sink = try Tape.restore(from: drive, index: index, events: events)
      #expect(events.notices.isEmpty, "\(what)")
      for number in 0..<committed {
        let isSame = sink.files["f\(number)"] == Self.content[number]
        #expect(isSame, "\(what): f\(number)")
      }
    }
  }

  @Test(arguments: [FaultDrive.Kind.write, .filemark, .flush])
  func aFailingDriveLosesNothingThatWasCommitted(_ kind: FaultDrive.Kind) throws {
    var failures = 0
    for nth in 1... {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let fault = FaultDrive(drive)
      fault.fail(kind, nth: nth, with: .mediumError(detail: "test"))
      let events = Events()
      do {
        try Tape.create((0..<8).map(file), on: fault, index: index, limits: BatchLimits(members: 3), events: events)
        break
      } catch {
        guard case OperationError.volume(.drive(let cause)) = error, case .mediumError = cause.cause else {
          Issue.record("\(kind) \(nth): \(error)")
          return
        }
      }
      failures += 1
      let committed = events.committed.reduce(0, +)
      // The files behind the committed ones, up to the one that was being written, by name and in order.
      let named = events.unconfirmed
      #expect(named == (committed..<committed + named.count).map { "f\($0)" }, "\(kind) \(nth)")
      #expect(kind != .write || committed == 8 || !named.isEmpty, "\(kind) \(nth)")
      // What no flush confirmed may be gone: none of it, or all.
      for keptByPower in [0, 1000] {
        let after = try Tape.copy(
          drive.cartridge, upTo: min(drive.cartridge.confirmed + keptByPower, drive.cartridge.records.count))
        try check(after, index, has: committed, "\(kind) \(nth)")
        try Tape.create([.file("next", [1])], on: after, index: nil)
        try check(after, nil, has: committed, "\(kind) \(nth), after the next session")
        #expect(try Tape.restore(["next"], from: after, index: nil).files == ["next": [1]])
      }
    }
    // Eight members of 15 blocks and three catalogues of one, six labels and three marks each.
    #expect(failures == [FaultDrive.Kind.write: 84, .filemark: 33, .flush: 3][kind])
  }

  @Test func aFullVolumeKeepsWhatItReportsAndNamesTheFirstLeftOut() throws {
    var leftOut: Set<String> = []
    // From where catalogue 0 fits up to where all fits, in steps smaller than any object but labels and marks.
    for capacity in stride(from: 40_000, to: 230_000, by: 977) {
      let cartridge = MemoryCartridge(capacity: UInt64(capacity), earlyWarningZone: 30_000)
      let drive = try MemoryDrive(cartridge)
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let events = Events()
      let summary = try Tape.create(
        (0..<8).map(file), on: drive, index: index, limits: BatchLimits(members: 3), events: events)
      let committed = events.committed.reduce(0, +)
      #expect(summary.members == committed && events.unconfirmed.isEmpty)
      #expect(
        summary.firstLeftOut.map { String(decoding: $0, as: UTF8.self) } == (committed < 8 ? "f\(committed)" : nil))
      if committed < 8 { leftOut.insert("f\(committed)") }
      try check(drive, index, has: committed, "capacity \(capacity)")
      if summary.firstLeftOut != nil {
        #expect(throws: OperationError.self) { try Tape.create([file(0)], on: drive, index: index) }
      }
    }
    #expect(leftOut.count >= 7)
  }

  @Test func aCatalogueThatDoesNotFitLeavesItsMembersNamed() throws {
    var failures = 0
    for capacity in stride(from: 40_000, to: 230_000, by: 3_331) {
      let drive = try MemoryDrive(MemoryCartridge(capacity: UInt64(capacity), earlyWarningZone: 200))
      let index = try IndexFile()
      try Tape.create([], on: drive, index: index)
      let events = Events()
      do {
        try Tape.create((0..<8).map(file), on: drive, index: index, limits: BatchLimits(members: 3), events: events)
      } catch {
        failures += 1
        let committed = events.committed.reduce(0, +)
        let named = events.unconfirmed
        #expect(named == (committed..<committed + named.count).map { "f\($0)" }, "capacity \(capacity)")
      }
      try check(drive, index, has: events.committed.reduce(0, +), "capacity \(capacity)")
    }
    #expect(failures > 0)
  }
}
