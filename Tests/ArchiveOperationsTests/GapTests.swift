import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// What lies between members that are restored is read where that is little.
struct GapTests {
  private func restored(gap: Int, failing: Int? = nil) throws -> (names: [String], drive: FaultDrive, words: [String]) {
    let drive = FaultDrive(try MemoryDrive(MemoryCartridge()))
    let index = try IndexFile()
    let members = (0..<20).map {
      TestMember.file("m\($0)", [UInt8](repeating: 7, count: $0 == 10 ? 40 * Tape.blockSize : 100))
    }
    try Tape.create(members, on: drive, index: index)
    let events = Events()
    let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: events)
    let sink = TestSink()
    let query = MemberQuery(
      operands: ["m1", "m3", "m4", "m9", "m11"].map { .literal(Array($0.utf8)) }, newestOnly: true)
    var operation = RestoreOperation(query: query, options: RestoreOptions(), bufferSize: 4 * Tape.blockSize)
    operation.longestGap = gap * Tape.blockSize
    let before = drive.count(.locate)
    if let failing { drive.fail(.read, nth: drive.count(.read) + failing, with: .mediumError(detail: "a scratch")) }
    _ = try operation.run(target, drive: drive, sink: sink, observer: events)
    let located = drive.count(.locate) - before
    return (sink.order + ["\(located)"], drive, events.words)
  }

  @Test func membersNearEachOtherAreReachedWithoutALocate() throws {
    let names = ["m1", "m3", "m4", "m9", "m11"]
    #expect(try restored(gap: 0).names == names + ["4"])
    // m2 has 10 objects, m5 to m8 have 40, and m10 50.
    #expect(try restored(gap: 10).names == names + ["3"])
    #expect(try restored(gap: 40).names == names + ["2"])
    #expect(try restored(gap: 50).names == names + ["1"])
  }

  @Test func damageInAGapIsPassed() throws {
    // The 10 objects of m1, and 3 into m2.
    let found = try restored(gap: 50, failing: 13)
    #expect(found.names == ["m1", "m3", "m4", "m9", "m11", "2"] && found.words == [])
  }
}
