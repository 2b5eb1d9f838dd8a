import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import Synchronization
import TapeIO
import TapeLabels

/// Tells the user what happens: data on standard output, everything else on standard error. Knows the exit status. With
/// `--json`, chosen once, when it is made, what would be data is events, and messages are events besides.
final class Reporter: OperationObserver {
  /// How much is said of members as they pass: 0 nothing, 1 names, 2 attributes, 3 more.
  private let verbosity: Int
  private let output: OutputOptions
  /// Where members are listed.
  private let listingDescriptor: Int32
  /// Counts bytes; nil when nobody wants to know.
  let meter: ProgressMeter?
  /// Shows how far the command has come; nil when nobody is to see it.
  let progress: ProgressDisplay?
  /// Takes events in place of lines (`--json`); nil for text.
  let events: EventStream?
  private let marks: ListingFormat.Marks
  /// What stands before a message.
  static let prefix = "tapir: "
  private let state = Mutex(State())
  /// Collects what is listed; guarded by `state`.
  private struct State {
    var output: [UInt8] = []
    var status = MemberNotice.Severity.information
    var listing = ListingFormat()
    var outputFailed = false
    var failures = 0
    var interruptedStatus: Int32?
    /// How bytes are counted in totals: in whole records of an archive, but not beyond its end.
    var totals: (wholeRecords: Bool, limit: Int64?) = (false, nil)
    /// The block that the next member named is in, for `--block-number`.
    var block: Int64?
    /// Its type when that is none that is known.
    var unknownType: UInt8?
    /// Bytes of its list, when it is a directory that has one in place of content.
    var listSize: Int64 = 0
  }

  /// - Parameter listingDescriptor: where members are listed: 1, 2 when standard output is for other data, or a file.
  init(
    verbosity: Int = 0, listingDescriptor: Int32 = 1, output: OutputOptions = OutputOptions(),
    meter: ProgressMeter? = nil, marks: ListingFormat.Marks = ListingFormat.Marks(), events: EventStream? = nil,
    progress: ProgressDisplay? = nil
  ) {
    self.verbosity = verbosity
    self.listingDescriptor = listingDescriptor
    self.output = output
    self.meter = meter
    self.marks = marks
    self.events = events
    self.progress = progress
    state.withLock {
      $0.listing.quoting = output.quoting
      $0.listing.showsFullTime = output.showsFullTime
      $0.listing.usesUTC = output.usesUTC
      $0.listing.marks = marks
    }
  }

  func report(_ event: OperationEvent) {
    progress?.take(event)
    switch event {
    case .member(let member):
      if verbosity > 0 || events != nil { list(member, withAttributes: verbosity > 1, atOnce: true) }
    case .passed(let bytes): meter?.pass(bytes, self)
    case .notice(let notice): report(notice)
    case .information(let text): say(text)
    case .committed(let members, let bytes, let volume):
      events?.sendCommitted(members: members, bytes: bytes, volume)
    case .volume(let volume, let use): report(volume, use)
    case .changed(let change): events?.send(.change) { $0.set(change) }
    case .expected, .buffer, .readingBack: break
    case .unconfirmed(let path): reportUnconfirmed(path)
    }
  }

  private func report(_ volume: VolumeDescriptor, _ use: VolumeUse) {
    events?.send(.volume) { event in
      event.set("volume", volume.vsn.text)
      event.set("uuid", volume.id.description)
      event.set("use", use.name)
    }
    switch use {
    case .labelled(isNamedHere: true): write("labelled volume \(volume.vsn)")
    case .writing(isFirst: false): write("going on on volume \(volume.vsn)")
    case .reading(isAwaited: true): write("reading volume \(volume.vsn)")
    case .labelled, .writing, .reading: break
    }
  }

  /// Something to know that changes nothing: on standard error, behind the program's name.
  func say(_ text: String) {
    events?.send(.warning) { $0.set(message: text, .information) }
    write(text)
  }

  /// Something that failed as a whole.
  /// - Parameter code: what stands for it in events.
  func fail(_ message: String, hint: String?, code: String? = nil) {
    raise(.failure)
    events?.send(.error) { $0.set(message: message, .fatal, hint: hint, code: code) }
    write(message)
    if let hint { writePlain("hint: \(hint)") }
  }

  /// Something that failed as a whole.
  func fail(_ error: OperationError) { fail(error.description, hint: error.hint, code: error.code) }

  /// Something that was wrong, though all was done that could be.
  func complain(_ message: String) {
    raise(.failure)
    events?.send(.error) { $0.set(message: message, .failure) }
    write(message)
  }

  /// Something to know, without the program's name.
  func sayPlain(_ text: String) {
    events?.send(.warning) { $0.set(message: text, .information) }
    writePlain(text)
  }

  /// A line for people, which says nothing that events do not say.
  func write(_ text: String) { write(Array(text.utf8)) }

  /// The same without the program's name.
  func writePlain(_ text: String) { writeError(Array((text + "\n").utf8)) }

  /// Something to say about a member, or standing alone.
  func report(_ notice: MemberNotice, hint: String? = nil) {
    raise(notice.severity)
    guard output.warnings.passes(notice, isVerbose: verbosity > 0) else { return }
    if let events {
      events.send(notice.kind) { $0.set(notice, hint: hint) }
      // Findings are data.
      if notice.isFinding { return }
    }
    let name =
      notice.path.isEmpty ? [] : output.quoting.quoted(notice.path, colons: !notice.isFinding) + Array(": ".utf8)
    // What a message names may come from the archive: no control character of it reaches the terminal.
    let line = name + Self.withoutControls(notice.message)
    if notice.isFinding { print(line) } else { write(line) }
    if let hint { writePlain("hint: \(hint)") }
  }

  private static func withoutControls(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.contains(where: { $0 < 0x20 || $0 >= 0x7f }) else { return bytes }
    return text.unicodeScalars.flatMap { scalar -> [UInt8] in
      let bytes = Array(String(scalar).utf8)
      return scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) ? NameQuoting().quoted(bytes) : bytes
    }
  }

  private func reportUnconfirmed(_ path: [UInt8]) {
    raise(.failure)
    let words = "Written but not confirmed: not safe on tape"
    events?.send(.error) { $0.set(path: path, message: words, .failure, code: "unconfirmed") }
    write(output.quoting.quoted(path, colons: true) + Array(": \(words)".utf8))
  }

  private func raise(_ severity: MemberNotice.Severity) {
    state.withLock {
      $0.status = max($0.status, severity)
      if severity == .failure { $0.failures += 1 }
    }
  }

  /// Lists a member, or what passes in place of one.
  /// - Parameters:
  ///   - contents: what was in it, when it is a directory of an incremental archive and that is asked for.
  ///   - atOnce: whether somebody waits to see it pass.
  func list(
    _ member: Member, withAttributes: Bool, _ special: ListingFormat.Special? = nil, contents: [UInt8]? = nil,
    atOnce: Bool = false
  ) {
    if let events { return send(member, special, contents, atOnce: atOnce, to: events) }
    state.withLock { state in
      Self.appendBlock(&state)
      if withAttributes {
        let special = special ?? state.unknownType.map { .unknownType($0) }
        var member = member
        if member.kind == .directory { member.size = state.listSize }
        state.listing.append(member, special, to: &state.output)
      } else {
        state.listing.appendName(member, to: &state.output)
      }
      state.output.append(UInt8(ascii: "\n"))
      if atOnce || state.output.count > 1 << 16 { flush(&state) }
    }
    if let contents { listContents(contents) }
  }

  private func send(
    _ member: Member, _ special: ListingFormat.Special?, _ contents: [UInt8]?, atOnce: Bool, to events: EventStream
  ) {
    let (block, unknownType, listSize) = state.withLock { ($0.block, $0.unknownType, $0.listSize) }
    if case .label = special {
      return events.send(.label, atOnce: atOnce) { event in
        event.set("text", member.path, exact: "text_b64")
        if member.modified.seconds != 0 { event.set("time", member.modified) }
        event.set("block", block)
      }
    }
    var member = member
    if member.kind == .directory { member.size = listSize }
    events.send(member, special ?? unknownType.map { .unknownType($0) }, atOnce: atOnce, marks: marks) { event in
      event.set("block", block)
      if let contents { event.set(contents: contents) }
    }
  }

  /// The volume label, which passes before the members do.
  func passLabel(_ member: Member) {
    if verbosity > 0 || events != nil { list(member, withAttributes: verbosity > 1, .label, atOnce: true) }
  }

  /// A directory that was made in passing.
  func madeDirectory(_ path: [UInt8], mode: UInt32) {
    if let events { return events.send(.change) { $0.set("change", "created", path: path) } }
    guard verbosity > 1 else { return }
    state.withLock { state in
      Self.appendBlock(&state)
      state.output += state.listing.madeDirectory(path, mode: mode) + [UInt8(ascii: "\n")]
      flush(&state)
    }
  }

  /// A file or directory that an incremental archive deletes.
  func deleted(_ path: [UInt8]) {
    if let events { return events.send(.change) { $0.set("change", "deleted", path: path) } }
    guard verbosity > 0 else { return }
    let name = NameQuoting(.locale).quoted(path)
    state.withLock { state in
      state.output += Array((Self.prefix + "Deleting ").utf8) + name + [UInt8(ascii: "\n")]
      flush(&state)
    }
  }

  /// What was in a directory: a code, a blank and a name for each.
  private func listContents(_ contents: [UInt8]) {
    state.withLock { state in
      for entry in contents.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
        var line = entry[...]
        if let code = line.first.flatMap(DumpDirectory.Code.init) {
          state.output += [code.rawValue, UInt8(ascii: " ")]
          line = line.dropFirst()
        }
        // Names come from the archive: no control character of them reaches the terminal.
        state.output += line.contains { $0 < 0x20 || $0 == 0x7f } ? NameQuoting().quoted(Array(line)) : Array(line)
        state.output.append(UInt8(ascii: "\n"))
      }
      if state.output.count > 1 << 16 { flush(&state) }
    }
  }

  /// Says what the member that is named next is, and in which block.
  /// - Parameter listSize: bytes of a directory's list that stand in the archive like content; 0 for all others.
  func prepare(block: Int64, unknownType: UInt8? = nil, listSize: Int64 = 0) {
    state.withLock { state in
      if output.showsBlocks { state.block = block }
      state.unknownType = unknownType
      state.listSize = listSize
    }
  }

  /// The record of zeros that ends an archive, if blocks are named.
  func endBlock(_ block: Int64, isThere: Bool) {
    guard output.showsBlocks else { return }
    if let events { return events.note(endBlock: block) }
    print("block \(block): ** \(isThere ? "Block of NULs" : "End of File") **")
  }

  private static func appendBlock(_ state: inout State) {
    if let block = state.block { state.output += "block \(block): ".utf8 }
  }

  /// Text where members are listed, at once and without a newline: a question.
  func prompt(_ text: String) {
    progress?.ask()
    if let events {
      events.flush()
      if events.leavesStandardError { writeError(Array(text.utf8)) }
      return
    }
    state.withLock { state in
      state.output += text.utf8
      flush(&state)
    }
  }

  private var totalsOf: (wholeRecords: Bool, limit: Int64?) { state.withLock { $0.totals } }

  /// Sets what totals and checkpoints count: records of `size` bytes.
  func countsRecords(of size: Int, wholeRecords: Bool, limit: Int64? = nil) {
    meter?.setRecordSize(size)
    state.withLock { $0.totals = (wholeRecords, limit) }
  }

  /// The line of `--totals`.
  func sayTotals() {
    let totals = totalsOf
    if let meter { sayPlain(meter.totals(wholeRecords: totals.wholeRecords, limit: totals.limit)) }
  }

  /// Everything has passed.
  func endProgress(showsTotals: Bool) {
    meter?.end(self)
    if showsTotals { sayTotals() }
  }

  /// Failures reported so far.
  var failures: Int { state.withLock { $0.failures } }

  /// Whether anything was reported that is more than information.
  var hasFoundFault: Bool { state.withLock { $0.status > .information } }

  /// The exit status whatever else was reported: the session was interrupted.
  func endsWith(status: Int32) { state.withLock { $0.interruptedStatus = status } }

  /// Text on standard output.
  func print(_ text: String) { print(Array(text.utf8)) }

  /// Bytes and a newline on standard output; with `--json`, where they have no event, on standard error.
  func print(_ bytes: [UInt8]) {
    if events != nil { return writeError(bytes + [UInt8(ascii: "\n")]) }
    state.withLock { state in
      state.output += bytes + [UInt8(ascii: "\n")]
      if state.output.count > 1 << 16 { flush(&state) }
    }
  }

  /// Brings everything out and returns the exit status: tar's 0, 1 or 2.
  func finish(endsWithSummary: Bool = true) -> Int32 {
    progress?.end()
    let (status, outputFailed, interrupted) = state.withLock { state in
      flush(&state)
      return (state.status, state.outputFailed, state.interruptedStatus)
    }
    events?.flush()
    if outputFailed || events?.hasFailed ?? false, interrupted == nil {
      write("standard output: Cannot write: \(String(cString: strerror(EIO)))")
      return 2
    }
    let exitStatus = interrupted ?? Int32(status.rawValue)
    // What a signal ends has 128 and its number.
    events?.end(status: exitStatus, signal: exitStatus > 128 ? exitStatus - 128 : nil)
    if interrupted == nil, events?.hasFailed ?? false { return 2 }
    if interrupted == nil, status == .failure, endsWithSummary {
      write("Exiting with failure status due to previous errors")
    }
    return exitStatus
  }

  /// The program ends at once, because of a signal.
  func cutOff(by signal: Int32) {
    progress?.end()
    events?.end(status: 128 + signal, signal: signal)
  }

  /// Whether bytes that pass are to be reported.
  var countsBytes: Bool { meter != nil || progress != nil }

  /// Says that the command waits for something, and how long it has; every ten seconds where no line shows it.
  func waits(for what: String, seconds: Int) {
    if let progress, progress.showsWaits { return progress.board.wait(for: what, since: seconds) }
    if seconds % 10 == 0 { say("waiting for the drive (\(seconds) s): \(what)") }
  }

  /// Does something that takes a while.
  func waiting<Result>(
    for what: String, _ body: () throws(OperationError) -> Result
  ) throws(OperationError) -> Result {
    progress?.board.wait(for: what)
    defer { progress?.board.wait(for: nil) }
    return try body()
  }

  /// A drive whose long waits are shown.
  func watched(_ drive: any TapeDrive) -> any TapeDrive { progress.map { WatchedDrive(drive, $0.board) } ?? drive }

  private func flush(_ state: inout State) {
    guard !state.output.isEmpty else { return }
    if let progress { progress.besides { send(&state) } } else { send(&state) }
  }

  private func send(_ state: inout State) {
    var done = 0
    while done < state.output.count, !state.outputFailed {
      let count = state.output.withUnsafeBytes {
        Glibc.write(listingDescriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if count < 0, errno != EINTR { state.outputFailed = true }
      if count > 0 { done += count }
    }
    state.output.removeAll(keepingCapacity: true)
  }

  private func write(_ text: [UInt8]) {
    writeError(Array(Self.prefix.utf8) + text + [UInt8(ascii: "\n")])
  }

  private func writeError(_ line: [UInt8]) {
    // Where events are there, each of them has what it says.
    guard events?.leavesStandardError ?? true else { return }
    func send() {
      // Nobody is left to tell when standard error fails.
      _ = line.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }
    if let progress { progress.besides(send) } else { send() }
  }
}
