import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import RemoteTape

/// Modes on ordinary archives: files and pipes, compressed or not.
struct OrdinaryMode {
  let command: TarCommand
  let reporter: Reporter
  let target: ArchiveTarget
  /// The snapshot of an incremental archive that is made.
  var incremental: IncrementalRun?
  /// The cartridge that is read in place of a file; nil for a file.
  var tape: ForeignTape?

  /// The archive's name; nil for standard output or input.
  var path: [UInt8]? {
    switch target {
    case .file(let path), .remote(let path), .device(let path), .library(let path), .cartridge(let path),
      .image(let path, _), .remoteVolume(let path):
      path
    case .newCartridge, .standardStream: nil
    }
  }
  var name: String { path.map { String(decoding: $0, as: UTF8.self) } ?? "-" }

  // MARK: Writing

  /// `-c`.
  func create(_ signals: Signals) throws(OperationError) {
    try checkVolumeOptions()
    if command.verifies {
      if path == nil { throw .refused("Cannot verify stdin/stdout archive", hint: nil) }
      if command.ordinary.compression != nil { throw .refused("Cannot verify compressed archives", hint: nil) }
    }
    if command.multiVolume.isOn { return try createVolumes(signals) }
    try backUpArchive()
    let medium = try open(.creating)
    let writer = try onWriting { () throws(ArchiveWriteError) in try newWriter(medium) }
    try write(to: writer, medium, signals)
  }

  /// With `--backup` an archive that is there gets another name.
  func backUpArchive() throws(OperationError) { if let path { try backUpArchive(path) } }

  func backUpArchive(_ path: [UInt8]) throws(OperationError) {
    guard let naming = command.sink.backup, command.archive.isLocal || RemoteAddress(path) == nil else { return }
    var status = stat()
    guard ArchiveTarget.withCString(path, { lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return
    }
    let cut = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let folder = cut == 0 ? [UInt8(ascii: ".")] : Array(path[..<cut])
    let name = Array(path[..<cut]) + naming.name(for: Array(path[cut...]), inFolder: folder)
    let isRenamed =
      ArchiveTarget.withCString(path) { from in ArchiveTarget.withCString(name) { rename(from, $0) } } == 0
    let quoted = [path, name].map { String(decoding: NameQuoting(.locale).quoted($0), as: UTF8.self) }
    guard isRenamed else {
      throw .refused(
        "\(MediumOpener.shown(path)): Cannot rename to \(quoted[1]): \(String(cString: strerror(errno)))", hint: nil)
    }
    if let events = reporter.events {
      events.send(.change) { event in
        event.set("change", "renamed", path: path)
        event.set("new_path", name, exact: "new_path_b64")
      }
    } else if command.verbosity > 0 {
      reporter.print("Renaming \(quoted[0]) to \(quoted[1])")
    }
  }

  private func newWriter(_ medium: any ArchiveMedium) throws(ArchiveWriteError) -> any ArchiveWriter {
    let options = command.ordinary
    if options.byName, options.compression == nil, options.format == nil,
      let format = ForeignWriter.Format(suffixOf: name)
    {
      if incremental != nil { throw .output("GNU features wanted on incompatible archive format") }
      return try ForeignWriter(medium, format: format)
    }
    let compression = options.compression ?? (options.byName ? Compression(suffixOf: name) : nil) ?? .none
    let output = try ArchiveOutput(medium, compression: compression, recordSize: options.recordSize)
    return try tarWriter(to: counted(output), continues: false)
  }

  /// `output`, counted.
  private func counted(_ output: any ArchiveByteSink) -> any ArchiveByteSink {
    let reporter = reporter
    reporter.countsRecords(of: command.ordinary.recordSize, wholeRecords: true)
    guard reporter.countsBytes else { return output }
    return CountedOutput(output) { reporter.report(.passed(bytes: $0)) }
  }

  func tarWriter(
    to output: any ArchiveByteSink, continues: Bool
  ) throws(ArchiveWriteError) -> TarWriter {
    let reporter = reporter
    return try TarWriter(
      encoder(), to: output, label: command.intent.text.isEmpty ? nil : command.intent.text, continues: continues
    ) { reporter.report(.notice($0)) }
  }

  func encoder() -> TarEncoder {
    var encoding = command.ordinary.encoding
    encoding.isNumericOwner = command.source.numericOwner
    encoding.startTime = Int64(time(nil))
    encoding.process = getpid()
    encoding.isPOSIXLYCorrect = getenv("POSIXLY_CORRECT") != nil
    if let directory = getenv("TMPDIR") { encoding.temporaryDirectory = OptionScanner.bytes(directory) }
    return TarEncoder(format: command.ordinary.writtenFormat, options: encoding)
  }

  /// Archives what the operands name, as far as `isWanted`, ends the archive and closes it.
  /// - Parameters:
  ///   - last: the medium that is written in the end; nil when it is `medium`.
  ///   - size: bytes of that when it is done, where what was behind them has to go.
  func write(
    to writer: any ArchiveWriter, _ medium: any ArchiveMedium, _ signals: Signals,
    last: (() -> any ArchiveMedium)? = nil, size: (() -> Int64)? = nil, isWanted: (Member) -> Bool = { _ in true }
  ) throws(OperationError) {
    let identity = (medium as? LocalMedium)?.identity.map { FileIdentity(device: $0.device, inode: $0.inode) }
    var options = try command.sourceOptions(leavingOut: identity.map { [$0] } ?? [])
    options.incremental = incremental?.sourceOptions
    let source = try SourceList.make(command, options, reporter: reporter)
    let removable = try OrdinaryWriting().run(
      from: source, to: writer, observer: reporter, interruption: signals.interruption, isWanted: isWanted)
    try onWriting { () throws(ArchiveWriteError) in try writer.finish() }
    let medium = last?() ?? medium
    if let size { try onMedium("Cannot truncate") { () throws(MediumError) in try medium.truncate(to: size()) } }
    // What is removed, or left out of the next archive, has to be on the disk.
    if command.source.removesFiles || incremental != nil {
      do { try medium.synchronize() } catch {
        throw .refused(
          "\(name): Cannot write: \(error.text)", hint: command.source.removesFiles ? "nothing was removed" : nil)
      }
    }
    try close(medium)
    if command.verifies { try verify() }
    try remove(removable, of: source)
    if let signal = signals.caught { reporter.endsWith(status: 128 + signal) }
    try finishIncremental(source, signals)
  }

  /// Brings the snapshot of an incremental archive up to date, which is complete and closed.
  private func finishIncremental(_ source: any MemberSource, _ signals: Signals) throws(OperationError) {
    guard let incremental else { return }
    if signals.caught != nil { return incremental.keep("interrupted", reporter) }
    // What the comparison found may be any file.
    if command.verifies, reporter.hasFoundFault { return incremental.keep("the archive differs", reporter) }
    try incremental.finish(source, reporter)
  }

  /// Compares the archive with the files it was made of (`-W`).
  private func verify() throws(OperationError) {
    var reading = command
    reading.mode = .compare
    reading.operands = []
    reading.volumeOptions = []
    try OrdinaryMode(command: reading, reporter: reporter, target: target).read()
  }

  /// Removes what was archived: the archive is on the disk.
  private func remove(_ sources: [any RemovableSource], of source: any MemberSource) throws(OperationError) {
    guard command.source.removesFiles else { return }
    // What the comparison found may be any of them.
    if command.verifies, reporter.hasFoundFault { return reporter.say("nothing was removed: the archive differs") }
    for removable in sources { if let notice = removable.remove() { reporter.report(.notice(notice)) } }
    for notice in source.removeDirectories() { reporter.report(.notice(notice)) }
  }

  // MARK: Reading

  /// `-t`, `-x`, `-d`.
  func read() throws(OperationError) {
    try checkVolumeOptions()
    var first: (any ArchiveMedium)?
    var volumes: (VolumeReading, VolumeSequence, TarReader)?
    let reader: any ArchiveReader
    if tape != nil {
      reader = try openReader()
    } else {
      let medium = try open(.reading)
      first = medium
      volumes = command.multiVolume.isOn ? try volumesReader(medium) : nil
      if let volumes { reader = volumes.2 } else { reader = try self.reader(medium) }
    }
    let mode = ReadMode(command: command, reporter: reporter)
    let places = mode.places()
    var sinks: [any MemberSink] = []
    if command.mode != .list {
      for place in places { sinks.append(try mode.sink(place)) }
    }
    let choice = mode.choice
    var label: [UInt8]?
    let tar = reader as? TarReader
    tar?.passedLabel = { entry in
      label = entry.member.path
      guard (try? LabelMode.check(label, command)) != nil else { return }  // thrown below
      reporter.prepare(block: block(of: entry))
      if command.mode == .list {
        reporter.list(entry.member, withAttributes: command.verbosity > 0, .label)
      } else {
        reporter.passLabel(entry.member)
      }
    }
    tar?.passedContinuation = { entry in
      guard (try? LabelMode.check(label, command)) != nil else { return }  // thrown below
      if choice.directory(for: entry.member) != nil { passContinuation(entry) }
    }
    volumes?.0.isWanted = { (try? LabelMode.check(label, command)) != nil }  // thrown below
    var options = try mode.options()
    options.digestsContent = false
    let reading = OrdinaryReading(options: options) { member in
      // Nothing of an archive with another label.
      guard (try? LabelMode.check(label, command)) != nil else { return nil }  // thrown below
      let place = choice.directory(for: member).map { places.firstIndex(of: $0) ?? 0 }
      if place == nil, command.output.showsOmittedDirectories, member.kind == .directory {
        reporter.report(.notice(MemberNotice(member.path, "Omitting", .information)))
      }
      return place
    }
    let result: OperationError?
    do throws(OperationError) {
      try reading.run(reader, sinks: sinks, observer: reporter) { member in
        if let entry = tar?.entry { pass(entry) }
        if command.mode == .list { mode.list(member) }
      }
      result = nil
    } catch { result = error }
    // Of another archive nobody wants to know how it ends.
    try LabelMode.check(label, command)
    if let result { throw result }
    if let tar { reporter.endBlock(tar.endOffset.map { $0 / 512 } ?? 0, isThere: tar.position != tar.endOffset) }
    mode.reportMissing(choice)
    if let medium = volumes?.0.medium ?? first { try close(medium) }
    volumes?.1.finish()
  }

  /// The rest of a member that begins on a volume which is not there.
  private func passContinuation(_ entry: TarEntry) {
    guard case .continuation(let offset, _) = entry.kind else { return }
    reporter.prepare(block: block(of: entry))
    let isShown = command.mode == .list || command.verbosity > 0
    let withAttributes = command.verbosity > (command.mode == .list ? 0 : 1)
    if isShown { reporter.list(entry.member, withAttributes: withAttributes, .continuation(offset), atOnce: true) }
    if command.mode == .list { return }
    let what = command.mode == .extract ? "extract" : "compare"
    let words = "Cannot \(what) -- file is continued from another volume"
    reporter.report(.notice(MemberNotice(entry.member.path, words, .failure)))
  }

  /// Says what is to be said of a member before it is named.
  private func pass(_ entry: TarEntry) {
    reporter.prepare(
      block: block(of: entry), unknownType: entry.unknownType,
      listSize: entry.member.kind == .directory ? entry.storedSize : 0)
    guard let notice = entry.unknownTypeNotice, command.mode != .list else { return }
    if command.mode == .extract { return reporter.report(.notice(notice)) }
    let words = notice.message.replacing("extracted", with: "diffed")
    reporter.report(.notice(MemberNotice(notice.path, words, .failure)))
  }

  /// The block that `--block-number` names: GNU tar has passed the header already unless it lists.
  private func block(of entry: TarEntry) -> Int64 {
    command.mode == .list ? entry.blockNumber : entry.dataOffset / 512
  }

  /// A reader of the archive that is not closed before the process ends.
  func openReader() throws(OperationError) -> any ArchiveReader {
    switch tape {
    case .unlabelled(let medium): try reader(medium)
    case .labelled(let files): files
    case nil: try reader(open(.reading))
    }
  }

  private func reader(_ medium: any ArchiveMedium) throws(OperationError) -> any ArchiveReader {
    let program: String? =
      if case .program(let command) = command.ordinary.compression { command + " -d" } else { nil }
    let input: ArchiveInput
    do {
      input = try ArchiveInput.open(medium, program: program, looksLikeTar: TarReader.looksLikeTar)
    } catch { throw .volume(error) }
    switch input {
    case .foreign(let reader): return reader
    case .bytes(let bytes, let isCompressed):
      let reporter = reporter
      reporter.countsRecords(
        of: command.ordinary.recordSize, wholeRecords: true, limit: isCompressed ? nil : medium.size)
      let counted = !reporter.countsBytes ? bytes : CountedBytes(bytes) { reporter.report(.passed(bytes: $0)) }
      let reader = TarReader(counted) { reporter.report(.notice($0)) }
      reader.ignoresZeros = command.ordinary.ignoresZeros
      return reader
    }
  }

  // MARK: Files

  func open(_ purpose: MediumOpener.Purpose) throws(OperationError) -> any ArchiveMedium {
    let name = path ?? [UInt8(ascii: "-")]
    if path == nil {
      let reads = purpose == .reading
      if isatty(reads ? STDIN_FILENO : STDOUT_FILENO) == 1 {
        let what = reads ? "read archive contents from terminal" : "write archive contents to terminal"
        throw .refused("Refusing to \(what) (missing -f option?)", hint: nil)
      }
    }
    do { return try command.mediumOpener.open(name, for: purpose) } catch {
      throw .medium(self.name, "Cannot open", error)
    }
  }

  /// The last chance of an error to surface.
  func close(_ medium: any ArchiveMedium) throws(OperationError) {
    do { try medium.close() } catch { throw .medium(medium.name, "Cannot close", error) }
  }

  func onMedium<Result>(_ what: String, _ body: () throws(MediumError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .medium(name, what, error) }
  }

  func onWriting<Result>(
    _ body: () throws(ArchiveWriteError) -> Result
  ) throws(OperationError) -> Result {
    do { return try body() } catch {
      switch error {
      case .member(let notice): throw .refused(notice.message, hint: nil)
      case .output(let message): throw .refused(message, hint: nil)
      }
    }
  }

  /// Nothing that was asked for is ignored.
  func checkVolumeOptions() throws(OperationError) {
    guard let option = command.volumeOptions.first else { return }
    throw .refused(
      "option '\(option)' is for volumes: \(path == nil ? "a stream" : name) is an ordinary archive", hint: nil)
  }
}
