import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles

/// The volumes of an ordinary archive, one after another (`-M`): those that `-f` names in their order, then what a script
/// or somebody at a terminal says.
final class VolumeSequence {
  /// Why there is no further volume.
  struct Ended: Error {
    let message: String
  }

  private let command: TarCommand
  private let reporter: Reporter
  /// What later volumes are opened for.
  var purpose: MediumOpener.Purpose
  private let interruption: Interruption?
  /// Is given the name of a volume before it is written over.
  private let replaces: ([UInt8]) throws(Ended) -> Void
  private var names: [[UInt8]]
  private var current = 0
  /// Whether the names have run out: from then on each volume is asked for.
  private var asks = false
  private var number = 1
  private var input: Int32?
  private var ended: Ended?

  /// The number of the volume in messages; it may begin where an earlier archive ended.
  private(set) var shownNumber = 1

  /// - Parameters:
  ///   - purpose: what later volumes are opened for.
  ///   - interruption: ends the waiting for an answer.
  init(
    _ command: TarCommand, reporter: Reporter, for purpose: MediumOpener.Purpose, interruption: Interruption? = nil,
    replaces: @escaping ([UInt8]) throws(Ended) -> Void = { _ throws(Ended) in }
  ) throws(OperationError) {
    self.command = command
    self.reporter = reporter
    self.purpose = purpose
    self.interruption = interruption
    self.replaces = replaces
    names = [command.archive.effectiveName ?? [UInt8(ascii: "-")]] + command.archive.furtherNames
    shownNumber = try command.multiVolume.firstNumber() ?? 1
  }

  /// Number of the volume that is in use, from 1.
  var volumeNumber: Int { number }

  /// The volume that was opened is the one that follows.
  func accept() {
    number += 1
    shownNumber += 1
  }

  /// Opens the next volume. Once there is none, there never is.
  func next() throws(Ended) -> any ArchiveMedium {
    if let ended { throw ended }
    do throws(Ended) {
      current += 1
      if current == names.count {
        current = 0
        asks = true
      }
      for _ in 0..<Self.mostFailures {
        if asks { try ask() }
        guard isOrdinary(names[current]) else {
          let words = "Warning: Cannot open: it is a volume with labels, which continues no ordinary archive"
          reporter.report(.notice(MemberNotice(names[current], words, .information)))
          asks = true
          continue
        }
        if purpose != .reading, names[current] == [UInt8(ascii: "-")], reporter.events?.hasStandardOutput ?? false {
          throw Ended(message: "-: Cannot open: standard output has the events of --json")
        }
        if purpose == .creating { try replaces(names[current]) }
        do { return try command.mediumOpener.open(names[current], for: purpose) } catch {
          let notice = MemberNotice(names[current], "Warning: Cannot open: \(error.text)", .information)
          reporter.report(notice, hint: error.hint)
          asks = true
        }
      }
      throw Ended(message: "\(MediumOpener.shown(names[current])): Cannot open: given up")
    } catch {
      ended = error
      throw error
    }
  }

  /// As ``next()``, of volumes with labels: what `open` refuses is said, and another one asked for.
  /// - Parameter fromNames: whether those that `-f` names come first.
  func next<Volume>(
    fromNames: Bool, _ open: ([UInt8]) throws(OperationError) -> Volume
  ) throws(Ended) -> Volume {
    if fromNames, !asks, current + 1 < names.count {
      current += 1
    } else {
      if fromNames { current = 0 }
      asks = true
    }
    for _ in 0..<Self.mostFailures {
      if asks { try ask() }
      do { return try open(names[current]) } catch {
        reporter.report(MemberNotice([], "Warning: \(error)", .information), hint: error.hint)
        asks = true
      }
    }
    throw Ended(message: "\(MediumOpener.shown(names[current])): given up")
  }

  /// Every name that `-f` gave.
  var allNames: [[UInt8]] { names }

  /// How many names in a row may be wrong: a script would go on for ever.
  static let mostFailures = 100

  /// Whether a name is not that of a drive or cartridge, which nothing is written over that did not look at its labels.
  private func isOrdinary(_ name: [UInt8]) -> Bool {
    var options = command.archive
    options.name = name
    // try?: what cannot be found out is said when it is opened.
    return (try? ArchiveTarget.resolve(options, creates: purpose == .creating))?.isOrdinary ?? true
  }

  private func ask() throws(Ended) {
    // Whoever is asked has seen what passed so far.
    reporter.prompt("")
    func answer() throws(Ended) {
      if let script = command.multiVolume.script { try run(script) } else { try prompt() }
    }
    if let progress = reporter.progress { try progress.asking(answer) } else { try answer() }
  }

  // MARK: The script

  private func run(_ script: [UInt8]) throws(Ended) {
    command.multiVolume.keep(shownNumber, reporter)
    var surroundings = command.surroundings
    surroundings.archive = names[current]
    let variables: [ShellCommand.Variable] =
      surroundings.variables.filter { $0.name != "TAR_VOLUME" } + [
        ("TAR_VOLUME", Array(String(shownNumber + 1).utf8)),
        ("TAR_SUBCOMMAND", Array(command.progressSubject.mode.utf8)),
      ]
    let shown = String(decoding: NameQuoting(.locale).quoted(script), as: UTF8.self)
    guard let answer = ShellCommand.ask(script, adding: variables, descriptorVariable: "TAR_FD"),
      answer.ending == .exited(0)
    else { throw Ended(message: "\(shown) command failed") }
    if !answer.line.isEmpty { names[current] = answer.line }
  }

  // MARK: The prompt

  private func prompt() throws(Ended) {
    while true {
      let shown = String(decoding: NameQuoting(.locale).quoted(names[current]), as: UTF8.self)
      write("\u{7}Prepare volume #\(shownNumber + 1) for \(shown) and hit return: ")
      guard let line = try line() else {
        throw incomplete("EOF where user reply was expected")
      }
      switch line.first {
      case nil, UInt8(ascii: "y"), UInt8(ascii: "Y"): return
      case UInt8(ascii: "?"):
        write(" n name        Give a new file name for the next (and subsequent) volume(s)\n q             Abort tar\n")
        write(" y or newline  Continue operation\n")
        if !command.multiVolume.isRestricted { write(" !             Spawn a subshell\n") }
        write(" ?             Print this list\n")
      case UInt8(ascii: "q"): throw incomplete("No new volume; exiting.\n")
      case UInt8(ascii: "n"):
        let name = line.dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if !name.isEmpty {
          names[current] = Array(name)
          return
        }
        write("File name not specified. Try again.\n")
      case UInt8(ascii: "!") where !command.multiVolume.isRestricted:
        // How it ends says nothing.
        _ = ShellCommand.run(Array("exec \"${SHELL:-/bin/sh}\" -i".utf8), adding: [])
      default: write("Invalid input. Type ? for help.\n")
      }
    }
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    if reporter.events?.leavesStandardError ?? true {
      // Nobody is left to be asked when standard error fails: the answer then ends it.
      _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    } else {
      // Events are there.
      Terminal.write(bytes)
    }
  }

  private func incomplete(_ message: String) -> Ended {
    guard command.writes else { return Ended(message: message) }
    reporter.say(message)
    return Ended(message: "WARNING: Archive is incomplete")
  }

  /// A line of standard input, or of the terminal where that is the archive; nil at the end. Read byte by byte: what
  /// follows is not ours.
  private func line() throws(Ended) -> [UInt8]? {
    let input = try openInput()
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
      if interruption?.isRequested ?? false {
        throw incomplete("interrupted")
      }
      // Interrupted by a signal that another thread took, poll would not say so.
      if poll(&waiting, 1, 200) == 0 { continue }
      let count = read(input, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return line.isEmpty ? nil : line }
      if byte == UInt8(ascii: "\n") { return line }
      guard line.count < 65_536 else { throw Ended(message: "an answer without an end") }
      line.append(byte)
    }
  }

  private func openInput() throws(Ended) -> Int32 {
    if let input { return input }
    let isArchive = purpose == .reading && names.contains([UInt8(ascii: "-")]) || command.readsInput
    let opened = isArchive ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : STDIN_FILENO
    guard opened >= 0 else { throw Ended(message: "/dev/tty: Cannot open: \(String(cString: strerror(errno)))") }
    input = opened
    return opened
  }

  /// Keeps the number of the last volume (`--volno-file`).
  func finish() { command.multiVolume.keep(shownNumber, reporter) }
}
