import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

/// Labels are compared with what they should say, wherever the tape is read.
struct VolumeReaderTests {
  /// A volume with catalogue 0, a file of two blocks, and a catalogue.
  private func session() throws -> Session {
    let session = try Session()
    try session.catalogue()
    try session.file([[UInt8](repeating: 1, count: 16 << 10), [2]])
    try session.catalogue()
    return session
  }

  /// The session's tape with one object replaced.
  private func drive(_ session: Session, _ object: Int, _ change: (inout [UInt8]) -> Void) throws -> MemoryDrive {
    let drive = try MemoryDrive()
    for (number, record) in session.cartridge.records.enumerated() {
      guard number == object, case .block(var bytes) = record else {
        try drive.put(record)
        continue
      }
      change(&bytes)
      try drive.put(.block(bytes))
    }
    return drive
  }

  /// What is wrong with file 2 when it is read to its end.
  private func problem(_ session: Session, _ object: Int, _ change: (inout [UInt8]) -> Void) throws -> String? {
    let reader = VolumeReader(drive: try drive(session, object, change))
    let header = try reader.openFile(at: BlockID(11), sequence: 2, vsn: session.descriptor.vsn)
    let bytes = DrivenBytes(reader: reader, blockSize: 16 << 10)
    while try !bytes.next(1 << 20).isEmpty {}
    return try reader.readTrailer(of: header, blockCount: bytes.blockCount)
  }

  @Test func aWholeFileHasNothingWrongWithIt() throws {
    let session = try session()
    #expect(try problem(session, -1) { _ in } == nil)
    let reader = VolumeReader(drive: session.drive)
    _ = try reader.openFile(at: BlockID(11), sequence: 2, vsn: session.descriptor.vsn)
    let bytes = DrivenBytes(reader: reader, blockSize: 16 << 10)
    #expect(try bytes.take(16385, of: "it") == [UInt8](repeating: 1, count: 16384) + [2])
    #expect(try bytes.next(1).isEmpty)
    #expect(try bytes.next(1).isEmpty)
    #expect(bytes.byteCount == 16385 && bytes.blockCount == 2)
    #expect(bytes.finish() == Digester.digest(of: [UInt8](repeating: 1, count: 16384) + [2]))
  }

  @Test func aTrailerThatDoesNotMatchIsSaidSo() throws {
    let session = try session()
    // Objects 18 to 20 are EOF1, EOF2, UTL1.
    for (object, offset, byte, words) in [
      (18, 4, UInt8(ascii: "F"), "belongs to file"), (18, 30, UInt8(ascii: "2"), "belongs to file"),
      (18, 59, UInt8(ascii: "9"), "counts 9 blocks, not 2"), (18, 59, UInt8(ascii: "x"), "is damaged"),
      (18, 2, UInt8(ascii: "V"), "goes on on the next volume"), (20, 13, UInt8(ascii: "9"), "of another file"),
      (20, 0, UInt8(ascii: "X"), "is damaged"), (18, 0, UInt8(ascii: "X"), "is damaged"),
    ] {
      let found = try problem(session, object) { $0[offset] = byte }
      #expect(found?.contains(words) == true, "\(object) \(offset): \(found ?? "nothing")")
    }
    #expect(try problem(session, 18) { $0.replaceSubrange(0..<3, with: Array("HDR".utf8)) } == "its trailer is missing")
  }

  @Test func aHeaderOfAnotherFileOrVolumeIsRefused() throws {
    let session = try session()
    for (object, offset, byte) in [
      (11, 26, UInt8(ascii: "9")), (13, 13, UInt8(ascii: "7")), (11, 0, UInt8(ascii: "E")), (13, 5, 0x20),
      (11, 45, UInt8(ascii: "x")),
    ] {
      let reader = VolumeReader(drive: try drive(session, object) { $0[offset] = byte })
      #expect(throws: VolumeError.self, "\(object) \(offset)") {
        try reader.openFile(at: BlockID(11), sequence: 2, vsn: session.descriptor.vsn)
      }
    }
    let reader = VolumeReader(drive: session.drive)
    for block in [0, 1, 5, 10, 12, 14, 15, 17, 18, 22, 31, 32, 99] as [UInt64] {
      #expect(throws: VolumeError.self, "block \(block)") {
        try reader.openFile(at: BlockID(block), sequence: 2, vsn: session.descriptor.vsn)
      }
    }
    #expect(throws: VolumeError.self) { try reader.openFile(at: BlockID(11), sequence: 2, vsn: VSN("V00009")) }
    #expect(throws: VolumeError.self) {
      try reader.openFile(at: BlockID(11), sequence: 3, vsn: session.descriptor.vsn)
    }
    #expect(try reader.openFile(at: BlockID(11), sequence: 2, vsn: session.descriptor.vsn).block == BlockID(11))
  }

  @Test func aFileIsFoundByCountingFilemarks() throws {
    let session = try session()
    let reader = VolumeReader(drive: session.drive)
    for (sequence, block) in [(1, 1), (2, 11), (3, 22), (2, 11)] as [(UInt64, UInt64)] {
      #expect(try reader.openFile(sequence: sequence, vsn: session.descriptor.vsn).block == BlockID(block))
    }
    #expect(throws: VolumeError.self) { try reader.openFile(sequence: 4, vsn: session.descriptor.vsn) }
    #expect(throws: VolumeError.self) { try reader.openFile(sequence: 5, vsn: session.descriptor.vsn) }
  }

  @Test func aCatalogueIsReadWithItsPlace() throws {
    let session = try session()
    let reader = VolumeReader(drive: session.drive)
    let found = try reader.readCatalogue(at: BlockID(22), sequence: 3, batch: 1, vsn: session.descriptor.vsn)
    #expect(found.file.database == Array("database".utf8) && found.file.readMe == nil)
    #expect(found.end == BlockID(UInt64(session.cartridge.records.count)))
    let bytes = CatalogueFile(database: Array("database".utf8)).encoded(now: Session.now)
    #expect(found.placement.digest == Digester.digest(of: bytes))
    #expect(throws: VolumeError.self) {
      try reader.readCatalogue(at: BlockID(22), sequence: 3, batch: 2, vsn: session.descriptor.vsn)
    }
    #expect(throws: VolumeError.self) {
      try reader.readCatalogue(at: BlockID(11), sequence: 2, batch: 1, vsn: session.descriptor.vsn)
    }
    let first = try reader.readCatalogue(at: BlockID(1), sequence: 1, batch: 0, vsn: session.descriptor.vsn)
    #expect(first.file.readMe == [0x52])
  }
}
