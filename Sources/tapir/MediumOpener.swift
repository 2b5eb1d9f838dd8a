import ArchiveExchange
import ArchiveOperations
import Glibc
import HostFiles
import RemoteTape

/// Opens what `-f` names as an ordinary archive: standard output or input, a file, or one of another machine.
struct MediumOpener {
  /// What it is opened for.
  enum Purpose {
    case reading, creating
    /// Reading and then writing; it is made if it is not there.
    case updating
    /// The same of one that has to be there.
    case continuing
  }

  /// Whether a name with a colon is one of this machine (`--force-local`).
  var isLocal = false
  var remote = RemoteMedium.Access()
  /// Bytes of a record.
  var recordSize: Int

  /// `name` as messages have it.
  static func shown(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

  /// Opens an archive.
  func open(_ name: [UInt8], for purpose: Purpose) throws(MediumError) -> any ArchiveMedium {
    if name == [UInt8(ascii: "-")] {
      return LocalMedium(descriptor: purpose == .reading ? STDIN_FILENO : STDOUT_FILENO, name: "-")
    }
    if !isLocal, let address = RemoteAddress(name) {
      let access: RemoteAccess =
        switch purpose {
        case .reading: .read
        case .creating: .create
        case .updating: .update
        case .continuing: .change
        }
      return try RemoteMedium(address, remote, for: access, name: Self.shown(name), recordSize: recordSize)
    }
    let flags =
      switch purpose {
      case .reading: O_RDONLY
      case .creating: O_WRONLY | O_CREAT | O_TRUNC
      case .updating: O_RDWR | O_CREAT
      case .continuing: O_RDWR
      }
    return try LocalMedium(path: name, flags: flags, name: Self.shown(name))
  }
}

extension OperationError {
  /// Something that could not be done with an archive, in GNU tar's words.
  static func medium(_ name: String, _ what: String, _ error: MediumError) -> OperationError {
    .refused("\(name): \(what): \(error.text)", hint: error.hint)
  }
}
