internal import Synchronization

/// Whether the user wants an operation to end: set once, from another thread, and looked at between blocks.
public final class Interruption: Sendable {
  private let isSet = Atomic<Bool>(false)
  private let onSet = Mutex<[@Sendable () -> Void]>([])

  /// Not interrupted.
  public init() {}

  /// Asks the operation to end: the open member is given up, what came before it is committed.
  public func interrupt() {
    isSet.store(true, ordering: .releasing)
    for wake in onSet.withLock({ $0 }) { wake() }
  }

  /// Whether it was asked to end.
  public var isRequested: Bool { isSet.load(ordering: .acquiring) }

  /// Has `wake` called on interruption, also when that has come already.
  func whenSet(_ wake: @escaping @Sendable () -> Void) {
    onSet.withLock { $0.append(wake) }
    if isRequested { wake() }
  }
}
