import ArchiveFormat
import ArchiveOperations
import Glibc
import Synchronization
import TapeLabels

/// The lines of `--json`: `start` first, `summary` last, each written whole and in the order in which things happened.
///
/// On standard output, which nothing else can write on then: whatever else goes there by mistake, and what programs that
/// are run say, ends up on standard error. Where standard output is for other data, on standard error, where messages are
/// not said as text then; or in the file of `--index-file`.
final class EventStream: Sendable {
  /// Version of what docs/json.md says.
  static let schema = 1

  private let descriptor: Int32
  /// Whether messages go to standard error as text too.
  let leavesStandardError: Bool
  /// Whether standard output is for events alone.
  let hasStandardOutput: Bool
  private let began: Double
  /// Guards what is to be written, and counts.
  private let state = Mutex(State())

  private struct State {
    var output: [UInt8] = []
    var hasFailed = false
    var hasEnded = false
    var members: Int64 = 0
    var bytes: Int64 = 0
    var committed: (batches: Int64, members: Int64, bytes: Int64) = (0, 0, 0)
    var differences: Int64 = 0
    var warnings: Int64 = 0
    var errors: Int64 = 0
    var endBlock: Int64?
  }

  /// Where lines go.
  enum Place {
    case standardOutput, standardError, file(Int32)
  }

  /// - Parameter command: what was asked for: `-c`, `volume show`.
  init(_ place: Place, command: String) {
    switch place {
    case .standardOutput: descriptor = Self.takeStandardOutput()
    case .standardError: descriptor = STDERR_FILENO
    case .file(let file): descriptor = file
    }
    if case .standardError = place { leavesStandardError = false } else { leavesStandardError = true }
    if case .standardOutput = place { hasStandardOutput = true } else { hasStandardOutput = false }
    began = Self.now()
    send(.start) { event in
      event.set("schema", Self.schema)
      event.set("program", "tapir")
      event.set("version", Version.number)
      event.set("command", command)
      event.set("time", Timestamp.now())
    }
  }

  /// Standard output for this alone; its number is another name of standard error from now on.
  private static func takeStandardOutput() -> Int32 {
    let own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    if dup2(STDERR_FILENO, STDOUT_FILENO) < 0 {
      // Without a standard error, what is written there goes nowhere.
      let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
      if nowhere >= 0 { dup2(nowhere, STDOUT_FILENO) }
    }
    return own
  }

  /// Writes an event.
  /// - Parameter atOnce: whether somebody waits to see it pass; a listing is rather fast.
  func send(_ kind: Event.Kind, atOnce: Bool = true, bytes: Int64 = 0, _ fill: (Event) -> Void) {
    let event = Event(kind)
    fill(event)
    state.withLock { state in
      guard !state.hasEnded else { return }
      event.append(to: &state.output)
      count(kind, &state)
      state.bytes += bytes
      if atOnce || state.output.count > 1 << 16 { flush(&state) }
    }
  }

  /// A member; its size counts.
  func send(
    _ member: Member, _ special: ListingFormat.Special?, atOnce: Bool, marks: ListingFormat.Marks,
    _ fill: (Event) -> Void
  ) {
    send(.member, atOnce: atOnce, bytes: member.size) { event in
      event.set(member, special, marks: marks)
      fill(event)
    }
  }

  private func count(_ kind: Event.Kind, _ state: inout State) {
    switch kind {
    case .member: state.members += 1
    case .difference: state.differences += 1
    case .warning: state.warnings += 1
    case .error: state.errors += 1
    default: break
    }
  }

  /// A batch is safe.
  func sendCommitted(members: Int, bytes: Int64, _ volume: VolumeDescriptor) {
    send(.committed) { event in
      event.set("volume", volume.vsn.text)
      event.set("uuid", volume.id.description)
      event.set("members", members)
      event.set("bytes", bytes)
    }
    state.withLock {
      $0.committed.batches += 1
      $0.committed.members += Int64(members)
      $0.committed.bytes += bytes
    }
  }

  /// Notes in which block the archive ends.
  func note(endBlock: Int64) { state.withLock { $0.endBlock = endBlock } }

  /// Brings out what has been sent.
  func flush() { state.withLock { flush(&$0) } }

  /// Whether a line could not be written.
  var hasFailed: Bool { state.withLock { $0.hasFailed } }

  /// Writes the last line.
  /// - Parameter signal: what ended the program; nil when it ended by itself.
  func end(status: Int32, signal: Int32?) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      state.hasEnded = true
      let event = Event(.summary)
      event.set("exit_status", Int64(status))
      event.set("signal", signal.map { Int64($0) })
      event.set("members", state.members)
      event.set("bytes", state.bytes)
      if state.committed.batches > 0 {
        let committed = Event()
        committed.set("batches", state.committed.batches)
        committed.set("members", state.committed.members)
        committed.set("bytes", state.committed.bytes)
        event.set("committed", committed)
      }
      event.set("differences", state.differences)
      event.set("warnings", state.warnings)
      event.set("errors", state.errors)
      event.set("end_block", state.endBlock)
      event.set("seconds", Self.now() - began)
      event.append(to: &state.output)
      flush(&state)
    }
  }

  private func flush(_ state: inout State) {
    var done = 0
    while done < state.output.count, !state.hasFailed {
      let count = state.output.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if count < 0, errno != EINTR { state.hasFailed = true }
      if count > 0 { done += count }
    }
    state.output.removeAll(keepingCapacity: true)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
