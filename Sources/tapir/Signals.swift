import ArchiveOperations
import CLinux
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

  /// Has events to end before the process does.
  private let reporter: Reporter

  /// - Parameter except: a signal that means something else.
  init(_ reporter: Reporter, except: Int32? = nil) {
    self.reporter = reporter
    var set = Self.block(except: except)
    let waiting = set
    do {
      _ = try Worker { [self] in wait(for: waiting) }
    } catch {
      // Nobody would take them: let them end the process as they do by themselves.
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }

  /// For what ends at once at a signal: events end in a `summary` before it does. Nothing without `--json`.
  static func endEvents(of reporter: Reporter, except: Int32? = nil) {
    guard reporter.events != nil else { return }
    var set = block(except: except)
    let waiting = set
    do {
      _ = try Worker {
        var set = waiting
        var caught: Int32 = 0
        while sigwait(&set, &caught) != 0 {}
        reporter.cutOff(by: caught)
        // Ended as if nobody had waited for it.
        signal(caught, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(caught)
      }
    } catch {
      // Nobody would take them: they end the process, without a summary.
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }

  /// Blocks the signals that end a process, but those ignored, in this thread and those it makes.
  private static func block(except: Int32?) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP] where signal != except && !isIgnored(signal) { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    return set
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
      if !isFirst {
        reporter.cutOff(by: signal)
        _exit(128 + signal)
      }
      interruption.interrupt()
    }
  }
}
