import ArchiveFormat
import ArchiveOperations
import Synchronization
import TapeIO
import TapeIndex
import TapeTestSupport

/// A whole volume with its blocks edited, dropped, doubled, exchanged or unreadable: whichever way it is read, a file
/// that comes out otherwise than it went in does not come without a word.
final class VolumeFuzzer {
  private let objects = Base.objects()
  /// An index that knows the volume as it was.
  private let index: IndexFile
  private let contents: [[UInt8]: [UInt8]]

  static func drive(_ objects: [[UInt8]?], unreadable: Set<Int> = []) throws -> MemoryDrive {
    let drive = try MemoryDrive()
    for object in objects {
      if let object { _ = try drive.write(object.span.bytes) } else { _ = try drive.writeFilemark() }
    }
    for number in unreadable where number < objects.count { drive.cartridge.damage(number) }
    try drive.rewind()
    return drive
  }

  init() {
    do {
      index = try IndexFile()
      _ = try RebuildOperation(vsn: nil).run(drive: Self.drive(objects), index: index, observer: Words())
      let words = Words()
      let sink = Sink()
      try Self.restore(Self.drive(objects), index, to: sink, words)
      contents = sink.files
      precondition(words.count == 0 && contents.count > 5, "the base comes back whole")
    } catch { fatalError("\(error)") }
  }

  func run(_ bytes: [UInt8]) {
    var input = Input(bytes)
    let mode = input.byte()
    var objects = objects
    var unreadable: Set<Int> = []
    while !input.isEmpty { edit(&objects, &unreadable, &input) }
    if objects.isEmpty { return }

    let words = Words()
    let sink = Sink()
    do {
      let drive = try Self.drive(objects, unreadable: unreadable)
      switch mode & 6 {
      case 0: try Self.restore(drive, index, to: sink, words)
      case 2: try Self.restore(drive, nil, to: sink, words)
      default:
        try SequentialReading(vsn: nil, options: RestoreOptions()) { _ in true }
          .run(drive: drive, sink: sink, observer: words) { _ in }
      }
    } catch { words.report(.information("\(error)")) }
    for (path, content) in sink.files where contents[path] != content {
      precondition(words.count > 0, "'\(String(decoding: path, as: UTF8.self))' is not as it was")
    }
    if mode & 1 == 1 { append(objects, unreadable) }
  }

  private static func restore(
    _ drive: any TapeDrive, _ index: IndexFile?, to sink: any MemberSink, _ words: Words
  ) throws(OperationError) {
    let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: words)
    _ = try RestoreOperation(query: MemberQuery(newestOnly: true), options: RestoreOptions(), bufferSize: 1 << 16)
      .run(target, drive: drive, sink: sink, observer: words)
  }

  /// What is appended to a damaged volume, and reported committed, comes back from it.
  private func append(_ objects: [[UInt8]?], _ unreadable: Set<Int>) {
    let words = Words()
    guard let drive = try? Self.drive(objects, unreadable: unreadable) else { return }
    let operation = CreateOperation(
      intent: WriteIntent(appends: true, blockSize: 16 << 10), bufferSize: 1 << 16,
      identity: WriterIdentity(host: "host", program: "tapir"), series: [])
    guard let summary = try? operation.run(from: OneFile(), to: drive, index: nil, observer: words) else { return }
    let sink = Sink()
    do { try Self.restore(drive, nil, to: sink, Words()) } catch { fatalError("after appending: \(error)") }
    precondition(
      summary.members == 1 && sink.files[OneFile.member.path] == OneFile.content, "what was committed is not there")
  }

  private func edit(_ objects: inout [[UInt8]?], _ unreadable: inout Set<Int>, _ input: inout Input) {
    let kind = input.byte()
    guard !objects.isEmpty else { return _ = input.remainder() }
    let number = Int(input.number(2)) % objects.count
    switch kind & 15 {
    case 0: objects.remove(at: number)
    case 1: objects.insert(objects[number], at: Int(input.number(2)) % objects.count)
    case 2: objects.swapAt(number, Int(input.number(2)) % objects.count)
    case 3: objects.removeSubrange(number...)
    case 4: objects.insert(nil, at: number)
    case 5: unreadable.insert(number)
    default:
      guard var block = objects[number] else { return }
      Edit(&input).apply(to: &block)
      if kind & 16 != 0, block.count >= 512 { sealTarRecord(&block, at: 0) }
      objects[number] = block.isEmpty ? nil : block
    }
  }
}

/// Counts what is said.
private final class Words: OperationObserver {
  private let said = Atomic<Int>(0)
  var count: Int { said.load(ordering: .relaxed) }

  func report(_ event: OperationEvent) {
    switch event {
    case .notice: said.add(1, ordering: .relaxed)
    // That the index does not know a volume says nothing about it.
    case .information(let text): if !text.contains("is not in the index") { said.add(1, ordering: .relaxed) }
    default: break
    }
  }
}

/// Keeps contents that were committed, by name.
private final class Sink: MemberSink {
  var files: [[UInt8]: [UInt8]] = [:]

  func create(_ member: Member) throws(MemberNotice) {}
  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { Writer(self, member.path) }
  func finish() -> [MemberNotice] { [] }

  private final class Writer: FileWriter {
    private let sink: Sink
    private let path: [UInt8]
    private var content: [UInt8] = []

    init(_ sink: Sink, _ path: [UInt8]) {
      self.sink = sink
      self.path = path
    }

    func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
      // Holes are noted, not filled: they may be as long as a header likes.
      if offset > Int64(content.count) { withUnsafeBytes(of: offset) { content += $0 } }
      bytes.withUnsafeBytes { content += $0 }
    }

    func commit() throws(MemberNotice) -> [MemberNotice] {
      sink.files[path] = content
      return []
    }

    func discard() {}
  }
}

private final class OneFile: MemberSource, SourceMember, MemberContent {
  static let content = [UInt8](repeating: 0x2a, count: 3000)
  static let member = Member(
    path: Array("appended".utf8), kind: .regular, mode: 0o644, ownership: Ownership(user: 0, group: 0),
    size: Int64(content.count), modified: Timestamp(seconds: 1_700_000_000))
  private let isTaken = Atomic<Bool>(false)

  var member: Member { Self.member }
  func next() -> SourceItem? { isTaken.exchange(true, ordering: .relaxed) ? nil : .member(self) }
  func open() throws(MemberNotice) -> OpenedMember { OpenedMember(member: member, content: self, isStream: false) }
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    let part = Self.content[min(Int(offset), Self.content.count)...].prefix(buffer.count)
    for (place, byte) in part.enumerated() { buffer[place] = byte }
    return part.count
  }
  func close() -> MemberNotice? { nil }
}
