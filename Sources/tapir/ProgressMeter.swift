import CLinux
import Glibc
import HostFiles
import Synchronization

/// Counts the bytes of the archive that pass, for `--totals` and `--checkpoint`.
final class ProgressMeter: Sendable {
  /// What commands of `--checkpoint-action=exec` are told.
  struct Subject: Sendable {
    var surroundings: CommandSink.Surroundings
    /// `-c`, `-x`, ...
    var mode: String
    var isWriting: Bool
  }

  private let subject: Subject
  private let interval: Int64?
  private let actions: [CheckpointAction]
  private let start = ProgressMeter.now()
  /// Guards what was counted.
  private let state = Mutex(State())

  private struct State {
    var bytes: Int64 = 0
    var recordSize: Int64 = 10240
    var records: Int64 = 0
  }

  init(_ subject: Subject, _ options: OutputOptions) {
    self.subject = subject
    interval = options.interval
    actions = options.checkpointActions
    // A signal that is waited for must not end the process before.
    var set = sigset_t()
    sigemptyset(&set)
    for case .wait(let signal) in actions { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Sets what counts as a record.
  func setRecordSize(_ size: Int) { state.withLock { $0.recordSize = Int64(size) } }

  /// Takes note of bytes, and does at checkpoints what is to be done.
  func pass(_ count: Int64, _ reporter: Reporter) {
    let (before, after, size) = state.withLock { state in
      let before = state.records
      state.bytes += count
      // A record is written when the next one begins, and read when it does itself.
      state.records = (state.bytes + state.recordSize - 1) / state.recordSize - (subject.isWriting ? 1 : 0)
      state.records = max(before, state.records)
      return (before, state.records, state.recordSize)
    }
    run(from: before, to: after, size, reporter)
  }

  /// Everything has passed: the last record is written.
  func end(_ reporter: Reporter) {
    guard subject.isWriting else { return }
    let (before, after, size) = state.withLock { state in
      let before = state.records
      state.records = (state.bytes + state.recordSize - 1) / state.recordSize
      return (before, state.records, state.recordSize)
    }
    run(from: before, to: after, size, reporter)
  }

  private func run(from before: Int64, to after: Int64, _ size: Int64, _ reporter: Reporter) {
    guard let interval, before / interval < after / interval else { return }
    for number in before / interval + 1...after / interval {
      let checkpoint = number * interval
      for action in actions { run(action, checkpoint, (checkpoint - 1) * size, reporter) }
    }
  }

  private func run(_ action: CheckpointAction, _ checkpoint: Int64, _ bytes: Int64, _ reporter: Reporter) {
    switch action {
    case .dot: reporter.prompt(".")
    case .bell: terminal("\u{7}")
    case .totals: reporter.sayPlain(totals(bytes, subject.isWriting ? "Total bytes written" : "Total bytes read"))
    case .echo(let format):
      let usual = subject.isWriting ? "Write checkpoint %u" : "Read checkpoint %u"
      reporter.say(expanded(format ?? usual, checkpoint, bytes, column: Reporter.prefix.utf8.count))
    case .terminal(let format): terminal(expanded(format, checkpoint, bytes, column: 0))
    case .sleep(let seconds): _ = Glibc.sleep(seconds)  // woken early it goes on early
    case .execute(let command):
      let variables: [ShellCommand.Variable] =
        subject.surroundings.variables.filter { $0.name != "TAR_VOLUME" } + [
          ("TAR_CHECKPOINT", Array(String(checkpoint).utf8)), ("TAR_SUBCOMMAND", Array(subject.mode.utf8)),
        ]
      // GNU tar does not mind either how it ends.
      _ = ShellCommand.run(command, adding: variables)
    case .wait(let signal):
      var set = sigset_t()
      sigemptyset(&set)
      sigaddset(&set, signal)
      var caught: Int32 = 0
      sigwait(&set, &caught)
    }
  }

  /// The line of `--totals`: whole records of ordinary archives, as they are what is read and written.
  func totals(wholeRecords: Bool, limit: Int64?) -> String {
    let (bytes, size) = state.withLock { ($0.bytes, $0.recordSize) }
    let whole = wholeRecords ? (bytes + size - 1) / size * size : bytes
    let shown = limit.map { max(bytes, min(whole, $0)) } ?? whole
    return totals(shown, subject.isWriting ? "Total bytes written" : "Total bytes read")
  }

  private func totals(_ bytes: Int64, _ what: String) -> String {
    let seconds = Self.now() - start
    let rate = seconds > 0 ? Self.human(Int64(Double(bytes) / seconds)) : "?"
    return "\(what): \(bytes) (\(Self.human(bytes)), \(rate)/s)"
  }

  // MARK: Text

  /// Expands what GNU tar expands in the texts of checkpoints.
  private func expanded(_ format: String, _ checkpoint: Int64, _ bytes: Int64, column: Int) -> String {
    var result = ""
    var rest = format[...]
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      let start = rest
      var argument: String?
      if rest.first == "{", let end = rest.firstIndex(of: "}") {
        argument = String(rest[rest.index(after: rest.startIndex)..<end])
        rest = rest[rest.index(after: end)...]
      }
      switch rest.popFirst() {
      case "c":
        result += expanded("%{%Y-%m-%d %H:%M:%S}t: %ds, %{read,wrote}T%*\r", checkpoint, bytes, column: column)
      case "u": result += String(checkpoint)
      case "s": result += subject.isWriting ? "write" : "read"
      case "d": result += String(Int64(Self.now() - self.start))
      case "T":
        let names = (argument ?? "R,W").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let usual = subject.isWriting ? "W" : "R"
        let place = subject.isWriting ? 1 : 0
        result += totals(bytes, names.indices.contains(place) ? names[place] : usual)
      case "t": result += Self.time(argument ?? "%c")
      case "*":
        let width = argument.flatMap { Int($0) } ?? 80
        let used = column + result.utf8.count
        result += String(repeating: " ", count: max(0, width - used))
      default:
        result += "%"
        rest = start
        if let next = rest.popFirst() { result.append(next) }
      }
    }
    return result
  }

  private static func time(_ format: String) -> String {
    var now = Glibc.time(nil)
    var broken = tm()
    guard localtime_r(&now, &broken) != nil else { return "" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
      let count = strftime(buffer.baseAddress, buffer.count, format, &broken)
      return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// A number of bytes as `ls -h` would round it: up.
  static func human(_ bytes: Int64) -> String {
    guard bytes >= 1024 else { return "\(max(0, bytes))B" }
    var unit = 0
    var divisor: Int64 = 1
    while bytes / divisor >= 1024, unit < 6 {
      divisor <<= 10
      unit += 1
    }
    let letter = Array("KMGTPE")[unit - 1]
    let tenths = (Int128(bytes) * 10 + Int128(divisor) - 1) / Int128(divisor)
    if tenths < 100 { return "\(tenths / 10).\(tenths % 10)\(letter)iB" }
    let whole = (Int128(bytes) + Int128(divisor) - 1) / Int128(divisor)
    return "\(whole)\(letter)iB"
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func terminal(_ text: String) {
    // Without a terminal there is nobody to see it.
    let descriptor = open("/dev/tty", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let bytes = Array(text.utf8)
    _ = write(descriptor, bytes, bytes.count)
    close(descriptor)
  }
}
