import ArchiveFormat
import ArchiveOperations
import DriveTiming
import TapeIO
import TapeTestSupport
import Testing

/// What is planned is what is written.
struct PlanTests {
  private let members =
    [0, 1, 511, 512, 300_000, 40_000, 5_000_000].map {
      TestMember.file("directory/file of \($0)", [UInt8](repeating: 7, count: $0))
    } + [TestMember.linked("one", inode: 7, [1, 2, 3]), .link("other", to: "one", inode: 7)]

  private func plan(
    _ members: [TestMember], layout: Layout = .pax, packLimit: Int64? = nil, limits: BatchLimits = BatchLimits(),
    capacity: Int64? = nil,
    ratio: Double = 1, sourceRate: Double? = nil, events: Events = Events()
  ) -> Plan {
    var model = DriveModel.lto9
    if let capacity { model.capacity = capacity }
    return PlanOperation(layout: layout, packLimit: packLimit, limits: limits, sourceRate: sourceRate).run(
      from: TestSource(members), on: ModelledDrive(model, compressionRatio: ratio), observer: events)
  }

  @Test(arguments: [Layout.pax, .raw], [2, 50_000])
  func aRealSessionOnAModelledDriveTakesWhatWasPlanned(_ layout: Layout, _ batch: Int) throws {
    let limits = BatchLimits(members: batch)
    let plan = plan(members, layout: layout, limits: limits)
    let drive = TimedDrive(try MemoryDrive(), ModelledDrive(.lto9))
    let written = try Tape.create(members, on: drive, index: nil, appends: false, layout: layout, limits: limits)
    let real = drive.timing
    #expect(plan.members == written.members && plan.members == members.count)
    #expect(plan.drive.filemarks == real.filemarks && plan.drive.flushes == real.flushes)
    #expect(plan.batches == plan.drive.flushes - 1)
    #expect(abs(plan.drive.spent[.labels] - real.spent[.labels]) < 1e-12)
    // The session counts catalogues as content. Only their size is estimated.
    let estimated = plan.drive.spent[.catalogues] * DriveModel.lto9.nativeRate
    let content = plan.drive.spent[.content] * DriveModel.lto9.nativeRate
    let catalogues = real.spent[.content] * DriveModel.lto9.nativeRate - content
    #expect(abs(content - Double(written.bytes)) < 0.5)
    #expect(catalogues > estimated * 0.8 && catalogues < estimated * 1.2, "\(catalogues), not \(estimated)")
  }

  @Test(arguments: [2, 5, 50_000]) func packsArePlannedAsTheyAreWritten(_ batch: Int) throws {
    let members =
      members + members.filter { $0.member.kind == .regular }.map { .file("again/\($0.content.count)", $0.content) }
    let limits = BatchLimits(members: batch)
    let plan = plan(members, packLimit: 1_000_000, limits: limits)
    let drive = TimedDrive(try MemoryDrive(), ModelledDrive(.lto9))
    let written = try CreateOperation(
      intent: WriteIntent(appends: false, blockSize: Tape.blockSize), packLimit: 1_000_000, limits: limits,
      bufferSize: 1 << 16, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
    ).run(from: TestSource(members), to: drive, index: nil, observer: Events())
    #expect(plan.members == written.members && plan.members == members.count)
    #expect(plan.drive.filemarks == drive.timing.filemarks && plan.drive.flushes == drive.timing.flushes)
    #expect(abs(plan.drive.spent[.labels] - drive.timing.spent[.labels]) < 1e-12)
    #expect(abs(plan.drive.spent[.content] * DriveModel.lto9.nativeRate - Double(written.bytes)) < 0.5)
  }

  @Test func aPackEndsWhereTheCartridgeDoes() {
    let files = (0..<10).map { TestMember.file("\($0)", [UInt8](repeating: 7, count: 1_000_000)) }
    let plan = plan(files, packLimit: 1_000_000, capacity: 3_500_000)
    #expect(plan.members == 10 && plan.cartridges == 4 && plan.drive.spent[.rewritten] == 0)
    // Labels of catalogue 0, one pack and one catalogue each.
    #expect(plan.drive.filemarks == 4 * 9)
    let events = Events()
    #expect(self.plan(files, packLimit: 1_000_000, capacity: 1 << 20, events: events).members == 10)
    #expect(self.plan(files, packLimit: 1_000_000, capacity: 1_000_000, events: events).members == 0)
    #expect(events.notices.count == 10)
  }

  @Test func batchesEndWhereTheLimitsAre() {
    let files = (0..<100).map { TestMember.file("\($0)", [UInt8](repeating: 7, count: 100_000)) }
    #expect(plan(files).batches == 1)
    #expect(plan(files, limits: BatchLimits(members: 30)).batches == 4)
    #expect(plan(files, limits: BatchLimits(bytes: 1_000_000)).batches == 10)
    // 0.1 s each at this rate.
    #expect(plan(files, limits: BatchLimits(seconds: 2), sourceRate: 1_000_000).batches == 5)
    #expect(plan([]).cartridges == 0 && plan([]).drive.spent.total == 0)
  }

  @Test func whatDoesNotFitGoesToTheNextCartridge() throws {
    let files = (0..<10).map { TestMember.file("\($0)", [UInt8](repeating: 7, count: 1_000_000)) }
    let events = Events()
    let plan = plan(files, capacity: 3_500_000, events: events)
    #expect(plan.members == 10 && plan.cartridges == 4 && events.notices == [])
    // A part of a member at the end of three of them.
    #expect(plan.drive.spent[.rewritten] > 0.003 && plan.drive.spent[.loads] == 4 * 17)
    #expect(plan.drive.spent[.locates] > 0 && plan.tapeBytes < 4 * 3_500_000)
    #expect(self.plan(files, capacity: 3_500_000, ratio: 4).cartridges == 1)
  }

  @Test func whatNoCartridgeHoldsIsNamed() {
    let files = [1_000_000, 5_000_000, 2_000_000].map { TestMember.file("\($0)", [UInt8](repeating: 7, count: $0)) }
    let events = Events()
    let plan = plan(files, capacity: 3_500_000, events: events)
    #expect(plan.members == 2 && plan.cartridges == 1)
    #expect(events.words == ["5000000: Cannot archive: larger than a cartridge"])
    #expect(events.notices.map(\.severity) == [.failure])
  }

  @Test func whatCannotBeOpenedIsNamedAndLeftOut() {
    var gone = TestMember.file("gone", [1])
    gone.isGone = true
    let events = Events()
    #expect(plan([gone] + members, events: events).members == members.count)
    #expect(events.words == ["gone: Cannot open: No such file or directory"])
  }
}
