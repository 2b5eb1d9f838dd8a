import CLinux
import Glibc

/// A running command of the user's, as `/bin/sh` understands it.
public final class ShellCommand {
  /// A variable of its environment.
  public typealias Variable = (name: String, value: [UInt8])

  /// How it ended.
  public enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// What wait(2) says.
    init(status: Int32) {
      let signal = status & 0x7f  // WTERMSIG, a macro
      self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }
  }

  /// Where its standard input is written; -1 when it has this process's.
  private(set) var input: Int32
  let process: pid_t
  private var ending: Ending?

  private init(process: pid_t, input: Int32) {
    self.process = process
    self.input = input
  }

  /// Starts a command with a pipe as its standard input.
  static func start(_ command: [UInt8], adding variables: [Variable]) throws(ErrnoFailure) -> ShellCommand {
    var ends: [Int32] = [-1, -1]
    guard clinux_pipe(&ends) == 0 else { throw ErrnoFailure(code: errno) }
    defer { _ = close(ends[0]) }  // the child has its own
    do throws(ErrnoFailure) {
      return ShellCommand(process: try spawn(command, variables, input: ends[0]), input: ends[1])
    } catch {
      _ = close(ends[1])
      throw error
    }
  }

  /// Runs a command to its end.
  /// - Returns: how it ended; nil when it could not be started.
  public static func run(_ command: [UInt8], adding variables: [Variable]) -> Ending? {
    do throws(ErrnoFailure) {
      return ShellCommand(process: try spawn(command, variables, input: nil), input: -1).finish()
    } catch { return nil }
  }

  /// Runs a command to its end, which may answer by a line to a descriptor of its own.
  /// - Parameter descriptorVariable: the variable that has the descriptor's number.
  /// - Returns: the line, without the newline, and how it ended; nil when it could not be started.
  public static func ask(
    _ command: [UInt8], adding variables: [Variable], descriptorVariable: String
  ) -> (line: [UInt8], ending: Ending)? {
    var ends: [Int32] = [-1, -1]
    guard clinux_pipe(&ends) == 0 else { return nil }
    let process: pid_t
    // Not every shell can name a descriptor of two digits.
    let its = min(ends[1], 9)
    do throws(ErrnoFailure) {
      defer { _ = close(ends[1]) }  // the child has its own
      process = try ChildProcess.spawn(
        [Array("/bin/sh".utf8), Array("-c".utf8), command],
        environment: environment(with: variables + [(descriptorVariable, Array(String(its).utf8))]),
        descriptors: [(ours: ends[1], its: its)])
    } catch {
      _ = close(ends[0])
      return nil
    }
    let line = firstLine(of: ends[0])
    _ = close(ends[0])
    return (line, ShellCommand(process: process, input: -1).finish())
  }

  /// The longest answer that is believed, in bytes.
  private static let longestLine = 65_536

  private static func firstLine(of descriptor: Int32) -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < longestLine {
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 || byte == UInt8(ascii: "\n") { break }
      line.append(byte)
    }
    return line
  }

  /// Ends its input and waits for it.
  func finish() -> Ending {
    if let ending { return ending }
    // What it did not read is not ours to lose.
    if input >= 0 { _ = close(input) }
    input = -1
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let found = Ending(status: status)
    ending = found
    return found
  }

  private static func spawn(_ command: [UInt8], _ variables: [Variable], input: Int32?) throws(ErrnoFailure) -> pid_t {
    try ChildProcess.spawn(
      [Array("/bin/sh".utf8), Array("-c".utf8), command], environment: environment(with: variables),
      descriptors: input.map { [(ours: $0, its: Int32(0))] } ?? [])
  }

  /// This process's environment with other variables in it.
  static func environment(with variables: [Variable]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    let names = Set(variables.map(\.name)).union(["TAR_MINOR", "TAR_MAJOR", "TAR_LINKNAME"])
    var next = environ
    while let entry = next.pointee {
      let text = UnsafeBufferPointer(start: entry, count: strlen(entry)).map { UInt8(bitPattern: $0) }
      let name = String(decoding: text.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
      if !names.contains(name) { result.append(text) }
      next += 1
    }
    return result + variables.map { Array($0.name.utf8) + [UInt8(ascii: "=")] + $0.value }
  }
}
