import CLZ4
import CXXHash
import Glibc

/// Compresses blocks on threads of its own and gives them out in the order in which they came.
///
/// One thread hands blocks over and takes them back; compressing is what a core does slowest of all that is done to a
/// block.
final class CompressionPool: @unchecked Sendable {
  // Sendable: `mutex` guards the states; the memory of a place belongs to the thread that has it in hand.

  /// A block, as it goes to `data`.
  struct Packed {
    /// Object number that its checksum is of.
    let number: UInt64
    /// Bytes of the block.
    let length: Int
    /// What is stored: LZ4's, or the block's own bytes where they are fewer.
    let stored: UnsafeRawBufferPointer
    /// Whether it is LZ4's.
    let isCompressed: Bool
    /// Checksum of what is stored.
    let checksum: UInt64
  }

  private enum State { case free, given, working, done }

  private struct Place {
    var state = State.free
    var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var target = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var length = 0
    var number: UInt64 = 0
    var result: Packed?
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var threads: [pthread_t] = []
  private let places: UnsafeMutablePointer<Place>
  private let placeCount: Int
  /// The oldest block in hand, and the next that a thread takes up; they only grow.
  private var first = 0
  private var next = 0
  /// Behind the newest block.
  private var end = 0
  private var isEnding = false

  /// Starts the threads; nil when the system has none to give.
  init?(threadCount: Int) {
    placeCount = 4 * threadCount
    places = .allocate(capacity: placeCount)
    places.initialize(repeating: Place(), count: placeCount)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for _ in 0..<threadCount {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<CompressionPool>.fromOpaque(argument).takeUnretainedValue().run() }
          return nil
        }, Unmanaged.passUnretained(self).toOpaque())
      if code == 0 { threads.append(thread) }
    }
    if threads.isEmpty { return nil }
  }

  /// Ends the threads, which hold on to this object until then. Nothing may be given any more.
  func endThreads() {
    locked { isEnding = true }
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  deinit {
    for index in 0..<placeCount {
      places[index].block.deallocate()
      places[index].target.deallocate()
    }
    places.deinitialize(count: placeCount)
    places.deallocate()
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Blocks in hand.
  var count: Int { end - first }
  /// Whether one must be taken back before another can be given.
  var isFull: Bool { count == placeCount }

  /// Takes a copy of a block, which will be object `number`.
  func give(_ block: UnsafeRawBufferPointer, number: UInt64) {
    let index = end % placeCount
    if places[index].block.count < block.count {
      // Nobody else touches a free place.
      places[index].block.deallocate()
      places[index].target.deallocate()
      places[index].block = .allocate(byteCount: block.count, alignment: 64)
      places[index].target = .allocate(byteCount: block.count, alignment: 64)
    }
    places[index].block.copyMemory(from: block)
    places[index].length = block.count
    places[index].number = number
    locked {
      places[index].state = .given
      end += 1
    }
  }

  /// Waits for the oldest block; it is the caller's until ``release()``. Nil when there is none.
  func oldest() -> Packed? {
    guard count > 0 else { return nil }
    let index = first % placeCount
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while places[index].state != .done { pthread_cond_wait(condition, mutex) }
    return places[index].result
  }

  /// Gives the place of the oldest block back.
  func release() {
    locked {
      places[first % placeCount].state = .free
      first += 1
    }
  }

  /// Forgets every block.
  func clear() {
    while oldest() != nil { release() }
  }

  private func locked(_ body: () -> Void) {
    pthread_mutex_lock(mutex)
    body()
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// A thread.
  private func run() {
    let state = UnsafeMutableRawPointer.allocate(byteCount: Int(LZ4_sizeofState()), alignment: 16)
    defer { state.deallocate() }
    pthread_mutex_lock(mutex)
    while !isEnding {
      guard next < end else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      let index = next % placeCount
      next += 1
      let place = places[index]
      pthread_mutex_unlock(mutex)
      let result = Self.pack(place, state)
      pthread_mutex_lock(mutex)
      places[index].result = result
      places[index].state = .done
      pthread_cond_broadcast(condition)
    }
    pthread_mutex_unlock(mutex)
  }

  private static func pack(_ place: Place, _ state: UnsafeMutableRawPointer) -> Packed {
    let block = UnsafeRawBufferPointer(rebasing: place.block[..<place.length])
    let count = BlockCompression.compress(block, to: place.target, state)
    let stored = count.map { UnsafeRawBufferPointer(rebasing: place.target[..<$0]) } ?? block
    return Packed(
      number: place.number, length: place.length, stored: stored, isCompressed: count != nil,
      checksum: tapir_xxh3_64(stored.baseAddress, stored.count, place.number))
  }
}

/// How blocks are compressed.
enum BlockCompression {
  /// LZ4's form of a block, unless it is hardly shorter; how many bytes it has.
  static func compress(
    _ block: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, _ state: UnsafeMutableRawPointer
  ) -> Int? {
    guard let source = block.baseAddress, let target = target.baseAddress else { return nil }
    let packed = LZ4_compress_fast_extState(
      state, source.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self),
      Int32(block.count), Int32(block.count - block.count / 16), 1)
    return packed > 0 ? Int(packed) : nil
  }
}
