internal import Glibc
public import TapeIO

/// What a server of the protocol has opened: a file, or a drive.
protocol ServedArchive: AnyObject {
  /// Reads up to `buffer.count` bytes; from a drive one block.
  /// - Returns: the number of the answer, and how many bytes come with it.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ServedFailure) -> (answer: Int64, byteCount: Int)
  /// Writes; to a drive one block.
  /// - Returns: the number of the answer.
  func write(_ bytes: UnsafeRawBufferPointer) throws(ServedFailure) -> Int64
  /// Goes to a byte.
  func seek(to offset: Int64, from whence: Int) throws(ServedFailure) -> Int64
  /// An operation of a drive, by its number on Linux or one of our own.
  func operate(_ operation: Int, count: Int64) throws(ServedFailure) -> Int64
  /// `struct mtget` of Linux on a 64-bit machine.
  func status() throws(ServedFailure) -> [UInt8]
  /// What a drive of ours is asked of itself and its cartridge.
  func state() throws(ServedFailure) -> [UInt8]
  /// Ends the use of it; the last chance of an error to surface.
  func close() throws(ServedFailure)
}

/// What a server answers when something could not be done.
public struct ServedFailure: Error {
  /// errno, as on Linux.
  public let code: Int32
  /// What it means here, on one line.
  public let text: String

  /// Describes a failure.
  public init(code: Int32, text: String) {
    self.code = code
    self.text = text
  }
}

extension ServedFailure {
  /// What a drive said, by the number that ``RemoteDrive`` makes the same of.
  public init(_ error: DriveError) {
    code =
      switch error.cause {
      case .busy: EBUSY
      case .noMedium: ENOMEDIUM
      case .writeProtected: EROFS
      case .writeOnce: EPERM
      case .blockTooLarge: EMSGSIZE
      case .bufferTooSmall: ENOMEM
      case .noSuchBlock: ENXIO
      case .broken: ESHUTDOWN
      case .positionLost: ENOTCONN
      // Not ENOSPC, which is the end of the medium.
      case .diskFull: EDQUOT
      case .unusable: EINVAL
      case .system(let number, _): number
      case .notReady, .mediumError, .closed: EIO
      }
    text = error.reason
  }
}
