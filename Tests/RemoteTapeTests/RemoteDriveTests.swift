import Foundation
import RemoteTape
import TapeIO
import TapeTestSupport
import Testing

/// A drive behind the protocol: it does everything that the drive itself does.
struct RemoteDriveTests {
  /// A server of one drive on a thread of its own, and a client of it.
  private static func connect(
    path: String = "drive", greets: Bool = true, _ opener: @escaping @Sendable () throws(DriveError) -> any TapeDrive
  ) throws -> (client: RemoteTapeClient, end: () -> Void) {
    var (toIt, fromIt): ([Int32], [Int32]) = ([0, 0], [0, 0])
    try #require(pipe(&toIt) == 0 && pipe(&fromIt) == 0)
    signal(SIGPIPE, SIG_IGN)
    let (input, output) = (toIt[0], fromIt[1])
    let isOver = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let server = RemoteTapeServer(reading: input, writing: output) { _ throws(ServedFailure) in
        do throws(DriveError) { return .drive(try opener(), atBeginning: true) } catch { throw ServedFailure(error) }
      }
      _ = server.run()
      close(input)
      close(output)
      isOver.signal()
    }
    let client = RemoteTapeClient(reading: fromIt[0], writing: toIt[1])
    let (reading, writing) = (fromIt[0], toIt[1])
    if greets { #expect(try client.greet()) }
    try client.open(Array(path.utf8), for: .update)
    return (
      client,
      {
        close(writing)
        isOver.wait()
        close(reading)
      }
    )
  }

  private static func drive(
    _ opener: @escaping @Sendable () throws(DriveError) -> any TapeDrive
  ) throws -> RemoteDrive {
    let (client, end) = try connect(opener)
    return try RemoteDrive(client, name: "far", end: end)
  }

  @Test(arguments: DriveConformance.rules)
  func itKeepsTheRulesOfDrives(_ rule: ConformanceRule) throws {
    nonisolated(unsafe) var cartridge = MemoryCartridge()  // one thread at a time has it
    try rule.run(
      ConformanceSubject { options in
        cartridge = MemoryCartridge(
          capacity: options.capacity, earlyWarningZone: options.earlyWarningZone,
          isWriteProtected: options.isWriteProtected, isWORM: options.isWORM)
        return try Self.drive { () throws(DriveError) in try MemoryDrive(cartridge) }
      } reopen: {
        try Self.drive { () throws(DriveError) in try MemoryDrive(cartridge) }
      })
  }

  @Test func whatCannotBeOpenedIsSaidAsTheDriveSaysIt() throws {
    #expect(throws: RemoteTapeError.refused(code: EBUSY, text: Array("in use by process 7".utf8))) {
      try Self.connect { () throws(DriveError) in
        throw DriveError(.busy(holder: "process 7"), operation: "open", device: "x")
      }
    }
  }

  /// What other programs meet: st's ways with early warning, end of data and closing.
  @Test func toOthersTheDriveBehavesAsLinuxDoes() throws {
    nonisolated(unsafe) let cartridge = MemoryCartridge(capacity: 40_000, earlyWarningZone: 20_000)
    let (client, end) = try Self.connect(greets: false) { () throws(DriveError) in try MemoryDrive(cartridge) }
    let block = [UInt8](repeating: 7, count: 10_000)
    func write() throws -> Int { try block.withUnsafeBytes { try client.write($0) } }
    #expect(try write() == 10_000)
    #expect(try write() == 10_000)
    #expect(try write() == 10_000)
    // Behind early warning each second write goes through.
    #expect(throws: RemoteTapeError.self) { try write() }
    #expect(try write() == 10_000)
    #expect(throws: RemoteTapeError.self) { try write() }
    #expect(throws: RemoteTapeError.self) { try write() }
    let status = try client.status()
    #expect(status.count == 48)
    #expect(status[0] == 0x72 && status[40] == 0 && status[44] == 4)
    // There is no room for the filemark that a closed file gets.
    #expect(throws: RemoteTapeError.self) { try client.close() }
    end()
    #expect(cartridge.records.count == 4)
    nonisolated(unsafe) let other = MemoryCartridge()
    let (second, endSecond) = try Self.connect(greets: false) { () throws(DriveError) in try MemoryDrive(other) }
    _ = try block.withUnsafeBytes { try second.write($0) }
    try second.close()
    endSecond()
    #expect(other.records == [.block(block), .filemark])
    #expect(other.confirmed == 2)
  }
}
