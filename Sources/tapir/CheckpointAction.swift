import Glibc
import HostFiles

/// What is done at a checkpoint (`--checkpoint-action`).
enum CheckpointAction: Equatable {
  case dot, bell, totals
  /// A line on standard error; nil for the usual one.
  case echo(String?)
  /// Text on the terminal.
  case terminal(String)
  case sleep(UInt32)
  case execute([UInt8])
  case wait(Int32)

  init(_ text: String, _ bytes: [UInt8]) throws(UsageError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case (".", nil), ("dot", nil): self = .dot
    case ("bell", nil): self = .bell
    case ("totals", nil): self = .totals
    case ("echo", let format): self = .echo(format)
    case ("ttyout", let format?): self = .terminal(format)
    case ("sleep", let seconds?):
      guard let seconds = UInt32(seconds) else {
        throw UsageError(message: "\(text): not a valid timeout", isFatal: true)
      }
      self = .sleep(seconds)
    case ("exec", .some): self = .execute(Array(bytes.dropFirst("exec=".utf8.count)))
    case ("wait", let name?): self = .wait(try Self.signal(name))
    default: throw UsageError(message: "\(text): unknown checkpoint action", isFatal: true)
    }
  }

  /// A signal by its name.
  static func signal(_ name: String) throws(UsageError) -> Int32 {
    let signals = ["HUP": SIGHUP, "QUIT": SIGQUIT, "INT": SIGINT, "USR1": SIGUSR1, "USR2": SIGUSR2]
    guard let signal = signals[name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name] else {
      throw UsageError(message: "Unknown signal name: \(name)", isFatal: true)
    }
    return signal
  }
}
