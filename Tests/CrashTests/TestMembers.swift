import ArchiveFormat
import Glibc
import Synchronization
import TapeTestSupport

/// A member made up for a test. Its content follows from its name, so that whoever finds the name knows the bytes.
struct TestMember: SourceMember {
  var member: Member
  let name: String
  let content: [UInt8]
  let isStream: Bool

  /// - Parameter size: its bytes; also a part of its name.
  init(_ name: String, size: Int, isStream: Bool = false) {
    self.name = "\(name)-\(size)"
    self.isStream = isStream
    content = TestMember.content(of: self.name) ?? []
    member = Member(
      path: Array(self.name.utf8), kind: .regular, mode: 0o644, ownership: Ownership(user: 1, group: 2),
      size: isStream ? 0 : Int64(size), modified: Timestamp(seconds: 1_700_000_000))
  }

  /// A block that is no member's.
  static let marker: [UInt8] = Array("written after a crash".utf8)

  private static let contents = Mutex<[String: [UInt8]]>([:])

  /// The bytes of the member of this name.
  static func content(of name: String) -> [UInt8]? {
    if let known = contents.withLock({ $0[name] }) { return known }
    guard let made = makeContent(of: name) else { return nil }
    contents.withLock { $0[name] = made }
    return made
  }

  private static func makeContent(of name: String) -> [UInt8]? {
    guard let size = name.split(separator: "-").last.flatMap({ Int($0) }) else { return nil }
    let seed = name.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xffff_ffff }
    return seed % 2 == 0 ? Noise.incompressible(seed, size) : Noise.compressible(seed, size)
  }

  func open() throws(MemberNotice) -> OpenedMember {
    OpenedMember(
      member: member, content: content.isEmpty && !isStream ? nil : TestContent(content), isStream: isStream)
  }
}

private final class TestContent: MemberContent {
  private let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    let count = max(0, min(buffer.count, bytes.count - Int(offset)))
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  func close() -> MemberNotice? { nil }
}

final class TestSource: MemberSource {
  private var members: [TestMember]
  init(_ members: [TestMember]) { self.members = members.reversed() }
  func next() -> SourceItem? { members.popLast().map { .member($0) } }
}

/// The names that were restored, and of those the ones whose bytes are wrong.
final class TestSink: MemberSink {
  fileprivate(set) var restored: Set<String> = []
  fileprivate(set) var wrong: [String] = []

  func create(_ member: Member) throws(MemberNotice) {}
  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { TestWriter(member, self) }
  func finish() -> [MemberNotice] { [] }
}

private final class TestWriter: FileWriter {
  private let name: String
  private let sink: TestSink
  private var bytes: [UInt8]

  init(_ member: Member, _ sink: TestSink) {
    name = String(decoding: member.path, as: UTF8.self)
    self.sink = sink
    bytes = [UInt8](repeating: 0, count: Int(member.size))
  }

  func write(_ part: RawSpan, at offset: Int64) throws(MemberNotice) {
    part.withUnsafeBytes { source in
      bytes.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[Int(offset)...]).copyMemory(from: source)
      }
    }
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    let expected = TestMember.content(of: name) ?? []
    // memcmp: debug builds compare arrays byte by byte.
    if expected.count != bytes.count || memcmp(expected, bytes, bytes.count) != 0 { sink.wrong.append(name) }
    sink.restored.insert(name)
    return []
  }

  func discard() {}
}
