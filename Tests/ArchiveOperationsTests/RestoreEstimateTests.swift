import ArchiveFormat
import ArchiveOperations
import DriveTiming
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// What is estimated is what restoring takes.
struct RestoreEstimateTests {
  /// Batches of 8 members of one size each, packs in some, on a drive that counts time.
  private final class Volume {
    let located: FaultDrive
    let drive: TimedDrive
    let index: IndexFile
    let model: DriveModel

    init(_ model: DriveModel) throws {
      self.model = model
      index = try IndexFile()
      located = FaultDrive(try MemoryDrive(MemoryCartridge()))
      drive = TimedDrive(located, ModelledDrive(model), precision: 1)
      for (batch, size) in [100, 200_000, 40_000, 1_000, 100_000].enumerated() {
        let members = (0..<8).map { TestMember.file("b\(batch)/m\($0)", [UInt8](repeating: 7, count: size)) }
        try Tape.create(members, on: drive, index: index, packLimit: batch == 2 ? 50_000 : nil)
      }
      try drive.rewind()
    }
  }

  private func query(_ names: [String]) -> MemberQuery {
    MemberQuery(operands: names.map { .literal(Array($0.utf8)) }, newestOnly: true)
  }

  /// What was estimated, and what the restore took.
  private func compared(
    _ names: [String], on model: DriveModel, gap: Int
  ) throws -> (estimate: RestoreEstimate, seconds: Double, locates: Int) {
    let volume = try Volume(model)
    let drive = volume.drive
    let (before, locatesBefore) = (drive.timing.clock, volume.located.count(.locate))
    let events = Events()
    let target = try ReadTarget.open(drive: drive, index: volume.index, vsn: nil, observer: events)
    var operation = RestoreOperation(query: query(names), options: RestoreOptions(), bufferSize: 4 * Tape.blockSize)
    operation.longestGap = gap * Tape.blockSize
    var estimate = RestoreEstimate(
      on: ModelledDrive(model), loaded: target.volume.descriptor.id, longestGap: operation.longestGap)
    try estimate.add(operation, of: target)
    #expect(drive.timing.clock - before < 0.001, "estimating moves nothing")
    let sink = TestSink()
    _ = try operation.run(target, drive: drive, sink: sink, observer: events)
    #expect(events.words == [] && sink.order.count == Int(estimate.members))
    return (estimate, drive.timing.clock - before, volume.located.count(.locate) - locatesBefore)
  }

  static let names = [
    ["b0/m3"], ["b0/m2", "b1", "b3/m7"], ["b1/m1", "b2/m3", "b2/m4", "b4/m0"], ["b2/m1", "b2/m6", "b3/m0"],
    (1..<8).map { "b4/m\($0)" }, ["b0/m1", "b1/m1", "b2/m1", "b3/m1", "b4/m1"],
  ]

  @Test(arguments: names, [0, 3, 12, 60, 1_000])
  func aRestoreTakesWhatWasEstimated(_ names: [String], _ gap: Int) throws {
    let (estimate, seconds, locates) = try compared(names, on: .lto8, gap: gap)
    #expect(estimate.locates == locates)
    #expect(abs(estimate.drive.clock - seconds) < 0.002, "\(estimate.drive.clock), not \(seconds)")
    #expect(estimate.volumes == 1 && estimate.drive.spent[.locates] > 4.2)
  }

  @Test func farPlacesAreKnownFromTheIndex() throws {
    // A tape of 4 runs that these members fill half: a locate is as far as it is long.
    var model = DriveModel.lto8
    (model.capacity, model.wraps) = (6_000_000, 4)
    for names in Self.names {
      let (estimate, seconds, _) = try compared(names, on: model, gap: 0)
      // The last blocks of catalogues are not known to the index.
      #expect(abs(estimate.drive.clock - seconds) < 0.05 * seconds, "\(estimate.drive.clock), not \(seconds)")
    }
  }

  @Test func everythingIsReadInOnePassWithoutALocate() throws {
    let (estimate, seconds, _) = try compared([], on: .lto8, gap: 60)
    #expect(estimate.members == 40 && estimate.files == 33 && estimate.locates == 0)
    #expect(estimate.bytes == 8 * 341_100)
    // The catalogues between the batches are passed.
    #expect(estimate.gaps == 4 && abs(estimate.drive.clock - seconds) < 0.002)
  }

  @Test func furtherVolumesAreLoaded() throws {
    let supply = MemorySupply(MemoryCartridge(capacity: 300_000, earlyWarningZone: 60_000)) { _ in
      MemoryCartridge(capacity: 300_000, earlyWarningZone: 60_000)
    }
    let index = try IndexFile()
    let members = (0..<6).map { TestMember.file("m\($0)", Noise.incompressible($0, 90_000)) }
    let volumes = try Span.create(members, to: supply, index: index).volumeCount
    #expect(volumes > 2)
    var drives: [TimedDrive] = []
    supply.wrap = { drive in
      drives.append(TimedDrive(drive, ModelledDrive(.lto8), precision: 1))
      return drives[drives.count - 1]
    }
    let first = supply.wrap(try MemoryDrive(supply.cartridges[0]))
    let events = Events()
    let target = try ReadTarget.open(drive: first, index: index, vsn: nil, observer: events)
    let operation = RestoreOperation(query: query([]), options: RestoreOptions(), bufferSize: 4 * Tape.blockSize)
    var estimate = RestoreEstimate(on: ModelledDrive(.lto8), loaded: target.volume.descriptor.id)
    try estimate.add(operation, of: target)
    var unloaded = RestoreEstimate(on: ModelledDrive(.lto8))
    try unloaded.add(operation, of: target)
    let access = target.access(first, supply: supply, events)
    _ = try operation.run(target, access: access, sink: TestSink(), observer: events)
    try access.close()
    #expect(events.words == [] && estimate.volumes == drives.count && drives.count == volumes)
    let changes = Double(volumes - 1) * (DriveModel.lto8.unload + DriveModel.lto8.load)
    let seconds = drives.reduce(changes) { $0 + $1.timing.clock }
    #expect(abs(estimate.drive.clock - seconds) < 0.01, "\(estimate.drive.clock), not \(seconds)")
    #expect(abs(unloaded.drive.clock - estimate.drive.clock - DriveModel.lto8.load) < 0.001)
  }
}
