import ArchiveOperations
import CLinux
import Glibc
import Synchronization

/// Shows how far a command has come: a line on a terminal that is drawn over again, or a line in a log every minute.
///
/// Whoever writes to the terminal otherwise does so by way of ``besides(_:)``, which takes the line away before.
final class ProgressDisplay: Sendable {
  /// What `--progress` asks for.
  enum Style: Equatable, Sendable {
    /// A line on a terminal, nothing elsewhere.
    case line
    /// A line of its own every minute, wherever messages go.
    case plain
    case none
  }

  let board: ProgressBoard
  private let isLine: Bool
  private let isPlain: Bool
  private let answers: Bool
  private let state = Mutex(State())

  private struct State {
    /// Columns of the line that is shown; 0 for none.
    var shown = 0
    var hasEnded = false
  }

  /// Whether somebody has been asked something, and has not answered yet.
  private let asks = Atomic<Bool>(false)

  /// Milliseconds between two drawings, and before the first: what takes less needs no progress.
  private static let interval = 500
  private static let patience = 1_500
  /// Seconds between two lines in a log.
  private static let logInterval = 60

  /// - Parameter events: what takes events in place of text; a terminal that they go to is theirs alone.
  init(_ style: Style, _ board: ProgressBoard, _ events: EventStream?) {
    self.board = board
    let isFree = events?.leavesStandardError ?? true
    isPlain = isFree && style == .plain
    isLine = isFree && style == .line && Self.isTerminal && (events == nil || isatty(1) == 0)
    answers = isFree
  }

  /// Whether messages go to a terminal that can take a line back.
  private static var isTerminal: Bool {
    guard isatty(2) == 1, let terminal = getenv("TERM").map({ String(cString: $0) }) else { return false }
    return terminal != "dumb" && !terminal.isEmpty
  }

  /// Begins to show, on a thread of its own, and to answer SIGUSR1. Before other threads are made, which inherit what is
  /// blocked.
  /// - Parameter answersSignal: whether SIGUSR1 asks how far it has come, and means nothing else.
  func start(answersSignal: Bool) {
    var set = sigset_t()
    sigemptyset(&set)
    if answersSignal, answers { sigaddset(&set, SIGUSR1) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waiting = set
    do {
      _ = try Worker { [self] in run(waiting) }
    } catch {
      // Nobody would take the signal: it ends the process as it does by itself.
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }

  private func run(_ signals: sigset_t) {
    var signals = signals
    let step = isLine ? Self.interval : 1_000
    var wait = timespec(tv_sec: step / 1_000, tv_nsec: step % 1_000 * 1_000_000)
    let start = steadySeconds()
    var logged = start
    while true {
      if sigtimedwait(&signals, nil, &wait) == SIGUSR1 {
        log()
      } else if isPlain, steadySeconds() - logged >= Double(Self.logInterval) {
        logged = steadySeconds()
        log()
      } else {
        let figures = board.figures()
        if isLine, steadySeconds() - start >= Double(Self.patience) / 1_000 { draw(figures) }
      }
      if state.withLock({ $0.hasEnded }) { return }
    }
  }

  /// Says once how far it has come, as a message.
  private func log() {
    let line = Reporter.prefix + ProgressLine.whole(board.figures()) + "\n"
    state.withLock { state in
      guard !state.hasEnded else { return }
      Self.clear(&state)
      Self.write(line)
    }
  }

  private func draw(_ figures: ProgressFigures) {
    state.withLock { state in
      // In the background the terminal is somebody else's.
      guard !state.hasEnded, !asks.load(ordering: .relaxed), tcgetpgrp(2) == getpgrp() else { return }
      let columns = Int(clinux_terminal_columns(2))
      let line = ProgressLine.text(figures, width: columns > 0 ? columns : 80)
      Self.write(Self.clearing(state.shown) + line)
      state.shown = ProgressLine.columns(line)
    }
  }

  /// Does something that writes to the terminal, without the line in its way.
  func besides<Result>(_ body: () -> Result) -> Result {
    state.withLock { state in
      Self.clear(&state)
      return body()
    }
  }

  /// Whether waits are shown on a line, and need no messages.
  var showsWaits: Bool { isLine }

  /// Takes note of how long it is expected to take.
  func expect(seconds: Double) { board.expect(seconds: seconds) }

  /// Takes note of what happens.
  func take(_ event: OperationEvent) { board.take(event) }

  /// Asks somebody something on the terminal: no line comes before the answer has, whatever happens meanwhile.
  func asking<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    asks.store(true, ordering: .relaxed)
    defer { asks.store(false, ordering: .relaxed) }
    besides {}
    return try body()
  }

  /// Takes the line away, for good.
  func end() {
    state.withLock { state in
      Self.clear(&state)
      state.hasEnded = true
    }
  }

  private static func clear(_ state: inout State) {
    guard state.shown > 0 else { return }
    write(clearing(state.shown))
    state.shown = 0
  }

  /// What takes a line of so many columns away: a terminal that became narrower has broken it into several rows.
  private static func clearing(_ shown: Int) -> String {
    let columns = Int(clinux_terminal_columns(2))
    let rows = columns > 0 ? max(0, shown - 1) / columns : 0
    return "\r" + (rows > 0 ? "\u{1B}[\(rows)A" : "") + "\u{1B}[J"
  }

  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    // Nobody is left to tell when standard error fails.
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
