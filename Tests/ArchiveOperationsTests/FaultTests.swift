import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Each call that the operations make of a drive fails once: it is said, nothing that was reported safe is lost, no wrong
/// byte comes back, and work goes on.
struct FaultTests {
  /// A kind of call, and how many objects seem to be written before its failure shows.
  struct Fault: CustomStringConvertible {
    var kind: FaultDrive.Kind
    var objects = 0
    /// Every `step`th call from this one on: the reads are many, and are shared among tests that run side by side.
    var first = 1
    var step = 1
    /// Bytes of the largest member that goes into a pack: of the five, two do.
    var packLimit: Int64?
    var description: String {
      "\(kind)" + (objects == 0 ? "" : ", \(objects) objects later") + (step == 1 ? "" : ", from call \(first)")
        + (packLimit == nil ? "" : ", packs")
    }
  }

  static let faults =
    unpacked
    + unpacked.map { fault in
      var packed = fault
      packed.packLimit = 15_000
      // Packs are read by the same code: every third read will do.
      packed.step *= fault.kind == .read ? 3 : 1
      return packed
    }

  private static let unpacked =
    FaultDrive.Kind.allCases.filter { $0 != .space && $0 != .read }.map { Fault(kind: $0) }
    + (1...4).map { Fault(kind: .read, first: $0, step: 4) }
    + [1, 7, 1000].flatMap { [Fault(kind: .write, objects: $0), Fault(kind: .filemark, objects: $0)] }

  private static let contents = Dictionary(
    uniqueKeysWithValues: ["a", "b", "c", "d", "next"].enumerated().map { number, name in
      (name, Noise.incompressible(number, 3_000 + number * 9_000))
    })

  private func members(_ names: String...) -> [TestMember] { names.map { .file($0, Self.contents[$0] ?? []) } }

  /// What became of a scenario.
  private final class Story {
    let cartridge = MemoryCartridge()
    let drive: FaultDrive
    let index: IndexFile
    /// Names that were reported committed, and those reported as unconfirmed.
    var safe: [String] = []
    var unconfirmed: [String] = []
    /// What was thrown or noticed.
    var said: [String] = []
    let packLimit: Int64?

    init(packLimit: Int64?) throws {
      self.packLimit = packLimit
      drive = FaultDrive(try MemoryDrive(cartridge))
      index = try IndexFile()
    }
  }

  /// A session with labelling and two batches, one behind it that is verified, and reading in every way.
  private func run(_ story: Story) {
    write(members("a", "b", "c"), story)
    write(members("d"), story, verifies: true)
    for index in [story.index, nil] {
      read(story) { events in try Tape.restore(from: story.drive, index: index, events: events) }
    }
    read(story) { events in try Tape.readInSequence(story.drive, events: events) }
    list(story)
    do { try story.drive.close() } catch { story.said.append("\(error)") }
  }

  private func write(_ members: [TestMember], _ story: Story, verifies: Bool = false) {
    let events = Events()
    do {
      _ = try CreateOperation(
        intent: WriteIntent(appends: true, vsn: try VSN("V00001"), blockSize: Tape.blockSize),
        packLimit: story.packLimit, limits: BatchLimits(members: 2), verifies: verifies,
        bufferSize: 4 * Tape.blockSize, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
      ).run(from: TestSource(members), to: story.drive, index: story.index, observer: events)
    } catch { story.said.append("\(error)") }
    let names = members.map { String(decoding: $0.member.path, as: UTF8.self) }
    let committed = events.committed.reduce(0, +)
    story.safe += names.prefix(committed)
    story.unconfirmed += events.unconfirmed
    story.said += events.words
    // What was begun and not committed is named, in its order.
    #expect(events.unconfirmed == Array(names[committed...].prefix(events.unconfirmed.count)))
  }

  /// Reads everything: each safe member comes back as it was, or is named.
  private func read(_ story: Story, _ body: (Events) throws -> TestSink) {
    let events = Events()
    var thrown: String?
    var sink = TestSink()
    do { sink = try body(events) } catch { thrown = "\(error)" }
    for (name, content) in sink.files {
      let isSame = content == Self.contents[name]
      #expect(isSame, "\(name) came back otherwise")
    }
    let said =
      events.words + events.information.filter { !$0.contains("is not in the index") } + (thrown.map { [$0] } ?? [])
    story.said += said
    for name in story.safe where sink.files[name] == nil && said.isEmpty {
      Issue.record("\(name) did not come back, and nothing was said")
    }
  }

  /// Lists the tape by its catalogues: each safe member is there, or something is said.
  private func list(_ story: Story) {
    let events = Events()
    do {
      let found = try ReadTarget.open(drive: story.drive, index: nil, vsn: nil, observer: events)
      var listed: Set<String> = []
      _ = try ListOperation(query: MemberQuery(newestOnly: false)).run(volumes: [found.volume], index: found.index) {
        listed.insert(String(decoding: $0.record.member.path, as: UTF8.self))
      }
      #expect(listed.isSuperset(of: story.safe) || !events.words.isEmpty)
      story.said += events.words
    } catch { story.said.append("\(error)") }
  }

  /// What a sound drive finds on a tape.
  private func check(_ cartridge: MemoryCartridge, upTo count: Int, _ story: Story, has names: [String], _ what: String)
    throws
  {
    for index in [story.index, nil] {
      if names.isEmpty, index != nil { continue }
      let events = Events()
      let sink = try Tape.restore(from: Tape.copy(cartridge, upTo: count), index: index, events: events)
      #expect(events.words.isEmpty, "\(what)")
      for name in names {
        let isSame = sink.files[name] == Self.contents[name]
        #expect(isSame, "\(what): \(name)")
      }
    }
  }

  @Test(arguments: faults)
  func everyCallMayFail(_ fault: Fault) throws {
    var failures = 0
    for nth in stride(from: fault.first, to: .max, by: fault.step) {
      let what = "\(fault), call \(nth)"
      let story = try Story(packLimit: fault.packLimit)
      story.drive.fail(fault.kind, nth: nth, with: .mediumError(detail: "test"), after: fault.objects)
      run(story)
      guard story.drive.hasFailed else { break }
      failures += 1
      // Catalogue 0 is only looked at to know the volume; whatever else fails is said.
      #expect(!story.said.isEmpty || story.safe == ["a", "b", "c", "d"], "\(what): nothing was said")

      // With the power cut too: what no flush confirmed is gone.
      if [.write, .filemark, .flush].contains(fault.kind), !story.safe.isEmpty {
        try check(story.cartridge, upTo: story.cartridge.confirmed, story, has: story.safe, what)
      }
      // The index knows nothing that is not on the tape.
      if let volume = try story.index.volumes().first {
        let rows = try story.index.totals(of: volume).members
        let sink = try Tape.restore(
          from: Tape.copy(story.cartridge, upTo: story.cartridge.confirmed), index: story.index)
        #expect(rows == Int64(sink.files.count), "\(what): the index knows \(rows) members")
      }
      let drive = try Tape.copy(story.cartridge)
      try Tape.create(members("next"), on: drive, index: story.index)
      try check(drive.cartridge, upTo: .max, story, has: story.safe + ["next"], "\(what), after the next session")
    }
    #expect(failures > 0)
    print("\(fault): \(failures) calls failed in turn")
  }
}
