import ArchiveFormat
import Glibc
import HostFiles
import RemoteTape
import TapeIO

/// Drives and cartridges of another machine, on which `tapir rmt` serves them (`--rmt-command='tapir rmt'`).
enum RemoteVolume {
  /// Whether a name means one: a device, or a folder by a slash at its end or the suffix `.vtl`, behind a server of ours. With
  /// other servers everything is an ordinary archive.
  static func isOne(_ address: RemoteAddress, _ access: RemoteMedium.Access) -> Bool {
    guard isOurs(access.command) else { return false }
    let path = address.path
    return path.starts(with: Array("/dev/".utf8)) || path.last == UInt8(ascii: "/")
      || path.suffix(4) == Array(".vtl".utf8)[...]
  }

  /// Whether a remote command is `tapir rmt`, whatever stands before the program's name.
  private static func isOurs(_ command: [UInt8]) -> Bool {
    let words = command.split(separator: UInt8(ascii: " "))
    guard words.count >= 2, words.last == Array("rmt".utf8)[...] else { return false }
    let program = words[words.count - 2].split(separator: UInt8(ascii: "/")).last
    return program == Array("tapir".utf8)[...]
  }

  /// Starts the remote shell and opens the drive there.
  static func open(
    _ name: [UInt8], _ access: RemoteMedium.Access, _ mode: DriveAccess
  ) throws(DriveError) -> RemoteDrive {
    let shown = String(decoding: name, as: UTF8.self)
    func failure(_ reason: String, _ hint: String? = nil) -> DriveError {
      DriveError(.unusable(reason: reason, hint: hint), operation: "open", device: shown)
    }
    // The name was found to be one.
    guard let address = RemoteAddress(name) else { throw failure("it is no name of another machine") }
    signal(SIGPIPE, SIG_IGN)
    let shell: PipedProgram
    do { shell = try PipedProgram(address.words(shell: access.shell, command: access.command)) } catch {
      throw failure(
        "'\(String(decoding: error.path, as: UTF8.self))': \(error.message)", "--rsh-command names another program")
    }
    let client = RemoteTapeClient(reading: shell.output, writing: shell.input)
    do throws(RemoteTapeError) {
      guard try client.greet() else {
        throw RemoteTapeError.broken("what answers there is not 'tapir rmt'")
      }
      try client.open(address.path, for: mode == .readWrite ? .update : .read)
    } catch {
      _ = shell.end(within: 1)
      switch error {
      case .broken(let why): throw failure(why)
      case .refused(let code, let text):
        throw DriveError(
          .system(errno: code, message: String(decoding: text, as: UTF8.self)), operation: "open", device: shown)
      }
    }
    return try RemoteDrive(client, name: shown) { _ = shell.end(within: 5) }  // all it had to say was in its answers
  }
}
