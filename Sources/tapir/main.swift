import ArchiveOperations
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
    do throws(UsageError) {
      if let text = try GeneratedText.asked(for: arguments) {
        let reporter = Reporter(verbosity: .none, namesGoToErrors: false)
        reporter.print(text)
        return reporter.finish()
      }
      if let (verb, rest) = try Verb.parse(arguments) { return try runVerb(verb, rest) }
      return try runTar(arguments)
    } catch {
      let reporter = Reporter(verbosity: .none, namesGoToErrors: false)
      reporter.fail(error.message, hint: nil)
      if error.isFatal { reporter.say("Error is not recoverable: exiting now") }
      if error.pointsAtHelp { reporter.sayPlain("Try 'tapir --help' for more information.") }
      return reporter.finish(endsWithSummary: false)
    }
  }

  private static func runVerb(_ verb: Verb, _ words: [[UInt8]]) throws(UsageError) -> Int32 {
    let reporter = Reporter(verbosity: .none, namesGoToErrors: false)
    guard let command = try verb.prepare(words) else {
      reporter.print(verb.help)
      return reporter.finish()
    }
    do { try command.run(reporter) } catch {
      reporter.fail(error.description, hint: error.hint)
      return reporter.finish(endsWithSummary: false)
    }
    return reporter.finish()
  }

  private static func runTar(_ words: [[UInt8]]) throws(UsageError) -> Int32 {
    let scanner = OptionScanner(OptionTable.all)
    let command = try TarCommandBuilder.build(
      scanner.scan(words),
      environment: OptionScanner(OptionTable.all, allowsOldStyle: false).scan(try environmentOptions())
    )
    let reporter = Reporter(
      verbosity: command.verbosity == 0 ? .none : command.verbosity == 1 ? .names : .attributes,
      namesGoToErrors: command.usesStandardOutput)
    for note in command.notes { reporter.say(note) }
    do throws(OperationError) {
      switch command.mode {
      case .create, .append, .update, .concatenate, .delete:
        try WriteMode(command: command, reporter: reporter).run(Signals())
      case .extract, .list, .compare: try ReadMode(command: command, reporter: reporter).run()
      case .help: reporter.print(HelpText.tar)
      case .usage: reporter.print(HelpText.usage)
      case .version: reporter.print(Version.text)
      }
    } catch {
      reporter.fail(error.description, hint: error.hint)
      reporter.say("Error is not recoverable: exiting now")
      return reporter.finish(endsWithSummary: false)
    }
    for complaint in command.complaints { reporter.complain(complaint) }
    return reporter.finish()
  }

  /// `$TAR_OPTIONS`: words as in a shell, before those of the command line.
  private static func environmentOptions() throws(UsageError) -> [[UInt8]] {
    guard let value = getenv("TAR_OPTIONS") else { return [] }
    guard let words = WordSplitter.words(OptionScanner.bytes(value)) else {
      throw .fatal("cannot split TAR_OPTIONS: missing closing quote")
    }
    return words
  }
}

var words: [[UInt8]] = []
for index in 1..<max(1, Int(CommandLine.argc)) {
  if let word = CommandLine.unsafeArgv[index] { words.append(OptionScanner.bytes(word)) }
}
exit(Command.run(words))
