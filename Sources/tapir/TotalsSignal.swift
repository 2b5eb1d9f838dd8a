import ArchiveOperations
import CLinux
import Glibc

/// Prints totals whenever a signal comes (`--totals=SIGNAL`).
enum TotalsSignal {
  /// Begins to wait; before other threads are made, which inherit what is blocked.
  static func wait(for signal: Int32, _ reporter: Reporter) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waiting = set
    do {
      _ = try Worker {
        var set = waiting
        var caught: Int32 = 0
        while sigwait(&set, &caught) == 0 { reporter.sayTotals() }
      }
    } catch {
      reporter.say("cannot wait for signals: totals are not printed")
    }
  }
}
