import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

/// Where the next session appends, whatever the last one left behind.
struct VolumeTailTests {
  private let vsn: VSN
  init() throws { vsn = try VSN("V00001") }

  private enum Tail: Equatable {
    case clean(UInt32, BlockID), uncommitted(UInt32, BlockID), full, unclear(UInt32, String)
  }

  private func tail(
    _ drive: any TapeDrive, knowing known: CataloguePlacement? = nil, walks: Bool = false
  ) throws -> Tail {
    let reader = VolumeReader(drive: drive)
    switch try reader.findTail(vsn: vsn, knowing: known, byWalking: walks) {
    case .catalogue(let batch, let header):
      // It stands behind the header it gives: the catalogue comes next.
      _ = try reader.readCatalogue(behind: header)
      return .clean(batch, header.block)
    case .uncommitted(let batch, let header):
      _ = try reader.readCatalogue(behind: header)
      return .uncommitted(batch, header.block)
    case .endOfVolume: return .full
    case .unclear(let batch, let header, let why):
      if batch > 0 { _ = try reader.readCatalogue(behind: header) }
      return .unclear(batch, why)
    }
  }

  @Test func aCatalogueWhoseHeaderCannotBeReadIsNotTakenForFilesThatWereNeverCommitted() throws {
    let session = try Session()
    try session.catalogue()
    try session.file([[1], [2]])
    let last = try session.catalogue()
    for label in 0..<3 {
      let header = Int(last.header.rawValue)
      session.drive.cartridge.damaged = [header + label]
      #expect(try tail(session.drive) == .unclear(0, "the header of file 3 cannot be read"), "label \(label)")
    }
  }

  @Test func aVolumeWithCatalogueZeroAloneIsClean() throws {
    let session = try Session()
    try session.catalogue()
    #expect(try tail(session.drive) == .clean(0, BlockID(1)))
  }

  @Test func theLastOfSeveralCataloguesIsFound() throws {
    let session = try Session()
    try session.catalogue()
    for count in [3, 0, 1] {
      for _ in 0..<count { try session.file([[1], [2]]) }
      let placed = try session.catalogue()
      #expect(try tail(session.drive) == .clean(session.batch - 1, placed.header))
      try session.drive.spaceToEndOfData()
    }
  }

  @Test func aBatchCutOffAtAnyObjectLeadsToTheCatalogueBeforeIt() throws {
    let session = try Session()
    try session.catalogue()
    try session.file([[1]])
    let committed = try session.catalogue()
    let end = session.cartridge.records.count
    for _ in 0..<3 { try session.file([[UInt8](repeating: 3, count: 16 << 10), [4], [5]]) }
    let last = try session.catalogue(String(repeating: "long ", count: 10_000))
    for count in end...session.cartridge.records.count {
      let found = try tail(try session.cut(at: count))
      let walked = try tail(try session.cut(at: count), walks: true)
      switch count {
      case end: #expect(found == .clean(1, committed.header))
      case session.cartridge.records.count: #expect(found == .clean(2, last.header))
      default: #expect(found == .uncommitted(1, committed.header), "cut at object \(count)")
      }
      // Going through all files finds the same, but for what is less than a file at the end.
      if case .uncommitted(let batch, let header) = found, case .clean(batch, header) = walked { continue }
      #expect(walked == found, "cut at object \(count)")
    }
  }

  @Test func damageAtTheEndIsNeverTakenForSomethingUncommitted() throws {
    let session = try Session()
    try session.catalogue()
    try session.file([[1]])
    try session.catalogue()
    for _ in 0..<2 { try session.file([[UInt8](repeating: 3, count: 16 << 10), [4]]) }
    let last = try session.catalogue()
    let records = session.cartridge.records
    // Every label of the last two files, and the blocks between them.
    for object in Int(last.header.rawValue) - 7..<records.count {
      guard case .block(var bytes) = records[object] else { continue }
      bytes[0] ^= 0x55
      let drive = try MemoryDrive()
      for (number, record) in records.enumerated() { try drive.put(number == object ? .block(bytes) : record) }
      switch try VolumeReader(drive: drive).findTail(vsn: vsn) {
      case .catalogue(2, let header): #expect(header.block == last.header)
      case .unclear(1, _, _): #expect(object >= Int(last.header.rawValue))
      case let other: Issue.record("object \(object): \(other)")
      }
    }
  }

  @Test func withoutAnEndOfDataMarkTheLastCatalogueIsFoundFromTheBeginning() throws {
    let session = try Session()
    try session.catalogue()
    for count in [3, 0, 1] {
      for _ in 0..<count { try session.file([[1], [2]]) }
      try session.catalogue()
    }
    try session.file([[7]])
    let drive = FaultDrive(try session.cut(at: session.cartridge.records.count))
    drive.fail(.endOfData, nth: 1, with: .mediumError(detail: "no end-of-data mark"))
    let why = "its end of data cannot be found: medium error: no end-of-data mark"
    #expect(try tail(drive) == .unclear(3, why))
  }

  @Test func aSecondTailCutOffBehindCatalogueZeroLeadsToIt() throws {
    let session = try Session()
    try session.catalogue()
    let end = session.cartridge.records.count
    try session.file([[1]])
    try session.catalogue()
    for count in end + 1..<session.cartridge.records.count {
      #expect(try tail(try session.cut(at: count)) == .uncommitted(0, BlockID(1)), "cut at object \(count)")
    }
  }

  @Test func aTornCatalogueZeroIsNoVolume() throws {
    let session = try Session()
    try session.catalogue()
    for count in 1..<session.cartridge.records.count {
      #expect(throws: VolumeError.self, "cut at object \(count)") { try tail(try session.cut(at: count)) }
    }
  }

  @Test func anEndOfVolumeLabelMeansFull() throws {
    for isCatalogue in [true, false] {
      let session = try Session()
      try session.catalogue()
      try session.file([[1]])
      if isCatalogue { try session.catalogue() }
      let drive = try MemoryDrive()
      for (number, record) in session.cartridge.records.enumerated() {
        guard case .block(var bytes) = record, number > session.cartridge.records.count - 5, bytes[0] == 0x45 else {
          try drive.put(record)
          continue
        }
        bytes[2] = UInt8(ascii: "V")
        try drive.put(.block(bytes))
      }
      #expect(try tail(drive) == .full, "\(isCatalogue)")
    }
  }

  @Test func memberDataThatLooksLikeLabelsIsNotTakenForThem() throws {
    let session = try Session()
    try session.catalogue()
    let committed = try session.catalogue()
    let labels = session.cartridge.records.compactMap { record -> [UInt8]? in
      guard case .block(let bytes) = record, bytes.count == 80 else { return nil }
      return bytes
    }
    let end = session.cartridge.records.count
    _ = try session.write(.members(batch: session.batch, layout: .raw, ordinal: 1), [labels[1]])
    _ = try session.write(.members(batch: session.batch, layout: .raw, ordinal: 2), [labels[4]])
    for count in end + 1...session.cartridge.records.count {
      #expect(try tail(try session.cut(at: count)) == .uncommitted(1, committed.header), "cut at object \(count)")
    }
  }

  @Test func aFilemarkThatADriverWritesBehindATornTailChangesNothing() throws {
    let session = try Session()
    try session.catalogue()
    try session.file([[1]])
    let committed = try session.catalogue()
    let end = session.cartridge.records.count
    try session.file([[2]])
    let last = try session.catalogue()
    for count in end + 1..<session.cartridge.records.count {
      let drive = try session.cut(at: count)
      if drive.cartridge.records.last != .filemark { _ = try drive.writeFilemark() }
      let found = try tail(drive)
      // Behind the last label of the trailer that filemark is what was missing.
      if count == session.cartridge.records.count - 1 {
        #expect(found == .clean(2, last.header))
      } else {
        #expect(found == .uncommitted(1, committed.header), "cut at object \(count - end)")
      }
    }
  }
}
