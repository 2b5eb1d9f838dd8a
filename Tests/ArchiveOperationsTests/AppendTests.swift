import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// Sessions behind sessions, with an index that knows more, less, or another volume.
struct AppendTests {
  private func files(_ names: String...) -> [TestMember] { names.map { .file($0, Array($0.utf8)) } }
  private func names(_ drive: any TapeDrive, _ index: IndexFile?) throws -> [String] {
    try Tape.restore(from: drive, index: index).files.keys.sorted()
  }

  private func isRefused(_ body: () throws -> Void, _ words: String) -> Bool {
    do {
      try body()
      return false
    } catch {
      guard case OperationError.refused(let why, _) = error else { return false }
      return why.contains(words)
    }
  }

  @Test func sessionsAreAppendedWithAndWithoutAnIndex() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create(files("a"), on: drive, index: index)
    try Tape.create(files("b"), on: drive, index: nil)
    try Tape.create(files("c"), on: drive, index: nil)
    #expect(try names(drive, nil) == ["a", "b", "c"])
    // Behind by two batches: they are read from the tape before anything is written.
    let events = Events()
    try Tape.create(files("d"), on: drive, index: index, events: events)
    #expect(events.information.contains { $0.contains("ahead of the index by 2 batches") })
    #expect(try names(drive, index) == ["a", "b", "c", "d"])
    #expect(try names(drive, nil) == ["a", "b", "c", "d"])
  }

  @Test func aVolumeWithMembersIsNotWrittenToUnlessAppending() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create([], on: drive, index: index, appends: false)
    try Tape.create(files("a"), on: drive, index: index, appends: false)
    let records = drive.cartridge.records
    #expect(isRefused({ try Tape.create(files("b"), on: drive, index: index, appends: false) }, "holds 1 member"))
    #expect(isRefused({ try Tape.create(files("b"), on: drive, index: index, vsn: "V00002") }, "not V00002"))
    #expect(drive.cartridge.records == records)
  }

  @Test func anIndexThatKnowsMoreThanTheVolumeRefusesIt() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create(files("a"), on: drive, index: index)
    let count = drive.cartridge.records.count
    try Tape.create(files("b"), on: drive, index: index)
    let old = try Tape.copy(drive.cartridge, upTo: count)
    #expect(isRefused({ try Tape.create(files("c"), on: old, index: index) }, "the index differ"))
    #expect(old.cartridge.records.count == count)
    // Two copies written to apart: each knows a batch 2 that the other has not.
    try Tape.create(files("c"), on: old, index: nil)
    #expect(isRefused({ try Tape.create(files("d"), on: old, index: index) }, "the index differ"))
  }

  @Test func anotherVolumeOfTheSameNameIsRefused() throws {
    let index = try IndexFile()
    try Tape.create(files("a"), on: MemoryDrive(), index: index)
    let other = try MemoryDrive()
    #expect(isRefused({ try Tape.create(files("b"), on: other, index: index) }, "knows another volume V00001"))
    #expect(other.cartridge.records.isEmpty)
    try Tape.create(files("b"), on: other, index: nil)
    let count = other.cartridge.records.count
    #expect(throws: OperationError.self) { try Tape.create(files("c"), on: other, index: index) }
    #expect(other.cartridge.records.count == count)
    #expect(try names(other, index) == ["b"])
  }

  @Test func aTailThatWasNeverCommittedIsWrittenOverWhereverItWasCutOff() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create(files("a"), on: drive, index: index)
    let end = drive.cartridge.records.count
    try Tape.create(files("lost", "lost too"), on: drive, index: nil)
    let events = Events()
    for count in end..<drive.cartridge.records.count {
      let cut = try Tape.copy(drive.cartridge, upTo: count)
      try Tape.create(files("b"), on: cut, index: nil, events: events)
      #expect(try names(cut, nil) == ["a", "b"], "cut at object \(count)")
      let sequential = Events()
      #expect(try Tape.readInSequence(cut, events: sequential).files.keys.sorted() == ["a", "b"])
      #expect(sequential.notices.isEmpty)
    }
    let behind = drive.cartridge.records.count - end - 1
    #expect(events.information.filter { $0.contains("never committed") }.count == behind)
    let whole = try Tape.copy(drive.cartridge)
    try Tape.create(files("b"), on: whole, index: index)
    #expect(try names(whole, index) == ["a", "b", "lost", "lost too"])
  }

  @Test func theCommitTimeOfAVolumeNeverGoesBack() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    for name in ["a", "b", "c"] { try Tape.create(files(name), on: drive, index: index) }
    let times = try index.batches(of: #require(try index.volumes().first)).map(\.record.committed)
    #expect(times.count == 4 && times == times.sorted())
  }
}
