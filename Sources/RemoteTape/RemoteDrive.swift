internal import Glibc
public import TapeIO

/// A drive or virtual cartridge of another machine, over a server of our own (`tapir rmt`): everything that a drive here
/// can do, positions and flushes too.
public final class RemoteDrive: TapeDrive {
  public let identity: DriveIdentity
  private let client: RemoteTapeClient
  private let end: () -> Void
  private var isClosed = false

  /// - Parameters:
  ///   - client: has greeted a server of ours and opened a drive there.
  ///   - name: what the user called it.
  ///   - end: ends the connection.
  /// - Throws: also when what is open there is no drive: `unusable`.
  public init(_ client: RemoteTapeClient, name: String, end: @escaping () -> Void) throws(DriveError) {
    self.client = client
    self.end = end
    let lines: [[UInt8]]
    do { lines = try client.state() } catch { throw Self.error(error, "open", name) }
    guard lines.count >= 10 else { throw Self.error(.broken("it does not say what drive it is"), "open", name) }
    let texts = lines.map { String(decoding: $0, as: UTF8.self) }
    identity = DriveIdentity(name: name, vendor: texts[6], product: texts[7], serial: texts[8])
  }

  private func asking<Result>(
    _ operation: String, _ body: () throws(RemoteTapeError) -> Result
  ) throws(DriveError) -> Result {
    guard !isClosed else { throw DriveError(.closed, operation: operation, device: identity.name) }
    do { return try body() } catch { throw Self.error(error, operation, identity.name) }
  }

  private static func error(_ error: RemoteTapeError, _ operation: String, _ name: String) -> DriveError {
    let cause: DriveError.Cause
    switch error {
    case .broken(let why):
      cause = .unusable(reason: "the connection to the other machine is lost: \(why)", hint: nil)
    case .refused(let code, let text):
      let words = String(decoding: text, as: UTF8.self)
      cause =
        switch code {
        case EBUSY: .busy(holder: nil)
        case ENOMEDIUM: .noMedium
        case EROFS: .writeProtected
        case EPERM: .writeOnce
        case EMSGSIZE: .blockTooLarge(limit: nil)
        case ENOMEM: .bufferTooSmall
        case ENXIO: .noSuchBlock
        case ESHUTDOWN: .broken
        case ENOTCONN: .positionLost
        case EDQUOT: .diskFull
        case EIO: .mediumError(detail: words)
        default: .system(errno: code, message: words)
        }
    }
    return DriveError(cause, operation: operation, device: name)
  }

  public func medium() throws(DriveError) -> MediumState {
    let numbers = try asking("read the state of") { () throws(RemoteTapeError) in try client.state() }
      .prefix(6).map { Int64(String(decoding: $0, as: UTF8.self)) ?? -1 }
    guard numbers.count == 6 else {
      throw DriveError(
        .unusable(reason: "it does not say what it can", hint: nil), operation: "read the state of",
        device: identity.name)
    }
    return MediumState(
      isWriteProtected: numbers[0] == 1, isWORM: numbers[1] == 1, compresses: numbers[2] == 1,
      maximumBlockSize: Int(max(1, numbers[3])), capacity: numbers[4] < 0 ? nil : UInt64(numbers[4]),
      used: numbers[5] < 0 ? nil : UInt64(numbers[5]))
  }

  private func operate(_ number: Int, _ count: Int64, _ operation: String) throws(DriveError) -> Int64 {
    try asking(operation) { () throws(RemoteTapeError) in try client.operate(number, count) }
  }

  public func position() throws(DriveError) -> BlockID {
    BlockID(UInt64(try operate(RemoteRequest.Own.position, 0, "read the position of")))
  }

  public func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome {
    let answer = try buffer.withUnsafeMutableBytes { (bytes) throws(DriveError) in
      try asking("read block") { () throws(RemoteTapeError) in try client.readBlock(into: bytes) }
    }
    switch answer {
    case RemoteRequest.Flag.filemark: return .filemark
    case RemoteRequest.Flag.endOfData: return .endOfData
    default: return .block(byteCount: Int(answer))
    }
  }

  public func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
    guard block.byteCount > 0 else {
      throw DriveError(
        .unusable(reason: "a block has at least one byte", hint: nil), operation: "write block", device: identity.name)
    }
    guard block.byteCount <= RemoteTapeServer.longestBlock else {
      throw DriveError(
        .blockTooLarge(limit: RemoteTapeServer.longestBlock), operation: "write block", device: identity.name)
    }
    return try outcome(
      block.withUnsafeBytes { (bytes) throws(DriveError) in
        try asking("write block") { () throws(RemoteTapeError) in try client.writeBlock(bytes) }
      })
  }

  public func writeFilemark() throws(DriveError) -> WriteOutcome {
    outcome(try operate(RemoteRequest.Own.filemark, 1, "write filemark"))
  }

  private func outcome(_ answer: Int64) -> WriteOutcome {
    if answer & RemoteRequest.Flag.endOfMedium != 0 { return .endOfMedium }
    return answer & RemoteRequest.Flag.earlyWarning != 0 ? .earlyWarning : .written
  }

  public func flush() throws(DriveError) { _ = try operate(RemoteRequest.Own.flush, 0, "flush") }
  public func rewind() throws(DriveError) { _ = try operate(RemoteRequest.Own.rewind, 0, "rewind") }

  public func locate(to target: BlockID) throws(DriveError) {
    _ = try operate(RemoteRequest.Own.locate, Int64(clamping: target.rawValue), "locate")
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    spaced(try operate(RemoteRequest.Own.spaceFilemarks, Int64(count), "space over filemarks"))
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    spaced(try operate(RemoteRequest.Own.spaceBlocks, Int64(count), "space over blocks"))
  }

  private func spaced(_ answer: Int64) -> SpaceOutcome {
    let remaining = Int(answer >> 2)
    return switch answer & 3 {
    case 1: .filemark(remaining: remaining)
    case 2: .endOfData(remaining: remaining)
    case 3: .beginningOfTape(remaining: remaining)
    default: .done
    }
  }

  public func spaceToEndOfData() throws(DriveError) {
    _ = try operate(RemoteRequest.Own.endOfData, 0, "space to end of data")
  }

  public func close() throws(DriveError) {
    defer {
      isClosed = true
      end()
    }
    try asking("close") { () throws(RemoteTapeError) in try client.close() }
  }
}
