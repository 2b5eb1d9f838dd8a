import ArchiveFormat
import ArchiveOperations
import Synchronization
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport

/// What an operation said.
final class Events: OperationObserver {
  let all = Mutex<[OperationEvent]>([])
  func report(_ event: OperationEvent) { all.withLock { $0.append(event) } }

  var notices: [MemberNotice] {
    all.withLock { $0.compactMap { if case .notice(let notice) = $0 { notice } else { nil } } }
  }
  var words: [String] { notices.map { String(decoding: $0.path, as: UTF8.self) + ": " + $0.message } }
  var information: [String] {
    all.withLock { $0.compactMap { if case .information(let text) = $0 { text } else { nil } } }
  }
  var unconfirmed: [String] {
    all.withLock {
      $0.compactMap { if case .unconfirmed(let path) = $0 { String(decoding: path, as: UTF8.self) } else { nil } }
    }
  }
  var committed: [Int] {
    all.withLock { $0.compactMap { if case .committed(let members, _, _) = $0 { members } else { nil } } }
  }
}

/// The operations on one cartridge, as the tests run them.
enum Tape {
  static let blockSize = 16 << 10

  @discardableResult
  static func create(
    _ members: [TestMember], on drive: any TapeDrive, index: IndexFile?, appends: Bool = true, layout: Layout = .pax,
    packLimit: Int64? = nil,
    limits: BatchLimits = BatchLimits(), verifies: Bool = false, events: Events = Events(), vsn: String? = "V00001",
    erasesTail: Bool = false, interruption: Interruption = Interruption()
  ) throws -> SessionSummary {
    // try?: the tests' names are good ones.
    var intent = WriteIntent(appends: appends, vsn: vsn.flatMap { try? VSN($0) }, blockSize: blockSize)
    intent.erasesTail = erasesTail
    return try CreateOperation(
      intent: intent, layout: layout, packLimit: packLimit, limits: limits, verifies: verifies,
      bufferSize: 4 * blockSize,
      identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: Array("test".utf8)
    ).run(from: TestSource(members), to: drive, index: index, observer: events, interruption: interruption)
  }

  /// Restores what the operands name; everything without them.
  static func restore(
    _ operands: [String] = [], from drive: any TapeDrive, index: IndexFile?, events: Events = Events(),
    options: RestoreOptions = RestoreOptions()
  ) throws -> TestSink {
    let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: events)
    let sink = TestSink()
    let query = MemberQuery(operands: operands.map { .literal(Array($0.utf8)) }, newestOnly: true)
    _ = try RestoreOperation(query: query, options: options, bufferSize: 4 * blockSize)
      .run(target, drive: drive, sink: sink, observer: events)
    return sink
  }

  static func readInSequence(
    _ drive: any TapeDrive, events: Events = Events(), options: RestoreOptions = RestoreOptions()
  ) throws -> TestSink {
    let sink = TestSink()
    try SequentialReading(vsn: nil, options: options) { _ in true }
      .run(drive: drive, sink: sink, observer: events) { _ in }
    return sink
  }

  /// The same tape up to object `count`, and with one object changed, in a fresh drive.
  static func copy(
    _ cartridge: MemoryCartridge, upTo count: Int = .max, changing object: Int = -1,
    _ change: (inout [UInt8]) -> Void = { _ in }, operations: Bool = false, isWORM: Bool = false
  ) throws -> MemoryDrive {
    let drive = try MemoryDrive(MemoryCartridge(isWORM: isWORM), recordsOperations: operations)
    for (number, record) in cartridge.records.prefix(count).enumerated() {
      switch record {
      case .block(var bytes):
        if number == object { change(&bytes) }
        _ = try drive.write(bytes.span.bytes)
      case .filemark: _ = try drive.writeFilemark()
      }
    }
    try drive.rewind()
    return drive
  }
}
