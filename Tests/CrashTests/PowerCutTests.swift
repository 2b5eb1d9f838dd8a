import ArchiveFormat
import Glibc
import TapeTestSupport
import Testing
import VirtualTape

/// Sessions whose power is cut at every instant: nothing committed is ever lost, nothing is listed that does not
/// restore, and the next session goes on without repair.
///
/// `TAPIR_CRASH_SEEDS` says how many ways of losing what was not synced are tried at each instant.
struct PowerCutTests {
  static let seed: UInt64 = 0x7461_7069_7220_2631
  static let seeds = getenv("TAPIR_CRASH_SEEDS").flatMap { Int(String(cString: $0)) } ?? 16

  static let scenarios: [Scenario] = [
    Scenario(name: "small and large members in batches, lz4") { Self.sessions(.pax) },
    Scenario(name: "small and large members in batches, off", options: CartridgeOptions(compression: .off)) {
      Self.sessions(.pax)
    },
    Scenario(name: "raw, lz4") { Self.sessions(.raw) },
    Scenario(name: "raw, off, large blocks", options: CartridgeOptions(compression: .off), blockSize: 64 << 10) {
      Self.sessions(.raw)
    },
    Scenario(name: "tails that were never committed, written over", options: CartridgeOptions(compression: .off)) {
      Self.tails(closes: false)
    },
    Scenario(name: "the same, closed in order", options: CartridgeOptions(compression: .off)) {
      Self.tails(closes: true)
    },
    Scenario(name: "tails of large blocks", options: CartridgeOptions(compression: .off), blockSize: 64 << 10) {
      Self.tails(closes: false)
    },
    Scenario(name: "packs and large members, lz4") { Self.packs() },
    Scenario(name: "packs and large members, off", options: CartridgeOptions(compression: .off)) { Self.packs() },
    Scenario(name: "a volume erased and written anew") {
      [
        Session(members: Self.members("a", [300, 40_000, 2_000]), batch: 2),
        Session(members: Self.members("b", [300, 30_000]), erases: true),
        Session(members: Self.members("c", [1_000])),
      ]
    },
  ]

  static func members(_ name: String, _ sizes: [Int]) -> [TestMember] {
    sizes.enumerated().map { TestMember("\(name)\($0)", size: $1, isStream: $0 % 3 == 2) }
  }

  private static func sessions(_ layout: Layout) -> [Session] {
    [
      Session(members: members("a", [10, 60_000, 700, 0, 16_384, 3_000, 100]), layout: layout, batch: 3),
      Session(members: members("b", [50_000, 1]), layout: layout, hasIndex: false),
      Session(members: members("c", [5, 500, 5_000, 50_000]), layout: layout, batch: 1, closes: false),
      Session(members: members("d", [20_000]), layout: layout),
    ]
  }

  private static func packs() -> [Session] {
    [
      Session(members: members("a", [10, 60_000, 700, 0, 16_384, 3_000, 100]), packLimit: 20_000, batch: 3),
      Session(members: members("b", [9_000, 9_000, 50, 40_000]), packLimit: 10_000, failsAtWrite: 12),
      Session(
        members: members("c", [5, 500, 5_000, 50_000, 12_000, 1]), layout: .raw, packLimit: 40_000, batch: 2,
        closes: false),
      Session(members: members("d", [20_000, 1]), packLimit: 1 << 20),
    ]
  }

  private static func tails(closes: Bool) -> [Session] {
    [
      Session(members: members("a", [100, 30_000]), closes: closes),
      Session(members: members("b", [200, 40_000, 300, 90_000, 400]), batch: 2, failsAtWrite: 40, closes: closes),
      Session(members: members("c", [70_000, 20]), batch: 1, failsAtWrite: 14, closes: closes),
      Session(members: members("d", [200, 40_000, 300, 90_000, 400]), batch: 2, closes: closes),
    ]
  }

  @Test(arguments: scenarios)
  func whatWasCommittedSurvivesACutAtEveryInstant(_ scenario: Scenario) throws {
    let scratch = try Scratch()
    let root = "\(scratch.path)/recorded"
    mkdir(root, 0o755)
    let archive = Archive(root: root, options: scenario.options, blockSize: scenario.blockSize)
    let recording = Recording(root)
    try Cartridge.create(at: archive.path, scenario.options, witness: recording)
    try Cartridge.update(at: archive.path, witness: recording) { $0.barcode = "V00001L8" }
    for session in scenario.sessions() { try archive.run(session, recording) }
    recording.noteIndex()
    #expect(recording.notices.isEmpty)

    let survey = Survey(scenario: scenario, scratch: scratch.path, seeds: Self.seeds, seed: Self.seed)
    survey.run(from: Disk(), index: [:], Checker.Promise(), recording, depth: 2)
    print(
      "\(scenario.name): \(survey.points) crash points (\(survey.nestedPoints) of them in the session after a crash), "
        + "\(survey.images) different disks, \(survey.states) different tapes and promises, seed \(Self.seed)")
    #expect(survey.committedAtEnd > 0)
    // 10,000 in all; fewer ways than by default are for trying something out.
    #expect(survey.points >= 10_000 / Self.scenarios.count || Self.seeds < 16)
  }
}
