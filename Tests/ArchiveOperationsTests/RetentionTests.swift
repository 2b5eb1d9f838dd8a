import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Volumes that are kept for a time.
struct RetentionTests {
  private let soon = Timestamp(seconds: Timestamp.now().seconds + 1000)
  private let later = Timestamp(seconds: Timestamp.now().seconds + 2000)

  private func operation(
    _ kept: Timestamp? = nil, erase: Bool = false, insists: Bool = false, appends: Bool = true
  ) throws -> CreateOperation {
    let vsn = try VSN("V00001")
    var intent = WriteIntent(
      appends: appends && !erase, vsn: vsn, erase: erase ? .volume(vsn) : nil, erasesUnexpired: insists,
      blockSize: Tape.blockSize)
    intent.keptUntil = kept
    return CreateOperation(
      intent: intent, bufferSize: 4 * Tape.blockSize, identity: WriterIdentity(host: "host", program: "tapir 0.1"),
      series: Array("test".utf8))
  }

  private func append(_ name: String, _ kept: Timestamp?, _ drive: MemoryDrive, _ index: IndexFile?) throws {
    _ = try operation(kept).run(
      from: TestSource([.file(name, [1, 2, 3])]), to: drive, index: index, observer: Events())
  }

  /// What is said when the volume is to be erased; empty when it was.
  private func erasing(_ drive: MemoryDrive, insists: Bool = false, index: IndexFile? = nil) -> String {
    do {
      _ = try operation(erase: true, insists: insists).erase(drive: drive, index: index, observer: Events())
      return ""
    } catch { return "\(error)" }
  }

  private func refusal(_ time: Timestamp) -> String {
    "volume V00001 is kept until \(time.dateAndTime) UTC: not erased"
  }

  @Test func theLatestTimeThatAnySessionSetCounts() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try append("a", nil, drive, index)
    try append("b", later, drive, index)
    #expect(erasing(drive) == refusal(later))
    // Neither a session that asks for nothing nor one that asks for less shortens it.
    try append("c", nil, drive, nil)
    try append("d", soon, drive, index)
    let records = drive.cartridge.records
    #expect(erasing(drive) == refusal(later))
    #expect(drive.cartridge.records == records)
    #expect(try index.volumes().map(\.descriptor.expires) == [later])
    let rebuilt = try IndexFile()
    _ = try RebuildOperation(vsn: nil).run(drive: drive, index: rebuilt, observer: Events())
    #expect(try rebuilt.volumes().map(\.descriptor.expires) == [later])
    #expect(erasing(drive, insists: true, index: rebuilt) == "")
    #expect(erasing(drive) == "")
  }

  @Test func aTimeThatHasPassedDoesNotHinder() throws {
    let drive = try MemoryDrive()
    try append("a", Timestamp(seconds: 1_000_000_000), drive, nil)
    #expect(erasing(drive) == "")
  }

  @Test func labelsSayUntilWhen() throws {
    let drive = try MemoryDrive()
    // Days have the day of the year in a label.
    let time = Timestamp(seconds: 4_102_444_800)  // 2100-01-01
    _ = try operation(time, appends: false).label(drive: drive, index: nil, observer: Events())
    guard case .block(let header) = drive.cartridge.records[1] else { throw CancellationError() }
    #expect(String(decoding: header[..<4], as: UTF8.self) == "HDR1")
    #expect(String(decoding: header[47..<53], as: UTF8.self) == "100001")
    #expect(erasing(drive) == refusal(time))
  }

  @Test func aVolumeWithMembersIsKeptLongerByItsLabelling() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try append("a", nil, drive, index)
    let before = drive.cartridge.records
    #expect(throws: OperationError.self) {
      try operation(appends: false).label(drive: drive, index: index, observer: Events())
    }
    #expect(drive.cartridge.records == before)
    _ = try operation(soon, appends: false).label(drive: drive, index: index, observer: Events())
    #expect(Array(drive.cartridge.records.prefix(before.count)) == before)
    #expect(drive.cartridge.confirmed == drive.cartridge.records.count)
    #expect(erasing(drive) == refusal(soon))
    #expect(try index.volumes().map(\.descriptor.expires) == [soon])
    #expect(try Tape.restore(from: drive, index: index).files["a"] == [1, 2, 3])
    // It is kept long enough already: nothing is written.
    let after = drive.cartridge.records
    _ = try operation(soon, appends: false).label(drive: drive, index: index, observer: Events())
    #expect(drive.cartridge.records == after)
  }

  @Test func aSessionThatArchivesNothingStillKeepsTheVolume() throws {
    let drive = try MemoryDrive()
    try append("a", nil, drive, nil)
    _ = try operation(soon).run(from: TestSource([]), to: drive, index: nil, observer: Events())
    #expect(erasing(drive) == refusal(soon))
  }

  @Test func whatCannotBeReadIsNotErasedUnlessThatIsInsistedOn() throws {
    let drive = try MemoryDrive()
    try append("a", later, drive, nil)
    let count = drive.cartridge.records.count
    // Whichever object of the last catalogue is damaged: nobody knows until when the volume is kept.
    for object in count - 9..<count where drive.cartridge.records[object] != .filemark {
      let damaged = try Tape.copy(drive.cartridge, changing: object) { $0[10] ^= 0xff }
      let records = damaged.cartridge.records
      let said = erasing(damaged)
      #expect(said.contains("cannot tell whether volume V00001 has expired") || said == refusal(later), "\(said)")
      #expect(damaged.cartridge.records == records)
      #expect(erasing(damaged, insists: true) == "")
    }
  }

  @Test func volumesThatContinueOneAreKeptAsLong() throws {
    let supply = MemorySupply(MemoryCartridge(capacity: 150_000, earlyWarningZone: 12_000)) { _ in
      MemoryCartridge(capacity: 150_000, earlyWarningZone: 12_000)
    }
    let index = try IndexFile()
    _ = try operation(soon).run(
      from: TestSource([.file("a", Noise.incompressible(1, 300_000))]), to: MemoryDrive(supply.cartridges[0]),
      index: index, observer: Events(), supply: supply)
    #expect(supply.cartridges.count > 1)
    #expect(try index.volumes().allSatisfy { $0.descriptor.expires == soon })
  }

  @Test func aFullVolumeCannotBeKeptLongerAndSaysSo() throws {
    let supply = MemorySupply(MemoryCartridge(capacity: 150_000, earlyWarningZone: 12_000)) { _ in
      MemoryCartridge(capacity: 1 << 20)
    }
    _ = try operation().run(
      from: TestSource([.file("a", Noise.incompressible(1, 300_000))]), to: MemoryDrive(supply.cartridges[0]),
      index: nil, observer: Events(), supply: supply)
    #expect {
      try operation(soon, appends: false).label(
        drive: MemoryDrive(supply.cartridges[0]), index: nil, observer: Events())
    } throws: { "\($0)" == "volume V00001 is full: nothing can be written on it any more, nor how long it is kept" }
  }

  @Test func anotherTextIsNotDroppedSilently() throws {
    let drive = try MemoryDrive()
    var operation = try operation(appends: false)
    operation.intent.text = Array("one".utf8)
    _ = try operation.label(drive: drive, index: nil, observer: Events())
    _ = try operation.label(drive: drive, index: nil, observer: Events())
    operation.intent.text = Array("other".utf8)
    #expect { try operation.label(drive: drive, index: nil, observer: Events()) } throws: {
      "\($0)" == "volume V00001 is labelled already, with another text"
    }
  }
}
