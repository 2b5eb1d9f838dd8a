import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIO
import TapeIndex

/// Modes `-t`, `-x` and `-d`.
struct ReadMode {
  let command: TarCommand
  let reporter: Reporter

  func run() throws(OperationError) {
    // With a VSN and no archive a list needs no cartridge at all.
    if command.mode == .list, command.archive.name == nil, let vsn = command.archive.vsn, getenv("TAPE") == nil {
      guard let index = try IndexLocation.openForReading(command.archive, nil),
        let volume = try onIndex({ () throws(IndexError) in try index.volumes(vsn: vsn).first })
      else { throw .refused("volume \(vsn) is not in the index", hint: "name the drive it is in with -f") }
      return try list([volume], index)
    }
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    if target.isOrdinary { return try OrdinaryMode(command: command, reporter: reporter, target: target).read() }
    try command.checkForVolumes()
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    if command.archive.usesIndex {
      let index = try IndexLocation.openForReading(command.archive, target)
      let found = try ReadTarget.open(
        drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
      try LabelMode.check(found.volume.descriptor.text, command)
      reporter.countsRecords(of: found.volume.descriptor.blockSize, wholeRecords: false)
      if command.mode == .list {
        try list([found.volume], found.index)
      } else {
        try restore(found, archive)
      }
    } else {
      try readInSequence(archive)
    }
    try archive.close()
  }

  // MARK: With an index

  private func list(_ volumes: [IndexFile.Volume], _ index: IndexFile) throws(OperationError) {
    let query = query(command.operands, newestOnly: false)
    let matches = try ListOperation(query: query).run(volumes: volumes, index: index) { stored in
      reporter.list(stored.record.member, withAttributes: command.verbosity > 0)
    }
    reportMissing(command.operands, matches)
  }

  private func restore(_ target: ReadTarget, _ archive: OpenedArchive) throws(OperationError) {
    for (directory, operands) in places() {
      let operation = RestoreOperation(
        query: query(operands, newestOnly: true), options: try options(),
        bufferSize: command.bufferSize ?? archive.defaultBuffer)
      let sink = try sink(directory)
      reportMissing(operands, try operation.run(target, drive: archive.drive, sink: sink, observer: reporter).matches)
    }
  }

  /// The directories that members go to, with the names that stood behind each `-C`: one pass over the tape for each.
  func places() -> [(directory: [UInt8], operands: [SourceOperand])] {
    if command.operands.isEmpty { return [(command.directory, [])] }
    var places: [(directory: [UInt8], operands: [SourceOperand])] = []
    for operand in command.operands {
      if let place = places.firstIndex(where: { $0.directory == operand.baseDirectory }) {
        places[place].operands.append(operand)
      } else {
        places.append((operand.baseDirectory, [operand]))
      }
    }
    return places
  }

  private func query(_ names: [SourceOperand], newestOnly: Bool) -> MemberQuery {
    let operands = names.map { operand -> MemberQuery.Operand in
      let name = MemberName.withoutTrailingSlashes(operand.name)
      guard command.usesWildcards else { return .literal(name) }
      let pattern = NamePattern(name, [.anchored, .subtree, .wildcards])
      return .pattern { pattern.matches($0) }
    }
    let exclusions = command.exclusions
    return MemberQuery(operands: operands, newestOnly: newestOnly) { exclusions.excludes($0) }
  }

  private func reportMissing(_ operands: [SourceOperand], _ matches: [Int]) {
    for (operand, count) in zip(operands, matches) where count == 0 { reportMissing(operand.name) }
  }

  func reportMissing(_ name: [UInt8]) {
    reporter.report(.notice(MemberNotice(name, "Not found in archive", .failure)))
  }

  // MARK: In sequence

  private func readInSequence(_ archive: OpenedArchive) throws(OperationError) {
    for (directory, operands) in places() { try readInSequence(archive, directory, operands) }
  }

  private func readInSequence(
    _ archive: OpenedArchive, _ directory: [UInt8], _ operands: [SourceOperand]
  ) throws(OperationError) {
    let patterns = operands.map { operand in
      NamePattern(
        MemberName.withoutTrailingSlashes(operand.name),
        command.usesWildcards ? [.anchored, .subtree, .wildcards] : .selection)
    }
    var isMatched = Array(repeating: false, count: patterns.count)
    let reading = SequentialReading(vsn: command.archive.vsn, options: try options()) { name in
      var wanted = patterns.isEmpty
      for (index, pattern) in patterns.enumerated() where pattern.matches(name) {
        isMatched[index] = true
        wanted = true
      }
      return wanted && !command.exclusions.excludes(name)
    }
    let sink = command.mode == .list ? nil : try sink(directory)
    try reading.run(drive: archive.drive, sink: sink, observer: reporter) { member in
      if command.mode == .list { reporter.list(member, withAttributes: command.verbosity > 0) }
    }
    for (operand, found) in zip(operands, isMatched) where !found { reportMissing(operand.name) }
  }

  // MARK: Where members go

  /// How members are restored.
  func options() throws(OperationError) -> RestoreOptions {
    var options = RestoreOptions(
      stripComponents: command.stripComponents,
      deliversAtOnce: command.writesToStandardOutput || command.restoring.command != nil,
      keepsDamaged: command.keepsDamaged)
    guard command.mode == .extract else { return options }
    if let topLevel = command.topLevel { options.placed = { topLevel.placed($0) } }
    if command.restoring.isInteractive {
      let confirmation = try Confirmation(reporter, usesTerminal: command.archive.isStandardStream)
      options.confirms = { confirmation.confirms("extract", $0) }
    }
    return options
  }

  func sink(_ path: [UInt8]) throws(OperationError) -> any MemberSink {
    if command.mode == .extract, let shell = command.restoring.command {
      // A command may end before it has read everything.
      signal(SIGPIPE, SIG_IGN)
      let surroundings = command.surroundings
      return CommandSink(shell, ignoresFailure: command.restoring.ignoresCommandErrors) { surroundings }
    }
    if command.writesToStandardOutput, command.mode == .extract { return StandardOutputSink() }
    let reporter = reporter
    let notify: (MemberNotice) -> Void = { reporter.report(.notice($0)) }
    let directory = try openDirectory(path)
    if command.mode == .compare {
      return Comparison(
        target: directory, keepsAbsoluteNames: command.sink.keepsAbsoluteNames,
        numericOwner: command.sink.numericOwner, notify: notify)
    }
    let sink = HostSink(target: directory, options: command.sink, notify: notify)
    sink.madeDirectory = { reporter.madeDirectory($0, mode: $1) }
    return sink
  }

  /// The directory that `-C` names; the working directory when it is empty.
  private func openDirectory(_ path: [UInt8]) throws(OperationError) -> Int32 {
    guard !path.isEmpty else { return AT_FDCWD }
    let descriptor = ArchiveTarget.withCString(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      throw .refused(
        "\(String(decoding: path, as: UTF8.self)): Cannot open: \(String(cString: strerror(errno)))",
        hint: nil)
    }
    return descriptor
  }

  private func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .index(error) }
  }
}
