import TapeIO

/// How the images of one format lay objects down in files: for ``ImageDrive``, which keeps count of them.
///
/// A *place* is where an object lies, in a measure of the format's own; 0 is beginning of tape.
protocol TapeImage: AnyObject {
  /// The format's name, for labels and messages.
  var format: String { get }
  /// Whether it can be written.
  var isWritable: Bool { get }
  /// The longest block it can hold.
  var maximumBlockSize: Int { get }
  /// Bytes in use on disk.
  var used: UInt64 { get }
  /// What was noticed when it was read, in sentences.
  var notices: [String] { get }

  /// What lies at `place`, which is that of an object or of end of data.
  /// - Throws: a medium error when what comes next cannot be found.
  func entry(at place: UInt64) throws(DriveError) -> ImageEntry

  /// Reads the content of a block.
  /// - Parameter target: has as many bytes as the block.
  func read(_ entry: ImageEntry, into target: UnsafeMutableRawBufferPointer) throws(DriveError)

  /// Cuts off what lies at `place` and behind it: `objects` and `filemarks` remain.
  func cut(at place: UInt64, objects: UInt64, filemarks: UInt64) throws(DriveError)

  /// Writes a block, or a filemark when it is nil, at `place`, which is end of data.
  /// - Returns: the place behind it.
  func append(_ block: RawSpan?, at place: UInt64, number: UInt64) throws(DriveError) -> UInt64

  /// Brings everything to disk.
  func sync() throws(DriveError)

  /// Ends the use of it.
  func close() throws(DriveError)
}

/// One object of an image.
struct ImageEntry {
  enum Kind: Equatable {
    case block(length: Int)
    case filemark
    /// A block that the image itself calls bad, or whose record is not right; why.
    case damaged(String)
    case endOfData
  }

  let kind: Kind
  /// Where it lies: what is no object may lie before it.
  let place: UInt64
  /// Where the next one lies.
  let next: UInt64
}
