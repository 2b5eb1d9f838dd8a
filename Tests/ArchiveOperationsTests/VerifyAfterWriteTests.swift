import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// `-W`: what was written is read back, batch by batch.
struct VerifyAfterWriteTests {
  /// A drive that changes one block on its way to the tape.
  private final class Forger: TapeDrive {
    private let drive: MemoryDrive
    private let marker: [UInt8]
    init(_ drive: MemoryDrive, changing marker: [UInt8]) {
      self.drive = drive
      self.marker = marker
    }

    var identity: DriveIdentity { drive.identity }
    func medium() throws(DriveError) -> MediumState { try drive.medium() }
    func position() throws(DriveError) -> BlockID { try drive.position() }
    func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome { try drive.read(into: &buffer) }
    func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome {
      var bytes = block.withUnsafeBytes { Array($0) }
      if let place = bytes.indices.first(where: { bytes[$0...].starts(with: marker) }) { bytes[place] ^= 1 }
      return try drive.write(bytes.span.bytes)
    }
    func writeFilemark() throws(DriveError) -> WriteOutcome { try drive.writeFilemark() }
    func flush() throws(DriveError) { try drive.flush() }
    func rewind() throws(DriveError) { try drive.rewind() }
    func locate(to target: BlockID) throws(DriveError) { try drive.locate(to: target) }
    func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(filemarks: count) }
    func space(blocks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(blocks: count) }
    func spaceToEndOfData() throws(DriveError) { try drive.spaceToEndOfData() }
    func close() throws(DriveError) { try drive.close() }
  }

  private func create(
    _ members: [TestMember], on drive: any TapeDrive, _ index: IndexFile, _ events: Events
  ) throws {
    _ = try CreateOperation(
      intent: WriteIntent(appends: true, blockSize: Tape.blockSize), limits: BatchLimits(members: 2), verifies: true,
      bufferSize: 1 << 16, identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: []
    ).run(from: TestSource(members), to: drive, index: index, observer: events)
  }

  private let members = (1...5).map { TestMember.file("\($0)", Array("the content of \($0)".utf8)) }

  @Test func aSessionThatIsVerifiedIsTheSameOnTape() throws {
    let drive = try MemoryDrive()
    let index = try IndexFile()
    let events = Events()
    try create(members, on: drive, index, events)
    #expect(events.notices == [] && events.committed == [2, 2, 1])
    let files = try Tape.restore(from: drive, index: nil).files
    for number in 1...5 { #expect(files["\(number)"] == Array("the content of \(number)".utf8)) }
  }

  @Test func whatTheDriveChangedIsNamed() throws {
    let drive = try MemoryDrive()
    let events = Events()
    try create(members, on: Forger(drive, changing: Array("the content of 4".utf8)), IndexFile(), events)
    #expect(
      events.words.count == 1 && events.words[0].hasPrefix("4: Not as it was written in file "), "\(events.words)")
    #expect(events.committed == [2, 2, 1])
  }
}
