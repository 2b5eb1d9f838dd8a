import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// `--keep-damaged`: what can be read of a damaged member is kept, but never under its own name.
struct KeepDamagedTests {
  private let content = Noise.incompressible(7, 70_000)
  private let keeping = RestoreOptions(keepsDamaged: true)

  /// A volume with `a`, `b` of five blocks and more, another name of it, and `c`.
  private func volume(_ layout: Layout = .pax) throws -> (drive: MemoryDrive, index: IndexFile) {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let members: [TestMember] = [
      .file("a", [1]), .linked("b", inode: 5, content), .link("link", to: "b", inode: 5), .file("c", [3]),
    ]
    try Tape.create(members, on: drive, index: index, layout: layout)
    return (drive, index)
  }

  /// The same with one byte of `b` changed.
  private func damaged(_ drive: MemoryDrive) throws -> MemoryDrive {
    let block = drive.cartridge.records.firstIndex {
      if case .block(let bytes) = $0 { bytes.count == Tape.blockSize } else { false }
    }
    return try Tape.copy(drive.cartridge, changing: try #require(block)) { $0[5_000] ^= 1 }
  }

  @Test func withoutTheOptionNothingIsKept() throws {
    let (drive, index) = try volume()
    let sink = try Tape.restore(from: damaged(drive), index: index)
    #expect(sink.kept.isEmpty && sink.discarded == ["b"] && sink.setAside == [])
  }

  @Test(arguments: [Layout.pax, .raw]) func aMemberWithAWrongDigestIsKeptWholeAndNamed(layout: Layout) throws {
    let (drive, index) = try volume(layout)
    let events = Events()
    let sink = try Tape.restore(from: damaged(drive), index: index, events: events, options: keeping)
    #expect(sink.files == ["a": [1], "c": [3]])
    let kept = try #require(sink.kept["b.damaged"])
    #expect(kept.count == content.count && zip(kept, content).count { $0 != $1 } == 1)
    #expect(events.words[0].hasPrefix("b: Damaged on tape in file 3 at block "))
    #expect(events.notices[0].severity == .failure)
    #expect(events.words[1] == "b: What could be read is kept as b.damaged")
    #expect(sink.discarded == [] && sink.setAside == [])
  }

  @Test(arguments: [Layout.pax, .raw]) func aBlockThatCannotBeReadIsAHole(layout: Layout) throws {
    let (whole, index) = try volume(layout)
    var lost: Set<Int> = []
    for nth in 1... {
      let fault = FaultDrive(whole)
      fault.fail(.read, nth: nth, with: .mediumError(detail: "test"))
      let events = Events()
      let sink: TestSink
      do { sink = try Tape.restore(["b"], from: fault, index: index, events: events, options: keeping) } catch {
        continue
      }
      if fault.count(.read) < nth { break }
      if let file = sink.files["b"] {
        // In the trailer.
        #expect(file == content, "\(nth)")
        continue
      }
      guard let kept = sink.kept["b.damaged"] else {
        // In its labels or its tar header: nothing says that what follows is its content.
        #expect(events.words.count == 1, "\(nth): \(events.words)")
        continue
      }
      #expect(kept.count <= content.count, "\(nth)")
      let differing = kept.indices.filter { kept[$0] != content[$0] }
      #expect(differing.count <= Tape.blockSize && differing.allSatisfy { kept[$0] == 0 }, "\(nth)")
      lost.insert(kept.count == content.count ? differing.count / 4_096 : -1)
      #expect(events.words.last == "b: What could be read is kept as b.damaged")
    }
    // A whole block less the zeros that are content, and the last one, which is missing at the end.
    #expect(lost == [3, -1], "\(lost)")
  }

  @Test func inSequenceAMemberLosesItsNameWhenItsCatalogueSaysThatItIsDamaged() throws {
    let (drive, _) = try volume()
    for options in [keeping, RestoreOptions()] {
      let events = Events()
      let sink = try Tape.readInSequence(damaged(drive), events: events, options: options)
      #expect(Set(sink.files.keys) == ["a", "b", "c"])
      #expect(sink.setAside == ["b", "link"])
      #expect(events.words[0].hasPrefix("b: Damaged on tape: its user file's digest is "))
      #expect(
        Array(events.words.dropFirst())
          == (options.keepsDamaged
            ? [
              "b: What could be read is kept as b.damaged",
              "link: Damaged on tape: it is another name of a damaged member",
              "link: What could be read is kept as link.damaged",
            ] : ["link: Damaged on tape: it is another name of a damaged member"]))
    }
  }

  @Test func aWholeVolumeKeepsNothingAside() throws {
    let (drive, index) = try volume()
    for sink in [
      try Tape.restore(from: drive, index: index, options: keeping), try Tape.readInSequence(drive, options: keeping),
    ] {
      #expect(sink.files["b"] == content && sink.kept.isEmpty && sink.setAside == [])
    }
  }
}
