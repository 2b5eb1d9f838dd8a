import ArchiveFormat
import ArchiveOperations
import Synchronization
import TapeIndex
import TapeTestSupport
import Testing

/// Files that are committed on another thread than the one that reads.
struct CommitQueueTests {
  /// Says what is done to it, and in which order.
  private final class BesideSink: MemberSink, Sendable {
    struct State {
      var log: [String] = []
      var open = 0
      var most = 0
    }
    let state = Mutex(State())
    let commitsBeside = true

    func create(_ member: Member) throws(MemberNotice) { note(member, "create") }

    func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
      if member.path.last == UInt8(ascii: "2") { throw MemberNotice(member.path, "Cannot open", .failure) }
      state.withLock {
        $0.open += 1
        $0.most = max($0.most, $0.open)
      }
      return File(member, self)
    }

    func finish() -> [MemberNotice] {
      state.withLock { $0.log.append("finish") }
      return []
    }

    func note(_ member: Member, _ what: String) {
      state.withLock { $0.log.append("\(what) \(String(decoding: member.path, as: UTF8.self))") }
    }

    func close() { state.withLock { $0.open -= 1 } }
  }

  private final class File: FileWriter {
    private let member: Member
    private let sink: BesideSink
    private var content: [UInt8] = []

    init(_ member: Member, _ sink: BesideSink) {
      self.member = member
      self.sink = sink
    }

    func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
      bytes.withUnsafeBytes { content += $0 }
    }

    func commit() throws(MemberNotice) -> [MemberNotice] {
      sink.close()
      if member.path.last == UInt8(ascii: "3") { throw MemberNotice(member.path, "Cannot name", .failure) }
      sink.note(member, content.count == Int(member.size) ? "commit" : "short")
      return member.path.last == UInt8(ascii: "5") ? [MemberNotice(member.path, "Cannot chown", .failure)] : []
    }

    func discard() {
      sink.close()
      sink.note(member, "discard")
    }
  }

  private func member(_ number: Int) -> TestMember {
    var made = TestMember.file("x/f\(number)", Noise.incompressible(number, 3000))
    switch number % 50 {
    case 49:
      made = TestMember.file("d\(number)", [])
      made.member.kind = .directory
    case 48:
      // Of the same last name as a file before it.
      made = TestMember.file("y/F\(number - 3)", [])
      made.member.kind = .symbolicLink
      made.member.linkTarget = [0x61]
    default: break
    }
    return made
  }

  /// 400 files and now and then a directory or a link, on a drive on which the last file has one byte changed.
  @Test(arguments: [nil, 10_000 as Int64]) func allIsInTheOrderOfTheTape(packLimit: Int64?) throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members = (0..<400).map(member)
    _ = try Tape.create(members, on: drive, index: index, packLimit: packLimit)
    let changed = Noise.incompressible(396, 3000)
    let damaged = try Tape.copy(drive.cartridge, changing: try #require(object(with: changed, on: drive.cartridge))) {
      guard let place = $0.firstRange(of: changed) else { return }
      $0[place.lowerBound + 5] ^= 1
    }
    let target = try ReadTarget.open(drive: damaged, index: index, vsn: nil, observer: Events())
    let sink = BesideSink()
    let events = Events()
    _ = try RestoreOperation(
      query: MemberQuery(newestOnly: true), options: RestoreOptions(), bufferSize: 64 * Tape.blockSize
    ).run(target, drive: damaged, sink: sink, observer: events)
    var log: [String] = []
    var reports: [String] = []
    for made in members {
      let name = String(decoding: made.member.path, as: UTF8.self)
      reports.append(name)
      switch (made.member.kind, name.last) {
      case (.directory, _), (.symbolicLink, _): log.append("create \(name)")
      case (_, "2"): reports.append("\(name): Cannot open")
      case (_, "3"): reports.append("\(name): Cannot name")
      default:
        if name == "x/f396" {
          reports.append("\(name): Damaged on tape")
          log.append("discard \(name)")
          continue
        }
        log.append("commit \(name)")
        if name.last == "5" { reports.append("\(name): Cannot chown") }
      }
    }
    let said = events.all.withLock { $0 }.compactMap { event -> String? in
      switch event {
      case .member(let member): return String(decoding: member.path, as: UTF8.self)
      case .notice(let notice):
        let text = notice.message.hasPrefix("Damaged on tape") ? "Damaged on tape" : notice.message
        return "\(String(decoding: notice.path, as: UTF8.self)): \(text)"
      default: return nil
      }
    }
    #expect(said == reports)
    let state = sink.state.withLock { $0 }
    // Each kind in its order; what is damaged is given up at once.
    for what in ["commit", "create"] {
      #expect(state.log.filter { $0.hasPrefix(what) } == log.filter { $0.hasPrefix(what) })
    }
    #expect(state.log.last == "finish")
    for number in stride(from: 45, to: 400, by: 50) {
      let file = try #require(state.log.firstIndex(of: "commit x/f\(number)"))
      let link = try #require(state.log.firstIndex(of: "create y/F\(number)"))
      #expect(file < link)
    }
    #expect(state.log.count == log.count + 1 && state.open == 0 && state.most <= 130)
  }

  private func object(with content: [UInt8], on cartridge: MemoryCartridge) -> Int? {
    cartridge.records.firstIndex { record in
      guard case .block(let bytes) = record else { return false }
      return bytes.firstRange(of: content) != nil
    }
  }
}
