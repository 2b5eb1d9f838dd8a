import ArchiveOperations
import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a request to end in order; a second one ends the process at once.
///
/// They are blocked in every thread and taken by one that waits for them: it may use locks, as a handler may not. Made
/// before other threads are, which inherit what is blocked.
final class Signals: Sendable {
  /// What the operation looks at.
  let interruption = Interruption()
  private let number = Atomic<Int32>(0)

  /// The signal that came; nil when none did.
  var caught: Int32? {
    let signal = number.load(ordering: .acquiring)
    return signal == 0 ? nil : signal
  }

  /// - Parameter except: a signal that means something else.
  init(except: Int32? = nil) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP] where signal != except && !Self.isIgnored(signal) {
      sigaddset(&set, signal)
    }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waiting = set
    do {
      _ = try Worker { [self] in wait(for: waiting) }
    } catch {
      // Nobody would take them: let them end the process as they do by themselves.
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }

  /// A signal ignored from the start, as nohup(1) does, stays ignored.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
  }

  private func wait(for set: sigset_t) {
    var set = set
    while true {
      var signal: Int32 = 0
      guard sigwait(&set, &signal) == 0 else { return }
      let isFirst = number.compareExchange(expected: 0, desired: signal, ordering: .acquiringAndReleasing).exchanged
      // What was committed stays committed; the rest is the next session's to write over.
      if !isFirst { _exit(128 + signal) }
      interruption.interrupt()
    }
  }
}
