import Glibc
import Synchronization

/// An open directory that several members share; closed when the last of them is gone.
final class DirectoryHandle: Sendable {
  /// Its descriptor; `AT_FDCWD` for the working directory.
  let descriptor: Int32
  /// What is known of its entries where this run made it; nil for others.
  let made: MadeDirectory?
  private let budget: DescriptorBudget?

  /// Takes over an open descriptor, counted by `budget`.
  init(owning descriptor: Int32, budget: DescriptorBudget? = nil, made: MadeDirectory? = nil) {
    self.descriptor = descriptor
    self.made = made
    self.budget = budget
    budget?.count.add(1, ordering: .relaxed)
  }

  deinit {
    guard descriptor >= 0 else { return }
    // A directory opened for reading has nothing to lose when it is closed.
    _ = close(descriptor)
    budget?.count.subtract(1, ordering: .relaxed)
  }
}

/// How many directories a source may hold open for members that were found but not yet read.
final class DescriptorBudget: Sendable {
  let count = Atomic<Int>(0)
  let limit: Int
  private let isInVain = Atomic<Bool>(false)

  /// Leaves half of the descriptors to everybody else.
  init() {
    var limits = rlimit()
    let known = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0
    limit = known && limits.rlim_cur < 1 << 20 ? max(16, Int(limits.rlim_cur) / 2) : 1 << 19
  }

  /// Leaves it to the caller.
  init(limit: Int) { self.limit = limit }

  /// Waits until members that were read have given back directories.
  ///
  /// After a second in vain it is clear that whoever walks also reads, and it does not wait again: the system's own
  /// limit then speaks.
  func wait() {
    guard count.load(ordering: .relaxed) >= limit, !isInVain.load(ordering: .relaxed) else { return }
    for _ in 0..<1000 {
      usleep(1000)
      if count.load(ordering: .relaxed) < limit { return }
    }
    isInVain.store(true, ordering: .relaxed)
  }
}

/// Descriptors that this process may have open.
public enum DescriptorLimit {
  /// Raises the soft limit of open files to the hard one: a walk that runs ahead holds many directories open.
  /// - Returns: the limit now in force.
  @discardableResult
  public static func raise() -> Int {
    var limits = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limits) == 0 else { return 1024 }
    let soft = limits.rlim_cur
    limits.rlim_cur = limits.rlim_max
    // Refused, the old limit stays in force, and the walk waits for descriptors instead.
    if setrlimit(resource, &limits) != 0 { return Int(clamping: soft) }
    return Int(clamping: limits.rlim_cur)
  }
}
