import ArchiveOperations
import CLinux
import Glibc
import HostFiles

/// The command: arguments in, exit status out.
enum Command {
  static func run(_ arguments: [[UInt8]]) -> Int32 {
    // The character set of names in patterns; nothing else depends on the locale.
    setlocale(LC_CTYPE, "")
    // Beyond the limit on a file's size a write then fails and is reported, like any other.
    signal(SIGXFSZ, SIG_IGN)
    DescriptorLimit.raise()
    // Who asks before there is anything to say is answered later.
    var early = sigset_t()
    sigemptyset(&early)
    sigaddset(&early, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &early, nil)
    do throws(UsageError) {
      if arguments.count == 3, arguments[..<2].elementsEqual(["completion", "members"].map { Array($0.utf8) }) {
        return completeMember(arguments[2])
      }
      if let text = try GeneratedText.asked(for: arguments) {
        let reporter = Reporter()
        reporter.print(text)
        return reporter.finish()
      }
      if let (verb, rest) = try Verb.parse(arguments) { return try runVerb(verb, rest) }
      return try runTar(arguments)
    } catch {
      let reporter = Reporter(events: EventStream.forUsageError(arguments))
      reporter.fail(error.message, hint: nil, code: "usage")
      if error.isFatal {
        reporter.write("Error is not recoverable: exiting now")
      } else if error.pointsAtHelp {
        reporter.writePlain("Try 'tapir --help' for more information.")
      }
      if let status = error.status { reporter.endsWith(status: status) }
      return reporter.finish(endsWithSummary: false)
    }
  }

  /// 1: complete files instead.
  private static func completeMember(_ line: [UInt8]) -> Int32 {
    guard let names = MemberCompletion(line: line).names() else { return 1 }
    let reporter = Reporter()
    // One a line: a name that has a line break in it must be typed.
    for name in names where !name.contains(UInt8(ascii: "\n")) { reporter.print(name) }
    return reporter.finish()
  }

  private static func runVerb(_ verb: Verb, _ words: [[UInt8]]) throws(UsageError) -> Int32 {
    guard let command = try verb.prepare(words, configuration: Configuration.load) else {
      let reporter = Reporter()
      reporter.print(verb.help)
      return reporter.finish()
    }
    let reporter = command.reporter
    reporter.progress?.start(answersSignal: true)
    do { try command.run(reporter) } catch {
      reporter.fail(error)
      return reporter.finish(endsWithSummary: false)
    }
    return reporter.finish()
  }

  private static func runTar(_ words: [[UInt8]]) throws(UsageError) -> Int32 {
    let scanner = OptionScanner(OptionTable.all)
    let command = try TarCommandBuilder.build(
      scanner.scan(words),
      environment: OptionScanner(OptionTable.all, allowsOldStyle: false).scan(try Environment.options()),
      configuration: Configuration.load)
    let meter =
      command.output.interval == nil && !command.output.showsTotals && command.output.totalsSignal == nil
      ? nil : ProgressMeter(command.progressSubject, command.output)
    let listing = try listingDescriptor(command)
    let events = command.output.isJSON ? try EventStream.make(for: command, listingDescriptor: listing) : nil
    let reporter = Reporter(
      verbosity: command.verbosity, listingDescriptor: listing, output: command.output,
      meter: meter, marks: command.marks, events: events, progress: command.progressDisplay(events))
    reporter.progress?.start(answersSignal: !command.output.usesSignal(SIGUSR1))
    if let signal = command.output.totalsSignal { TotalsSignal.wait(for: signal, reporter) }
    for note in command.notes { reporter.say(note) }
    do throws(OperationError) {
      // Of several volumes it is the last one's in the end.
      let number = command.multiVolume.isOn ? nil : try command.multiVolume.firstNumber()
      switch command.mode {
      case .create, .append, .update, .concatenate, .delete:
        try WriteMode(command: command, reporter: reporter).run(
          Signals(reporter, except: command.output.totalsSignal))
      case .extract, .list, .compare:
        Signals.endEvents(of: reporter, except: command.output.totalsSignal)
        try ReadMode(command: command, reporter: reporter).run()
      case .testLabel:
        Signals.endEvents(of: reporter)
        try LabelMode(command: command, reporter: reporter).run()
      case .showDefaults: reporter.print(FixedText.defaults)
      case .showSnapshotFieldRanges: reporter.print(FixedText.snapshotFieldRanges)
      case .help: reporter.print(HelpText.tar)
      case .usage: reporter.print(HelpText.usage)
      // With --json the first event has it.
      case .version: reporter.decorate(Version.text)
      }
      if let number { command.multiVolume.keep(number, reporter) }
    } catch {
      reporter.fail(error)
      reporter.write("Error is not recoverable: exiting now")
      return reporter.finish(endsWithSummary: false)
    }
    reporter.endProgress(showsTotals: command.output.showsTotals)
    for complaint in command.complaints { reporter.complain(complaint) }
    return reporter.finish()
  }

  /// Where members are listed: not where the archive or contents go.
  private static func listingDescriptor(_ command: TarCommand) throws(UsageError) -> Int32 {
    if let file = command.output.indexFile {
      let descriptor = ArchiveTarget.withCString(file) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
      if descriptor >= 0 { return descriptor }
      throw UsageError(
        message: "\(String(decoding: file, as: UTF8.self)): Cannot open: \(String(cString: strerror(errno)))",
        isFatal: true)
    }
    return command.usesStandardOutput ? 2 : 1
  }
}

var words: [[UInt8]] = []
for index in 1..<max(1, Int(CommandLine.argc)) {
  if let word = CommandLine.unsafeArgv[index] { words.append(OptionScanner.bytes(word)) }
}
exit(Command.run(words))
