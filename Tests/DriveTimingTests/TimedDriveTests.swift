import DriveTiming
import TapeIO
import TapeTestSupport
import Testing

/// A drive that is timed is still a drive, and what it is told is what the model is told.
struct TimedDriveTests {
  @Test(arguments: DriveConformance.rules)
  func aTimedDriveKeepsEveryRule(_ rule: ConformanceRule) throws {
    var cartridge = MemoryCartridge()
    try rule.run(
      ConformanceSubject { options in
        cartridge = MemoryCartridge(
          capacity: options.capacity, earlyWarningZone: options.earlyWarningZone,
          isWriteProtected: options.isWriteProtected, isWORM: options.isWORM)
        return TimedDrive(try MemoryDrive(cartridge), ModelledDrive(.lto9))
      } reopen: {
        TimedDrive(try MemoryDrive(cartridge), ModelledDrive(.lto9))
      })
  }

  private func write(_ count: Int, blocks: Int = 1, to drive: TimedDrive) throws {
    let block = [UInt8](repeating: 7, count: count)
    for _ in 0..<blocks { _ = try drive.write(block.span.bytes) }
  }

  @Test func writesMarksAndFlushesAreCounted() throws {
    let drive = TimedDrive(try MemoryDrive(), ModelledDrive(.lto9))
    try write(80, blocks: 3, to: drive)
    _ = try drive.writeFilemark()
    try write(1 << 20, blocks: 40, to: drive)
    _ = try drive.writeFilemark()
    try drive.flush()
    try drive.flush()
    let bytes = Double(40 << 20)
    #expect(abs(drive.timing.spent[.labels] - 240 / 400e6) < 1e-12)
    #expect(abs(drive.timing.spent[.content] - bytes / 400e6) < 1e-9)
    #expect(drive.timing.spent[.flushes] == 6 && drive.timing.flushes == 1 && drive.timing.filemarks == 2)
    #expect(drive.timing.position == bytes + 240)
  }

  @Test func theModelFollowsTheTapeAcrossLocatesAndSpacing() throws {
    let drive = TimedDrive(try MemoryDrive(), ModelledDrive(.lto9))
    try write(1 << 20, blocks: 64, to: drive)
    _ = try drive.writeFilemark()
    try write(1 << 20, blocks: 64, to: drive)
    try drive.locate(to: BlockID(32))
    #expect(abs(drive.timing.position - Double(32 << 20)) < 1 && drive.timing.spent[.locates] > 4)
    let before = drive.timing.spent[.locates]
    try drive.locate(to: BlockID(32))
    #expect(drive.timing.spent[.locates] == before)
    _ = try drive.space(filemarks: 1)
    #expect(abs(drive.timing.position - Double(64 << 20)) < 1_100_000)
    try drive.spaceToEndOfData()
    #expect(abs(drive.timing.position - Double(128 << 20)) < 1)
    try drive.rewind()
    #expect(drive.timing.position == 0 && drive.timing.spent[.rewinds] > 0)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    _ = try drive.read(into: &bytes)
    #expect(drive.timing.position == Double(1 << 20) && drive.timing.spent[.reading] > 0)
  }

  @Test func whatIsWrittenOverIsForgotten() throws {
    let drive = TimedDrive(try MemoryDrive(), ModelledDrive(.lto9))
    try write(1 << 20, blocks: 64, to: drive)
    try drive.locate(to: BlockID(16))
    try write(100, blocks: 1_000, to: drive)
    try drive.rewind()
    try drive.spaceToEndOfData()
    #expect(abs(drive.timing.position - Double(16 << 20) - 100_000) < 1)
  }
}
