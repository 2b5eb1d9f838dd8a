import TapeIO
import TapeTestSupport
import Testing

/// The drives that other tests rely on: what they add to the contract.
struct TestDriveTests {
  @Test func aPowerCutLosesWhatNoFlushConfirmed() throws {
    let cartridge = MemoryCartridge()
    let drive = try MemoryDrive(cartridge)
    try drive.put([1])
    try drive.flush()
    try drive.put([2])
    try drive.put([3])
    cartridge.powerCut(keeping: 1)
    #expect(cartridge.records == [.block([1]), .block([2])])
    #expect {
      try drive.put([4])
    } throws: { ($0 as? DriveError)?.cause == .positionLost }
    try drive.spaceToEndOfData()
    #expect(try drive.position() == BlockID(2))
    cartridge.powerCut()
    #expect(cartridge.records.count == 2)
  }

  @Test func operationsAreNotedInOrder() throws {
    let drive = try MemoryDrive(recordsOperations: true)
    try drive.put([1, 2])
    _ = try drive.writeFilemark()
    try drive.flush()
    try drive.locate(to: BlockID(1))
    #expect(drive.operations == [.write(byteCount: 2), .writeFilemark, .flush, .locate(BlockID(1))])
  }

  @Test func aDamagedBlockIsAMediumErrorAndReadingGoesOn() throws {
    let drive = try MemoryDrive()
    try drive.put([1])
    try drive.put([2])
    drive.cartridge.damage(0)
    try drive.rewind()
    #expect(throws: DriveError.self) { try drive.next() }
    #expect(try drive.next() == [2])
  }

  @Test(arguments: FaultDrive.Kind.allCases)
  func theNthCallOfAKindFails(_ kind: FaultDrive.Kind) throws {
    let drive = FaultDrive(try MemoryDrive())
    let call: () throws -> Void = {
      switch kind {
      case .medium: _ = try drive.medium()
      case .position: _ = try drive.position()
      case .read: _ = try drive.next()
      case .write: try drive.put([1])
      case .filemark: _ = try drive.writeFilemark()
      case .flush: try drive.flush()
      case .locate: try drive.locate(to: .beginningOfTape)
      case .rewind: try drive.rewind()
      case .space: _ = try drive.space(filemarks: 1)
      case .endOfData: try drive.spaceToEndOfData()
      case .close: try drive.close()
      }
    }
    try drive.put([9])
    try drive.inner.rewind()
    let nth = kind == .write ? 3 : kind == .close ? 1 : 2
    drive.fail(kind, nth: nth, with: .mediumError(detail: "asked for"))
    if kind != .close { try call() }
    if kind == .read { try drive.rewind() }
    #expect {
      try call()
    } throws: { ($0 as? DriveError)?.cause == .mediumError(detail: "asked for") }
    #expect(drive.count(kind) == nth)
    if [.write, .filemark, .flush].contains(kind) {
      #expect {
        try drive.flush()
      } throws: { ($0 as? DriveError)?.cause == .broken }
      try drive.rewind()
      try drive.put([1])
    }
  }

  @Test(arguments: [1, 2, 5])
  func aDeferredFailureLosesWhatSeemedToBeWritten(_ objects: Int) throws {
    let inner = try MemoryDrive()
    let drive = FaultDrive(inner)
    drive.fail(.write, nth: 2, with: .mediumError(detail: "deferred"), after: objects)
    try drive.put([1])
    var seemed = 0
    for byte in 2...4 where (try? drive.put([UInt8(byte)])) != nil { seemed += 1 }
    #expect(seemed == min(objects, 3))
    if objects == 5 {
      #expect(try drive.position() == BlockID(4))
      #expect(throws: DriveError.self) { try drive.flush() }
    }
    #expect(drive.hasFailed && inner.cartridge.records == [.block([1])])
    try drive.spaceToEndOfData()
    #expect(try drive.position() == BlockID(1))
    try drive.put([5])
    #expect(inner.cartridge.records == [.block([1]), .block([5])])
  }
}
