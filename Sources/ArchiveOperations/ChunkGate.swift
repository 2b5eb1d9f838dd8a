internal import ArchiveFormat

/// Holds content back until the chunk it belongs to is verified, for a destination that takes no byte back.
final class ChunkGate {
  private let file: any FileWriter
  private let expected: MemberRecord?
  /// What is held back, in memory that is taken once for a member: fresh pages for each chunk cost more than its bytes.
  private let memory: UnsafeMutableRawBufferPointer
  private var held = 0
  private var number = 0

  /// Without `expected`, everything passes at once.
  init(_ file: any FileWriter, expected: MemberRecord?) {
    self.file = file
    self.expected = expected
    let size = expected.map { min(max(0, $0.member.size), Int64(ContentDigester.chunkSize)) } ?? 0
    memory = .allocate(byteCount: Int(size), alignment: 16)
  }

  deinit { memory.deallocate() }

  /// Takes content in its order.
  /// - Parameter digests: those of the chunks that end within `bytes` and before, as far as they are known.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64, digests: [UInt64]) throws(MemberNotice) {
    guard let expected else { return try file.write(bytes.bytes, at: offset) }
    guard max(offset, position) + Int64(bytes.count) <= expected.member.size else { throw tooLong(expected) }
    try fillZeros(to: offset, digests)
    var rest = bytes
    while !rest.isEmpty {
      let count = min(rest.count, memory.count - held)
      UnsafeMutableRawBufferPointer(rebasing: memory[held...]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      held += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      try passFull(digests)
    }
  }

  /// Passes what is left. A member of one chunk has been verified as a whole by now.
  func finish(size: Int64) throws(MemberNotice) {
    guard let expected else { return }
    guard size <= expected.member.size else { throw tooLong(expected) }
    try fillZeros(to: size, [])
    if held > 0 { try pass([]) }
  }

  private var position: Int64 { Int64(number) * Int64(ContentDigester.chunkSize) + Int64(held) }

  private func fillZeros(to offset: Int64, _ digests: [UInt64]) throws(MemberNotice) {
    while position < offset {
      let count = Int(min(offset - position, Int64(memory.count - held)))
      UnsafeMutableRawBufferPointer(rebasing: memory[held..<held + count]).initializeMemory(
        as: UInt8.self, repeating: 0)
      held += count
      try passFull(digests)
    }
  }

  /// The index and the header on tape agree on a member's size before its content is read.
  private func tooLong(_ expected: MemberRecord) -> MemberNotice {
    MemberNotice(expected.member.path, "Damaged on tape: it is longer than what was archived", .failure)
  }

  private func passFull(_ digests: [UInt64]) throws(MemberNotice) {
    // The last chunk of a member waits for finish(), behind the digest of the whole.
    guard held == ContentDigester.chunkSize, position < expected?.member.size ?? 0 else { return }
    try pass(digests)
  }

  private func pass(_ digests: [UInt64]) throws(MemberNotice) {
    let chunk = UnsafeRawBufferPointer(rebasing: memory[..<held])
    if let expected, number < expected.chunks.count {
      // Digested when it came, from memory that was near.
      let found = number < digests.count ? digests[number] : ContentDigester.digest(ofChunk: chunk)
      guard found == expected.chunks[number] else {
        throw MemberNotice(
          expected.member.path, "Damaged on tape: its bytes from \(Int64(number) << 22) on are not those archived",
          .failure)
      }
    }
    try file.write(chunk.bytes, at: Int64(number) * Int64(ContentDigester.chunkSize))
    held = 0
    number += 1
  }
}
