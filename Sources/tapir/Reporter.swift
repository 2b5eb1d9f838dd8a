import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import Synchronization

/// Tells the user what happens: data on standard output, everything else on standard error. Knows the exit status.
final class Reporter: OperationObserver {
  /// How much is said of members as they pass: 0 nothing, 1 names, 2 attributes, 3 more.
  private let verbosity: Int
  private let output: OutputOptions
  /// Where members are listed.
  private let listingDescriptor: Int32
  /// Counts bytes; nil when nobody wants to know.
  let meter: ProgressMeter?
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
    meter: ProgressMeter? = nil, marks: ListingFormat.Marks = ListingFormat.Marks()
  ) {
    self.verbosity = verbosity
    self.listingDescriptor = listingDescriptor
    self.output = output
    self.meter = meter
    state.withLock {
      $0.listing.quoting = output.quoting
      $0.listing.showsFullTime = output.showsFullTime
      $0.listing.usesUTC = output.usesUTC
      $0.listing.marks = marks
    }
  }

  func report(_ event: OperationEvent) {
    switch event {
    case .member(let member): if verbosity > 0 { list(member, withAttributes: verbosity > 1, atOnce: true) }
    case .passed(let bytes): meter?.pass(bytes, self)
    case .notice(let notice): report(notice)
    case .information(let text): say(text)
    case .committed, .expected, .buffer, .readingBack: break
    case .unconfirmed(let path): reportUnconfirmed(path)
    }
  }

  /// A line on standard error, behind the program's name.
  func say(_ text: String) { say(Array(text.utf8)) }

  /// Something that failed as a whole.
  func fail(_ message: String, hint: String?) {
    raise(.failure)
    say(message)
    if let hint { sayPlain("hint: \(hint)") }
  }

  /// Something that was wrong, though all was done that could be.
  func complain(_ message: String) {
    raise(.failure)
    say(message)
  }

  /// A line on standard error without the program's name.
  func sayPlain(_ text: String) { writeError(Array((text + "\n").utf8)) }

  private func report(_ notice: MemberNotice) {
    raise(notice.severity)
    guard output.warnings.passes(notice, isVerbose: verbosity > 0) else { return }
    let name =
      notice.path.isEmpty ? [] : output.quoting.quoted(notice.path, colons: !notice.isFinding) + Array(": ".utf8)
    // What a message names may come from the archive: no control character of it reaches the terminal.
    let line = name + Self.withoutControls(notice.message)
    if notice.isFinding { print(line) } else { say(line) }
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
    say(output.quoting.quoted(path, colons: true) + Array(": Written but not confirmed: not safe on tape".utf8))
  }

  private func raise(_ severity: MemberNotice.Severity) {
    state.withLock {
      $0.status = max($0.status, severity)
      if severity == .failure { $0.failures += 1 }
    }
  }

  /// Lists a member, or what passes in place of one.
  /// - Parameter atOnce: whether somebody waits to see it pass.
  func list(
    _ member: Member, withAttributes: Bool, _ special: ListingFormat.Special? = nil, atOnce: Bool = false
  ) {
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
  }

  /// The volume label, which passes before the members do.
  func passLabel(_ member: Member) {
    if verbosity > 0 { list(member, withAttributes: verbosity > 1, .label, atOnce: true) }
  }

  /// A directory that was made in passing.
  func madeDirectory(_ path: [UInt8], mode: UInt32) {
    guard verbosity > 1 else { return }
    state.withLock { state in
      Self.appendBlock(&state)
      state.output += state.listing.madeDirectory(path, mode: mode) + [UInt8(ascii: "\n")]
      flush(&state)
    }
  }

  /// A file or directory that an incremental archive deletes.
  func deleted(_ path: [UInt8]) {
    guard verbosity > 0 else { return }
    let name = NameQuoting(.locale).quoted(path)
    state.withLock { state in
      state.output += Array((Self.prefix + "Deleting ").utf8) + name + [UInt8(ascii: "\n")]
      flush(&state)
    }
  }

  /// What was in a directory: a code, a blank and a name for each.
  func listContents(_ contents: [UInt8]) {
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
    print("block \(block): ** \(isThere ? "Block of NULs" : "End of File") **")
  }

  private static func appendBlock(_ state: inout State) {
    if let block = state.block { state.output += "block \(block): ".utf8 }
  }

  /// Text where members are listed, at once and without a newline: a question.
  func prompt(_ text: String) {
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

  /// Bytes and a newline on standard output.
  func print(_ bytes: [UInt8]) {
    state.withLock { state in
      state.output += bytes + [UInt8(ascii: "\n")]
      if state.output.count > 1 << 16 { flush(&state) }
    }
  }

  /// Brings everything out and returns the exit status: tar's 0, 1 or 2.
  func finish(endsWithSummary: Bool = true) -> Int32 {
    let (status, outputFailed, interrupted) = state.withLock { state in
      flush(&state)
      return (state.status, state.outputFailed, state.interruptedStatus)
    }
    if let interrupted { return interrupted }
    if outputFailed {
      say("standard output: Cannot write: \(String(cString: strerror(EIO)))")
      return 2
    }
    if status == .failure, endsWithSummary { say("Exiting with failure status due to previous errors") }
    return Int32(status.rawValue)
  }

  private func flush(_ state: inout State) {
    var done = 0
    while done < state.output.count, !state.outputFailed {
      let count = state.output.withUnsafeBytes {
        write(listingDescriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if count < 0, errno != EINTR { state.outputFailed = true }
      if count > 0 { done += count }
    }
    state.output.removeAll(keepingCapacity: true)
  }

  private func say(_ text: [UInt8]) {
    writeError(Array(Self.prefix.utf8) + text + [UInt8(ascii: "\n")])
  }

  private func writeError(_ line: [UInt8]) {
    // Nobody is left to tell when standard error fails.
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
