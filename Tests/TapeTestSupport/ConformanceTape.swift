import TapeIO

/// A drive under test, with the words that rules are made of: each one checks, and fails with what it saw.
final class ConformanceTape {
  private(set) var drive: any TapeDrive
  private let reopenDrive: () throws -> any TapeDrive
  private var isOpen = true
  private var buffer = BlockBuffer(byteCount: 17 << 20)

  init(_ drive: any TapeDrive, reopen: @escaping () throws -> any TapeDrive) {
    self.drive = drive
    reopenDrive = reopen
  }

  func end() throws { if isOpen { try drive.close() } }

  func close() throws {
    isOpen = false
    try drive.close()
  }

  /// Closes and opens again, and goes to beginning of tape.
  func reopen() throws {
    try close()
    drive = try reopenDrive()
    isOpen = true
    try drive.rewind()
  }

  func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(description: message()) }
  }

  func equal<Value: Equatable>(_ got: Value, _ wanted: Value, _ what: String) throws {
    try expect(got == wanted, "\(what): \(got), not \(wanted)")
  }

  /// Block `seed` of `size` bytes; different for each seed.
  static func block(_ seed: Int, _ size: Int) -> [UInt8] { Noise.compressible(seed, size) }

  @discardableResult
  func put(_ bytes: [UInt8]) throws -> WriteOutcome { try drive.write(bytes.span.bytes) }

  /// Writes block `seed`; it must be taken without a warning.
  func write(_ seed: Int, _ size: Int = 512) throws {
    try equal(put(ConformanceTape.block(seed, size)), .written, "writing block \(seed)")
  }

  func write(_ seeds: ClosedRange<Int>) throws { for seed in seeds { try write(seed) } }

  func mark(_ count: Int = 1) throws {
    for _ in 0..<count { try equal(drive.writeFilemark(), .written, "writing a filemark") }
  }

  /// Reads with a buffer of `room` bytes, and gives the block's bytes.
  func get(room: Int = 17 << 20) throws -> (outcome: ReadOutcome, bytes: [UInt8]) {
    let drive = drive
    let outcome = try buffer.withMutableBytes { span throws(DriveError) -> ReadOutcome in
      try span.withUnsafeMutableBytes { bytes throws(DriveError) -> ReadOutcome in
        var part = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(room)).mutableBytes
        return try drive.read(into: &part)
      }
    }
    guard case .block(let count) = outcome else { return (outcome, []) }
    return (outcome, buffer.withBytes(first: count) { span in span.withUnsafeBytes { Array($0) } })
  }

  /// Reads; it must be block `seed`.
  func read(_ seed: Int, _ size: Int = 512) throws {
    let got = try get()
    try equal(got.outcome, .block(byteCount: size), "reading block \(seed)")
    try expect(got.bytes == ConformanceTape.block(seed, size), "block \(seed) came back with other bytes")
  }

  func read(_ seeds: ClosedRange<Int>) throws { for seed in seeds { try read(seed) } }

  func readMark(_ count: Int = 1) throws {
    for _ in 0..<count { try equal(get().outcome, .filemark, "reading a filemark") }
  }

  func readEnd() throws { try equal(get().outcome, .endOfData, "reading at end of data") }

  func at(_ position: Int) throws {
    try equal(drive.position(), BlockID(UInt64(position)), "position")
  }

  func locate(_ position: Int) throws {
    try drive.locate(to: BlockID(UInt64(position)))
    try at(position)
  }

  func spaceMarks(_ count: Int, _ wanted: SpaceOutcome = .done, at position: Int) throws {
    try equal(drive.space(filemarks: count), wanted, "spacing over \(count) filemarks")
    try at(position)
  }

  func spaceBlocks(_ count: Int, _ wanted: SpaceOutcome = .done, at position: Int) throws {
    try equal(drive.space(blocks: count), wanted, "spacing over \(count) blocks")
    try at(position)
  }

  /// The call must fail, with a cause that `matches`.
  func fails(_ what: String, _ matches: (DriveError.Cause) -> Bool, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as DriveError {
      return try expect(matches(error.cause), "\(what) failed with \(error.cause)")
    }
    throw ConformanceFailure(description: "\(what) did not fail")
  }

  /// Three files: blocks 0 1 2, mark, blocks 4 5, mark, mark, block 8; end of data at 9. Ends at beginning of tape.
  func threeFiles() throws {
    try write(0...2)
    try mark()
    try write(4...5)
    try mark(2)
    try write(8)
    try drive.flush()
    try drive.rewind()
  }

  /// Reads what `threeFiles` wrote, from beginning of tape on.
  func readThreeFiles() throws {
    try read(0...2)
    try readMark()
    try read(4...5)
    try readMark(2)
    try read(8)
    try readEnd()
    try at(9)
  }
}
