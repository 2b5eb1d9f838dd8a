import ArchiveFormat
import ArchiveOperations
import Glibc
import Synchronization

/// Tells the user what happens: data on standard output, everything else on standard error. Knows the exit status.
final class Reporter: OperationObserver {
  /// How members are named as they pass.
  enum Verbosity: Int {
    case none = 0
    case names = 1
    case attributes = 2
  }

  private let verbosity: Verbosity
  private let namesGoToErrors: Bool
  private let state = Mutex(State())
  /// Collects standard output; guarded by `state`.
  private struct State {
    var output: [UInt8] = []
    var status = MemberNotice.Severity.information
    var unconfirmed = 0
    var listing = ListingFormat()
    var outputFailed = false
    var failures = 0
    var interruptedStatus: Int32?
  }

  init(verbosity: Verbosity, namesGoToErrors: Bool) {
    self.verbosity = verbosity
    self.namesGoToErrors = namesGoToErrors
  }

  func report(_ event: OperationEvent) {
    switch event {
    case .member(let member): if verbosity != .none { name(member) }
    case .notice(let notice): report(notice)
    case .information(let text): say(text)
    case .committed: break
    case .unconfirmed(let path): reportUnconfirmed(path)
    }
  }

  /// A line on standard error, behind the program's name.
  func say(_ text: String) { say(Array(text.utf8)) }

  /// Something that failed as a whole.
  func fail(_ message: String, hint: String?) {
    raise(.failure)
    say(message)
    if let hint { sayPlain("hint: \(hint)") }
  }

  /// Something that was wrong, though all was done that could be.
  func complain(_ message: String) {
    raise(.failure)
    say(message)
  }

  /// A line on standard error without the program's name.
  func sayPlain(_ text: String) { writeError(Array((text + "\n").utf8)) }

  private func report(_ notice: MemberNotice) {
    raise(notice.severity)
    let name = notice.path.isEmpty ? [] : Quoting.escaped(notice.path) + Array(": ".utf8)
    if notice.isFinding { return print(name + Array(notice.message.utf8)) }
    say(name + Array(notice.message.utf8))
  }

  private func reportUnconfirmed(_ path: [UInt8]) {
    raise(.failure)
    say(Quoting.escaped(path) + Array(": Written but not confirmed: not safe on tape".utf8))
  }

  private func raise(_ severity: MemberNotice.Severity) {
    state.withLock {
      $0.status = max($0.status, severity)
      if severity == .failure { $0.failures += 1 }
    }
  }

  private func name(_ member: Member) {
    state.withLock { state in
      var line: [UInt8] = []
      if verbosity == .attributes {
        state.listing.append(member, to: &line)
      } else {
        ListingFormat.appendName(member, to: &line)
      }
      line.append(UInt8(ascii: "\n"))
      if namesGoToErrors {
        writeError(line)
      } else {
        state.output += line
        // Names of members are wanted as they pass.
        Self.flush(&state)
      }
    }
  }

  /// Lists a member on standard output.
  func list(_ member: Member, withAttributes: Bool) {
    state.withLock { state in
      if withAttributes {
        state.listing.append(member, to: &state.output)
      } else {
        ListingFormat.appendName(member, to: &state.output)
      }
      state.output.append(UInt8(ascii: "\n"))
      if state.output.count > 1 << 16 { Self.flush(&state) }
    }
  }

  /// Text where members are listed, at once and without a newline: a question.
  func prompt(_ text: String) {
    state.withLock { state in
      state.output += text.utf8
      Self.flush(&state)
    }
  }

  /// Failures reported so far.
  var failures: Int { state.withLock { $0.failures } }

  /// The exit status whatever else was reported: the session was interrupted.
  func endsWith(status: Int32) { state.withLock { $0.interruptedStatus = status } }

  /// Text on standard output.
  func print(_ text: String) { print(Array(text.utf8)) }

  /// Bytes and a newline on standard output.
  func print(_ bytes: [UInt8]) {
    state.withLock { state in
      state.output += bytes + [UInt8(ascii: "\n")]
      if state.output.count > 1 << 16 { Self.flush(&state) }
    }
  }

  /// Brings everything out and returns the exit status: tar's 0, 1 or 2.
  func finish(endsWithSummary: Bool = true) -> Int32 {
    let (status, outputFailed, interrupted) = state.withLock { state in
      Self.flush(&state)
      return (state.status, state.outputFailed, state.interruptedStatus)
    }
    if let interrupted { return interrupted }
    if outputFailed {
      say("standard output: Cannot write: \(String(cString: strerror(EIO)))")
      return 2
    }
    if status == .failure, endsWithSummary { say("Exiting with failure status due to previous errors") }
    return Int32(status.rawValue)
  }

  private static func flush(_ state: inout State) {
    var done = 0
    while done < state.output.count, !state.outputFailed {
      let count = state.output.withUnsafeBytes { write(1, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count < 0, errno != EINTR { state.outputFailed = true }
      if count > 0 { done += count }
    }
    state.output.removeAll(keepingCapacity: true)
  }

  private func say(_ text: [UInt8]) {
    writeError(Array("tapir: ".utf8) + text + [UInt8(ascii: "\n")])
  }

  private func writeError(_ line: [UInt8]) {
    // Nobody is left to tell when standard error fails.
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
