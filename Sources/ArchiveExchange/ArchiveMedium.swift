/// What holds the bytes of an ordinary archive: a file, a pipe or a device of this machine, or one of another machine.
///
/// It stands at a byte, as a descriptor does: reading and writing go on from there.
public protocol ArchiveMedium: AnyObject {
  /// What it is called in messages.
  var name: String { get }

  /// Bytes of it; nil when it is no file, or nobody knows.
  var size: Int64? { get }

  /// Whether ``seek(to:)`` reaches any byte and what is passed over so costs nothing.
  var isSeekable: Bool { get }

  /// Whether it takes one record at a time, as devices and pipes do.
  var takesSingleRecords: Bool { get }

  /// Reads the next bytes, as many as come at once.
  /// - Returns: how many; 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MediumError) -> Int

  /// Writes bytes.
  /// - Returns: how many it took: fewer than there are, or none, only where it is full.
  func write(_ bytes: UnsafeRawBufferPointer) throws(MediumError) -> Int

  /// Goes to a byte of the archive.
  func seek(to offset: Int64) throws(MediumError)

  /// Takes away what lies behind `size` bytes, where the medium can: what is left there stands behind the end of the
  /// archive.
  func truncate(to size: Int64) throws(MediumError)

  /// Brings out what was written.
  func synchronize() throws(MediumError)

  /// Ends the use of it. The last errors surface here; later calls do nothing.
  func close() throws(MediumError)
}

/// Why something could not be done with a medium: an error of the system, here or on another machine.
public struct MediumError: Error, Equatable, Sendable {
  /// errno; that of the other machine as it is there.
  public var code: Int32
  /// What it means, as the machine says where it happened.
  public var text: String
  /// What to do about it, or what else is known.
  public var hint: String?

  /// Describes an error.
  public init(code: Int32, text: String, hint: String? = nil) {
    self.code = code
    self.text = text
    self.hint = hint
  }
}
