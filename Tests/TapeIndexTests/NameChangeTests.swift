import ArchiveFormat
import TapeIO
import TapeIndex
import TapeLabels
import Testing

/// Deletions, renames and vanished names, as look-ups follow them.
struct NameChangeTests {
  private func deleted(_ name: String) -> NameChange { .deleted(Array(name.utf8)) }
  private func renamed(_ old: String, _ new: String) -> NameChange { .renamed(Array(old.utf8), to: Array(new.utf8)) }

  /// The time at which batch `number` of ``Rows`` was committed.
  private func asOf(_ number: Int64) -> MemberQuery.View { .asOf(Timestamp(seconds: 1_795_219_300 + number)) }

  private func names(
    _ index: IndexFile, _ operands: [MemberQuery.Operand] = [], newestOnly: Bool = true,
    view: MemberQuery.View = .current
  ) throws -> [String] {
    try index.find(operands, newestOnly: newestOnly, view: view).found
  }

  @Test func whatIsDeletedIsFoundByNoLookUpButThatOfATimeBefore() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [MemberRecord], to: index)
    try rows.commit(["a", "d/b", "d/e/c", "d-e"], to: index)  // files 2...5, catalogue 6
    rows.session.id = .random()
    try rows.commit([], to: index, changes: [deleted("d"), deleted("nothing")])
    #expect(try names(index) == ["a 2", "d-e 5"])
    #expect(try names(index, newestOnly: false) == ["a 2", "d-e 5"])
    #expect(try index.find([literal("d"), literal("a")]).matches == [0, 1])
    #expect(try names(index, view: asOf(1)) == ["a 2", "d/b 3", "d/e/c 4", "d-e 5"])
    #expect(try names(index, view: .stored) == ["a 2", "d/b 3", "d/e/c 4", "d-e 5"])
    #expect(try names(index, view: asOf(0)) == [])
    // What is archived again is there again, alone.
    try rows.commit(["d/b"], to: index)
    #expect(try names(index, newestOnly: false) == ["a 2", "d-e 5", "d/b 8"])
    // Of a session that is asked for nothing later counts.
    #expect(try index.find(newestOnly: false, session: 1).found.count == 4)
    #expect(try index.find(session: 2).found == ["d/b 8"])
  }

  @Test func changesOfABatchComeBeforeItsMembers() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [MemberRecord], to: index)
    try rows.commit(["d/b", "x"], to: index)
    try rows.commit(
      [Rows.record("d"), Rows.record("x")], to: index, changes: [.vanished(Array("d".utf8)), renamed("x", "y")])
    #expect(try names(index) == ["y 3", "d 5", "x 6"])
  }

  @Test func aRenamedMemberAndWhatIsBelowItHasItsNewNameFromThenOn() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [MemberRecord], to: index)
    try rows.commit(["d/b", "d/e/c", "z"], to: index)  // 2, 3, 4
    try rows.commit(["d/b"], to: index)  // 6
    try rows.commit([], to: index, changes: [renamed("d", "n/m")])  // 8
    try rows.commit(["d/b", "n/m/e/c"], to: index)  // 9, 10
    #expect(try names(index) == ["z 4", "n/m/b 6", "d/b 9", "n/m/e/c 10"])
    #expect(
      try names(index, newestOnly: false) == ["n/m/b 2", "n/m/e/c 3", "z 4", "n/m/b 6", "d/b 9", "n/m/e/c 10"])
    #expect(try index.find([literal("n"), literal("d")]).matches == [2, 1])
    #expect(try names(index, [literal("n/m/e")]) == ["n/m/e/c 10"])
    #expect(try names(index, [.pattern { $0.first == 0x6e }]) == ["n/m/b 6", "n/m/e/c 10"])
    #expect(try names(index, view: asOf(2)) == ["d/e/c 3", "z 4", "d/b 6"])
    let versions = try index.versions(of: literal("n/m/b"), on: index.volumes())
    #expect(versions.map { String(decoding: $0.pathOnTape, as: UTF8.self) } == ["d/b", "d/b"])
    // Renamed again, a part of it deleted under its new name, the old one untouched.
    try rows.commit([], to: index, changes: [renamed("n", "o"), deleted("o/m/b")])
    #expect(try names(index) == ["z 4", "d/b 9", "o/m/e/c 10"])
    let lives = try index.lives(of: Array("o/m/b".utf8), on: index.volumes())
    #expect(lives.map { $0.member.file.sequence } == [6, 2])
    #expect(lives.first?.events.map(\.change) == [renamed("d", "n/m"), renamed("n", "o"), deleted("o/m/b")])
  }

  @Test func namesChangePlaces() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [MemberRecord], to: index)
    try rows.commit(["a", "b"], to: index)  // 2, 3
    try rows.commit([], to: index, changes: [renamed("a", "t"), renamed("b", "a"), renamed("t", "b")])
    #expect(try names(index) == ["b 2", "a 3"])
    #expect(try names(index, [literal("a")]) == ["a 3"])
    #expect(try names(index, [literal("b")]) == ["b 2"])
    #expect(try names(index, [literal("t")]) == [])
    let live = try LiveMembers(of: index.volumes(), in: index)
    #expect(try live.newest(Array("a".utf8)) != nil)
    #expect(try live.newest(Array("t".utf8)) == nil)
  }

  /// A change is about members on other volumes too, in whichever order the volumes are taken in; and about nothing when
  /// only the other volume is looked at.
  @Test(arguments: [false, true]) func changesReachOtherVolumes(_ reversed: Bool) throws {
    var (one, two) = (try Rows(), try Rows(vsn: "V00002"))
    two.delay = 100
    let index = try IndexFile()
    func fill(_ number: Int) throws {
      if number == 1 {
        try one.commit([] as [MemberRecord], to: index)
        try one.commit(["a", "b", "c"], to: index)
        one.delay = 200
        try one.commit(["a"], to: index)  // 6: after the deletion
      } else {
        try two.commit([] as [MemberRecord], to: index)
        try two.commit([Rows.record("b")], to: index, changes: [deleted("a"), renamed("c", "d")])  // 2
      }
    }
    for number in reversed ? [2, 1] : [1, 2] { try fill(number) }
    #expect(try names(index) == ["d 4", "a 6", "b 2"])
    #expect(try names(index, newestOnly: false) == ["b 3", "d 4", "a 6", "b 2"])
    let alone = try Selection(
      MemberQuery(newestOnly: true), of: index.volumes().filter { $0.descriptor.vsn.text == "V00001" }, in: index)
    #expect(alone.count == 3)
    #expect(
      try index.sessions(of: index.volumes()).map { $0.volumes.map(\.descriptor.vsn.text) } == [["V00001"], ["V00002"]])
  }

  @Test func aSessionThatThereIsNotIsRefused() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [MemberRecord], to: index)
    try rows.commit(["a"], to: index)
    #expect(throws: IndexError.noSession(2, of: 1)) { try index.find(session: 2) }
  }
}
