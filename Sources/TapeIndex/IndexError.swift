/// The index or a catalogue cannot be read or written.
public enum IndexError: Error, Equatable, Sendable {
  /// SQLite failed; `path` is the index file, `message` its own words.
  case database(operation: String, path: String, message: String)
  /// Another process writes to the index and did not finish in time.
  case locked(path: String)
  /// The file is no index of this program.
  case notAnIndex(path: String)
  /// The index was made by a later version.
  case tooNew(path: String, version: Int)
  /// A catalogue is not what a catalogue is.
  case badCatalogue(why: String)
  /// Another volume in the index has the same VSN.
  case duplicateVSN(vsn: String, path: String)
  /// The volumes have `count` sessions, and not one with this number.
  case noSession(Int, of: Int)
}

extension IndexError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .database(let operation, let path, let message): "cannot \(operation) \(path): \(message)"
    case .locked(let path): "cannot use index \(path): another process is writing to it"
    case .notAnIndex(let path): "cannot use index \(path): it is not an index of tapir"
    case .tooNew(let path, let version): "cannot use index \(path): it has format \(version), made by a later version"
    case .badCatalogue(let why): "cannot read a catalogue: \(why)"
    case .duplicateVSN(let vsn, let path):
      "cannot add volume \(vsn) to index \(path): another volume there has this VSN"
    case .noSession(let number, let count): "there is no session \(number): there are \(count)"
    }
  }

  /// What to do about it, where there is something to say.
  public var hint: String? {
    switch self {
    case .locked: "wait for it to finish; what it has committed is safe"
    case .notAnIndex: "name another file with --index-db; the index can always be rebuilt from the tape"
    case .tooNew: "use the version of tapir that made it, or another file with --index-db"
    case .duplicateVSN: "keep its rows in another file with --index-db"
    case .noSession: "'tapir index log' numbers them"
    default: nil
    }
  }
}
