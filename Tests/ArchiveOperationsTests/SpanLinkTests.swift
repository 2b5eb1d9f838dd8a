import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// Files with several names in sessions over several volumes, read long before they are written.
struct SpanLinkTests {
  private static let content = Noise.incompressible(9, 20_000)

  /// Files between which the links to the first are strewn.
  private static func members(_ size: Int, removals: Removals? = nil, readable: Bool = true) -> [TestMember] {
    var members: [TestMember] = [.linked("first", inode: 5, content)]
    for number in 0..<12 {
      members.append(.file("x\(number)", Noise.incompressible(number, size + number * 331)))
      var link = TestMember.link("link\(number)", to: "first", inode: 5)
      if readable { link.content = content }
      members.append(link)
    }
    for number in members.indices { members[number].removals = removals }
    return members
  }

  private static func supply(_ capacity: UInt64, isWORM: Bool = false) -> MemorySupply {
    let make = { MemoryCartridge(capacity: capacity, earlyWarningZone: isWORM ? 30_000 : 12_000, isWORM: isWORM) }
    return MemorySupply(make()) { _ in make() }
  }

  private func create(
    _ members: [TestMember], _ supply: MemorySupply, _ index: IndexFile, packs: Bool, events: Events = Events()
  ) throws -> SessionSummary {
    // All of it is read before the first volume is full.
    try Span.create(
      members, to: supply, index: index, packLimit: packs ? 25_000 : nil, events: events, bufferSize: 4 << 20)
  }

  /// Links in the index that lead to nothing on their own volume.
  private func dangling(_ index: IndexFile) throws -> [String] {
    let selection = try Selection(MemberQuery(newestOnly: false), of: index.volumes(), in: index)
    var names: [String] = []
    while let member = try selection.next() {
      let record = member.record
      if record.member.kind == .hardLink, record.link == nil {
        names.append(String(decoding: record.member.path, as: UTF8.self))
      }
    }
    return names
  }

  @Test(arguments: [false, true], [false, true])
  func eachVolumeHasWhatItsLinksLeadTo(_ packs: Bool, _ isWORM: Bool) throws {
    for capacity in stride(from: 90_000 as UInt64, to: 130_000, by: 7_001) {
      let supply = Self.supply(capacity, isWORM: isWORM)
      let index = try IndexFile()
      let events = Events()
      let removals = Removals()
      let members = Self.members(packs ? 4_000 : 17_000, removals: removals)
      let summary = try create(members, supply, index, packs: packs, events: events)
      #expect(summary.volumeCount > 1)
      #expect(events.words == [] && events.unconfirmed == [])
      #expect(summary.members == members.count)
      // Each source goes once, when it is safe.
      #expect(
        removals.names.sorted()
          == (members.map { String(decoding: $0.member.path, as: UTF8.self) } + ["directories"]).sorted())
      for known in [index, try Span.rebuilt(supply)] {
        #expect(try dangling(known) == [], "\(capacity)")
        let sink = try Span.restore(from: supply, index: known)
        for member in members {
          let name = String(decoding: member.member.path, as: UTF8.self)
          #expect(sink.contents[name] == member.content, "\(name) at \(capacity)")
        }
      }
    }
  }

  @Test func whatCannotBeReadAgainStaysALink() throws {
    let supply = Self.supply(100_000)
    let index = try IndexFile()
    let summary = try create(Self.members(17_000, readable: false), supply, index, packs: false)
    #expect(summary.members == 25)
    #expect(try !dangling(index).isEmpty)
    let sink = try Span.restore(from: supply, index: index)
    for number in 0..<12 { #expect(sink.contents["link\(number)"] == Self.content) }
  }

  @Test func whatIsInterruptedBeforeItIsReadAgainIsNamed() throws {
    let supply = Self.supply(100_000)
    let interruption = Interruption()
    let events = Events()
    let removals = Removals()
    // The catalogue of the last volume has come, the links that were left out have not.
    removals.before = { if $0 == "x11" { interruption.interrupt() } }
    let members = Self.members(17_000, removals: removals)
    let index = try IndexFile()
    let summary = try Span.create(
      members, to: supply, index: index, events: events, bufferSize: 4 << 20, interruption: interruption)
    #expect(!events.unconfirmed.isEmpty)
    #expect(summary.members + Set(events.unconfirmed).count == members.count)
    #expect(Set(removals.names).isDisjoint(with: events.unconfirmed))
  }
}
