import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

/// What the beginning of a tape is taken for.
struct VolumeInspectTests {
  private func drive(_ records: [MemoryCartridge.Record]) throws -> MemoryDrive {
    let drive = try MemoryDrive()
    for record in records { try drive.put(record) }
    return drive
  }

  private func contents(_ records: [MemoryCartridge.Record]) throws -> VolumeContents {
    try VolumeReader(drive: drive(records)).inspect()
  }

  private func label(_ text: String) -> MemoryCartridge.Record {
    .block(Array((text + String(repeating: " ", count: 80 - text.utf8.count)).utf8))
  }

  private func labelEnding(_ text: String, _ end: String) -> MemoryCartridge.Record {
    .block(Array((text + String(repeating: " ", count: 80 - text.utf8.count - end.utf8.count) + end).utf8))
  }

  @Test func nothingAtAllIsBlank() throws {
    guard case .blank = try contents([]) else {
      Issue.record("not blank")
      return
    }
  }

  @Test func aVolumeOfOursIsKnownByCatalogueZero() throws {
    let session = try Session()
    try session.catalogue()
    guard case .tapir(let label, let header) = try VolumeReader(drive: session.drive).inspect() else {
      Issue.record("not ours")
      return
    }
    #expect(label.serial == "V00001" && header.sequence == 1 && header.block == BlockID(1))
  }

  @Test func anEmptyCartridgeOfCTAIsPrelabelled() throws {
    let prelabel = try FileLabel1.prelabel(
      VSN("V00002"), created: LabelDate(year: 2026, dayOfYear: 1), systemCode: "CTA"
    ).serialized()
    let found = try contents([labelEnding("VOL1V00002", "3"), .block(prelabel.bytes), .filemark])
    guard case .prelabelled(let label) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(label.serial == "V00002")
  }

  @Test func anotherProgramsLabelsAreNotOurs() throws {
    let header = label("HDR1PAYROLL          V0000300010001000100 26001 26001 000000IBMZLA")
    let found = try contents([
      labelEnding("VOL1V00003", "3"), header, label("HDR2U0000000000"), .filemark, .block([1, 2, 3]), .filemark,
    ])
    guard case .labelled(let label, let header?) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(label.serial == "V00003" && header.systemCode == "IBMZLA")
  }

  @Test func aLabelWithNothingOrAnythingBehindItIsALabelledVolume() throws {
    let volume = labelEnding("VOL1V00003", "3")
    for rest in [
      [], [.filemark], [.block([1, 2, 3])], [label("HDR1")], [.block([UInt8](repeating: 0x20, count: 80))],
      [.block([UInt8](repeating: 9, count: 100_000))], Array(repeating: label("HDR1"), count: 20),
    ] as [[MemoryCartridge.Record]] {
      guard case .labelled(let label, nil) = try contents([volume] + rest) else {
        Issue.record("\(rest.map(\.shown))")
        continue
      }
      #expect(label.serial == "V00003")
    }
  }

  @Test func dataWithoutALabelIsUnlabelled() throws {
    for records in [
      [.filemark], [.block([1])], [.block([UInt8](repeating: 0, count: 10_240))], [.filemark, .filemark],
      [.block([UInt8](repeating: 0, count: 5_000_000))], [label("HDR1")], [.block([UInt8](repeating: 0, count: 80))],
      [.block(Array("VOL1V00001".utf8))],
    ] as [[MemoryCartridge.Record]] {
      guard case .unlabelled = try contents(records) else {
        Issue.record("\(records.map(\.shown))")
        continue
      }
    }
  }

  @Test func aDamagedBeginningIsAnErrorAndNeverBlank() throws {
    let session = try Session()
    try session.catalogue()
    for object in 0...4 {
      session.cartridge.damage(object)
      var isMediumError = false
      do { _ = try VolumeReader(drive: session.drive).inspect() } catch {
        if case .drive(let cause) = error, case .mediumError = cause.cause { isMediumError = true }
      }
      #expect(isMediumError, "object \(object)")
      let again = try session.cut(at: session.cartridge.records.count)
      #expect(again.cartridge.records == session.cartridge.records)
    }
  }

  @Test func aRewoundTapeIsNotLocatedOnce() throws {
    let session = try Session()
    try session.catalogue()
    let before = session.drive.operations.count
    _ = try VolumeReader(drive: session.drive).inspect()
    #expect(session.drive.operations[before...].elementsEqual([.rewind, .read, .read, .read, .read, .read]))
  }
}
