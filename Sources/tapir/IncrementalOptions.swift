import ArchiveFormat
import ArchiveOperations
import HostFiles

/// What the command line says about incremental archives.
struct IncrementalOptions {
  /// The options, as the scanner gives them.
  enum Key: Hashable, Sendable {
    case listed, old, level, checkDevice, noCheckDevice
  }

  /// `--listed-incremental`: the file that keeps the snapshot.
  private(set) var file: [UInt8]?
  private var isOld = false
  private(set) var level: Int64?
  private(set) var checksDevice = true

  /// Whether the archive is, or is read as, an incremental one.
  var isWanted: Bool { file != nil || isOld }

  /// The option as the user may have written it.
  var name: String { file != nil ? "-g" : "-G" }

  mutating func add(_ key: Key, _ value: [UInt8]) throws(UsageError) {
    switch key {
    case .listed: file = value
    case .old: isOld = true
    case .level:
      guard let number = Sizes.number(value) else { throw UsageError(message: "Invalid incremental level value") }
      level = number
    case .checkDevice: checksDevice = true
    case .noCheckDevice: checksDevice = false
    }
  }

  static let specifications: [OptionSpecification] = [
    .gnu(
      .incremental(.listed), "g", "listed-incremental", .required, "FILE", .creating,
      "archive what changed since FILE was written, and bring FILE up to date; with -x (FILE does not matter): delete and"
        + " rename too"),
    .gnu(
      .incremental(.old), "G", "incremental", .creating,
      "the same without a FILE: everything is archived; with -x: delete and rename too"),
    .gnu(
      .incremental(.level), nil, "level", .required, "N", .creating,
      "with -g: 0 archives everything, whatever FILE says"),
    .gnu(
      .incremental(.checkDevice), nil, "check-device", .creating,
      "with -g: a directory on another device than before is another directory (default)"),
    .gnu(
      .incremental(.noCheckDevice), nil, "no-check-device", .creating,
      "with -g: do not mind device numbers, which change with LVM, NFS or btrfs"),
  ]
}

/// An incremental archive that is being made: its snapshot waits until the archive is complete.
final class IncrementalRun {
  private let file: SnapshotFile?
  private let options: IncrementalOptions

  /// Opens and locks the snapshot; nil when the archive is none of these.
  static func begin(_ command: TarCommand) throws(OperationError) -> IncrementalRun? {
    guard command.incremental.isWanted else { return nil }
    return try IncrementalRun(command.incremental)
  }

  private init(_ options: IncrementalOptions) throws(OperationError) {
    self.options = options
    do throws(SnapshotFile.Failure) {
      file = try options.file.map { path throws(SnapshotFile.Failure) in
        try SnapshotFile(at: path, startsAfresh: options.level == 0)
      }
    } catch { throw .refused(error.message, hint: error.hint) }
  }

  /// What the source is to be told.
  var sourceOptions: SourceOptions.Incremental {
    var incremental = SourceOptions.Incremental(
      snapshot: file?.snapshot, start: file?.start ?? Timestamp(seconds: 0))
    incremental.checksDevice = options.checksDevice
    return incremental
  }

  /// Brings the snapshot up to date: everything that `source` gave is safe.
  func finish(_ source: any MemberSource, _ reporter: Reporter) throws(OperationError) {
    guard let file, let source = source as? IncrementalSource else { return }
    guard let snapshot = source.snapshot() else {
      return keep("a file that was named could not be archived", reporter)
    }
    do { try file.write(snapshot) } catch { throw .refused(error.message, hint: "the archive is complete") }
  }

  /// Says that the snapshot stays as it is.
  func keep(_ why: String, _ reporter: Reporter) {
    guard let path = options.file else { return }
    let name = String(decoding: NameQuoting().quoted(path, colons: true), as: UTF8.self)
    reporter.complain("\(name): Not brought up to date: \(why)")
  }
}
