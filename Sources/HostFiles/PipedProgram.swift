public import ArchiveFormat
internal import CLinux
internal import Glibc

/// A program that is talked with over pipes to its standard input and from its standard output.
public final class PipedProgram {
  /// Where its standard input is written.
  public let input: Int32
  /// Where its standard output is read.
  public let output: Int32
  private let process: pid_t
  private var isEnded = false

  /// Starts a program.
  /// - Parameter words: it, sought in `$PATH` unless its name has a slash, and its arguments.
  /// - Throws: errno's text.
  public init(_ words: [[UInt8]]) throws(MemberNotice) {
    var toIt: [Int32] = [-1, -1]
    var fromIt: [Int32] = [-1, -1]
    do throws(ErrnoFailure) {
      guard clinux_pipe(&toIt) == 0, clinux_pipe(&fromIt) == 0 else { throw ErrnoFailure(code: errno) }
      process = try ChildProcess.spawn(words, descriptors: [(toIt[0], 0), (fromIt[1], 1)])
    } catch {
      for descriptor in toIt + fromIt where descriptor >= 0 { _ = close(descriptor) }
      throw MemberNotice(words.first ?? [], "Cannot execute: \(String(cString: strerror(error.code)))", .failure)
    }
    for descriptor in [toIt[0], fromIt[1]] { _ = close(descriptor) }  // the child has its own
    (input, output) = (toIt[1], fromIt[0])
  }

  deinit { _ = end(within: 0) }

  /// Ends its input and gives it a while to end itself.
  /// - Returns: how it ended; nil when it has not.
  public func end(within seconds: Int) -> ShellCommand.Ending? {
    guard !isEnded else { return nil }
    isEnded = true
    // What it said or did not read is of no use any more.
    _ = close(input)
    _ = close(output)
    for attempt in 0...seconds * 100 {
      var status: Int32 = 0
      let found = waitpid(process, &status, WNOHANG)
      if found == process { return ShellCommand.Ending(status: status) }
      if found < 0, errno != EINTR { return nil }
      if attempt < seconds * 100 { usleep(10_000) }
    }
    return nil
  }
}
