import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

@testable import TapeIndex

struct IndexFileTests {
  private func path(_ folder: TestFolder, _ name: String = "index") -> [UInt8] { Array("\(folder.path)/\(name)".utf8) }

  @Test func aCatalogueTakenInTwiceChangesNothing() throws {
    let index = try IndexFile()
    var rows = try Rows()
    let (frame, batch) = try rows.frame([Rows.record("a"), Rows.record("b")])
    let placement = CataloguePlacement(
      batch: 0, sequence: batch.catalogueSequence, header: BlockID(21), digest: Digester.digest(of: frame))
    for _ in 0..<3 {
      try index.ingest(Catalogue(frame), placement: placement, end: BlockID(31))
      let volume = try #require(try index.volume(rows.volume.id))
      #expect(volume.descriptor == rows.volume)
      let batches = try index.batches(of: volume)
      #expect(batches.map(\.record) == [batch] && batches.map(\.catalogue) == [placement])
      #expect(batches.map(\.end) == [BlockID(31)])
      #expect(try index.totals(of: volume) == (2, 6))
      #expect(try index.find().found == ["a 1", "b 2"])
    }
  }

  @Test func theNewestVersionOfANameCountsUnlessAllAreAskedFor() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit(["a", "b", "c"], to: index)
    try rows.commit(["b", "b"], to: index)
    try rows.commit(["c"], to: index)
    #expect(try index.find().found == ["a 1", "b 6", "c 8"])
    #expect(try index.find(newestOnly: false).found == ["a 1", "b 2", "c 3", "b 5", "b 6", "c 8"])
    #expect(try index.find([literal("b")]).found == ["b 6"])
    #expect(try index.find([literal("b")], newestOnly: false).found == ["b 2", "b 5", "b 6"])
  }

  @Test func aNameMeansItselfAndWhatIsBelowIt() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit(["d", "d/x", "d/e/y", "d-", "d.x", "dd/x", "d0/x", "/d/x", "e", "./d/x"], to: index)
    #expect(try index.find([literal("d")]).found == ["d 1", "d/x 2", "d/e/y 3"])
    #expect(try index.find([literal("d/")]).found == ["d 1", "d/x 2", "d/e/y 3"])
    #expect(try index.find([literal("d/e")]).found == ["d/e/y 3"])
    #expect(try index.find([literal("/")]).found == ["/d/x 8"])
    #expect(try index.find([literal("/d/x")]).found == ["/d/x 8"])
    let both = try index.find([literal("e"), literal("d/x"), literal("none"), literal("d")])
    #expect(both.found == ["d 1", "d/x 2", "d/e/y 3", "e 9"])
    #expect(both.matches == [1, 1, 0, 3])
  }

  @Test func patternsAndExclusionsChoose() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit(["d/a.c", "d/b.h", "e/a.c", "a.h"], to: index)
    let c = MemberQuery.Operand.pattern { $0.suffix(2) == [0x2e, 0x63] }
    let result = try index.find([c, literal("a.h")])
    #expect(result.found == ["d/a.c 1", "e/a.c 3", "a.h 4"] && result.matches == [2, 1])
    let rest = try index.find(isExcluded: { $0.starts(with: "d/".utf8) })
    #expect(rest.found == ["e/a.c 3", "a.h 4"])
    #expect(try index.find([c], isExcluded: { $0.first == 0x65 }).matches == [1])
  }

  @Test func membersComeInTapeOrder() throws {
    let index = try IndexFile()
    var rows = try Rows()
    for batch in 0..<3 { try rows.commit((0..<20).map { "z\((19 - $0) * 7 % 20)-\(batch)" }, to: index) }
    let numbers = try index.find().found.compactMap { Int($0.split(separator: " ")[1]) }
    #expect(numbers.count == 60 && numbers == numbers.sorted())
  }

  @Test func aLinkLeadsToItsVeryPlacement() throws {
    let index = try IndexFile()
    var rows = try Rows()
    var link = Rows.record("link", .hardLink)
    link.link = LinkPlacement(sequence: 1, offset: 0)
    try rows.commit([Rows.record("target"), link], to: index)
    try rows.commit(["target"], to: index)
    let selection = try Selection(MemberQuery(newestOnly: true), of: index.volumes(), in: index)
    var found: [StoredMember] = []
    while let member = try selection.next() { found.append(member) }
    #expect(found.map(\.file.sequence) == [2, 4])
    let target = try #require(try selection.target(of: found[0]))
    #expect(target.file == Rows.file(1) && target.record == Rows.record("target"))
    #expect(try !selection.contains(target) && selection.contains(found[1]))
    #expect(try selection.target(of: found[1]) == nil)
  }

  @Test func aVSNIsFreeAgainWhenItsVolumeIsErased() throws {
    let index = try IndexFile()
    var old = try Rows()
    try old.commit(["old"], to: index)
    var new = try Rows()
    #expect(throws: IndexError.duplicateVSN(vsn: "V00001", path: "")) { try new.commit(["new"], to: index) }
    #expect(try index.find().found == ["old 1"])
    try index.markErased(try #require(try index.volume(old.volume.id)))
    #expect(try index.volume(old.volume.id) == nil && index.volumes().isEmpty)
    var next = try Rows()
    try next.commit(["new"], to: index)
    #expect(try index.find().found == ["new 1"])
    var other = try Rows(vsn: "V00002")
    try other.commit(["other"], to: index)
    #expect(try index.volumes().map(\.descriptor.vsn.text) == ["V00001", "V00002"])
    #expect(try index.volumes(vsn: VSN("V00002")).map(\.descriptor) == [other.volume])
  }

  @Test func anIndexIsThereWhenItIsOpenedAgain() throws {
    let folder = TestFolder()
    var rows = try Rows()
    try rows.commit(["a"], to: IndexFile(path: path(folder), access: .readWrite))
    #expect(try IndexFile(path: path(folder), access: .readOnly).find().found == ["a 1"])
    try rows.commit(["b"], to: IndexFile(path: path(folder), access: .readWrite))
    #expect(try IndexFile(path: path(folder), access: .readWrite).find().found == ["a 1", "b 3"])
    #expect(throws: IndexError.self) { try IndexFile(path: path(folder, "none"), access: .readOnly) }
  }

  @Test func anIndexWhoseMakerWasKilledBeforeItsTablesKnowsNothing() throws {
    let folder = TestFolder()
    folder.write([], to: "index")
    for access in [IndexFile.Access.readOnly, .readWrite, .readOnly] {
      #expect(try IndexFile(path: path(folder), access: access).volumes().isEmpty)
    }
  }

  @Test func anIndexInAFolderThatMayNotBeWrittenToIsRead() throws {
    let folder = TestFolder()
    var rows = try Rows()
    folder.write([], to: "marker")
    _ = folder.run("mkdir 'a b%?#'")
    try rows.commit(["a"], to: IndexFile(path: path(folder, "a b%?#/index"), access: .readWrite))
    #expect(folder.run("chmod 755 . && chmod 555 'a b%?#' && chmod 444 'a b%?#'/index*").status == 0)
    let found = try asNobody { try IndexFile(path: path(folder, "a b%?#/index"), access: .readOnly).find().found }
    #expect(found == ["a 1"])
  }

  @Test func anotherProgramsDatabaseIsRefusedAndLeftAsItIs() throws {
    let folder = TestFolder()
    _ = folder.run("sqlite3 other.db 'CREATE TABLE t (a)'; echo this is text, no database of any kind > text")
    for name in ["other.db", "text"] {
      let before = folder.read(name)
      for access in [IndexFile.Access.readOnly, .readWrite] {
        #expect(throws: IndexError.notAnIndex(path: "\(folder.path)/\(name)"), "\(name)") {
          try IndexFile(path: path(folder, name), access: access)
        }
      }
      #expect(folder.read(name) == before, "\(name)")
    }
  }

  @Test func anIndexOfALaterVersionIsRefused() throws {
    let folder = TestFolder()
    do { _ = try IndexFile(path: path(folder), access: .readWrite) }
    _ = folder.run("sqlite3 index 'PRAGMA user_version = 3'")
    for access in [IndexFile.Access.readOnly, .readWrite] {
      #expect(throws: IndexError.tooNew(path: "\(folder.path)/index", version: 3)) {
        try IndexFile(path: path(folder), access: access)
      }
    }
  }

  @Test func anIndexOfTheFirstVersionIsReadAndBroughtUpToDate() throws {
    let folder = TestFolder()
    var rows = try Rows()
    let volume = rows.volume
    do {
      let index = try IndexFile(path: path(folder), access: .readWrite)
      try rows.commit([Rows.record("a")], to: index)
    }
    _ = folder.run("sqlite3 index 'DROP TABLE copy; PRAGMA user_version = 1'")
    #expect(try IndexFile(path: path(folder), access: .readOnly).copies(of: volume.id) == [])
    let copy = VolumeCopy(
      place: Array("/x/b.tap".utf8), made: Timestamp(seconds: 5), end: BlockID(70), verified: BlockID(30))
    let index = try IndexFile(path: path(folder), access: .readWrite)
    try index.note(copy, of: volume.id)
    var newer = copy
    newer.end = BlockID(90)
    try index.note(newer, of: volume.id)
    #expect(try index.copies(of: volume.id) == [newer])
    #expect(try index.volumes().count == 1)
  }

  @Test func anIndexThatAnotherConnectionWritesToIsLocked() throws {
    let folder = TestFolder()
    var rows = try Rows()
    let index = try IndexFile(path: path(folder), access: .readWrite)
    index.database.waitsAtMost(milliseconds: 50)
    try rows.commit(["a"], to: index)
    let (frame, batch) = try rows.frame([Rows.record("b")])
    let other = try IndexFile(path: path(folder), access: .readWrite)
    try other.database.execute("BEGIN IMMEDIATE")
    let placement = CataloguePlacement(
      batch: batch.number, sequence: batch.catalogueSequence, header: BlockID(99), digest: Digester.digest(of: frame))
    #expect(throws: IndexError.locked(path: "\(folder.path)/index")) {
      try index.ingest(Catalogue(frame), placement: placement, end: BlockID(109))
    }
    #expect(try index.find().found == ["a 1"])
    try other.database.execute("ROLLBACK")
    try index.ingest(Catalogue(frame), placement: placement, end: BlockID(109))
    #expect(try index.find().found == ["a 1", "b 3"])
  }
}
