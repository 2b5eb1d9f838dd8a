import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

/// What goes to a pipe cannot be taken back: nothing goes there that is not verified.
struct DeliveryTests {
  /// Takes bytes as a pipe does, and remembers whether it was told to give them up.
  private final class Pipe: MemberSink, FileWriter {
    var delivered: [UInt8] = []
    func create(_ member: Member) throws(MemberNotice) {}
    func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { self }
    func finish() -> [MemberNotice] { [] }
    func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
      #expect(offset == Int64(delivered.count))
      bytes.withUnsafeBytes { delivered += $0 }
    }
    func commit() throws(MemberNotice) -> [MemberNotice] { [] }
    func discard() {}
  }

  private let chunk = ContentDigester.chunkSize

  /// Bytes of which no two blocks are the same: each begins with its number.
  private func pattern(_ size: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < size {
      withUnsafeBytes(of: UInt64(bytes.count)) { bytes += $0 }
      bytes += repeatElement(7, count: 1016)
    }
    return Array(bytes.prefix(size))
  }

  private func restore(
    _ drive: any TapeDrive, _ index: IndexFile, _ events: Events, keepsDamaged: Bool = false
  ) throws -> [UInt8] {
    let pipe = Pipe()
    let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: events)
    _ = try RestoreOperation(
      query: MemberQuery(newestOnly: true), options: RestoreOptions(deliversAtOnce: true, keepsDamaged: keepsDamaged),
      bufferSize: 1 << 20
    ).run(target, drive: drive, sink: pipe, observer: events)
    return pipe.delivered
  }

  @Test(arguments: [0, 1, 4 << 20, 4 << 20 + 1, 9 << 20])
  func aWholeMemberIsDelivered(_ size: Int) throws {
    let content = pattern(size)
    for layout in [Layout.pax, .raw] {
      let drive = try MemoryDrive()
      let index = try IndexFile()
      try Tape.create([.file("a", content)], on: drive, index: index, layout: layout)
      #expect(try restore(drive, index, Events()) == content)
    }
  }

  @Test func nothingOfADamagedChunkIsDelivered() throws {
    let content = pattern(10 << 20)
    let drive = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create([.file("a", content)], on: drive, index: index, layout: .raw)
    // In layout raw the content begins with the block behind VOL1, catalogue 0's objects and the member's header.
    let first = try #require(drive.cartridge.records.firstIndex { $0 == .block(Array(content[..<Tape.blockSize])) })
    for (offset, whole) in [(0, 0), (chunk - 1, 0), (chunk, 1), (2 * chunk + 5, 2), ((10 << 20) - 1, 2)] {
      let damaged = try Tape.copy(drive.cartridge, changing: first + offset / Tape.blockSize) {
        $0[offset % Tape.blockSize] ^= 1
      }
      let events = Events()
      #expect(try restore(damaged, index, events) == Array(content[..<(whole * chunk)]), "byte \(offset)")
      #expect(events.words.contains { $0.hasPrefix("a: Damaged on tape") }, "byte \(offset)")
    }
  }

  /// Bytes that are all the same are the right ones too where some of them are left out; what stands in their place is not.
  @Test func nothingOfAChunkWithAHoleIsDelivered() throws {
    let content = [UInt8](repeating: 7, count: 10 << 20)
    let whole = try MemoryDrive()
    let index = try IndexFile()
    try Tape.create([.file("a", content)], on: whole, index: index, layout: .raw)
    var delivered: Set<Int> = []
    for nth in stride(from: 60, through: 620, by: 140) {
      let fault = FaultDrive(whole)
      fault.fail(.read, nth: nth, with: .mediumError(detail: "test"))
      let found = try restore(fault, index, Events(), keepsDamaged: true)
      #expect(found.count < content.count && found.count % chunk == 0 && found.allSatisfy { $0 == 7 }, "\(nth)")
      delivered.insert(found.count / chunk)
    }
    #expect(delivered == [0, 1, 2])
  }
}
