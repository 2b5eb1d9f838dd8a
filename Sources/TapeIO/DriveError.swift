/// A drive could not do what it was asked.
public struct DriveError: Error, Equatable, Sendable {
  /// Why it failed.
  public enum Cause: Equatable, Sendable {
    /// Another process has the drive or cartridge; `holder` names it where that is known.
    case busy(holder: String?)
    /// There is no cartridge in the drive.
    case noMedium
    /// The drive did not become ready in time.
    case notReady
    /// The cartridge is write-protected.
    case writeProtected
    /// Written objects of a WORM cartridge cannot be overwritten.
    case writeOnce
    /// The block is longer than the drive takes; the limit in bytes where it is known.
    case blockTooLarge(limit: Int?)
    /// The block read is longer than the buffer.
    case bufferTooSmall
    /// The medium is damaged at this object, or its checksum does not confirm it.
    case mediumError(detail: String)
    /// There is no object with that number: it lies behind end of data.
    case noSuchBlock
    /// An earlier write, filemark or flush failed; nothing more is written.
    case broken
    /// The drive no longer knows where the tape is (reset, power-on, cartridge changed).
    case positionLost
    /// The file system under a virtual cartridge is full.
    case diskFull
    /// This kind of cartridge, image or drive setting cannot be used; `reason` says why.
    case unusable(reason: String, hint: String?)
    /// What the operating system says.
    case system(errno: Int32, message: String)
    /// The drive was closed.
    case closed
  }

  /// Why it failed.
  public let cause: Cause
  /// What was being done, as it follows "cannot": `write block`, `open`.
  public let operation: String
  /// The device or the path of the cartridge.
  public let device: String
  /// The block ID at which it failed, where one is meant.
  public let position: BlockID?

  /// Creates an error.
  public init(_ cause: Cause, operation: String, device: String, position: BlockID? = nil) {
    self.cause = cause
    self.operation = operation
    self.device = device
    self.position = position
  }
}

extension DriveError: CustomStringConvertible {
  /// *cannot ‹do what› at block ‹where› of ‹what›: ‹why›*.
  public var description: String {
    let place = position.map { " at block \($0) of \(device)" } ?? " \(device)"
    return "cannot \(operation)\(place): \(reason)"
  }

  /// The cause in words.
  public var reason: String {
    switch cause {
    case .busy(let holder): holder.map { "in use by \($0)" } ?? "in use by another process"
    case .noMedium: "no cartridge in the drive"
    case .notReady: "the drive is not ready"
    case .writeProtected: "the cartridge is write-protected"
    case .writeOnce: "the cartridge is WORM: what is written on it stays"
    case .blockTooLarge(let limit):
      limit.map { "the drive takes blocks of at most \($0) bytes" } ?? "the block is longer than the drive takes"
    case .bufferTooSmall: "the block is longer than the volume's block size"
    case .mediumError(let detail): "medium error: \(detail)"
    case .noSuchBlock: "no such block: end of data comes first"
    case .broken: "an earlier write failed"
    case .positionLost: "the drive lost its position"
    case .diskFull: "No space left on device"
    case .unusable(let reason, _): reason
    case .system(_, let message): message
    case .closed: "the drive is closed"
    }
  }

  /// Whether the medium is the reason, as far as can be told: a damaged block, or what Linux calls an I/O error.
  public var isOfMedium: Bool {
    switch cause {
    case .mediumError: true
    case .system(let number, _): number == 5  // EIO, on every Linux
    default: false
    }
  }

  /// What to do about it, where there is something to say.
  public var hint: String? {
    switch cause {
    case .busy: "wait for it to finish, or use another drive"
    case .noMedium: "load a cartridge"
    case .writeProtected: "move the cartridge's write-protect tab, or use another cartridge"
    case .blockTooLarge: "choose a smaller block with -b"
    case .diskFull: "free space on the file system that holds the cartridge; what was committed is safe"
    case .positionLost: "another cartridge may be loaded now; run the command again"
    case .unusable(_, let hint): hint
    default: nil
    }
  }
}
