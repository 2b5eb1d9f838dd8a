import Glibc

/// Writes one piece of memory at a time on a thread of its own, while the next one is being filled.
final class WriteBehind: @unchecked Sendable {
  // Sendable: `mutex` guards every field below; the memory of a piece is the thread's until it has been collected.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var thread = pthread_t()
  private var state = State.idle

  /// Whole pages on their way to a file.
  struct Piece {
    /// The file, opened for direct writing.
    let direct: File
    /// The same, written through the page cache where the file system takes no direct writes after all.
    let file: File
    let bytes: UnsafeRawBufferPointer
    let offset: UInt64

    /// Writes it; how much went out before an error, and the error.
    func write() -> (count: Int, errno: Int32) {
      guard let base = bytes.baseAddress else { return (0, 0) }  // never: a piece has a page at least
      let put = direct.write(base, count: bytes.count, at: offset)
      guard put.errno == EINVAL else { return put }
      let rest = file.write(base + put.count, count: bytes.count - put.count, at: offset + UInt64(put.count))
      return (put.count + rest.count, rest.errno)
    }
  }

  private enum State {
    case idle
    case writing(Piece)
    case written(count: Int, errno: Int32)
    case ending
  }

  /// Starts the thread; nil when the system has none to give.
  init?() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    let box = Unmanaged.passUnretained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<WriteBehind>.fromOpaque(argument).takeUnretainedValue().run() }
        return nil
      }, box.toOpaque())
    guard code == 0 else { return nil }
    isRunning = true
  }
  private var isRunning = false

  /// Ends the thread, which holds on to this object until then. Nothing may be handed over any more.
  func end() {
    guard isRunning else { return }
    isRunning = false
    change(to: .ending)
    pthread_join(thread, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Hands a piece over. The one before must have been collected.
  func begin(_ piece: Piece) { change(to: .writing(piece)) }

  /// Waits until the piece at hand is written; what `File.write` said of it, nil when there is none.
  func collect() -> (count: Int, errno: Int32)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while case .writing = state { pthread_cond_wait(condition, mutex) }
    guard case .written(let count, let errno) = state else { return nil }
    state = .idle
    return (count, errno)
  }

  private func change(to new: State) {
    pthread_mutex_lock(mutex)
    while case .writing = state { pthread_cond_wait(condition, mutex) }
    state = new
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// The thread.
  private func run() {
    pthread_mutex_lock(mutex)
    while true {
      switch state {
      case .idle, .written: pthread_cond_wait(condition, mutex)
      case .ending:
        pthread_mutex_unlock(mutex)
        return
      case .writing(let piece):
        pthread_mutex_unlock(mutex)
        let put = piece.write()
        pthread_mutex_lock(mutex)
        state = .written(count: put.count, errno: put.errno)
        pthread_cond_broadcast(condition)
      }
    }
  }
}
