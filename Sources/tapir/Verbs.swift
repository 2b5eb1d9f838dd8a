import ArchiveOperations

/// What tar has no words for: `tapir VERB NOUN ...`, `tapir plan ...`.
enum Verb: String, CaseIterable {
  case volumeLabel = "volume label"
  case volumeShow = "volume show"
  case volumeVerify = "volume verify"
  case volumeCopy = "volume copy"
  case indexFind = "index find"
  case indexRebuild = "index rebuild"
  case indexCheck = "index check"
  case plan
  case rmt

  /// The verb that a command line begins with, and what follows it; nil when it is tar's.
  static func parse(_ arguments: [[UInt8]]) throws(UsageError) -> (Verb, rest: [[UInt8]])? {
    let groups = Set(allCases.map { $0.rawValue.prefix { $0 != " " } })
    guard let first = arguments.first.map({ String(decoding: $0, as: UTF8.self) }), groups.contains(first[...]) else {
      return nil
    }
    if let verb = Verb(rawValue: first) { return (verb, Array(arguments.dropFirst())) }
    let second = arguments.dropFirst().first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let verb = Verb(rawValue: first + " " + second) else {
      let known = allCases.filter { $0.rawValue.hasPrefix(first + " ") }.map { "'\($0.rawValue)'" }
      throw UsageError(message: "'\(first)' is followed by what to do: \(known.joined(separator: ", "))")
    }
    return (verb, Array(arguments.dropFirst(2)))
  }

  private var keys: Set<OptionKey> {
    switch self {
    case .volumeLabel:
      [
        .file, .forceLocal, .vsn, .label, .indexDatabase, .noIndex, .eraseVolume, .eraseUnexpired, .capacity,
        .compression, .blockingFactor, .recordSize, .help,
      ]
    case .volumeShow: [.file, .forceLocal, .vsn, .indexDatabase, .help]
    case .volumeVerify:
      [.file, .forceLocal, .vsn, .indexDatabase, .buffer, .session, .member, .sample, .verbose, .help]
    case .volumeCopy:
      [
        .forceLocal, .indexDatabase, .noIndex, .eraseVolume, .eraseUnexpired, .capacity, .compression, .buffer,
        .noVerify, .help,
      ]
    case .indexFind: [.file, .forceLocal, .vsn, .indexDatabase, .verbose, .help]
    case .indexRebuild: [.file, .forceLocal, .vsn, .indexDatabase, .salvage, .scan, .help]
    case .indexCheck: [.file, .forceLocal, .vsn, .indexDatabase, .help]
    case .plan: PlanVerb.keys
    case .rmt: [.help]
    }
  }

  private var summary: String {
    switch self {
    case .volumeLabel: "Usage: tapir volume label ARCHIVE [OPTION...]\n\nLabels a blank cartridge.\n"
    case .volumeShow: "Usage: tapir volume show ARCHIVE [OPTION...]\n\nSays which volume it is, and what is on it.\n"
    case .volumeVerify:
      "Usage: tapir volume verify ARCHIVE [OPTION...]\n\n"
        + "Reads every member, or those asked for, in tape order, and compares it with its digest.\n"
        + "Names what is damaged and goes on.\n"
    case .volumeCopy: CopyVerb.summary
    case .indexFind:
      "Usage: tapir index find [OPTION...] PATTERN...\n\nSays which volumes hold the members that match, newest first.\n"
    case .indexRebuild:
      "Usage: tapir index rebuild ARCHIVE [OPTION...]\n\n"
        + "Makes the index of a volume anew from its catalogues; what a damaged one listed, from labels and tar headers.\n"
    case .indexCheck:
      "Usage: tapir index check ARCHIVE [OPTION...]\n\n"
        + "Compares the index of a volume with its catalogues and says what differs. Changes nothing.\n"
    case .plan: PlanVerb.summary
    case .rmt: RmtVerb.summary
    }
  }

  private var options: [OptionSpecification] {
    (OptionTable.supported + OptionTable.verbsOnly).filter { $0.key.map { keys.contains($0) } ?? false }
  }

  /// The verb's help text.
  var help: String { summary + HelpText.options(options) }

  /// Understands what follows the verb; nil when help was asked for.
  func prepare(_ words: [[UInt8]]) throws(UsageError) -> VerbCommand? {
    let items = try OptionScanner(options, allowsOldStyle: self == .plan).scan(words)
    if self == .plan {
      if items.contains(.option(.help, nil)) { return nil }
      return VerbCommand(verb: self, command: try PlanVerb.command(items), names: [])
    }
    var builder = TarCommandBuilder()
    for case .option(let key, let value) in items {
      if key == .help { return nil }
      try builder.add(.option(key, value))
    }
    var names = items.compactMap { item -> [UInt8]? in
      if case .operand(let name) = item { name } else { nil }
    }
    var command = builder.command
    command.intent.vsn = command.archive.vsn
    if self == .indexFind {
      guard !names.isEmpty else { throw UsageError(message: "'\(rawValue)' takes a name or a pattern") }
    } else if self == .rmt {
      if let extra = names.first {
        throw UsageError(message: "'rmt' takes nothing, not '\(String(decoding: extra, as: UTF8.self))'")
      }
    } else if self == .volumeCopy {
      guard names.count == 2 else { throw UsageError(message: "'\(rawValue)' takes a source and a target") }
    } else {
      if command.archive.name == nil, !names.isEmpty { command.archive.name = names.removeFirst() }
      guard command.archive.name != nil else { throw UsageError(message: "'\(rawValue)' takes an archive") }
      if let extra = names.first {
        throw UsageError(
          message: "'\(rawValue)' takes one archive, not '\(String(decoding: extra, as: UTF8.self))' too")
      }
    }
    return VerbCommand(verb: self, command: command, names: names)
  }
}

/// A verb and what it is to be done to.
struct VerbCommand {
  let verb: Verb
  let command: TarCommand
  let names: [[UInt8]]

  /// Says what it has to say. Only a plan names members as they pass.
  var reporter: Reporter { verb == .plan ? Reporter(verbosity: command.verbosity) : Reporter() }

  func run(_ reporter: Reporter) throws(OperationError) {
    for note in command.volumeNotes { reporter.say(note) }
    switch verb {
    case .volumeLabel: try VolumeVerbs(command: command, reporter: reporter).label()
    case .volumeShow: try VolumeVerbs(command: command, reporter: reporter).show()
    case .volumeVerify: try VolumeVerbs(command: command, reporter: reporter).verify()
    case .volumeCopy:
      try CopyVerb(command: command, source: names[0], target: names[1], reporter: reporter).run(Signals())
    case .indexFind: try IndexVerbs(command: command, reporter: reporter).find(names)
    case .indexRebuild: try IndexVerbs(command: command, reporter: reporter).rebuild()
    case .indexCheck: try IndexVerbs(command: command, reporter: reporter).check()
    case .rmt: try RmtVerb(reporter: reporter).run()
    case .plan: try PlanVerb(command: command, reporter: reporter).run()
    }
  }
}
