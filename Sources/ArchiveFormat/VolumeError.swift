public import TapeIO
public import TapeLabels

/// A volume cannot be written or read as its format demands.
public enum VolumeError: Error, Sendable {
  /// The drive failed.
  case drive(DriveError)
  /// A label could not be made from its values.
  case label(LabelError, volume: String)
  /// The drive stands elsewhere than the block-ID arithmetic says.
  case position(expected: BlockID, found: BlockID, device: String)
  /// What lies at a position is not what should lie there.
  case mismatch(what: String, expected: String, found: String, at: BlockID, device: String)
  /// The physical end of the medium came before what had to be written.
  case endOfMedium(device: String)
  /// An earlier error broke the writer.
  case broken(device: String)
  /// The bytes of a catalogue or of a member's header are not what they should be.
  case malformed(what: String, why: String)
  /// What stands at the beginning of an ordinary archive is no tar header.
  case notTar
  /// An ordinary archive ends where more of it has to come.
  case unexpectedEnd
  /// Another volume of the set is not to be had.
  case unavailable(String, hint: String?)
  /// The next volume of an ordinary archive is not to be had.
  case noNextVolume(String)
}

extension VolumeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .drive(let error): error.description
    case .label(let error, let volume): "cannot write a label of volume \(volume): \(error)"
    case .position(let expected, let found, let device):
      "cannot go on at block \(expected) of \(device): the drive stands at block \(found)"
    case .mismatch(let what, let expected, let found, let at, let device):
      "cannot read \(what) at block \(at) of \(device): expected \(expected), found \(found)"
    case .endOfMedium(let device): "cannot write on \(device): end of the medium"
    case .broken(let device): "cannot write on \(device): an earlier write failed"
    case .malformed(let what, let why): "cannot read \(what): \(why)"
    case .notTar: "This does not look like a tar archive"
    case .unexpectedEnd: "Unexpected EOF in archive"
    case .noNextVolume(let why), .unavailable(let why, _): why
    }
  }

  /// What to do about it, where there is something to say.
  public var hint: String? {
    switch self {
    case .drive(let error): error.hint
    case .unavailable(_, let hint): hint
    case .position, .mismatch: "the cartridge was not changed; see 'tapir volume show'"
    default: nil
    }
  }
}

/// Runs a drive operation, passing its error on as ``VolumeError/drive(_:)``.
func driving<Result>(_ body: () throws(DriveError) -> Result) throws(VolumeError) -> Result {
  do { return try body() } catch { throw .drive(error) }
}
