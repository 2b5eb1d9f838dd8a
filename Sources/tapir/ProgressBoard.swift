import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import Synchronization

/// Takes note of what happens, from every thread, for whoever shows how far a command has come.
final class ProgressBoard: Sendable {
  private let state = Mutex(State())
  /// Whether what passes is to be committed.
  private let commits: Bool
  private let clock: @Sendable () -> Double

  /// - Parameter clock: seconds, only forward.
  init(commits: Bool, clock: @escaping @Sendable () -> Double = { steadySeconds() }) {
    self.commits = commits
    self.clock = clock
  }

  private struct State {
    var bytes: Int64 = 0
    var members: Int64 = 0
    var path: [UInt8] = []
    var totalBytes: Int64?
    var totalMembers: Int64?
    var committed: (bytes: Int64, members: Int64) = (0, 0)
    var stage: String?
    var gauge: (any BufferGauge)?
    var isWriting = false
    var wait: (what: String, since: Double)?
    /// Seconds that it is expected to take, and since when.
    var estimate: (seconds: Double, since: Double)?
    /// When the first byte passed.
    var start: Double?
    /// What had passed, and who had waited, at moments of the last seconds, the oldest first.
    var samples: [Sample] = []
  }

  private struct Sample {
    var time: Double
    var bytes: Int64
    var reading: BufferReading?
  }

  /// Seconds over which the rate now, and who waits, are told.
  private static let window = 10.0

  func take(_ event: OperationEvent) {
    state.withLock { state in
      switch event {
      case .member(let member):
        state.members += 1
        state.path = member.path
      case .passed(let bytes):
        if state.start == nil { state.start = clock() }
        state.bytes += bytes
      case .committed(let members, let bytes, _):
        state.committed.bytes += bytes
        state.committed.members += Int64(members)
        if state.stage != nil { state.samples = [] }
        state.stage = nil
      case .expected(let members, let bytes):
        // Volume by volume, each says what it has.
        state.totalMembers = members.map { (state.totalMembers ?? 0) + $0 }
        state.totalBytes = bytes.map { (state.totalBytes ?? 0) + $0 }
      case .buffer(let gauge, let isWriting):
        state.gauge = gauge
        state.isWriting = isWriting
        state.samples = []
      case .readingBack(let bytes):
        state.stage = "reading back"
        // A batch is read back in the middle of a session, a copy in the end, byte by byte.
        if !commits {
          (state.bytes, state.totalBytes, state.start, state.samples, state.gauge) = (0, bytes, nil, [], nil)
        }
      case .notice, .information, .unconfirmed, .volume, .changed: break
      }
    }
  }

  /// Something began that nothing can be done about but waiting; nil when it is over.
  /// - Parameter seconds: for how long it has been waited for.
  func wait(for what: String?, since seconds: Int = 0) {
    state.withLock { $0.wait = what.map { ($0, clock() - Double(seconds)) } }
  }

  /// From now on it is expected to take so many seconds.
  func expect(seconds: Double) { state.withLock { $0.estimate = (seconds, clock()) } }

  /// How far it has come now.
  func figures() -> ProgressFigures {
    let now = clock()
    return state.withLock { state in
      let reading = state.gauge?.reading
      state.samples.append(Sample(time: now, bytes: state.bytes, reading: reading))
      while state.samples.count > 2, let first = state.samples.first, now - first.time > Self.window {
        state.samples.removeFirst()
      }
      var figures = ProgressFigures()
      figures.bytes = state.bytes
      figures.totalBytes = state.totalBytes
      figures.members = state.members
      figures.totalMembers = state.totalMembers
      if commits { (figures.committedBytes, figures.committedMembers) = state.committed }
      figures.stage = state.stage
      figures.wait = state.wait.map { ($0.what, Int64(now - $0.since)) }
      figures.member = String(decoding: NameQuoting().quoted(state.path), as: UTF8.self)
      figures.fill = reading?.fill
      if let first = state.samples.first, now > first.time {
        let seconds = now - first.time
        figures.rate = Double(state.bytes - first.bytes) / seconds
        if let before = first.reading, let reading {
          figures.limit = Self.limit(
            (reading.fillerWaited - before.fillerWaited) / seconds,
            (reading.emptierWaited - before.emptierWaited) / seconds, isWriting: state.isWriting)
        }
      }
      if let start = state.start, now - start >= 2 {
        figures.averageRate = Double(state.bytes) / (now - start)
        if let total = state.totalBytes, !(commits && state.stage != nil), figures.averageRate > 0 {
          figures.secondsLeft = Int64(Double(max(0, total - state.bytes)) / figures.averageRate)
        }
      }
      if let estimate = state.estimate {
        // At first only the estimate tells, which knows of locates; in the end what has passed tells better.
        let part = state.totalBytes.map { $0 > 0 ? min(1, Double(state.bytes) / Double($0)) : 1 } ?? 0
        let expected = max(0, estimate.seconds - (now - estimate.since))
        figures.secondsLeft = Int64((1 - part) * expected + part * Double(figures.secondsLeft ?? Int64(expected)))
      }
      return figures
    }
  }

  /// Who makes the others wait, from the parts of the time that the two sides of the buffer waited. When neither waits much,
  /// the work itself takes the time: checksums, and what compresses.
  static func limit(_ filler: Double, _ emptier: Double, isWriting: Bool) -> ProgressFigures.Limit {
    if max(filler, emptier) < 0.25 { return .checksums }
    // The side that waits is not the one that is waited for.
    return (emptier > filler) == isWriting ? .files : .drive
  }
}

/// Seconds of a clock that only runs forward.
func steadySeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
