internal import Glibc

/// The side of the remote magnetic tape protocol (rmt(8)) that asks: over a pair of descriptors, at whose other end a
/// server opens, reads and writes one file or drive.
///
/// Each request is answered by `A` and a number, or by `E` (or `F`) and errno with a line of text behind it. Nothing of
/// what the other end says is believed beyond what was asked for. After ``RemoteTapeError/broken(_:)`` every call throws
/// it again.
public final class RemoteTapeClient {
  private let writing: Int32
  private let input: AnswerInput
  private var breakage: String?
  /// Bytes from the beginning of what is open, as far as they were counted.
  private var position: Int64 = 0
  private var seekOrder: SeekOrder?

  /// Talks over two descriptors, which stay open. SIGPIPE has to be ignored.
  public init(reading: Int32, writing: Int32) {
    self.writing = writing
    input = AnswerInput(reading)
  }

  /// Opens a file or drive there (`O`).
  public func open(_ path: [UInt8], for access: RemoteAccess) throws(RemoteTapeError) {
    // A newline ends a name in the protocol.
    guard !path.contains(UInt8(ascii: "\n")) else {
      throw .refused(code: ENOENT, text: Array("No such file or directory".utf8))
    }
    try request([UInt8(ascii: "O")] + path + Array("\n\(access.flags)\n".utf8))
    _ = try number()
    position = 0
  }

  /// Closes it (`C`).
  public func close() throws(RemoteTapeError) {
    try request(Array("C\n".utf8))
    _ = try number()
  }

  /// Reads from where it stands (`R`): from a drive one block, which moves the tape behind it.
  /// - Returns: how many bytes; 0 at the end, or for a filemark.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(RemoteTapeError) -> Int {
    guard !buffer.isEmpty else { return 0 }
    try request(Array("R\(buffer.count)\n".utf8))
    let count = try number(upTo: Int64(buffer.count))
    try data(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)]))
    position += count
    return Int(count)
  }

  /// Writes where it stands (`W`): to a drive one block.
  /// - Returns: how many bytes it took.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(RemoteTapeError) -> Int {
    try request(Array("W\(bytes.count)\n".utf8))
    try send(bytes)
    let count = try number(upTo: Int64(bytes.count))
    position += count
    return Int(count)
  }

  /// What an offset is counted from (`L`), by its number in the protocol.
  public enum Whence: Int, Sendable {
    case beginning = 0
    case here = 1
    case end = 2
  }

  /// The order of the two numbers of `L`.
  private enum SeekOrder {
    /// As BSD's server has it, and GNU tar sends it.
    case offsetFirst
    /// As GNU's server has it: GNU tar and that do not understand each other.
    case whenceFirst
  }

  /// Goes to a byte of a file (`L`).
  /// - Returns: where it is now, from the beginning.
  /// - Throws: ``RemoteTapeError/refused(code:text:)`` also where the other end takes the request and goes nowhere, as a
  ///   drive does.
  public func seek(to offset: Int64, from whence: Whence) throws(RemoteTapeError) -> Int64 {
    let order: SeekOrder
    if let seekOrder { order = seekOrder } else { order = try findSeekOrder() }
    seekOrder = order
    switch order {
    case .offsetFirst: try request(Array("L\(offset)\n\(whence.rawValue)\n".utf8))
    case .whenceFirst: try request(Array("L\(whence.rawValue)\n\(offset)\n".utf8))
    }
    position = try number()
    return position
  }

  /// Asks what both kinds of servers understand: byte 1 from the beginning for one, nothing from here for the other.
  private func findSeekOrder() throws(RemoteTapeError) -> SeekOrder {
    // At byte 1 both would answer the same.
    if position == 1 { throw .refused(code: ESPIPE, text: Array("Illegal seek".utf8)) }
    try request(Array("L1\n0\n".utf8))
    switch try number() {
    case 1: return .offsetFirst
    case position: return .whenceFirst
    default: throw .refused(code: ESPIPE, text: Array("Illegal seek".utf8))
    }
  }

  /// What the driver says of the drive (`S`): the bytes of `struct mtget` as they are on the other machine.
  public func status() throws(RemoteTapeError) -> [UInt8] {
    try request(Array("S\n".utf8))
    var bytes = [UInt8](repeating: 0, count: Int(try number(upTo: 1024)))
    var failure: RemoteTapeError?
    bytes.withUnsafeMutableBytes { do throws(RemoteTapeError) { try data($0) } catch { failure = error } }
    if let failure { throw failure }
    return bytes
  }

  // MARK: A server of ours

  /// Tells the other end that it is one of our own kind that asks; before anything is opened.
  /// - Returns: false when it is another program, which has refused that and is none the worse for it.
  public func greet() throws(RemoteTapeError) -> Bool {
    do throws(RemoteTapeError) {
      return try operate(RemoteRequest.Own.greeting, 1) == 1
    } catch {
      guard case .refused = error else { throw error }
      return false
    }
  }

  /// An operation (`I`).
  func operate(_ operation: Int, _ count: Int64) throws(RemoteTapeError) -> Int64 {
    try request(Array("I\(operation)\n\(count)\n".utf8))
    return try number()
  }

  /// Reads a block; also what stands behind the number of bytes in the answer of a server of ours.
  func readBlock(into buffer: UnsafeMutableRawBufferPointer) throws(RemoteTapeError) -> Int64 {
    try request(Array("R\(buffer.count)\n".utf8))
    let answer = try number()
    guard answer <= buffer.count else { return answer }
    try data(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(answer)]))
    return answer
  }

  /// Writes a block.
  func writeBlock(_ bytes: UnsafeRawBufferPointer) throws(RemoteTapeError) -> Int64 {
    try request(Array("W\(bytes.count)\n".utf8))
    try send(bytes)
    return try number()
  }

  /// What a drive there says of itself and its cartridge, one line each.
  func state() throws(RemoteTapeError) -> [[UInt8]] {
    let count = try operate(RemoteRequest.Own.state, 0)
    guard count <= 4096 else { throw broken("the answer is \(count) bytes") }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    var failure: RemoteTapeError?
    bytes.withUnsafeMutableBytes { do throws(RemoteTapeError) { try data($0) } catch { failure = error } }
    if let failure { throw failure }
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
  }

  // MARK: Requests

  private func request(_ bytes: [UInt8]) throws(RemoteTapeError) {
    var failure: RemoteTapeError?
    bytes.withUnsafeBytes { do throws(RemoteTapeError) { try send($0) } catch { failure = error } }
    if let failure { throw failure }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(RemoteTapeError) {
    if let breakage { throw .broken(breakage) }
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(writing, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      // Whether it is noticed in writing or in reading is chance.
      if count < 0, errno == EPIPE { throw broken("the connection ended") }
      guard count > 0 else { throw broken("the connection broke: \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  // MARK: Answers

  private static let longestAnswer = 64
  private static let longestText = 4096

  /// The number of an answer that all went well.
  private func number(upTo most: Int64 = Int64.max) throws(RemoteTapeError) -> Int64 {
    let line = try line(Self.longestAnswer).drop { $0 == UInt8(ascii: " ") }
    let digits = line.dropFirst().drop { $0 == UInt8(ascii: " ") }
    let number = digits.allSatisfy { (0x30...0x39).contains($0) } ? Int64(String(decoding: digits, as: UTF8.self)) : nil
    switch (line.first, number) {
    case (UInt8(ascii: "A"), let number?):
      guard number <= most else { throw broken("the answer is \(number), to a request of \(most)") }
      return number
    case (UInt8(ascii: "E"), let number?), (UInt8(ascii: "F"), let number?):
      let text = try self.line(Self.longestText)
      if line.first == UInt8(ascii: "F") { breakage = "the server gave up: \(String(decoding: text, as: UTF8.self))" }
      throw .refused(code: Int32(clamping: number), text: Array(text))
    default: throw broken("an answer that is none: '\(String(decoding: line.prefix(60), as: UTF8.self))'")
    }
  }

  private func line(_ longest: Int) throws(RemoteTapeError) -> ArraySlice<UInt8> {
    var line: [UInt8] = []
    while line.count <= longest {
      guard let byte = try byte() else { throw broken("the connection ended") }
      if byte == UInt8(ascii: "\n") { return line[...] }
      line.append(byte)
    }
    throw broken("an answer without an end: '\(String(decoding: line.prefix(60), as: UTF8.self))'")
  }

  private func byte() throws(RemoteTapeError) -> UInt8? {
    do { return try input.byte() } catch { throw broken("the connection broke: \(error.text)") }
  }

  private func data(_ buffer: UnsafeMutableRawBufferPointer) throws(RemoteTapeError) {
    let count: Int
    do { count = try input.read(into: buffer) } catch { throw broken("the connection broke: \(error.text)") }
    guard count == buffer.count else { throw broken("the connection ended") }
  }

  private func broken(_ why: String) -> RemoteTapeError {
    breakage = why
    return .broken(why)
  }
}
