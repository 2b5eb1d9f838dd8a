import ArchiveOperations
import Glibc
import HostFiles
import Synchronization

/// Asks before each file (`-w`): the question on standard output, the answer from standard input, as in GNU tar. Where
/// those are the archive, on standard error and from the terminal.
final class Confirmation: Sendable {
  /// Guards the input: whether it has come to its end.
  private let isAtEnd = Mutex(false)
  private let output: Int32
  private let input: Int32

  /// - Parameters:
  ///   - writesArchive: whether standard output is spoken for.
  ///   - readsInput: whether standard input is.
  init(writesArchive: Bool, readsInput: Bool) throws(OperationError) {
    output = writesArchive ? STDERR_FILENO : STDOUT_FILENO
    input = readsInput ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : STDIN_FILENO
    guard input >= 0 else {
      throw .refused("/dev/tty: Cannot open: \(String(cString: strerror(errno)))", hint: nil)
    }
  }

  /// A function that asks whether to do `what` to a name.
  func asks(_ what: String) -> @Sendable ([UInt8]) -> Bool {
    { name in
      let shown = NameQuoting(.locale).quoted(MemberName.withoutTrailingSlashes(name))
      return self.confirms(Array("\(what) ".utf8) + shown + Array("?".utf8))
    }
  }

  private func confirms(_ question: [UInt8]) -> Bool {
    isAtEnd.withLock { isAtEnd in
      // Nobody answers a question that could not be written.
      _ = question.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      let answer = isAtEnd ? nil : line(&isAtEnd)
      if answer?.isEmpty ?? true, isAtEnd { _ = write(output, "\n", 1) }
      return answer?.first == UInt8(ascii: "y") || answer?.first == UInt8(ascii: "Y")
    }
  }

  /// A line of the input, which is read byte by byte: what follows is not ours.
  private func line(_ isAtEnd: inout Bool) -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = read(input, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 {
        isAtEnd = true
        return line
      }
      if byte == UInt8(ascii: "\n") { return line }
      line.append(byte)
    }
  }
}

extension TarCommand {
  /// A function that asks whether to do `what` to a name; nil when nobody wants to be asked.
  func confirmation(_ what: String) throws(OperationError) -> (@Sendable ([UInt8]) -> Bool)? {
    guard isInteractive else { return nil }
    let confirmation = try Confirmation(
      writesArchive: usesStandardOutput, readsInput: archive.isPipe && !writes || readsInput || stream != nil)
    return confirmation.asks(what)
  }
}
