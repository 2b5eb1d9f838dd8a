import ArchiveFormat
import Synchronization
import TapeTestSupport

/// A member made up for a test, and how reading it goes.
struct TestMember: SourceMember {
  var member: Member
  var content: [UInt8] = []
  var isStream = false
  /// Bytes after which the source gives no more.
  var shrinksTo: Int?
  /// Bytes after which reading fails.
  var failsAt: Int?
  /// Whether it cannot be opened.
  var isGone = false
  /// Whether it is another file when it has been read.
  var changes = false
  /// Takes the place of its removal; nil when nothing is to be removed.
  var removals: Removals?

  static func file(_ path: String, _ content: [UInt8]) -> TestMember {
    TestMember(
      member: Member(
        path: Array(path.utf8), kind: .regular, mode: 0o644, ownership: Ownership(user: 1, group: 2),
        size: Int64(content.count), modified: Timestamp(seconds: 1_700_000_000)), content: content)
  }

  static func stream(_ path: String, _ content: [UInt8]) -> TestMember {
    var made = file(path, content)
    made.member.size = 0
    made.isStream = true
    return made
  }

  /// A file with several names, and one of the others.
  static func linked(_ path: String, inode: UInt64, _ content: [UInt8]) -> TestMember {
    var made = file(path, content)
    made.member.sourceFile = SourceFile(device: 1, inode: inode, linkCount: 2)
    return made
  }

  static func link(_ path: String, to target: String, inode: UInt64) -> TestMember {
    var made = linked(path, inode: inode, [])
    made.member.kind = .hardLink
    made.member.linkTarget = Array(target.utf8)
    return made
  }

  func openContent() throws(MemberNotice) -> OpenedMember? {
    guard member.kind == .hardLink, !content.isEmpty else { return nil }
    var whole = self
    whole.member.kind = .regular
    whole.member.linkTarget = []
    whole.member.size = Int64(content.count)
    return try whole.open()
  }

  func again() -> (any SourceMember)? { content.isEmpty ? nil : self }

  func open() throws(MemberNotice) -> OpenedMember {
    if isGone { throw MemberNotice(member.path, "Cannot open: No such file or directory", .failure) }
    let bytes = content.isEmpty && !isStream && failsAt == nil ? nil : TestContent(self)
    let removable = removals.map { TestRemovable(member.path, $0) }
    return OpenedMember(member: member, content: bytes, isStream: isStream, removable: removable)
  }
}

final class TestContent: MemberContent {
  private let source: TestMember
  init(_ source: TestMember) { self.source = source }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    if let failsAt = source.failsAt, offset >= Int64(failsAt) {
      throw MemberNotice(source.member.path, "Read error: Input/output error", .failure)
    }
    let end = min(source.content.count, source.shrinksTo ?? .max, source.failsAt ?? .max)
    let count = max(0, min(buffer.count, end - Int(offset)))
    source.content.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  func close() -> MemberNotice? {
    source.changes ? MemberNotice(source.member.path, "file changed as we read it", .difference) : nil
  }
}

/// Which sources were removed, in order.
final class Removals: @unchecked Sendable {
  // Sendable: used by the drive's thread, which is the test's.
  var names: [String] = []
  /// Called before each removal, with its name.
  var before: (String) -> Void = { _ in }
}

final class TestRemovable: RemovableSource {
  let shownPath: [UInt8]
  private let removals: Removals
  init(_ path: [UInt8], _ removals: Removals) {
    shownPath = path
    self.removals = removals
  }

  func remove() -> MemberNotice? {
    let name = String(decoding: shownPath, as: UTF8.self)
    removals.before(name)
    removals.names.append(name)
    return nil
  }
}

final class TestSource: MemberSource {
  private var members: [TestMember]
  private let removals: Removals?
  init(_ members: [TestMember]) {
    self.members = members.reversed()
    removals = members.first?.removals
  }
  func next() -> SourceItem? { members.popLast().map { .member($0) } }
  func removeDirectories() -> [MemberNotice] {
    removals?.names.append("directories")
    return []
  }
}

/// What was restored, by name. A member that was discarded is not in it.
final class TestSink: MemberSink {
  var files: [String: [UInt8]] = [:]
  var links: [String: String] = [:]
  var others: [String: Member.Kind] = [:]
  var order: [String] = []
  var discarded: [String] = []
  var kept: [String: [UInt8]] = [:]
  var setAside: [String] = []
  var isFinished = false

  func create(_ member: Member) throws(MemberNotice) {
    let name = String(decoding: member.path, as: UTF8.self)
    order.append(name)
    guard member.kind == .hardLink else {
      others[name] = member.kind
      return
    }
    let target = String(decoding: member.linkTarget, as: UTF8.self)
    guard files[target] != nil else {
      throw MemberNotice(member.path, "Cannot hard link to '\(target)': No such file or directory", .failure)
    }
    links[name] = target
  }

  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { TestWriter(member, self) }
  func finish() -> [MemberNotice] {
    isFinished = true
    return []
  }

  func setAside(_ file: RestoredFile, keeps: Bool) -> [UInt8]? {
    setAside.append(String(decoding: file.path, as: UTF8.self))
    return keeps ? file.path + Array(".damaged".utf8) : nil
  }

  /// Contents by name, links followed.
  var contents: [String: [UInt8]] { files.merging(links.compactMapValues { files[$0] }) { one, _ in one } }
}

final class TestWriter: FileWriter {
  private let member: Member
  private let sink: TestSink
  private var bytes: [UInt8]
  init(_ member: Member, _ sink: TestSink) {
    self.member = member
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
    let name = String(decoding: member.path, as: UTF8.self)
    sink.files[name] = bytes
    sink.order.append(name)
    return []
  }

  var restored: RestoredFile? {
    RestoredFile(path: member.path, device: 1, inode: 1, size: member.size, modified: member.modified)
  }

  func keepDamaged(size: Int64) throws(MemberNotice) -> [UInt8]? {
    let name = member.path + Array(".damaged".utf8)
    sink.kept[String(decoding: name, as: UTF8.self)] = Array(bytes.prefix(Int(size)))
    return name
  }

  func discard() { sink.discarded.append(String(decoding: member.path, as: UTF8.self)) }
}
