import Glibc
import Synchronization

/// Asks before each file (`-w`): the question on standard output, the answer from standard input, as in GNU tar.
final class Confirmation: Sendable {
  /// Guards the input: whether it has come to its end.
  private let isAtEnd = Mutex(false)

  /// A function that asks whether to do `what` to a name.
  func asks(_ what: String) -> @Sendable ([UInt8]) -> Bool {
    { name in self.confirms(Array("\(what) '".utf8) + name + Array("'?".utf8)) }
  }

  private func confirms(_ question: [UInt8]) -> Bool {
    isAtEnd.withLock { isAtEnd in
      // Nobody answers a question that could not be written.
      _ = question.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      let answer = isAtEnd ? nil : Self.line(&isAtEnd)
      if isAtEnd { _ = write(1, "\n", 1) }
      return answer?.first == UInt8(ascii: "y") || answer?.first == UInt8(ascii: "Y")
    }
  }

  /// A line of standard input, which is read byte by byte: what follows is not ours.
  private static func line(_ isAtEnd: inout Bool) -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = read(0, &byte, 1)
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
