internal import Glibc
public import TapeIO

/// The side of the remote magnetic tape protocol (rmt(8)) that answers: over a pair of descriptors, it opens, reads and
/// writes one file or drive at a time for the other end. GNU tar, cpio, star and dump speak it.
public final class RemoteTapeServer {
  private let input: AnswerInput
  private let output: Int32
  private let opener: Opener
  private var archive: (any ServedArchive)?
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Whether `I` has BSD's numbers (star).
  private var hasNumbersOfBSD = false
  /// Whether the other end is a program of ours.
  private var isOwn = false

  /// Bytes of the longest block.
  static let longestBlock = 16 << 20

  /// What a name is opened as.
  public enum Opening {
    /// A file, by the system.
    case file
    /// A drive, and whether its tape stands at its beginning.
    case drive(any TapeDrive, atBeginning: Bool)
  }

  /// What the other end wants of a name.
  public struct Request: Sendable {
    /// The name, as it is on this machine.
    public let path: [UInt8]
    /// Whether it is to be written, too.
    public let writes: Bool
    /// Whether it is made when it is not there.
    public let creates: Bool
    /// Whether a program of ours asks, which looks at labels itself before it writes.
    public let isOwn: Bool
  }

  /// Finds out what a name is, and opens a drive.
  public typealias Opener = (Request) throws(ServedFailure) -> Opening

  /// Serves over two descriptors, which stay open. SIGPIPE has to be ignored.
  public init(reading: Int32, writing: Int32, opener: @escaping Opener) {
    input = AnswerInput(reading)
    output = writing
    self.opener = opener
  }

  deinit { buffer.deallocate() }

  /// Answers requests until the other end goes away; what is open is closed then.
  /// - Returns: why it could not go on; nil when all was in order.
  public func run() -> String? {
    do throws(Ended) {
      while let request = try byte() {
        try answer(request)
      }
    } catch {
      closeQuietly()
      return error.why
    }
    return closeQuietly()
  }

  /// Why the two no longer understand each other.
  private struct Ended: Error {
    let why: String
  }

  /// - Returns: what went wrong, which nobody is there to be told of.
  @discardableResult
  private func closeQuietly() -> String? {
    guard let open = archive else { return nil }
    archive = nil
    do { try open.close() } catch { return "the connection ended before the archive was closed: \(error.text)" }
    return nil
  }

  // MARK: Requests

  /// What a request led to, with the connection's own end kept apart from failures that are answered.
  private func answer(_ request: UInt8) throws(Ended) {
    do throws(Either) { try handle(request) } catch {
      switch error {
      case .failure(let failure):
        try send("E\(failure.code)\n\(failure.text.split(separator: "\n").joined(separator: " "))\n")
      case .ended(let ended): throw ended
      }
    }
  }

  private enum Either: Error {
    case failure(ServedFailure)
    case ended(Ended)
  }

  private func handle(_ request: UInt8) throws(Either) {
    switch request {
    case UInt8(ascii: "O"): try open()
    case UInt8(ascii: "C"):
      _ = try line()
      let closing = try opened()
      archive = nil
      try failing { () throws(ServedFailure) in try closing.close() }
      try reply(0)
    case UInt8(ascii: "R"): try read()
    case UInt8(ascii: "W"): try write()
    case UInt8(ascii: "L"):
      let (offset, whence) = (try number(), try number())
      let archive = try opened()
      guard (0...2).contains(whence) else { throw wrong }
      try reply(failing { () throws(ServedFailure) in try archive.seek(to: offset, from: Int(whence)) })
    case UInt8(ascii: "I"): try operate(Int(clamping: try number()), try number(), isExtended: false)
    case UInt8(ascii: "i"): try operate(Int(clamping: try number()), try number(), isExtended: true)
    case UInt8(ascii: "S"):
      _ = try line()
      let archive = try opened()
      try reply(with: failing { () throws(ServedFailure) in try archive.status() })
    case UInt8(ascii: "s"): try extendedStatus()
    // An empty line asks for nothing.
    case UInt8(ascii: "\n"): break
    default:
      do throws(Ended) { try send("E\(EINVAL)\nGarbage command\n") } catch { throw .ended(error) }
      throw .ended(Ended(why: "a request that is none: '\(Character(UnicodeScalar(request)))'"))
    }
  }

  private func open() throws(Either) {
    let path = try line()
    let mode = try line()
    guard let flags = Self.flags(mode) else { throw wrong }
    if let open = archive {
      archive = nil
      try failing { () throws(ServedFailure) in try open.close() }
    }
    let access = flags & O_ACCMODE
    let request = Request(
      path: path, writes: access != O_RDONLY, creates: flags & O_CREAT != 0, isOwn: isOwn)
    archive = try failing { () throws(ServedFailure) -> any ServedArchive in
      switch try opener(request) {
      case .file: try ServedFile(path, flags: flags)
      case .drive(let drive, let atBeginning): ServedDrive(drive, isOwn: isOwn, atBeginning: atBeginning)
      }
    }
    try reply(0)
  }

  /// The flags of open(2): by their names where the other end gives them, else by the number, which is Linux's.
  static func flags(_ mode: [UInt8]) -> Int32? {
    let words = String(decoding: mode, as: UTF8.self).split(separator: " ")
    guard let first = words.first else { return nil }
    let names: [Substring: Int32] = [
      "O_RDONLY": O_RDONLY, "O_WRONLY": O_WRONLY, "O_RDWR": O_RDWR, "O_CREAT": O_CREAT, "O_TRUNC": O_TRUNC,
      "O_EXCL": O_EXCL, "O_APPEND": O_APPEND,
    ]
    let named = words.count > 1 ? words[1] : first.first?.isNumber == true ? nil : first
    if let named {
      // What else there is (O_BINARY, O_SYNC ...) means nothing to a tape.
      return named.split(separator: "|").reduce(0) { $0 | (names[$1] ?? 0) }
    }
    return Int32(first).map { $0 & (O_ACCMODE | O_CREAT | O_TRUNC | O_EXCL | O_APPEND) }
  }

  private func read() throws(Either) {
    let wanted = try number()
    let archive = try opened()
    guard wanted > 0 else { throw wrong }
    let space = space(Int(min(wanted, Int64(Self.longestBlock))))
    let (answer, count) = try failing { () throws(ServedFailure) in try archive.read(into: space) }
    do throws(Ended) {
      try send("A\(answer)\n")
      try send(UnsafeRawBufferPointer(rebasing: space[..<count]))
    } catch { throw .ended(error) }
  }

  private func write() throws(Either) {
    let count = try number()
    guard (1...Int64(Self.longestBlock)).contains(count) else {
      // What follows is data that cannot be told from requests.
      do throws(Ended) { try send("E\(EINVAL)\nblocks have 1 to \(Self.longestBlock) bytes\n") } catch {
        throw .ended(error)
      }
      throw .ended(Ended(why: "a block of \(count) bytes"))
    }
    let space = space(Int(count))
    let got: Int
    do { got = try input.read(into: space) } catch { throw .ended(Ended(why: error.text)) }
    guard got == space.count else { throw .ended(Ended(why: "the connection ended in a block")) }
    let archive = try opened()
    try reply(failing { () throws(ServedFailure) in try archive.write(UnsafeRawBufferPointer(space)) })
  }

  private func space(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if buffer.count < count {
      buffer.deallocate()
      buffer = .allocate(byteCount: count, alignment: 4096)
    }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
  }

  private func operate(_ number: Int, _ count: Int64, isExtended: Bool) throws(Either) {
    typealias Operation = RemoteRequest.Operation
    if !isExtended {
      if number == RemoteRequest.numbersOfBSD {
        hasNumbersOfBSD = true
        return try reply(1)
      }
      if number == RemoteRequest.Own.greeting {
        isOwn = true
        return try reply(1)
      }
    }
    let archive = try opened()
    if number == RemoteRequest.Own.state, isOwn {
      return try reply(with: failing { () throws(ServedFailure) in try archive.state() })
    }
    var operation = number
    if isExtended {
      // star's: cache on and off (there is none to turn), retension, erase, end of data, back to behind a filemark.
      let numbers = [
        Operation.nothing, Operation.nothing, Operation.retension, -1, Operation.endOfData, Operation.backFilesBehind,
      ]
      operation = numbers.indices.contains(number) ? numbers[number] : -1
    } else if hasNumbersOfBSD, number >= 0 {
      let numbers = [
        Operation.filemarks, Operation.forwardFiles, Operation.backFiles, Operation.forwardBlocks,
        Operation.backBlocks, Operation.rewind, Operation.offline, Operation.nothing,
      ]
      operation = numbers.indices.contains(number) ? numbers[number] : -1
    }
    let wanted = operation
    try reply(failing { () throws(ServedFailure) in try archive.operate(wanted, count: count) })
  }

  /// star's status, one member of `struct mtget` at a time.
  private func extendedStatus() throws(Either) {
    guard let member = try next() else { return }
    let archive = try opened()
    let bytes = try failing { () throws(ServedFailure) in try archive.status() }
    func value(_ offset: Int, _ count: Int) -> Int64 {
      let raw = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return count == 4 ? Int64(Int32(truncatingIfNeeded: raw)) : Int64(bitPattern: raw)
    }
    switch member {
    case UInt8(ascii: "T"): try reply(value(0, 8))
    case UInt8(ascii: "R"): try reply(value(8, 8))
    case UInt8(ascii: "D"): try reply(value(16, 8))
    case UInt8(ascii: "E"): try reply(value(32, 8))
    case UInt8(ascii: "F"): try reply(value(40, 4))
    case UInt8(ascii: "B"): try reply(value(44, 4))
    case UInt8(ascii: "f"), UInt8(ascii: "b"): try reply(0)
    default: throw wrong
    }
  }

  // MARK: Words

  private var wrong: Either { .failure(ServedFailure(code: EINVAL, text: String(cString: strerror(EINVAL)))) }

  private func opened() throws(Either) -> any ServedArchive {
    guard let archive else { throw .failure(ServedFailure(code: EBADF, text: String(cString: strerror(EBADF)))) }
    return archive
  }

  private func failing<Result>(_ body: () throws(ServedFailure) -> Result) throws(Either) -> Result {
    do { return try body() } catch { throw .failure(error) }
  }

  private func byte() throws(Ended) -> UInt8? {
    do { return try input.byte() } catch { throw Ended(why: error.text) }
  }

  private func next() throws(Either) -> UInt8? {
    do { return try byte() } catch { throw .ended(error) }
  }

  private static let longestLine = 8192

  private func line() throws(Either) -> [UInt8] {
    var line: [UInt8] = []
    while line.count <= Self.longestLine {
      guard let byte = try next() else { throw .ended(Ended(why: "the connection ended in a request")) }
      if byte == UInt8(ascii: "\n") { return line }
      line.append(byte)
    }
    throw .ended(Ended(why: "a request without an end"))
  }

  private func number() throws(Either) -> Int64 {
    let text = String(decoding: try line(), as: UTF8.self)
    // A name may stand for where an offset is counted from.
    switch text {
    case "SEEK_SET": return 0
    case "SEEK_CUR": return 1
    case "SEEK_END": return 2
    default: break
    }
    guard let number = Int64(text) else { throw wrong }
    return number
  }

  private func reply(_ number: Int64) throws(Either) {
    do throws(Ended) { try send("A\(number)\n") } catch { throw .ended(error) }
  }

  private func reply(with bytes: [UInt8]) throws(Either) {
    try reply(Int64(bytes.count))
    var failure: Ended?
    bytes.withUnsafeBytes { do throws(Ended) { try send($0) } catch { failure = error } }
    if let failure { throw .ended(failure) }
  }

  private func send(_ text: String) throws(Ended) {
    var failure: Ended?
    Array(text.utf8).withUnsafeBytes { do throws(Ended) { try send($0) } catch { failure = error } }
    if let failure { throw failure }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(Ended) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(output, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Ended(why: String(cString: strerror(errno))) }
      done += count
    }
  }
}
