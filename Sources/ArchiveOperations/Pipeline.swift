internal import Glibc

// All that goes on at once in an operation: blocking threads joined by bounded rings. Each ring has one producer and one
// consumer. Whoever stops early cancels, so that the other side never waits for ever.

/// Mutex and condition of a ring.
final class Monitor {
  fileprivate let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  fileprivate let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  fileprivate var waiters = 0

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Times that a thread lets the other one run before it sleeps: waking it costs more than a small file takes.
  static let patience = 20

  /// Waits until `ready`, then runs `body`; both under the lock. What `body` changes wakes the other side.
  /// - Parameters:
  ///   - wakes: whether the other side, if it waits, can go on now: waking it in vain costs more than a small file takes.
  ///   - patience: times that the other one is let run before this one sleeps.
  ///   - seconds: the longest wait before `expired` is called, which is to make a difference to `ready`.
  ///   - waits: is told when a wait begins, on the clock of ``steadyNanoseconds()``.
  ///   - waited: is told of a wait in nanoseconds.
  func locked<Result>(
    when ready: () -> Bool = { true }, patience: Int = Monitor.patience, within seconds: Int? = nil,
    expired: () -> Void = {},
    waits: (UInt64) -> Void = { _ in }, waited: (UInt64) -> Void = { _ in }, wakes: () -> Bool = { true },
    _ body: () -> Result
  ) -> Result {
    pthread_mutex_lock(mutex)
    if !ready() {
      let start = steadyNanoseconds()
      waits(start)
      wait(until: ready, patience, within: seconds, expired)
      waited(steadyNanoseconds() - start)
    }
    let result = body()
    let wake = waiters > 0 && wakes()
    pthread_mutex_unlock(mutex)
    if wake { pthread_cond_broadcast(condition) }
    return result
  }
}

extension Monitor {
  fileprivate func wait(
    until ready: () -> Bool, _ patience: Int, within seconds: Int?, _ expired: () -> Void
  ) {
    var left = patience
    while left > 0, !ready() {
      left -= 1
      pthread_mutex_unlock(mutex)
      sched_yield()
      pthread_mutex_lock(mutex)
    }
    var limit = timespec()
    if let seconds {
      clock_gettime(CLOCK_REALTIME, &limit)
      limit.tv_sec += seconds
    }
    var hasLimit = seconds != nil
    while !ready() {
      waiters += 1
      if hasLimit {
        if pthread_cond_timedwait(condition, mutex, &limit) == ETIMEDOUT {
          hasLimit = false
          expired()
        }
      } else {
        pthread_cond_wait(condition, mutex)
      }
      waiters -= 1
    }
  }
}

/// Lets one thread at a time read an archive: the one that goes through it, or the one that reads a member.
final class Turn: @unchecked Sendable {
  // Sendable: `monitor` guards the field below.
  private let monitor = Monitor()
  private var isTaken = false

  /// A member is to be read.
  func begin() { monitor.locked { isTaken = true } }

  /// It has been read, or nobody wants it.
  func end() { monitor.locked { isTaken = false } }

  /// Waits until no member is being read.
  func wait() { monitor.locked(when: { !isTaken }) {} }
}

/// A bounded queue of values.
final class BoundedQueue<Element>: @unchecked Sendable {
  // Sendable: `monitor` guards every field below.
  private let monitor = Monitor()
  private let capacity: Int
  private var elements: [Element?]
  private var head = 0
  private var count = 0
  private var isFinished = false
  private var isCancelled = false
  /// Set when it was full: the producer rests until half of it is free, so that it is woken seldom.
  private var isDraining = false

  init(capacity: Int) {
    self.capacity = capacity
    elements = Array(repeating: nil, count: capacity)
  }

  /// Waits for room; false when the consumer has gone.
  func push(_ element: Element) -> Bool {
    monitor.locked(when: { hasRoom || isCancelled }) {
      if isCancelled { return false }
      elements[(head + count) % capacity] = element
      count += 1
      return true
    }
  }

  private var hasRoom: Bool {
    if count == capacity { isDraining = true }
    if count <= capacity / 2 { isDraining = false }
    return !isDraining
  }

  /// Waits for an element; nil at the end.
  func pop() -> Element? {
    monitor.locked(when: { count > 0 || isFinished || isCancelled }, wakes: { hasRoom }) {
      guard count > 0, !isCancelled else { return nil }
      defer {
        elements[head] = nil
        head = (head + 1) % capacity
        count -= 1
      }
      return elements[head]
    }
  }

  /// The producer has no more.
  func finish() { monitor.locked { isFinished = true } }
  /// The consumer wants no more.
  func cancel() { monitor.locked { isCancelled = true } }
}

/// A bounded ring of preallocated, page-aligned blocks, each with notes on what begins before it and ends behind it.
final class BlockRing<Begin, End>: @unchecked Sendable {
  // Sendable: `monitor` guards every field below; the memory of a block belongs to the side that holds the block.
  private let monitor = Monitor()
  private let memory: UnsafeMutableRawPointer
  private let slotCount: Int
  private var slots: [Block]
  private var head = 0
  private var count = 0
  private var isFinished = false
  private var isCancelled = false
  private var isWoken = false
  /// Set when the ring was full: the producer rests until half of it is free, so that it is woken seldom.
  private var isDraining = false
  /// How a consumer that ran dry rests; nil for not at all.
  private let streaming: Streaming?
  /// How often the producer lets the other side run before it sleeps. Not at all where a drive has to take half of many
  /// blocks first: the system calls would be in vain.
  private var fillerPatience = Monitor.patience
  /// Set when the ring was empty: the consumer rests until enough is there.
  private var isFilling: Bool
  private var produced: Int64 = 0
  private var times = WaitingTimes()
  /// When the wait of each side began that goes on; nil for none.
  private var waiting: (filler: UInt64?, emptier: UInt64?)
  private let start = steadyNanoseconds()
  /// Bytes in a block.
  let blockSize: Int

  /// A block on its way.
  struct Block {
    /// Its bytes.
    let memory: UnsafeMutableRawBufferPointer
    /// How many of them count.
    var byteCount = 0
    /// What begins with its first byte.
    var begin: Begin?
    /// What ends behind its last byte.
    var end: End?

    /// The bytes that count.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<byteCount]) }
  }

  /// A ring whose consumer, when it has run dry, goes on with several blocks: waking it for each costs more than a small
  /// file takes.
  convenience init(blockSize: Int, byteCount: Int, consumedInRows: Bool) {
    var rules = Streaming()
    rules.startShare = min(0.25, 16 * Double(blockSize) / Double(max(1, byteCount)))
    rules.longestRest = 1
    self.init(blockSize: blockSize, byteCount: byteCount, streaming: consumedInRows ? rules : nil)
    fillerPatience = Monitor.patience
  }

  /// Allocates blocks that take `byteCount` bytes together, at least four.
  init(blockSize: Int, byteCount: Int, streaming: Streaming? = nil) {
    self.blockSize = blockSize
    self.streaming = streaming
    isFilling = streaming != nil
    slotCount = max(4, byteCount / blockSize)
    if streaming != nil, slotCount >= 16 { fillerPatience = 0 }
    memory = .allocate(byteCount: slotCount * blockSize, alignment: 4096)
    slots = []
    for index in 0..<slotCount {
      slots.append(Block(memory: UnsafeMutableRawBufferPointer(start: memory + index * blockSize, count: blockSize)))
    }
  }

  deinit { memory.deallocate() }

  /// Waits for a free block; nil when the consumer has gone. It is the producer's until ``publish(_:)``.
  func acquire() -> Block? {
    monitor.locked(
      when: { hasRoom || isCancelled }, patience: fillerPatience, waits: { waiting.filler = $0 },
      waited: {
        times.files += Double($0) / 1e9
        waiting.filler = nil
      },
      wakes: { false }
    ) {
      isCancelled ? nil : Block(memory: slots[(head + count) % slotCount].memory)
    }
  }

  private var hasRoom: Bool {
    if count == slotCount { isDraining = true }
    if count <= slotCount / 2 { isDraining = false }
    return !isDraining
  }

  /// Hands the block that ``acquire()`` gave to the consumer.
  func publish(_ block: Block) {
    monitor.locked(wakes: { hasEnough }) {
      slots[(head + count) % slotCount] = block
      count += 1
      produced += Int64(block.byteCount)
    }
  }

  /// Waits for a block; nil at the end, and behind ``wake()``. It is the consumer's until ``release()``.
  func next() -> Block? {
    monitor.locked(
      when: { count > 0 && hasEnough || isFinished || isCancelled || isWoken }, within: streaming?.longestRest,
      expired: { isFilling = false }, waits: { waiting.emptier = $0 },
      waited: {
        times.drive += Double($0) / 1e9
        waiting.emptier = nil
      },
      wakes: { false }
    ) {
      isFilling = false
      return count > 0 && !isCancelled && !isWoken ? slots[head] : nil
    }
  }

  /// Whether the consumer may go on with what is there.
  private var hasEnough: Bool {
    guard let streaming, isFilling else { return true }
    return isDraining || count >= max(1, Int(Double(slotCount) * min(1, streaming.startShare)))
  }

  /// Whether the source alone brings what the drive needs at its slowest.
  private var keepsUp: Bool {
    guard let lowest = streaming?.lowestRate else { return false }
    let seconds = Double(steadyNanoseconds() - start) / 1e9 - times.files
    return Double(produced) >= Double(lowest) * seconds
  }

  /// Who has waited so far.
  var waitingTimes: WaitingTimes {
    monitor.locked {
      var result = times
      result.session = Double(steadyNanoseconds() - start) / 1e9
      return result
    }
  }

  var reading: BufferReading {
    monitor.locked(wakes: { false }) {
      let now = steadyNanoseconds()
      func since(_ start: UInt64?) -> Double { start.map { Double(now - $0) / 1e9 } ?? 0 }
      return BufferReading(
        fill: Double(count) / Double(slotCount), fillerWaited: times.files + since(waiting.filler),
        emptierWaited: times.drive + since(waiting.emptier))
    }
  }

  /// As ``next()``, also behind ``wake()``: for what is to be taken to its end. Nil too when nothing comes for a while.
  func nextThoughWoken() -> Block? {
    var isSilent = false
    return monitor.locked(
      when: { count > 0 || isFinished || isCancelled || isSilent }, within: 5, expired: { isSilent = true }
    ) {
      count > 0 && !isCancelled ? slots[head] : nil
    }
  }

  /// Has the consumer wait no more.
  func wake() { monitor.locked { isWoken = true } }

  /// Gives the block that ``next()`` gave back.
  func release() {
    monitor.locked(wakes: { hasRoom }) {
      slots[head].begin = nil
      slots[head].end = nil
      head = (head + 1) % slotCount
      count -= 1
      if count == 0, !isFinished {
        times.rests += 1
        isFilling = streaming != nil && !keepsUp
      }
    }
  }

  /// The producer has no more.
  func finish() { monitor.locked { isFinished = true } }
  /// The consumer wants no more.
  func cancel() { monitor.locked { isCancelled = true } }
}

/// A thread of its own for what blocks.
public final class Worker {
  private var thread = pthread_t()
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// Starts a thread that runs `body` once. What `body` uses is its alone until ``join()`` returns, but for rings and what
  /// is made for threads.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the system has no thread to give.
  public init(_ body: @escaping () -> Void) throws(OperationError) {
    let box = Unmanaged.passRetained(Body(body))
    // It inherits what is blocked: no signal to the process is taken here, whatever threads were made before. One that waits
    // for some names them itself.
    var usual = sigset_t()
    var all = sigset_t()
    sigfillset(&all)
    // Those are for the thread that does something.
    for own in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGPIPE, SIGTTIN, SIGTTOU] { sigdelset(&all, own) }
    pthread_sigmask(SIG_BLOCK, &all, &usual)
    defer { pthread_sigmask(SIG_SETMASK, &usual, nil) }
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    if code != 0 {
      box.release()
      throw .refused("cannot start a thread: \(String(cString: strerror(code)))", hint: nil)
    }
  }

  /// Waits for its end. Without it the thread ends by itself and is cleaned up with the process.
  public func join() { pthread_join(thread, nil) }
}
