import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// Every rule of the contract, on the drives that need no device.
struct ConformanceTests {
  @Test(arguments: DriveConformance.rules)
  func memory(_ rule: ConformanceRule) throws {
    var cartridge = MemoryCartridge()
    try rule.run(
      ConformanceSubject { options in
        cartridge = MemoryCartridge(
          capacity: options.capacity, earlyWarningZone: options.earlyWarningZone,
          isWriteProtected: options.isWriteProtected, isWORM: options.isWORM)
        return try MemoryDrive(cartridge)
      } reopen: {
        try MemoryDrive(cartridge)
      })
  }

  @Test(arguments: DriveConformance.rules)
  func memoryThroughAFaultDriveThatNeverFails(_ rule: ConformanceRule) throws {
    var cartridge = MemoryCartridge()
    try rule.run(
      ConformanceSubject { options in
        cartridge = MemoryCartridge(
          capacity: options.capacity, earlyWarningZone: options.earlyWarningZone,
          isWriteProtected: options.isWriteProtected, isWORM: options.isWORM)
        return FaultDrive(try MemoryDrive(cartridge))
      } reopen: {
        FaultDrive(try MemoryDrive(cartridge))
      })
  }

  @Test(arguments: DriveConformance.rules)
  func virtualWithLZ4(_ rule: ConformanceRule) throws { try virtual(rule, .lz4) }

  @Test(arguments: DriveConformance.rules)
  func virtualWithoutCompression(_ rule: ConformanceRule) throws { try virtual(rule, .off) }

  private func virtual(_ rule: ConformanceRule, _ compression: CartridgeOptions.Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/V00001"
    try rule.run(
      ConformanceSubject { options in
        try Cartridge.create(
          at: Array(path.utf8),
          CartridgeOptions(
            vsn: "V00001", capacity: options.capacity, earlyWarningZone: options.earlyWarningZone,
            compression: compression, isWriteProtected: options.isWriteProtected, isWORM: options.isWORM))
        return try open(path)
      } reopen: {
        let drive = try open(path)
        #expect(drive.notices == [])
        return drive
      })
  }

  @Test func thereAreAtLeastSixtyRulesAndTheirNamesDiffer() {
    #expect(DriveConformance.rules.count >= 60)
    #expect(Set(DriveConformance.rules.map(\.name)).count == DriveConformance.rules.count)
  }
}
