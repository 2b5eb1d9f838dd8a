public import ArchiveFormat
public import TapeIndex
internal import TapeLabels

/// Takes what happens during an operation, from whichever thread it happens on.
public protocol OperationObserver: AnyObject, Sendable {
  /// Takes one event; must not block for long, and must be safe to call from several threads.
  func report(_ event: OperationEvent)
}

/// Something that happened.
public enum OperationEvent: Sendable {
  /// A member begins to be archived, restored or compared.
  case member(Member)
  /// How much is going to pass, as far as that is known; reported before any of it does. Bytes are those of content.
  case expected(members: Int64?, bytes: Int64?)
  /// What was written is read back from now on: so many bytes, as far as that is known.
  case readingBack(bytes: Int64?)
  /// Bytes pass through this buffer from now on, to the medium or from it.
  case buffer(any BufferGauge, isWriting: Bool)
  /// Bytes of user files passed, on their way to the medium or from it.
  case passed(bytes: Int64)
  /// Something to say about one member.
  case notice(MemberNotice)
  /// Something to say that changes nothing about the outcome.
  case information(String)
  /// A batch is committed: this many members, this many bytes of user files, on this volume.
  case committed(members: Int, bytes: Int64, volume: VolumeDescriptor)
  /// These members were written and not confirmed, because of the failure that ended the operation.
  case unconfirmed(path: [UInt8])
}

/// An operation as a whole failed.
public enum OperationError: Error {
  /// The volume or the drive.
  case volume(VolumeError)
  /// The index.
  case index(IndexError)
  /// It would do what was not asked for, or cannot be done with this volume: why, and what to do.
  case refused(String, hint: String?)
  /// The cartridge holds what another program wrote.
  case foreign(VolumeContents, device: String)
}

extension OperationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .volume(let error): error.description
    case .index(let error): error.description
    case .refused(let why, _): why
    case .foreign(.labelled(let label, let found), let device):
      "volume \(label.serial) in \(device) is not a volume of tapir"
        + (found.map { " (written by \($0.systemCode))" } ?? "")
    case .foreign(_, let device): "the cartridge in \(device) has no volume label: it was not written by tapir"
    }
  }

  /// What to do about it, where there is something to say.
  public var hint: String? {
    switch self {
    case .volume(let error): error.hint
    case .index(let error): error.hint
    case .refused(_, let hint): hint
    case .foreign(.labelled, _): nil
    case .foreign(_, let device): "if a tar wrote it, 'tapir -tf \(device)' lists it"
    }
  }
}

/// Runs something on a volume, passing its error on as an operation's.
func onVolume<Result>(_ body: () throws(VolumeError) -> Result) throws(OperationError) -> Result {
  do { return try body() } catch { throw .volume(error) }
}

/// Runs something on the index, passing its error on as an operation's.
func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
  do { return try body() } catch { throw .index(error) }
}
