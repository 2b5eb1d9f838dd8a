import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport

/// Blank cartridges in memory, one after another, and all of them for reading.
final class MemorySupply: VolumeSupply {
  private(set) var cartridges: [MemoryCartridge]
  private let make: (Int) -> MemoryCartridge?
  /// The VSNs that were asked for, in order.
  private(set) var asked: [String] = []
  /// Wraps each drive.
  var wrap: (any TapeDrive) -> any TapeDrive = { $0 }

  /// - Parameter make: gives cartridge number 1, 2 ... ; the first is loaded already.
  init(_ first: MemoryCartridge, _ make: @escaping (Int) -> MemoryCartridge?) {
    cartridges = [first]
    self.make = make
  }

  static func vsn(_ number: Int) -> String { "V0000\(number + 1)" }

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    guard let next = make(cartridges.count) else {
      throw .refused("no blank volume", hint: "bring one")
    }
    cartridges.append(next)
    let number = String(cartridges.count)
    let vsn = "V" + String(repeating: "0", count: 5 - number.count) + number
    // try?: the tests' names are good ones.
    return SuppliedVolume(drive: wrap(try Self.load(next)), vsn: try? VSN(vsn))
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    asked.append(wanted.vsn.text)
    for cartridge in cartridges {
      guard case .block(let label) = cartridge.records.first, label.count == 80 else { continue }
      if String(decoding: label[4..<10], as: UTF8.self) == wanted.vsn.text { return wrap(try Self.load(cartridge)) }
    }
    throw .refused("volume \(wanted.vsn) is not at hand", hint: "load \(wanted.vsn)")
  }

  /// Number of the cartridge that is read in sequence.
  var sequence = 0

  func nextForReading(after volume: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    sequence += 1
    guard sequence < cartridges.count else { throw .refused("no more volumes", hint: nil) }
    return wrap(try Self.load(cartridges[sequence]))
  }

  private static func load(_ cartridge: MemoryCartridge) throws(OperationError) -> any TapeDrive {
    do { return try MemoryDrive(cartridge) } catch { throw .volume(.drive(error)) }
  }
}

/// Sessions that go on from one cartridge in memory to the next.
enum Span {
  /// Writes members to as many cartridges as they take.
  static func create(
    _ members: [TestMember], to supply: MemorySupply, index: IndexFile?, layout: Layout = .pax, packLimit: Int64? = nil,
    limits: BatchLimits = BatchLimits(), verifies: Bool = false, events: Events = Events(),
    splits: Bool = true, bufferSize: Int = 4 * Tape.blockSize, interruption: Interruption = Interruption()
  ) throws -> SessionSummary {
    let drive = supply.wrap(try MemoryDrive(supply.cartridges[0]))
    let intent = WriteIntent(appends: true, vsn: try VSN("V00001"), blockSize: Tape.blockSize)
    let summary: SessionSummary
    do {
      var operation = CreateOperation(
        intent: intent, layout: layout, packLimit: packLimit, limits: limits, verifies: verifies,
        bufferSize: bufferSize, identity: WriterIdentity(host: "host", program: "tapir 0.1"),
        series: Array("test".utf8))
      operation.splitsMembers = splits
      summary = try operation.run(
        from: TestSource(members), to: drive, index: index, observer: events, interruption: interruption,
        supply: supply)
    } catch {
      // try?: it may be closed already.
      try? drive.close()
      throw error
    }
    if summary.volumeCount == 1 { try drive.close() }
    return summary
  }

  /// Restores what `operands` name from `volume` on; everything without them.
  static func restore(
    _ operands: [String] = [], from supply: MemorySupply, index: IndexFile?, volume: Int = 0, events: Events = Events(),
    options: RestoreOptions = RestoreOptions()
  ) throws -> TestSink {
    let drive = supply.wrap(try MemoryDrive(supply.cartridges[volume]))
    let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: events)
    let sink = TestSink()
    let query = MemberQuery(operands: operands.map { .literal(Array($0.utf8)) }, newestOnly: true)
    let access = target.access(drive, supply: supply, events)
    _ = try RestoreOperation(query: query, options: options, bufferSize: 4 * Tape.blockSize)
      .run(target, access: access, sink: sink, observer: events)
    try access.close()
    return sink
  }

  /// An index made from the cartridges alone, taken in in this order.
  static func rebuilt(_ supply: MemorySupply, order: [Int]? = nil, events: Events = Events()) throws -> IndexFile {
    let index = try IndexFile()
    for number in order ?? Array(supply.cartridges.indices) {
      let drive = try MemoryDrive(supply.cartridges[number])
      _ = try RebuildOperation(vsn: nil).run(drive: drive, index: index, observer: events)
      try drive.close()
    }
    return index
  }
}
