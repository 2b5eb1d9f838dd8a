import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import Testing

/// Labelling, cut off and begun anew.
struct LabellingTests {
  private let file = TestMember.file("a", [1, 2, 3])

  /// The objects of a volume with catalogue 0 and nothing else.
  private func labelled() throws -> MemoryCartridge {
    let drive = try MemoryDrive()
    try Tape.create([], on: drive, index: nil)
    return drive.cartridge
  }

  private func serial(_ drive: MemoryDrive) throws -> String? {
    guard case .tapir(let label, _) = try VolumeReader(drive: drive).inspect() else { return nil }
    return label.serial
  }

  @Test func labellingCutOffAtAnyObjectIsBegunAnewWithTheSameName() throws {
    let whole = try labelled()
    for count in 0..<whole.records.count {
      let drive = try Tape.copy(whole, upTo: count)
      try Tape.create([file], on: drive, index: IndexFile(), appends: false, vsn: nil)
      if count > 0 { #expect(try serial(drive) == "V00001", "\(count) objects") }
      #expect(try Tape.restore(from: drive, index: nil).files["a"] == [1, 2, 3], "\(count) objects")
    }
  }

  @Test func aVolumeWithACommittedMemberIsNotTakenForAnUnfinishedOne() throws {
    let drive = try MemoryDrive()
    try Tape.create([file], on: drive, index: nil)
    // Whatever becomes of its first header, catalogue 1 is there.
    for object in 1...3 {
      let damaged = try Tape.copy(drive.cartridge, changing: object) { $0[0] = 0 }
      let records = damaged.cartridge.records
      #expect(throws: OperationError.self) { try Tape.create([file], on: damaged, index: nil, appends: false) }
      #expect(damaged.cartridge.records == records, "object \(object)")
    }
  }

  @Test func aPrelabelledCartridgeKeepsItsName() throws {
    let drive = try MemoryDrive()
    let vsn = try VSN("L01001")
    let date = try LabelDate(year: 2026, dayOfYear: 1)
    _ = try drive.write(VolumeLabel(serial: vsn, owner: "CTA").serialized().bytes.span.bytes)
    _ = try drive.write(FileLabel1.prelabel(vsn, created: date, systemCode: "CTA 5").serialized().bytes.span.bytes)
    _ = try drive.writeFilemark()
    try Tape.create([file], on: drive, index: nil, vsn: nil)
    #expect(try serial(drive) == "L01001")
  }

  @Test func aVolumeLostInRelabellingIsGivenUpByName() throws {
    let index = try IndexFile()
    let drive = try MemoryDrive()
    try Tape.create([file], on: drive, index: index)
    // Relabelling wrote VOL1 and was cut off: the index still knows what the tape has no more.
    let cut = try Tape.copy(drive.cartridge, upTo: 1)
    #expect(throws: OperationError.self) { try Tape.create([file], on: cut, index: index, vsn: nil) }
    let intent = WriteIntent(appends: false, erase: .volume(try VSN("V00001")), blockSize: Tape.blockSize)
    _ = try CreateOperation(
      intent: intent, bufferSize: 1 << 16, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
    ).run(from: TestSource([file]), to: cut, index: index, observer: Events())
    #expect(try Tape.restore(from: cut, index: index).files["a"] == [1, 2, 3])
    #expect(try index.volumes().count == 1)
  }

  @Test func aDamagedCatalogueZeroStopsNoAppending() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create([file], on: drive, index: index)
    // Object 5 is the catalogue's one block, behind VOL1, three labels and a filemark.
    let damaged = try Tape.copy(drive.cartridge, changing: 5) { $0[2000] ^= 1 }
    try Tape.create([.file("b", [4])], on: damaged, index: index)
    #expect(try index.totals(of: #require(try index.volumes().first)).members == 2)
  }
}
