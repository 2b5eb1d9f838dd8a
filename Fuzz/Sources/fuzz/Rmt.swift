import Glibc
import RemoteTape
import TapeIO
import TapeTestSupport

/// Requests of the remote tape protocol, to a drive in memory: each is answered or ends the connection.
final class RmtFuzzer {
  private let folder = Files.scratch()
  private let sink = open("/dev/null", O_WRONLY | O_CLOEXEC)

  func run(_ bytes: [UInt8]) {
    Files.write(bytes, to: "\(folder)/data")
    let input = open("\(folder)/data", O_RDONLY | O_CLOEXEC)
    precondition(input >= 0 && sink >= 0)
    defer { close(input) }
    let cartridge = MemoryCartridge(capacity: 1 << 20)
    let server = RemoteTapeServer(reading: input, writing: sink) { request throws(ServedFailure) in
      guard request.path.first != UInt8(ascii: "n") else { throw ServedFailure(code: ENOENT, text: "none") }
      do throws(DriveError) { return .drive(try MemoryDrive(cartridge), atBeginning: true) } catch {
        throw ServedFailure(error)
      }
    }
    _ = server.run()
  }
}
