import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing
import VirtualTape

struct CreateRestoreTests {
  private static let sizes: [Int] = {
    let block = Tape.blockSize
    var sizes = [0, 1, 511, 512, 513, 4 << 20, (4 << 20) + 1]
    for count in [1, 2, 9] { sizes += [count * block - 1, count * block, count * block + 1] }
    for rest in [512, 1024, 1536, 2048] { sizes.append(block - rest) }
    return sizes
  }()

  private func members(isStream: Bool = false) -> [TestMember] {
    Self.sizes.enumerated().map { number, size in
      let content = Noise.incompressible(number, size)
      return isStream ? .stream("f\(size)", content) : .file("f\(size)", content)
    }
  }

  private func check(_ members: [TestMember], _ layout: Layout, _ drive: any TapeDrive) throws {
    let index = try IndexFile()
    let events = Events()
    let summary = try Tape.create(members, on: drive, index: index, layout: layout, events: events)
    #expect(summary.members == members.count && events.committed == [members.count] && events.notices.isEmpty)
    for index in [index, nil] {
      let restored = Events()
      let sink = try Tape.restore(from: drive, index: index, events: restored)
      for made in members {
        let isSame = sink.files[String(decoding: made.member.path, as: UTF8.self)] == made.content
        #expect(isSame, "\(layout) \(made.content.count)")
      }
      #expect(restored.notices.isEmpty && sink.isFinished && sink.discarded.isEmpty)
      #expect(sink.order == members.map { String(decoding: $0.member.path, as: UTF8.self) })
    }
    let sequential = Events()
    let sink = try Tape.readInSequence(drive, events: sequential)
    #expect(sequential.notices.isEmpty && sequential.information.isEmpty && sink.isFinished)
    for made in members {
      let isSame = sink.files[String(decoding: made.member.path, as: UTF8.self)] == made.content
      #expect(isSame, "in sequence, \(layout) \(made.content.count)")
    }
  }

  @Test(arguments: [Layout.pax, .raw])
  func everySizeComesBackFromMemory(_ layout: Layout) throws { try check(members(), layout, MemoryDrive()) }

  @Test func everyStreamComesBackFromMemory() throws { try check(members(isStream: true), .pax, MemoryDrive()) }

  @Test(arguments: [Layout.pax, .raw])
  func everySizeComesBackFromAVirtualCartridge(_ layout: Layout) throws {
    let folder = TestFolder()
    try Cartridge.create(at: Array("\(folder.path)/V00001".utf8), CartridgeOptions(vsn: "V00001"))
    let drive = try VirtualDrive(path: Array("\(folder.path)/V00001".utf8), access: .readWrite)
    try check(members(), layout, drive)
    try drive.close()
  }

  @Test func batchesEndAtTheirLimitsAndEachIsFlushedOnce() throws {
    let drive = try MemoryDrive(recordsOperations: true)
    let index = try IndexFile()
    let files = (0..<10).map { TestMember.file("f\($0)", [UInt8($0)]) }
    var events = Events()
    try Tape.create(files, on: drive, index: index, limits: BatchLimits(members: 3), events: events)
    #expect(events.committed == [3, 3, 3, 1])
    #expect(drive.operations.filter { $0 == .flush }.count == 5)
    events = Events()
    // Each user file has 2048 bytes.
    try Tape.create(files, on: drive, index: index, limits: BatchLimits(bytes: 4097), events: events)
    #expect(events.committed == [3, 3, 3, 1])
    #expect(try Tape.restore(from: drive, index: index).files.count == 10)
    let volume = try #require(try index.volumes().first)
    #expect(try index.totals(of: volume).members == 20 && index.batches(of: volume).count == 9)
  }

  @Test func aShrinkingFileIsPaddedAndSaidToBeIncomplete() throws {
    for layout in [Layout.pax, .raw] {
      var shrinking = TestMember.file("shrinks", [UInt8](repeating: 7, count: 40_000))
      shrinking.shrinksTo = 30_000
      var failing = TestMember.file("fails", [UInt8](repeating: 8, count: 40_000))
      failing.failsAt = 20_000
      var gone = TestMember.file("gone", [1])
      gone.isGone = true
      let drive = try MemoryDrive()
      let index = try IndexFile()
      let events = Events()
      try Tape.create(
        [shrinking, failing, gone, .file("good", [1])], on: drive, index: index, layout: layout, events: events)
      #expect(
        events.words == [
          "shrinks: File shrank by 10000 bytes; padding with zeros", "fails: Read error: Input/output error",
          "gone: Cannot open: No such file or directory",
        ])
      let restored = Events()
      let sink = try Tape.restore(from: drive, index: index, events: restored)
      #expect(sink.files["shrinks"] == [UInt8](repeating: 7, count: 30_000) + [UInt8](repeating: 0, count: 10_000))
      #expect(sink.files["fails"] == [UInt8](repeating: 8, count: 20_000) + [UInt8](repeating: 0, count: 20_000))
      #expect(sink.files["good"] == [1] && sink.files["gone"] == nil)
      let incomplete = "Incomplete: the source could not be read to its end when it was archived"
      #expect(restored.words == ["shrinks: \(incomplete)", "fails: \(incomplete)"])
    }
  }

  @Test(arguments: [0, 20_000])
  func aStreamThatFailsIsIncomplete(_ count: Int) throws {
    var stream = TestMember.stream("stream", [UInt8](repeating: 8, count: 40_000))
    stream.failsAt = count
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create([stream, .file("good", [1])], on: drive, index: index)
    let events = Events()
    let sink = try Tape.restore(from: drive, index: index, events: events)
    #expect(sink.files == ["stream": [UInt8](repeating: 8, count: count), "good": [1]])
    #expect(events.words.count == 1 && events.words[0].hasPrefix("stream: Incomplete"))
  }

  @Test func oneMemberIsRestoredWithOneLocateAndItsOwnBlocks() throws {
    let drive = try MemoryDrive(recordsOperations: true)
    let index = try IndexFile()
    let files = (0..<50).map { TestMember.file("f\($0)", Noise.incompressible($0, 40_000)) }
    try Tape.create(files, on: drive, index: index)
    let before = drive.operations.count
    let sink = try Tape.restore(["f30"], from: drive, index: index)
    #expect(sink.order == ["f30"])
    // VOL1 and catalogue 0 with its labels, one locate, then three labels, three blocks, three labels, three marks.
    let operations = drive.operations[before...]
    #expect(operations.filter { if case .locate = $0 { true } else { false } }.count == 1)
    #expect(operations.filter { $0 == .rewind }.count == 1)
    let locate = try #require(operations.firstIndex { if case .locate = $0 { true } else { false } })
    #expect(operations[(locate + 1)...].elementsEqual(repeatElement(.read, count: 12)))
    #expect(operations[..<locate].elementsEqual([.rewind] + Array(repeating: .read, count: 11)))
  }

  @Test func hardLinksComeBackAsLinksOrAsCopies() throws {
    for layout in [Layout.pax, .raw] {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      try Tape.create(
        [.linked("a", inode: 5, [1, 2, 3]), .file("x", [9]), .link("b", to: "a", inode: 5)], on: drive, index: index,
        layout: layout)
      #expect(try Tape.restore(from: drive, index: index).links == ["b": "a"])
      let alone = try Tape.restore(["b"], from: drive, index: index)
      #expect(alone.files == ["b": [1, 2, 3]] && alone.links.isEmpty)
      #expect(try Tape.readInSequence(drive).contents == ["a": [1, 2, 3], "x": [9], "b": [1, 2, 3]])
      // A newer version of the target is another file: the link keeps what it was a link to.
      try Tape.create([.file("a", [7])], on: drive, index: index, layout: layout)
      let newer = try Tape.restore(from: drive, index: index)
      #expect(newer.contents == ["a": [7], "b": [1, 2, 3], "x": [9]] && newer.links.isEmpty)
    }
  }

  @Test func aFlippedByteKeepsAMemberFromBeingDelivered() throws {
    for layout in [Layout.pax, .raw] {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      let files = (0..<3).map { TestMember.file("f\($0)", Noise.incompressible($0, 40_000)) }
      try Tape.create(files, on: drive, index: index, layout: layout)
      let volume = try #require(try index.volumes().first)
      let selection = try Selection(
        MemberQuery(operands: [.literal([0x66, 0x31])], newestOnly: true), of: [volume], in: index)
      let header = try #require(try selection.next()).file.header
      let damaged = try Tape.copy(drive.cartridge, changing: Int(header.rawValue) + 5) { $0[100] ^= 1 }
      let events = Events()
      let sink = try Tape.restore(from: damaged, index: index, events: events)
      #expect(sink.order == ["f0", "f2"] && sink.discarded == ["f1"])
      #expect(events.words.count == 1 && events.words[0].hasPrefix("f1: Damaged on tape"))
      let sequential = Events()
      _ = try Tape.readInSequence(damaged, events: sequential)
      #expect(sequential.words.contains { $0.hasPrefix("f1: Damaged on tape") })
      // A damaged block as well, and what is behind it is still restored.
      let broken = try Tape.copy(drive.cartridge)
      broken.cartridge.damage(Int(header.rawValue) + 4)
      let rest = Events()
      #expect(try Tape.restore(from: broken, index: index, events: rest).order == ["f0", "f2"])
      #expect(rest.notices.first?.severity == .failure)
    }
  }
}
