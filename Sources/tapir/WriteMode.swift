import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIO
import TapeIndex

/// Modes `-c`, `-r`, `-u`, `-A` and `--delete`.
struct WriteMode {
  let command: TarCommand
  let reporter: Reporter

  /// - Parameter signals: what the process is told to stop by.
  func run(_ signals: Signals) throws(OperationError) {
    // Before anything is done to an archive: what cannot be told from before stops it.
    let incremental = try IncrementalRun.begin(command)
    let target = try ArchiveTarget.resolve(command.archive, creates: command.mode != .delete)
    if target.isOrdinary { return try ordinary(target, incremental, signals) }
    if command.mode == .concatenate {
      return try WriteMode(command: command.appendingArchives, reporter: reporter).write(target, incremental, signals)
    }
    try write(target, incremental, signals)
  }

  /// Writes to a volume, and to those that follow it.
  private func write(
    _ target: ArchiveTarget, _ incremental: IncrementalRun?, _ signals: Signals
  ) throws(OperationError) {
    try command.checkForVolumes()
    if command.mode == .delete {
      return try VolumeChanges(command: command, reporter: reporter).delete(from: target, signals)
    }
    for note in command.volumeNotes + command.ordinary.notesForVolumes { reporter.say(note) }
    let archive = try OpenedArchive.open(target, command.archive, access: .readWrite, reporter: reporter)
    reporter.countsRecords(of: command.intent.blockSize, wholeRecords: false)
    let index = try IndexLocation.openForWriting(command.archive, target)
    var operation = CreateOperation(
      intent: archive.named(command.intent), layout: command.layout, packLimit: command.packLimit,
      limits: command.limits,
      verifies: command.verifies,
      bufferSize: command.bufferSize ?? archive.defaultBuffer, streaming: command.streaming(for: target),
      identity: .here, series: command.series)
    operation.splitsMembers = command.splitsMembers
    let named = try NamedVolumes.make(
      command, archive, index: index, reporter: reporter, interruption: signals.interruption)
    let files = try source(archive, target, incremental)
    let update = try VolumeUpdate.make(command, files, archive, target, index, reporter)
    update?.prepare(&operation)
    let source = update ?? files
    let summary = try operation.run(
      from: source, to: archive.drive, index: index, observer: reporter,
      interruption: signals.interruption, supply: named ?? archive.supply)
    if command.output.showsTotals { reporter.say(Self.text(summary.waiting)) }
    if let named {
      try named.finish(summary.volume)
    } else {
      try archive.writeName(summary.volume.vsn)
      try archive.noteEnd(of: summary.volume, in: index)
    }
    // A drive that a full volume was in has been closed.
    if summary.volumeCount == 1 { try archive.close() }
    if let signal = signals.caught {
      reporter.say(
        "interrupted: \(summary.members) members of this session are safe, what follows them is not archived")
      incremental?.keep("interrupted", reporter)
      reporter.endsWith(status: 128 + signal)
      return
    }
    if let name = summary.firstLeftOut {
      throw .refused(
        "the volume is full: \(String(decoding: Quoting.escaped(name), as: UTF8.self)) and what follows it were not"
          + " archived",
        hint:
          "the \(summary.members) members before it are safe; archive the rest on another volume, or let -M go on on"
          + " further ones")
    }
    if summary.isDamaged {
      incremental?.keep("the archive is damaged", reporter)
    } else {
      try incremental?.finish(files, reporter)
    }
  }

  /// Who waited for whom.
  private static func text(_ times: WaitingTimes) -> String {
    func seconds(_ value: Double) -> String {
      "\(Int((value * 10).rounded()) / 10).\(Int((value * 10).rounded()) % 10) s"
    }
    let stops = times.rests == 1 ? "once" : "\(times.rests) times"
    return "of \(seconds(times.session)) the drive waited \(seconds(times.drive)) for files and ran dry \(stops); "
      + "files waited \(seconds(times.files)) for the drive"
  }

  private func ordinary(
    _ target: ArchiveTarget, _ incremental: IncrementalRun?, _ signals: Signals
  ) throws(OperationError) {
    let mode = OrdinaryMode(command: command, reporter: reporter, target: target, incremental: incremental)
    switch command.mode {
    case .append: try mode.append(signals, onlyNewer: false)
    case .update: try mode.append(signals, onlyNewer: true)
    case .concatenate: try mode.concatenate()
    case .delete: try mode.delete()
    default: try mode.create(signals)
    }
  }

  private func source(
    _ archive: OpenedArchive, _ target: ArchiveTarget, _ incremental: IncrementalRun?
  ) throws(OperationError) -> any MemberSource {
    var options = try command.sourceOptions(leavingOut: archive.identities())
    options.incremental = incremental?.sourceOptions
    if let name = command.stream { return StandardInputSource(name: name, options: options) }
    if command.archive.usesIndex { options.index = IndexLocation.identities(command.archive, target) }
    return try SourceList.make(command, options, reporter: reporter)
  }
}

extension TarCommand {
  /// `-A` as `-r @ARCHIVE`: on a volume archives are appended member by member.
  fileprivate var appendingArchives: TarCommand {
    var command = self
    command.mode = .append
    for number in command.operands.indices { command.operands[number].name.insert(UInt8(ascii: "@"), at: 0) }
    return command
  }

  /// How files become members.
  /// - Parameter archives: the files of the archive itself.
  func sourceOptions(leavingOut archives: [FileIdentity]) throws(OperationError) -> SourceOptions {
    var options = source
    options.archives = archives
    options.transform = renaming.transform
    options.showsStoredNames = showsNewNames
    options.confirms = try confirmation("add")
    return options
  }
}

extension WriterIdentity {
  /// This program on this machine.
  static let here: WriterIdentity = {
    var name = [CChar](repeating: 0, count: 256)
    let known = gethostname(&name, name.count - 1) == 0
    let host = known ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    return WriterIdentity(
      host: host.isEmpty ? "localhost" : String(host.prefix { $0 != "." }), program: "tapir \(Version.number)")
  }()
}
