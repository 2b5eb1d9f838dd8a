import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex

/// What changes names on volumes and archives nothing: `--delete`, `index rename`.
struct VolumeChanges {
  let command: TarCommand
  let reporter: Reporter

  /// Records that members are deleted; where they lie they stay.
  func delete(from target: ArchiveTarget, _ signals: Signals) throws(OperationError) {
    let mode = ReadMode(command: command, reporter: reporter)
    if command.operands.isEmpty { return }
    guard command.occurrence == nil, command.start == nil, command.source.newerThan == nil else {
      throw .refused(
        "--occurrence, -K and -N are not supported with --delete on volumes: a deletion is of all versions", hint: nil)
    }
    var choice = mode.choice
    var kept: [[UInt8]] = []
    let isPlain = command.exclusions.isEmpty && command.operands.allSatisfy { $0.matching == .selection }
    try record(on: target, signals) { (volumes, index) throws(OperationError) in
      choice = mode.choice
      let query = mode.query(command.operands, choice, to: nil)
      let plan = try onIndex { () throws(IndexError) in
        try DeletionPlan(query, isPlain: isPlain, of: volumes, in: index)
      }
      kept = plan.kept
      return plan.changes
    }
    for path in kept {
      reporter.report(.notice(MemberNotice(path, "Not deleted: something below it stays", .failure)))
    }
    mode.reportMissing(choice)
  }

  /// Records that a member, with everything below it, has another name.
  func rename(_ names: [[UInt8]], _ signals: Signals) throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let old = MemberName.withoutTrailingSlashes(names[0])
    let new = MemberName.withoutTrailingSlashes(names[1])
    guard !old.isEmpty, !new.isEmpty else { throw .refused("cannot rename a member: a name is empty", hint: nil) }
    try record(on: target, signals) { (volumes, index) throws(OperationError) in
      try RenamingPlan.changes(from: old, to: new, of: volumes, in: index)
    }
  }

  /// Writes what `plan` says about the members of the volumes at hand, in a batch of its own.
  private func record(
    on target: ArchiveTarget, _ signals: Signals,
    _ plan: @escaping ([IndexFile.Volume], IndexFile) throws(OperationError) -> [NameChange]
  ) throws(OperationError) {
    guard !target.isOrdinary else {
      throw .refused("cannot rename members of an ordinary archive: names are changed on volumes only", hint: nil)
    }
    guard command.archive.usesIndex else {
      throw .refused(
        "cannot change names with --no-index: which members there are is looked up in the index", hint: nil)
    }
    var intent = command.intent
    let scope = VolumeScope(target, command.archive, reporter)
    if let library = scope.library {
      // No cartridge is fetched, or labelled, for nothing.
      let (index, volumes) = try library.volumes()
      if try plan(volumes, index).isEmpty { return }
      intent.labels = true
    }
    let archive = try OpenedArchive.open(target, command.archive, access: .readWrite, reporter: reporter)
    guard let index = try IndexLocation.openForWriting(command.archive, target) else { return }
    var operation = CreateOperation(
      intent: archive.named(intent), bufferSize: 64 << 20, identity: .here, series: command.series)
    operation.changes = { (descriptor) throws(OperationError) in
      try plan(try scope.volumes(around: descriptor, index), index)
    }
    let summary = try operation.run(
      from: EmptySource(), to: archive.drive, index: index, observer: reporter, interruption: signals.interruption,
      supply: archive.supply)
    try archive.writeName(summary.volume.vsn)
    try archive.noteEnd(of: summary.volume, in: index)
    if summary.volumeCount == 1 { try archive.close() }
    if let signal = signals.caught { reporter.endsWith(status: 128 + signal) }
  }

  private func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .index(error) }
  }
}

/// Which volumes a command that writes looks at: those of the library, or of the set of the volume that it writes to.
struct VolumeScope {
  /// The library, unless one volume of it is named.
  let library: LibraryArchive?
  private let target: ArchiveTarget
  private let options: ArchiveOptions

  init(_ target: ArchiveTarget, _ options: ArchiveOptions, _ reporter: Reporter) {
    self.target = target
    self.options = options
    if case .library(let path) = target, options.vsn == nil {
      library = LibraryArchive(path, options, reporter)
    } else {
      library = nil
    }
  }

  func volumes(around descriptor: VolumeDescriptor, _ index: IndexFile) throws(OperationError) -> [IndexFile.Volume] {
    if let library { return try library.known(to: index) }
    do throws(IndexError) {
      guard let volume = try index.volume(descriptor.id) else { return [] }
      return try index.volumes(inSetOf: volume)
    } catch { throw .index(error) }
  }
}
