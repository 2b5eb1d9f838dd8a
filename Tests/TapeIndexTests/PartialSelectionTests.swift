import ArchiveFormat
import TapeIndex
import TapeLabels
import Testing

/// A query for one session, or for a random part.
struct PartialSelectionTests {
  /// A volume that was labelled in a session of its own, then written in sessions of one, two and one batch.
  private func index() throws -> IndexFile {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [String], to: index)
    for (session, batches) in [["a", "b"], ["c"], ["d", "a"], ["e"]].enumerated() {
      if session != 2 { rows.session.id = .random() }
      try rows.commit(batches, to: index)
    }
    return index
  }

  @Test func sessionsAreNumberedInTapeOrderWithoutTheLabelling() throws {
    let index = try index()
    let volume = try #require(try index.volumes().first)
    #expect(try index.batches(of: volume).map(\.sessionNumber) == [0, 1, 2, 2, 3])
  }

  @Test(arguments: [(1, ["a 2", "b 3"]), (2, ["c 5", "d 7", "a 8"]), (3, ["e 10"])])
  func onlyTheMembersOfASessionAreFound(session: Int, members: [String]) throws {
    #expect(try index().find(session: session).found == members)
  }

  @Test func namesAreLookedForInTheSessionAlone() throws {
    let result = try index().find([literal("a"), literal("e")], newestOnly: false, session: 2)
    #expect(result.found == ["a 8"] && result.matches == [1, 0])
  }

  @Test(arguments: [
    (MemberQuery.Sample.count(1), 1), (.count(39), 39), (.count(40), 40), (.count(1_000), 40), (.millionths(1), 1),
    (.millionths(25_000), 1), (.millionths(25_001), 2), (.millionths(500_000), 20), (.millionths(1_000_000), 40),
  ])
  func aSampleHasItsSizeAndIsInTapeOrder(sample: MemberQuery.Sample, size: Int) throws {
    let index = try IndexFile()
    var rows = try Rows()
    for batch in 0..<4 { try rows.commit((0..<10).map { "\(9 - $0)-\(batch)" }, to: index) }
    let numbers = try index.find(sample: sample).found.compactMap { Int($0.split(separator: " ")[1]) }
    #expect(numbers.count == size && numbers == numbers.sorted())
    #expect(try index.find([literal("nothing")], sample: sample).found == [])
  }

  @Test func everyMemberIsAsLikelyAsAnyOther() throws {
    let index = try IndexFile()
    var rows = try Rows()
    for batch in 0..<2 { try rows.commit((0..<5).map { "\($0)-\(batch)" }, to: index) }
    var counts: [String: Int] = [:]
    for _ in 0..<1_000 { for member in try index.find(sample: .count(3)).found { counts[member, default: 0] += 1 } }
    // 300 expected of each; a deviation of 90 is more than six times the standard deviation.
    #expect(counts.count == 10 && counts.values.allSatisfy { (210...390).contains($0) }, "\(counts)")
  }
}
