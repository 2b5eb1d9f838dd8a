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
    if command.mode == .list, !command.listsContents, command.archive.name == nil, let vsn = command.archive.vsn,
      getenv("TAPE") == nil
    {
      guard let index = try IndexLocation.openForReading(command.archive, nil),
        let volume = try onIndex({ () throws(IndexError) in try index.volumes(vsn: vsn).first })
      else { throw .refused("volume \(vsn) is not in the index", hint: "name the drive it is in with -f") }
      return try list(withThoseThatContinue(volume, index), index)
    }
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    if target.isOrdinary { return try OrdinaryMode(command: command, reporter: reporter, target: target).read() }
    try command.checkForVolumes()
    for note in command.ordinary.notesForVolumes { reporter.say(note) }
    if try readLibrary(target) { return }
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let start: BlockID
    do { start = try archive.drive.position() } catch { throw .volume(.drive(error)) }
    do throws(OperationError) { try read(archive, target) } catch {
      guard case .foreign(let contents, _) = error, command.range == nil, !command.multiVolume.isOn,
        !command.choosesVersions
      else { throw error }
      try readForeign(contents, archive, from: start)
      try archive.close()
    }
  }

  /// Reads volumes of ours, and closes the drive of the last.
  private func read(_ archive: OpenedArchive, _ target: ArchiveTarget) throws(OperationError) {
    if command.archive.usesIndex, !command.listsContents {
      let index = try IndexLocation.openForReading(command.archive, target)
      let found = try ReadTarget.open(
        drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
      try LabelMode.check(found.volume.descriptor.text, command)
      reporter.countsRecords(of: found.volume.descriptor.blockSize, wholeRecords: false)
      if command.mode == .list {
        try list(found.volumes, found.index)
      } else {
        reporter.report(.volume(found.volume.descriptor, .reading(isAwaited: false)))
        let supply: (any VolumeSupply)? = try NamedVolumes.make(command, archive, reporter: reporter) ?? archive.supply
        let model = model(of: archive)
        let longestGap = movesTape(archive) ? Self.longestGap(model) : 0
        let access = found.access(archive.drive, supply: supply, longestGap: longestGap, reporter)
        if let range = command.range, let name = command.operands.first?.name {
          try RangeOperation(
            name: MemberName.withoutTrailingSlashes(name), view: command.versions.view, offset: range.offset,
            length: range.length
          ).run(found, access: access, sink: StandardOutputSink())
        } else {
          forecast(found, on: model)
          try restore(found, access, archive)
        }
        return try access.close()
      }
    } else {
      if try readInSequence(archive) { return }
    }
    try archive.close()
  }

  // MARK: With an index

  func list(_ volumes: [IndexFile.Volume], _ index: IndexFile) throws(OperationError) {
    if command.verbosity > 0, !command.marks.isEmpty {
      reporter.say("attributes stand in the headers on tape, not in the index: --no-index lists them")
    }
    let choice = choice
    let operation = ListOperation(query: query(command.operands, choice, to: nil))
    _ = try operation.run(volumes: volumes, index: index) { stored in list(stored.record.member) }
    reportMissing(choice)
  }

  func list(_ member: Member) {
    var shown = command.renaming.renamed(member)
    if !command.showsNewNames { shown.path = member.path }
    reporter.list(
      shown, withAttributes: command.verbosity > 0, contents: command.listsContents ? member.dumpDirectory : nil)
  }

  private func restore(
    _ target: ReadTarget, _ access: VolumeAccess, _ archive: OpenedArchive
  ) throws(OperationError) {
    var choice = choice
    for place in places() {
      // Counting begins anew with each pass, but what was found is only found in all of them.
      if choice.dependsOnOrder { choice = self.choice }
      // Which names a pass looks up does not matter then: all members have to be shown.
      let names = command.operands.filter { choice.dependsOnOrder || $0.baseDirectory == place }
      let operation = RestoreOperation(
        query: query(names, choice, to: place), options: try options(),
        bufferSize: command.bufferSize ?? archive.defaultBuffer)
      _ = try operation.run(target, access: access, sink: sink(place), observer: reporter)
    }
    reportMissing(choice)
  }

  /// The directories that members go to: one pass over the tape for each.
  func places() -> [[UInt8]] {
    if command.operands.isEmpty { return [command.directory] }
    var places: [[UInt8]] = []
    for operand in command.operands where !places.contains(operand.baseDirectory) {
      places.append(operand.baseDirectory)
    }
    return places
  }

  /// Which members are meant, for one pass.
  var choice: MemberChoice {
    MemberChoice(
      names: command.operands.map {
        MemberChoice.Name(NamePattern($0.name, $0.matching), directory: $0.baseDirectory)
      }, exclusions: command.exclusions, startingAt: command.start, occurrence: command.occurrence,
      newerThan: command.source.newerThan?.time)
  }

  /// What is asked of the index. Where names alone do not tell which members are meant, the index looks up all that may
  /// be, of every version, and shows them to the choice in their order.
  func query(_ names: [SourceOperand], _ choice: MemberChoice, to place: [UInt8]?) -> MemberQuery {
    let operands = names.map { operand -> MemberQuery.Operand in
      if operand.matching == .selection { return .literal(operand.name) }
      let pattern = NamePattern(operand.name, operand.matching)
      return .pattern { pattern.matches($0) }
    }
    if choice.dependsOnOrder {
      // What comes before the first member is passed over, whatever its name.
      var query = MemberQuery(
        operands: command.start == nil ? operands : [], newestOnly: command.versions.onlyNewest,
        view: command.versions.view)
      query.session = command.verification.session
      query.isWanted = { choice.chooses($0, to: place) }
      return query
    }
    // What became of directories from one session to the next is told by every one of them, in their order.
    let showsAll = command.mode == .list && !command.versions.onlyNewest
    let newestOnly = !showsAll && !(command.mode == .extract && command.incremental.isWanted)
    var query = MemberQuery(operands: operands, newestOnly: newestOnly, view: command.versions.view)
    if !choice.choosesAll { query.isExcluded = { !choice.chooses($0, to: place) } }
    query.session = command.verification.session
    return query
  }

  func reportMissing(_ choice: MemberChoice) {
    for (name, wasFound) in choice.missing {
      if command.hasDefaultWildcards, name.hasWildcards {
        reporter.say("Pattern matching characters used in file names")
        reporter.say(
          "Use --wildcards to enable pattern matching, or --no-wildcards to suppress this warning")
      }
      let text = wasFound ? "Required occurrence not found in archive" : "Not found in archive"
      reporter.report(.notice(MemberNotice(name.pattern, text, .failure)))
    }
  }

  // MARK: In sequence

  /// - Returns: whether the drive has been closed.
  private func readInSequence(_ archive: OpenedArchive) throws(OperationError) -> Bool {
    var choice = choice
    var hasChanged = false
    let supply = try NamedVolumes.make(command, archive, reporter: reporter)
    for place in places() {
      guard !hasChanged else {
        throw .refused("members go to several directories: with --no-index one pass goes over the volumes", hint: nil)
      }
      let current = self.choice
      choice = current
      let reading = SequentialReading(vsn: command.archive.vsn, options: try options()) {
        current.chooses($0, to: command.mode == .list ? nil : place)
      }
      let sink = command.mode == .list ? nil : try sink(place)
      hasChanged = try reading.run(drive: archive.drive, sink: sink, observer: reporter, supply: supply) { member in
        if command.mode == .list { list(member) }
      }
      // All names of a listing are looked for in one pass.
      if command.mode == .list { break }
    }
    reportMissing(choice)
    return hasChanged
  }

  // MARK: Where members go

  /// How members are restored.
  func options() throws(OperationError) -> RestoreOptions {
    let renaming = command.renaming
    var options = RestoreOptions(
      deliversAtOnce: command.writesToStandardOutput || command.restoring.command != nil,
      keepsDamaged: command.keepsDamaged, showsNewNames: command.showsNewNames,
      confirms: command.mode == .extract ? try command.confirmation("extract") : nil
    ) { renaming.renamed($0) }
    if command.mode == .extract, let topLevel = command.topLevel { options.placed = { topLevel.placed($0) } }
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
    var options = command.sink
    if options.isIncremental { options.confirmsDeletion = try command.confirmation("delete") }
    let sink = HostSink(target: directory, options: options, notify: notify)
    sink.deleted = { reporter.deleted($0) }
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

  func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .index(error) }
  }
}
