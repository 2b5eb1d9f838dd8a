import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Volumes copied object by object.
struct CopyTests {
  private func volume(_ members: Int = 3, vsn: String = "V00001") throws -> MemoryDrive {
    let drive = try MemoryDrive()
    try Tape.create(
      (0..<members).map { .file("f\($0)", [UInt8](repeating: UInt8($0), count: 40_000)) }, on: drive, index: nil,
      vsn: vsn)
    return drive
  }

  private func copy(
    _ source: any TapeDrive, _ target: any TapeDrive, erase: String? = nil, verifies: Bool = true,
    index: IndexFile? = nil, events: Events = Events()
  ) throws -> CopySummary {
    var intent = WriteIntent(appends: false)
    intent.erase = try erase.map { .volume(try VSN($0)) }
    var operation = CopyOperation(intent: intent, place: Array("there".utf8), bufferSize: 4 * Tape.blockSize)
    operation.verifies = verifies
    return try operation.run(from: source, to: target, index: index, observer: events)
  }

  private func refusal(_ body: () throws -> CopySummary) -> String {
    do {
      _ = try body()
      return "not refused"
    } catch { return "\(error)" }
  }

  @Test func aCopyHasTheSameObjects() throws {
    let source = try volume()
    let target = try MemoryDrive()
    let summary = try copy(source, target)
    #expect(target.cartridge.records == source.cartridge.records)
    #expect(target.cartridge.confirmed == target.cartridge.records.count)
    #expect(summary.isComplete && summary.verified == summary.end)
    #expect(summary.end.rawValue == UInt64(source.cartridge.records.count))
    #expect(summary.volume?.vsn.text == "V00001")
    #expect(try Tape.restore(from: target, index: nil).files["f2"]?.count == 40_000)
  }

  @Test func aCopyBrokenOffAnywhereIsGoneOnWith() throws {
    let source = try volume()
    let records = source.cartridge.records
    for count in 0...records.count {
      for mark in [false, true] {
        let target = try Tape.copy(source.cartridge, upTo: count)
        // A drive that is closed in the middle of a file puts a filemark behind it.
        if mark, count > 0 {
          try target.spaceToEndOfData()
          _ = try target.writeFilemark()
        }
        let isOwn = mark && count < records.count && records[count] == .filemark
        if mark, count == records.count {
          #expect(refusal { try copy(source, target) }.contains("and more: not overwritten"))
          continue
        }
        let summary = try copy(source, target)
        #expect(target.cartridge.records == records, "\(count)")
        #expect(summary.start.rawValue == UInt64(isOwn ? count + 1 : count), "\(count)")
      }
    }
  }

  @Test func aCopyIsBroughtUpToDateAndAForkedOneIsNot() throws {
    let source = try volume()
    let target = try MemoryDrive()
    _ = try copy(source, target)
    let end = target.cartridge.records.count
    try Tape.create([.file("new", [1])], on: source, index: nil)
    let summary = try copy(source, target)
    #expect(Int(summary.start.rawValue) == end)
    #expect(target.cartridge.records == source.cartridge.records)
    // Both are written to: neither is overwritten, whichever has more.
    try Tape.create([.file("here", [1])], on: source, index: nil)
    try Tape.create([.file("there", [1]), .file("too", [2])], on: target, index: nil)
    for (one, other) in [(source, target), (target, source)] {
      let before = other.cartridge.records
      #expect(refusal { try copy(one, other) }.contains("not overwritten"))
      #expect(other.cartridge.records == before)
    }
    // One that has more is not cut down to what it was copied from.
    let old = try Tape.copy(source.cartridge, upTo: end)
    #expect(refusal { try copy(old, source) }.contains("holds all of memory and more: not overwritten"))
  }

  @Test func anotherVolumeIsOverwrittenOnlyByItsName() throws {
    let source = try volume()
    let target = try volume(1, vsn: "V00002")
    let before = target.cartridge.records
    #expect(refusal { try copy(source, target) }.contains("holds volume V00002: not overwritten"))
    #expect(refusal { try copy(source, target, erase: "V00001") }.contains("holds volume V00002: not overwritten"))
    #expect(target.cartridge.records == before)
    let index = try IndexFile()
    _ = try RebuildOperation(vsn: nil).run(drive: target, index: index, observer: Events())
    _ = try copy(source, target, erase: "V00002", index: index)
    #expect(target.cartridge.records == source.cartridge.records)
    #expect(try index.volumes().isEmpty)
  }

  @Test func theIndexKnowsOneVolumeOfAName() throws {
    let (source, other) = (try volume(), try volume(1))
    let index = try IndexFile()
    _ = try RebuildOperation(vsn: nil).run(drive: other, index: index, observer: Events())
    let target = try MemoryDrive()
    #expect(refusal { try copy(source, target, index: index) }.contains("the index knows another volume V00001"))
    #expect(target.cartridge.records.isEmpty)
  }

  @Test func tooSmallATargetIsRefusedBeforeAnythingIsWritten() throws {
    let source = try volume()
    let target = try MemoryDrive(MemoryCartridge(capacity: source.cartridge.used - 1))
    #expect(refusal { try copy(source, target) }.contains("is too small"))
    #expect(target.cartridge.records.isEmpty)
    let exact = try MemoryDrive(MemoryCartridge(capacity: source.cartridge.used, earlyWarningZone: 50_000))
    _ = try copy(source, exact)
    #expect(exact.cartridge.records == source.cartridge.records)
  }

  @Test func damageOfTheSourceStopsTheCopyAndWhatIsCopiedStays() throws {
    let source = try volume()
    let damaged = source.cartridge.records.count - 20
    source.cartridge.damage(damaged)
    let target = try MemoryDrive()
    #expect(refusal { try copy(source, target) }.contains("cannot read block at block \(damaged)"))
    #expect(target.cartridge.records == Array(source.cartridge.records[..<damaged]))
    #expect(target.cartridge.confirmed == damaged)
  }

  /// A drive that stores something else than it was given, and says nothing.
  private final class LyingDrive: TapeDrive {
    let drive: MemoryDrive
    private let lie: Int
    private var written = 0
    init(_ drive: MemoryDrive, at lie: Int) { (self.drive, self.lie) = (drive, lie) }
    var identity: DriveIdentity { drive.identity }
    func medium() throws(DriveError) -> MediumState { try drive.medium() }
    func position() throws(DriveError) -> BlockID { try drive.position() }
    func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome { try drive.read(into: &buffer) }
    func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
      written += 1
      guard written == lie else { return try drive.write(block) }
      var bytes = block.withUnsafeBytes { Array($0) }
      bytes[bytes.count - 1] ^= 1
      return try drive.write(bytes.span.bytes)
    }
    func writeFilemark() throws(DriveError) -> WriteOutcome { try drive.writeFilemark() }
    func flush() throws(DriveError) { try drive.flush() }
    func rewind() throws(DriveError) { try drive.rewind() }
    func locate(to target: BlockID) throws(DriveError) { try drive.locate(to: target) }
    func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(filemarks: count) }
    func space(blocks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(blocks: count) }
    func spaceToEndOfData() throws(DriveError) { try drive.spaceToEndOfData() }
    func close() throws(DriveError) { try drive.close() }
  }

  @Test func aCopyThatIsNotWhatWasWrittenIsFoundByReadingItBack() throws {
    let source = try volume()
    let target = LyingDrive(try MemoryDrive(), at: 25)
    #expect(refusal { try copy(source, target) }.contains("is not what was written, somewhere from block 0 to "))
    let unread = LyingDrive(try MemoryDrive(), at: 25)
    #expect(try copy(source, unread, verifies: false).verified == .beginningOfTape)
    // What an earlier run copied and did not read back is compared by the next one.
    #expect(refusal { try copy(source, unread) }.contains("differs from memory at block "))
  }

  /// An index that knows the source's volume, and a copy of it that was read back.
  private func index(_ source: MemoryDrive, knowing summary: CopySummary) throws -> IndexFile {
    let index = try IndexFile()
    _ = try RebuildOperation(vsn: nil).run(drive: source, index: index, observer: Events())
    let copy = VolumeCopy(
      place: Array("there".utf8), made: .now(), end: summary.end, verified: summary.verified)
    try index.note(copy, of: #require(summary.volume).id)
    return index
  }

  @Test func whatWasVerifiedOnAnotherCartridgeAtThePlaceIsNotBelieved() throws {
    let source = try volume()
    let index = try index(source, knowing: try copy(source, try MemoryDrive()))
    // Another cartridge is put there, the copy to it broken off behind what was not stored as it was written.
    let cartridge = MemoryCartridge()
    let broken = FaultDrive(LyingDrive(try MemoryDrive(cartridge), at: 16))
    broken.fail(.write, nth: 36, with: .mediumError(detail: "test"))
    #expect(refusal { try copy(source, broken, index: index) }.contains("cannot write"))
    #expect(cartridge.records.count > 40)
    try? broken.close()  // it is broken
    let again = try MemoryDrive(cartridge)
    #expect(refusal { try copy(source, again, index: index) }.contains("differs from memory at block "))
  }

  @Test func aCartridgeThatEndsBeforeTheKnownCopyIsAnotherOne() throws {
    let source = try volume()
    let lying = LyingDrive(try MemoryDrive(), at: 25)
    _ = try copy(source, lying, verifies: false)
    let short = try Tape.copy(lying.drive.cartridge, upTo: 50)
    // The index learns of the verified copy behind the start of the one that was broken off.
    let index = try index(source, knowing: try copy(source, try MemoryDrive()))
    #expect(refusal { try copy(source, short, index: index) }.contains("differs from memory at block "))
  }

  /// Two cartridges take turns in a drive; one of them was never read back, and is as long as what the index knows.
  @Test func whatWasVerifiedInADriveIsReadAgain() throws {
    let source = try volume()
    let other = LyingDrive(try MemoryDrive(), at: 25)
    _ = try copy(source, other, verifies: false)
    let index = try index(source, knowing: try copy(source, try MemoryDrive()))
    var operation = CopyOperation(
      intent: WriteIntent(appends: false), place: Array("there".utf8), bufferSize: 4 * Tape.blockSize)
    operation.isPlaceOfOne = false
    #expect(
      refusal { try operation.run(from: source, to: other, index: index, observer: Events()) }
        .contains("differs from memory at block "))
  }

  /// Interrupts what it observes when that begins to read back.
  private final class Impatient: OperationObserver {
    let interruption = Interruption()
    func report(_ event: OperationEvent) { if case .readingBack = event { interruption.interrupt() } }
  }

  @Test func whatIsInterruptedWhileItIsReadBackIsNotVerified() throws {
    let source = try volume()
    let target = LyingDrive(try MemoryDrive(), at: 25)
    let impatient = Impatient()
    let summary = try CopyOperation(
      intent: WriteIntent(appends: false), place: Array("there".utf8), bufferSize: 4 * Tape.blockSize
    ).run(from: source, to: target, index: nil, observer: impatient, interruption: impatient.interruption)
    #expect(summary.isComplete && summary.verified == .beginningOfTape)
    #expect(refusal { try copy(source, target) }.contains("differs from memory at block "))
  }

  @Test func everyWriteMayFailAndTheNextRunGoesOn() throws {
    let source = try volume(2)
    let records = source.cartridge.records
    var index = 0
    while true {
      let cartridge = MemoryCartridge()
      let drive = FaultDrive(try MemoryDrive(cartridge))
      drive.fail(.write, nth: index + 1, with: .mediumError(detail: "test"))
      let failed = refusal { try copy(source, drive) } != "not refused"
      try? drive.close()  // it may be broken
      let again = try MemoryDrive(cartridge)
      _ = try copy(source, again)
      #expect(cartridge.records == records, "write \(index)")
      if !failed { break }
      index += 1
    }
    #expect(index > 15)
  }
}
