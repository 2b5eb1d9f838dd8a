import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Batches that are their catalogue alone: what happened to names.
struct NameChangeTests {
  private static func operation(_ changes: [NameChange]) throws -> CreateOperation {
    var operation = CreateOperation(
      intent: WriteIntent(appends: true, vsn: try VSN("V00001"), blockSize: Tape.blockSize),
      bufferSize: 4 * Tape.blockSize, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: [])
    operation.changes = { _ in changes }
    return operation
  }

  private static func names(_ sink: TestSink) -> [String] { sink.files.keys.sorted() }

  private static let contents = Dictionary(
    uniqueKeysWithValues: ["a", "b", "c"].enumerated().map { ($1, Noise.incompressible($0, 40_000)) })
  private static var members: [TestMember] {
    contents.sorted { $0.key < $1.key }.map { TestMember.file($0.key, $0.value) }
  }

  /// The power fails after each object of the batch: the deletion is there whole or not at all, no member is lost, and the
  /// command can be given again.
  @Test func aPowerCutAroundABatchThatIsItsCatalogueAlone() throws {
    let cartridge = MemoryCartridge()
    let drive = try MemoryDrive(cartridge)
    try Tape.create(Self.members, on: drive, index: nil)
    let before = cartridge.records.count
    _ = try Self.operation([.deleted([0x61])]).run(
      from: EmptySource(), to: drive, index: nil, observer: Events())
    let after = cartridge.records.count
    #expect(after > before + 5)
    for count in before...after {
      let cut = try Tape.copy(cartridge, upTo: count)
      let restored = Self.names(try Tape.restore(from: cut, index: nil))
      #expect(restored == (count == after ? ["b", "c"] : ["a", "b", "c"]), "cut after \(count)")
      let index = try IndexFile()
      _ = try Self.operation([.deleted([0x61])]).run(from: EmptySource(), to: cut, index: index, observer: Events())
      #expect(Self.names(try Tape.restore(from: cut, index: index)) == ["b", "c"], "again after \(count)")
      #expect(Self.names(try Tape.restore(from: cut, index: nil)) == ["b", "c"], "again after \(count)")
      try Tape.create([.file("a", Self.contents["b"] ?? [])], on: cut, index: index)
      #expect(try Tape.restore(["a"], from: cut, index: nil).files["a"] == Self.contents["b"])
    }
  }

  /// Every call of the drive fails once: a deletion that was not said to fail is there, and one that failed can be done
  /// again.
  @Test(arguments: [FaultDrive.Kind.write, .filemark, .flush, .locate, .read])
  func aFaultWhileNamesAreRecorded(_ kind: FaultDrive.Kind) throws {
    for call in 1...200 {
      let cartridge = MemoryCartridge()
      let index = try IndexFile()
      let first = try MemoryDrive(cartridge)
      try Tape.create(Self.members, on: first, index: index)
      try first.close()
      let drive = FaultDrive(try MemoryDrive(cartridge))
      drive.fail(kind, nth: call, with: .mediumError(detail: "made up"))
      var failed = false
      do {
        _ = try Self.operation([.deleted([0x61])]).run(from: EmptySource(), to: drive, index: index, observer: Events())
      } catch { failed = true }
      let happened = drive.hasFailed
      drive.repair()
      try drive.close()
      let again = try MemoryDrive(cartridge)
      if failed {
        _ = try Self.operation([.deleted([0x61])]).run(from: EmptySource(), to: again, index: index, observer: Events())
      }
      for known in [index, nil] { #expect(Self.names(try Tape.restore(from: again, index: known)) == ["b", "c"]) }
      if !happened { return }
    }
  }

  /// A volume that has no room for the catalogue leaves it to the next one.
  @Test func changesGoOnOnTheNextVolume() throws {
    var found = 0
    for capacity in stride(from: 180_000, through: 320_000, by: 4_000) {
      let supply = MemorySupply(MemoryCartridge(capacity: UInt64(capacity), earlyWarningZone: 1)) { _ in
        MemoryCartridge()
      }
      let index = try IndexFile()
      let drive = try MemoryDrive(supply.cartridges[0])
      do {
        try Tape.create(Self.members, on: drive, index: index)
      } catch { continue }
      var changes: [NameChange] = [.deleted([0x61])]
      changes += (0..<3000).map { .deleted(Array("no/such/name/\($0)/\($0 &* 2_654_435_761)".utf8)) }
      let summary = try Self.operation(changes).run(
        from: EmptySource(), to: drive, index: index, observer: Events(), supply: supply)
      if summary.volumeCount == 1 { try drive.close() }
      found = max(found, summary.volumeCount)
      for index in [
        index, try Span.rebuilt(supply), try Span.rebuilt(supply, order: supply.cartridges.indices.reversed()),
      ] {
        #expect(Self.names(try Span.restore(from: supply, index: index)) == ["b", "c"], "capacity \(capacity)")
      }
    }
    #expect(found == 2)
  }

  /// The clock is set back between what is archived and what is said of it.
  @Test func aDeletionComesBehindWhatItIsAboutWhateverTheClockSays() throws {
    let index = try IndexFile()
    let cartridge = MemoryCartridge()
    let drive = try MemoryDrive(cartridge)
    try Tape.create(Self.members, on: drive, index: index)
    let last = try #require(try index.lastCommit())
    _ = try Self.operation([.deleted([0x61])]).run(from: EmptySource(), to: drive, index: index, observer: Events())
    #expect(try #require(try index.lastCommit()) > last)
    #expect(try index.lastChange() == index.lastCommit())
  }
}
