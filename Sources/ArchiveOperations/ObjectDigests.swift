internal import ArchiveFormat
internal import TapeIO

/// Digests of the objects of a volume, in groups: so that what was copied can be compared with what is there, and the
/// place of a difference told, with a few bytes for thousands of objects.
struct ObjectDigests {
  /// Objects in a group.
  static let groupSize: UInt64 = 1024

  /// The first object.
  let start: UInt64
  private(set) var groups: [Digest] = []
  private var inGroup: UInt64 = 0

  init(from start: UInt64) { self.start = start }

  /// Objects in full groups.
  var digested: UInt64 { UInt64(groups.count) * Self.groupSize }

  /// Takes in one object: a block's bytes, or a filemark.
  /// - Parameter digester: used for nothing else.
  mutating func add(_ block: UnsafeRawBufferPointer?, _ digester: inout Digester) {
    var length = Int64(block?.count ?? -1).littleEndian
    withUnsafeBytes(of: &length) { digester.update($0) }
    if let block { digester.update(block) }
    inGroup += 1
    if inGroup == Self.groupSize { end(&digester) }
  }

  /// Ends the last group.
  mutating func end(_ digester: inout Digester) {
    guard inGroup > 0 else { return }
    groups.append(digester.finish())
    inGroup = 0
  }

  /// The objects of a group: from the first to the one behind the last.
  func range(ofGroup index: Int, upTo end: UInt64) -> (UInt64, UInt64) {
    let first = start + UInt64(index) * Self.groupSize
    return (first, min(first + Self.groupSize, end))
  }
}

/// A volume read object by object.
struct ObjectReading: ~Copyable {
  let drive: any TapeDrive
  private var buffer: BlockBuffer

  /// - Parameter blockSize: bytes in the longest block.
  init(_ drive: any TapeDrive, blockSize: Int) {
    self.drive = drive
    buffer = BlockBuffer(byteCount: blockSize)
  }

  /// Reads the next object and lends it: a block, or nil for a filemark.
  /// - Returns: false at end of data, where nothing is lent.
  mutating func next(_ body: (UnsafeRawBufferPointer?) -> Void) throws(OperationError) -> Bool {
    let drive = drive
    let outcome: ReadOutcome
    do {
      outcome = try buffer.withMutableBytes { (space) throws(DriveError) in try drive.read(into: &space) }
    } catch { throw .volume(.drive(error)) }
    switch outcome {
    case .endOfData: return false
    case .filemark: body(nil)
    case .block(let count): buffer.withBytes(first: count) { span in span.withUnsafeBytes { body($0) } }
    }
    return true
  }
}

/// Runs something on a drive, passing its error on as an operation's.
func onDrive<Result>(_ body: () throws(DriveError) -> Result) throws(OperationError) -> Result {
  do { return try body() } catch { throw .volume(.drive(error)) }
}
