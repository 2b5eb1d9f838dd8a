import ArchiveExchange
import ArchiveFormat
import Glibc
import HostFiles
import RemoteTape

/// An archive on another machine, which a remote shell reaches and GNU's rmt, or another server of its protocol, reads and
/// writes there.
final class RemoteMedium: ArchiveMedium {
  let name: String
  private let shell: PipedProgram
  private let client: RemoteTapeClient
  private let recordSize: Int
  private var isClosed = false

  /// How another machine is reached.
  struct Access: Equatable {
    /// The remote shell (`--rsh-command`).
    var shell = Array("ssh".utf8)
    /// What it runs there (`--rmt-command`).
    var command = Array("/usr/sbin/rmt".utf8)
  }

  /// Bytes asked for at once when no record is longer: a drive gives a block, whatever is asked for, and a file much at
  /// a time.
  private static let readSize = 256 << 10

  /// Starts the remote shell and opens the archive there.
  /// - Parameter recordSize: bytes that are written at once.
  init(
    _ address: RemoteAddress, _ access: Access, for purpose: RemoteAccess, name: String, recordSize: Int
  ) throws(MediumError) {
    self.name = name
    self.recordSize = recordSize
    // A connection that breaks is an error like others.
    signal(SIGPIPE, SIG_IGN)
    do { shell = try PipedProgram(address.words(shell: access.shell, command: access.command)) } catch {
      let shown = String(decoding: error.path, as: UTF8.self)
      throw MediumError(
        code: EIO, text: Self.brokenText, hint: "'\(shown)': \(error.message); --rsh-command names another program")
    }
    client = RemoteTapeClient(reading: shell.output, writing: shell.input)
    do { try client.open(address.path, for: purpose) } catch {
      var found = Self.error(error)
      if case .exited(let status) = shell.end(within: 1), status != 0 {
        found.hint = [found.hint, "the remote shell ended with status \(status)"].compactMap { $0 }.joined(
          separator: "; ")
      }
      isClosed = true
      throw found
    }
  }

  /// Nobody knows before it was read.
  var size: Int64? { nil }
  /// Only a file goes where it is told to: what is passed over is read.
  var isSeekable: Bool { false }
  var takesSingleRecords: Bool { true }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MediumError) -> Int {
    let count = min(buffer.count, max(recordSize, Self.readSize))
    do { return try client.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) } catch {
      throw Self.error(error)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(MediumError) -> Int {
    var rest = bytes
    while !rest.isEmpty {
      let record = UnsafeRawBufferPointer(rebasing: rest.prefix(recordSize))
      let count: Int
      do { count = try client.write(record) } catch {
        guard case .refused(ENOSPC, _) = error else { throw Self.error(error) }
        break
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      if count < record.count { break }
    }
    return bytes.count - rest.count
  }

  func seek(to offset: Int64) throws(MediumError) {
    let place: Int64
    do { place = try client.seek(to: offset, from: .beginning) } catch { throw Self.error(error) }
    // A drive takes the request and stays where it is.
    guard place == offset else { throw MediumError(code: ESPIPE, text: String(cString: strerror(ESPIPE))) }
  }

  /// The protocol has nothing for it: what is left is made zeros.
  func truncate(to size: Int64) throws(MediumError) {
    do throws(RemoteTapeError) {
      let end = try client.seek(to: 0, from: .end)
      guard end > size, try client.seek(to: size, from: .beginning) == size else { return }
      let zeros = [UInt8](repeating: 0, count: recordSize)
      var left = end - size
      while left > 0 {
        var count = 0
        var failure: RemoteTapeError?
        zeros.withUnsafeBytes { bytes in
          let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(min(left, Int64(recordSize)))))
          do throws(RemoteTapeError) { count = try client.write(part) } catch { failure = error }
        }
        if let failure { throw failure }
        guard count > 0 else { throw .refused(code: ENOSPC, text: Array("No space left on device".utf8)) }
        left -= Int64(count)
      }
    } catch { throw Self.error(error) }
  }

  /// What was written was answered for; the protocol has nothing to bring it out further than that.
  func synchronize() throws(MediumError) {}

  func close() throws(MediumError) {
    guard !isClosed else { return }
    isClosed = true
    defer { _ = shell.end(within: 5) }  // everything it had to say was in its answer
    do { try client.close() } catch { throw Self.error(error) }
  }

  private static let brokenText = String(cString: strerror(EIO))

  private static func error(_ error: RemoteTapeError) -> MediumError {
    switch error {
    case .refused(let code, let text):
      let words = text.isEmpty ? String(cString: strerror(code)) : String(decoding: text, as: UTF8.self)
      return MediumError(code: code, text: words)
    case .broken(let why): return MediumError(code: EIO, text: brokenText, hint: why)
    }
  }
}
