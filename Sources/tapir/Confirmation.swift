import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles

/// Asks before each member (`-w`).
final class Confirmation {
  private let reporter: Reporter
  private let descriptor: Int32
  private var isAtEnd = false

  /// - Parameter usesTerminal: whether standard input is the archive: then the terminal is asked.
  init(_ reporter: Reporter, usesTerminal: Bool) throws(OperationError) {
    self.reporter = reporter
    descriptor = usesTerminal ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : 0
    if descriptor < 0 {
      throw .refused("/dev/tty: Cannot open: \(String(cString: strerror(errno)))", hint: nil)
    }
  }

  /// Whether the answer begins with y.
  func confirms(_ what: String, _ member: Member) -> Bool {
    let name = String(
      decoding: NameQuoting(.locale).quoted(MemberName.withoutTrailingSlashes(member.path)), as: UTF8.self)
    reporter.prompt("\(what) \(name)?")
    let answer = isAtEnd ? nil : byte()
    if answer == nil { reporter.prompt("\n") }
    var next = answer
    while let character = next, character != UInt8(ascii: "\n") { next = byte() }
    isAtEnd = next == nil
    return answer == UInt8(ascii: "y") || answer == UInt8(ascii: "Y")
  }

  private func byte() -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count == 1 { return byte }
      if count == 0 || errno != EINTR { return nil }
    }
  }
}
