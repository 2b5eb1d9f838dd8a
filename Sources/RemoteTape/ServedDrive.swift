internal import Glibc
internal import TapeIO

/// A drive that the other end reads and writes, as Linux's st driver lets a program do: early warning is an error that the
/// next attempt does not get, and a drive that is closed behind a block gets a filemark there.
final class ServedDrive: ServedArchive {
  private let drive: any TapeDrive
  /// Whether the other end is a program of ours, which has no need of that.
  private let isOwn: Bool
  private var isWarned = false
  private var endsWithBlock = false
  private var readsAtEnd = 0
  /// Filemarks before the tape's position, and blocks behind the last of them; nil when not known.
  private var file: Int64?
  private var block: Int64?

  /// - Parameter atBeginning: whether the tape stands at its beginning.
  init(_ drive: any TapeDrive, isOwn: Bool, atBeginning: Bool) {
    self.drive = drive
    self.isOwn = isOwn
    (file, block) = atBeginning ? (0, 0) : (nil, nil)
  }

  private func doing<Result>(_ body: () throws(DriveError) -> Result) throws(ServedFailure) -> Result {
    do { return try body() } catch { throw ServedFailure(error) }
  }

  // MARK: Blocks

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ServedFailure) -> (answer: Int64, byteCount: Int) {
    var space = buffer.mutableBytes
    switch try doing({ () throws(DriveError) in try drive.read(into: &space) }) {
    case .block(let count):
      readsAtEnd = 0
      block = block.map { $0 + 1 }
      return (Int64(count), count)
    case .filemark:
      readsAtEnd = 0
      passed(marks: 1)
      return (isOwn ? RemoteRequest.Flag.filemark : 0, 0)
    case .endOfData:
      if isOwn { return (RemoteRequest.Flag.endOfData, 0) }
      readsAtEnd += 1
      guard readsAtEnd < 2 else { throw ServedFailure(code: EIO, text: "end of data") }
      return (0, 0)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(ServedFailure) -> Int64 {
    try takeWarning()
    let outcome = try doing { () throws(DriveError) in try drive.write(bytes.bytes) }
    if outcome == .endOfMedium {
      if isOwn { return RemoteRequest.Flag.endOfMedium }
      throw Self.full
    }
    endsWithBlock = true
    block = block.map { $0 + 1 }
    return Int64(bytes.count) + note(outcome)
  }

  /// The first write behind early warning is refused, the next goes through.
  private func takeWarning() throws(ServedFailure) {
    guard isWarned else { return }
    isWarned = false
    throw Self.full
  }

  private func note(_ outcome: WriteOutcome) -> Int64 {
    guard outcome == .earlyWarning else { return 0 }
    if isOwn { return RemoteRequest.Flag.earlyWarning }
    isWarned = true
    return 0
  }

  private static let full = ServedFailure(code: ENOSPC, text: "No space left on device")

  func seek(to offset: Int64, from whence: Int) throws(ServedFailure) -> Int64 {
    throw ServedFailure(code: ESPIPE, text: String(cString: strerror(ESPIPE)))
  }

  // MARK: Operations

  func operate(_ operation: Int, count: Int64) throws(ServedFailure) -> Int64 {
    readsAtEnd = 0
    if isOwn, let answer = try operateForOwn(operation, count) { return answer }
    typealias Operation = RemoteRequest.Operation
    guard count >= 0, count <= 1 << 31 else { throw Self.wrong }
    let number = Int(count)
    switch operation {
    case Operation.forwardFiles: try space(filemarks: number)
    case Operation.backFiles: try space(filemarks: -number)
    case Operation.forwardBlocks: try space(blocks: number)
    case Operation.backBlocks: try space(blocks: -number)
    case Operation.backFilesBehind:
      try space(filemarks: -number)
      try space(filemarks: 1)
    case Operation.forwardFilesBefore:
      try space(filemarks: number)
      try space(filemarks: -1)
    case Operation.filemarks, Operation.immediateFilemarks:
      for _ in 0..<number { try writeFilemark() }
      // Of the two it is the one that waits for the medium.
      if operation == Operation.filemarks { try doing { () throws(DriveError) in try drive.flush() } }
    case Operation.rewind, Operation.retension:
      try closeFile()
      try doing { () throws(DriveError) in try drive.rewind() }
      (file, block) = (0, 0)
    case Operation.endOfData:
      try doing { () throws(DriveError) in try drive.spaceToEndOfData() }
      (file, block) = (nil, nil)
    case Operation.locate:
      try doing { () throws(DriveError) in try drive.locate(to: BlockID(UInt64(count))) }
      (file, block) = (nil, nil)
    case Operation.nothing: break
    // Blocks are of any length: 0 says so.
    case Operation.setBlockSize where count == 0: break
    default: throw Self.wrong
    }
    return operation == Operation.nothing ? 0 : count
  }

  private static let wrong = ServedFailure(code: EINVAL, text: "the drive has no such operation here")

  private func writeFilemark() throws(ServedFailure) {
    let outcome = try doing { () throws(DriveError) in try drive.writeFilemark() }
    guard outcome != .endOfMedium else { throw Self.full }
    _ = note(outcome)
    endsWithBlock = false
    passed(marks: 1)
  }

  private func passed(marks count: Int64) {
    file = file.map { $0 + count }
    block = count > 0 ? 0 : nil
  }

  private func space(filemarks count: Int) throws(ServedFailure) {
    if count < 0 { try closeFile() }
    let outcome = try doing { () throws(DriveError) in try drive.space(filemarks: count) }
    try check(outcome)
    if count != 0 { passed(marks: Int64(count)) }
  }

  private func space(blocks count: Int) throws(ServedFailure) {
    if count < 0 { endsWithBlock = false }
    let outcome = try doing { () throws(DriveError) in try drive.space(blocks: count) }
    try check(outcome)
    block = block.map { $0 + Int64(count) }
  }

  private func check(_ outcome: SpaceOutcome) throws(ServedFailure) {
    guard outcome != .done else { return }
    (file, block) = (nil, nil)
    let what =
      switch outcome {
      case .done: ""
      case .filemark: "a filemark came first"
      case .endOfData: "end of data came first"
      case .beginningOfTape: "beginning of tape came first"
      }
    throw ServedFailure(code: EIO, text: what)
  }

  /// A file that was written gets its filemark before the tape goes elsewhere.
  private func closeFile() throws(ServedFailure) {
    guard endsWithBlock, !isOwn else { return }
    endsWithBlock = false
    let outcome = try doing { () throws(DriveError) in
      let outcome = try drive.writeFilemark()
      try drive.flush()
      return outcome
    }
    guard outcome != .endOfMedium else { throw Self.full }
  }

  // MARK: What only programs of ours ask for

  private func operateForOwn(_ operation: Int, _ count: Int64) throws(ServedFailure) -> Int64? {
    typealias Own = RemoteRequest.Own
    let drive = drive
    // More objects than any tape has, and sums stay in range.
    guard (-(1 << 48)...1 << 48).contains(count) else { throw Self.wrong }
    return try doing { () throws(DriveError) -> Int64? in
      switch operation {
      case Own.position: return Int64(try drive.position().rawValue)
      case Own.locate:
        try drive.locate(to: BlockID(UInt64(clamping: count)))
        return 0
      case Own.endOfData:
        try drive.spaceToEndOfData()
        return 0
      case Own.rewind:
        try drive.rewind()
        return 0
      case Own.spaceFilemarks: return Self.encoded(try drive.space(filemarks: Int(count)))
      case Own.spaceBlocks: return Self.encoded(try drive.space(blocks: Int(count)))
      case Own.filemark:
        switch try drive.writeFilemark() {
        case .written: return 0
        case .earlyWarning: return RemoteRequest.Flag.earlyWarning
        case .endOfMedium: return RemoteRequest.Flag.endOfMedium
        }
      case Own.flush:
        try drive.flush()
        return 0
      default: return nil
      }
    }
  }

  private static func encoded(_ outcome: SpaceOutcome) -> Int64 {
    switch outcome {
    case .done: 0
    case .filemark(let remaining): Int64(remaining) << 2 | 1
    case .endOfData(let remaining): Int64(remaining) << 2 | 2
    case .beginningOfTape(let remaining): Int64(remaining) << 2 | 3
    }
  }

  func state() throws(ServedFailure) -> [UInt8] {
    let medium = try doing { () throws(DriveError) in try drive.medium() }
    let identity = drive.identity
    let numbers: [Int64] = [
      medium.isWriteProtected ? 1 : 0, medium.isWORM ? 1 : 0, medium.compresses ? 1 : 0, Int64(medium.maximumBlockSize),
      medium.capacity.map { Int64(clamping: $0) } ?? -1, medium.used.map { Int64(clamping: $0) } ?? -1,
    ]
    let lines = numbers.map { "\($0)" } + [identity.vendor, identity.product, identity.serial, identity.name]
    return Array(lines.joined(separator: "\n").utf8)
  }

  /// What st would say (linux/mtio.h).
  func status() throws(ServedFailure) -> [UInt8] {
    let medium = try doing { () throws(DriveError) in try drive.medium() }
    let here = try doing { () throws(DriveError) in try drive.position() }
    var flags: UInt64 = 0x0101_0000  // GMT_ONLINE, GMT_IM_REP_EN
    if here == .beginningOfTape { flags |= 0x4000_0000 }  // GMT_BOT
    if medium.isWriteProtected { flags |= 0x0400_0000 }  // GMT_WR_PROT
    if isWarned { flags |= 0x2000_0000 }  // GMT_EOT
    if readsAtEnd > 0 { flags |= 0x0800_0000 }  // GMT_EOD
    if block == 0, let file, file > 0 { flags |= 0x8000_0000 }  // GMT_EOF
    var bytes: [UInt8] = []
    // MT_ISSCSI2, no residual, blocks of any length, the flags, no errors.
    for value in [0x72, 0, 0, flags, 0] as [UInt64] { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    for value in [file, block] {
      withUnsafeBytes(of: Int32(clamping: value ?? -1).littleEndian) { bytes += $0 }
    }
    return bytes
  }

  func close() throws(ServedFailure) {
    var failure: ServedFailure?
    do throws(ServedFailure) {
      try closeFile()
      if !isOwn { try doing { () throws(DriveError) in try drive.flush() } }
    } catch { failure = error }
    try doing { () throws(DriveError) in try drive.close() }
    if let failure { throw failure }
  }
}
