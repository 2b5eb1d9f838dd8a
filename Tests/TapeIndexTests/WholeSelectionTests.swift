import ArchiveFormat
import TapeIndex
import Testing

/// Everything is chosen by SQLite alone, anything less name by name: both find the same.
struct WholeSelectionTests {
  /// Volumes with batches of members that have a few names again and again, and the clock of one running behind.
  private func index(volumes count: Int, names: Int, seed: Int) throws -> IndexFile {
    let index = try IndexFile()
    var volumes: [Rows] = []
    for number in 0..<count {
      var rows = try Rows(vsn: "V0000\(number)")
      rows.delay = number == 1 && seed % 3 == 0 ? -1000 : Int64(number)
      try rows.commit([] as [String], to: index)
      volumes.append(rows)
    }
    for batch in 0..<6 {
      let paths = (0..<20).map { place in
        let number = (seed * 31 + batch * 17 + place * 7) % names
        return number % 3 == 0 ? "d\(number % 5)/n\(number)" : "n\(number)"
      }
      try volumes[(batch + seed) % count].commit(paths, to: index)
    }
    return index
  }

  @Test(arguments: 0..<12) func whatSQLiteChoosesAloneIsWhatIsChosenByName(seed: Int) throws {
    // With 1000 names hardly any comes twice in a batch, with 10 each does.
    let index = try index(volumes: 1 + seed % 3, names: [10, 50, 1000][seed % 3], seed: seed)
    for newestOnly in [true, false] {
      let whole = try index.find(newestOnly: newestOnly)
      let byName = try index.find(newestOnly: newestOnly, isExcluded: { _ in false })
      #expect(whole.found == byName.found && !whole.found.isEmpty)
      #expect(try index.find(newestOnly: newestOnly, session: 1).found.count > 0)
      // A part is taken of the same.
      #expect(try index.find(newestOnly: newestOnly, sample: .millionths(1_000_000)).found == whole.found)
    }
  }

  @Test(arguments: [["a", "b", "c"], ["a", "b", "a"]]) func itIsKnownWhichMembersWereChosen(paths: [String]) throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [String], to: index)
    try rows.commit(paths, to: index)
    let every = try Selection(MemberQuery(newestOnly: false), of: index.volumes(), in: index)
    var members: [StoredMember] = []
    while let member = try every.next() { members.append(member) }
    let newest = try Selection(MemberQuery(newestOnly: true), of: index.volumes(), in: index)
    let expected = members.map { member in
      member.id == members.last { $0.record.member.path == member.record.member.path }?.id
    }
    #expect(try members.map { try newest.contains($0) } == expected)
    #expect(try newest.byteCount == 3 * newest.count)
  }
}
