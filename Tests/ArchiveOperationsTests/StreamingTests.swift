import Testing

@testable import ArchiveOperations

struct StreamingTests {
  private typealias Ring = BlockRing<Int, Int>

  /// Takes blocks on another thread and notes how many there were for it each time it went on.
  private func produce(_ count: Int, to ring: Ring, pause: UInt32 = 0) throws -> Worker {
    try Worker {
      for _ in 0..<count {
        guard var block = ring.acquire() else { break }
        block.byteCount = ring.blockSize
        ring.publish(block)
      }
      ring.finish()
    }
  }

  @Test func aDriveThatRanDryGoesOnWhenEnoughIsThere() throws {
    var rules = Streaming()
    rules.startShare = 0.5
    rules.longestRest = 600
    let ring = Ring(blockSize: 4096, byteCount: 8 * 4096, streaming: rules)
    for round in 0..<3 {
      let taken = BoundedQueue<Int>(capacity: 16)
      let consumer = try Worker {
        for _ in 0..<4 {
          guard ring.next() != nil else { break }
          ring.release()
          _ = taken.push(1)
        }
        taken.finish()
      }
      for _ in 0..<4 {
        guard var block = ring.acquire() else { break }
        block.byteCount = 4096
        // Nothing has been taken while there was less than half.
        ring.publish(block)
      }
      var count = 0
      while taken.pop() != nil { count += 1 }
      consumer.join()
      #expect(count == 4)
      #expect(ring.waitingTimes.rests == round + 1)
    }
  }

  @Test func whatIsLeftIsTakenAtTheEndAndAfterTheLongestRest() throws {
    var rules = Streaming()
    rules.longestRest = 1
    let ring = Ring(blockSize: 4096, byteCount: 8 * 4096, streaming: rules)
    func publish() {
      guard let block = ring.acquire() else { return }
      ring.publish(block)
    }
    publish()
    #expect(ring.next() != nil)  // a second later
    #expect(ring.waitingTimes.drive > 0.5)
    ring.release()
    publish()
    ring.finish()
    #expect(ring.next() != nil)
    ring.release()
    #expect(ring.next() == nil)
  }

  @Test func aSourceThatKeepsUpIsNotWaitedFor() throws {
    var rules = Streaming()
    rules.startShare = 1
    rules.longestRest = 600
    rules.lowestRate = 1
    let ring = Ring(blockSize: 4096, byteCount: 8 * 4096, streaming: rules)
    let producer = try produce(9, to: ring)
    var count = 0
    while ring.next() != nil {
      count += 1
      ring.release()
    }
    producer.join()
    #expect(count == 9)
  }

  @Test func aRateIsNotExceeded() {
    var limit = RateLimit(10_000_000)
    let start = steadyNanoseconds()
    for _ in 0..<20 { limit.pass(100_000) }
    #expect(Double(steadyNanoseconds() - start) / 1e9 > 0.19)
  }
}
