import ArchiveOperations
import HostFiles

/// What tar has no words for: `tapir VERB NOUN ...`, `tapir plan ...`.
enum Verb: String, CaseIterable {
  case volumeLabel = "volume label"
  case volumeShow = "volume show"
  case volumeMap = "volume map"
  case volumeVerify = "volume verify"
  case volumeCopy = "volume copy"
  case volumeRepack = "volume repack"
  case volumeErase = "volume erase"
  case indexFind = "index find"
  case indexLog = "index log"
  case indexShow = "index show"
  case indexRename = "index rename"
  case indexRebuild = "index rebuild"
  case indexCheck = "index check"
  case configShow = "config show"
  case plan
  case rmt
  case libraryCreate = "library create"
  case libraryStatus = "library status"
  case libraryLoad = "library load"
  case libraryUnload = "library unload"
  case libraryTransfer = "library transfer"
  case libraryAdd = "library add"
  case libraryRemove = "library remove"
  case libraryInventory = "library inventory"
  case libraryMigrate = "library migrate"
  case driveStatus = "drive status"
  case driveRewind = "drive rewind"
  case driveEject = "drive eject"
  case driveLoad = "drive load"
  case drivePosition = "drive position"
  case driveHealth = "drive health"

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

  var keys: Set<OptionKey> {
    switch self {
    case .volumeLabel:
      [
        .file, .forceLocal, .vsn, .label, .indexDatabase, .noIndex, .eraseVolume, .eraseUnexpired, .retain, .capacity,
        .compression, .blockingFactor, .recordSize, .changer, .driveElement, .help,
      ]
    case .volumeShow: [.file, .forceLocal, .vsn, .indexDatabase, .changer, .driveElement, .help]
    case .volumeVerify:
      [
        .file, .forceLocal, .vsn, .indexDatabase, .buffer, .session, .member, .sample, .changer, .driveElement,
        .verbose, .help,
      ]
    case .volumeCopy:
      [
        .forceLocal, .vsn, .indexDatabase, .noIndex, .eraseVolume, .eraseUnexpired, .capacity, .compression, .buffer,
        .noVerify, .changer, .driveElement, .help,
      ]
    case .volumeRepack:
      [
        .forceLocal, .vsn, .indexDatabase, .eraseVolume, .eraseUnexpired, .retain, .capacity, .compression,
        .blockingFactor, .recordSize, .buffer, .layout, .pack, .noSpan, .verify, .syncBytes, .syncFiles, .syncSeconds,
        .changer,
        .driveElement, .to, .eraseSource, .verbose, .help,
      ]
    case .volumeErase:
      [
        .file, .forceLocal, .vsn, .label, .indexDatabase, .noIndex, .eraseVolume, .eraseUnexpired, .retain,
        .blockingFactor, .recordSize, .changer, .driveElement, .help,
      ]
    case .indexFind:
      [
        .file, .forceLocal, .vsn, .indexDatabase, .verbose, .newerMtime, .finding(.long), .finding(.size),
        .finding(.newerThan), .finding(.olderThan), .help,
      ]
    case .volumeMap:
      [
        .file, .forceLocal, .vsn, .indexDatabase, .changer, .driveElement, .capacity, .map(.width), .map(.svg), .help,
      ]
    case .driveStatus: [.file, .forceLocal, .indexDatabase, .changer, .driveElement, .help]
    case .driveRewind, .driveEject, .driveLoad, .driveHealth: [.file, .forceLocal, .help]
    case .drivePosition: [.file, .forceLocal, .drive(.end), .drive(.tapeFile), .help]
    case .indexLog: [.file, .forceLocal, .vsn, .indexDatabase, .help]
    case .indexShow: [.file, .forceLocal, .vsn, .indexDatabase, .help]
    case .indexRename: [.file, .forceLocal, .vsn, .indexDatabase, .changer, .driveElement, .help]
    case .indexRebuild:
      [.file, .forceLocal, .vsn, .indexDatabase, .salvage, .scan, .changer, .driveElement, .help]
    case .indexCheck: [.file, .forceLocal, .vsn, .indexDatabase, .changer, .driveElement, .help]
    case .configShow: [.file, .forceLocal, .changer, .indexDatabase, .series, .help]
    case .plan: PlanVerb.keys
    case .rmt: [.help]
    case .libraryCreate:
      [
        .file, .library(.slots), .library(.drives), .library(.ioSlots), .library(.cartridges), .capacity, .compression,
        .help,
      ]
    case .libraryStatus:
      [
        .file, .changer, .indexDatabase, .library(.stale), .library(.olderThan), .library(.fullerThan), .help,
      ]
    case .libraryLoad, .libraryUnload, .libraryTransfer, .libraryInventory: [.file, .changer, .help]
    case .libraryMigrate:
      [
        .file, .indexDatabase, .library(.olderThan), .library(.fullerThan), .to, .noVerify, .eraseVolume,
        .eraseUnexpired, .capacity, .compression, .buffer, .changer, .driveElement, .help,
      ]
    case .libraryAdd: [.file, .changer, .indexDatabase, .library(.cartridges), .help]
    case .libraryRemove: [.file, .changer, .library(.into), .help]
    }
  }

  /// How it is written, and what it does.
  var summary: String {
    switch self {
    case .volumeLabel:
      "Usage: tapir volume label ARCHIVE [OPTION...]\n\nLabels a blank cartridge. With --retain, one that holds members is kept for longer.\n"
    case .volumeShow: "Usage: tapir volume show ARCHIVE [OPTION...]\n\nSays which volume it is, and what is on it.\n"
    case .volumeVerify:
      "Usage: tapir volume verify ARCHIVE [OPTION...]\n\n"
        + "Reads every member, or those asked for, in tape order, and compares it with its digest.\n"
        + "Names what is damaged and goes on.\n"
    case .volumeCopy: CopyVerb.summary
    case .volumeRepack: RepackVerb.summary
    case .volumeErase: EraseVerb.summary
    case .indexFind: IndexFinding.summary
    case .volumeMap: MapVerb.summary
    case .driveStatus, .driveRewind, .driveEject, .driveLoad, .drivePosition, .driveHealth: DriveVerbs.summary(self)
    case .indexLog:
      "Usage: tapir index log [OPTION...]\n\n"
        + "Lists the sessions, and what they deleted, renamed or found vanished. No cartridge is touched.\n"
    case .indexShow:
      "Usage: tapir index show [OPTION...] NAME...\n\n"
        + "Shows every version of a member, where it lies, and what became of it. No cartridge is touched.\n"
    case .indexRename:
      "Usage: tapir index rename -f ARCHIVE [OPTION...] OLD NEW\n\n"
        + "Gives a member, with everything below it, another name: recorded on the volume, which is not rewritten.\n"
    case .indexRebuild:
      "Usage: tapir index rebuild ARCHIVE [OPTION...]\n\n"
        + "Makes the index of a volume anew from its catalogues; what a damaged one listed, from labels and tar headers.\n"
    case .indexCheck:
      "Usage: tapir index check ARCHIVE [OPTION...]\n\n"
        + "Compares the index of a volume with its catalogues and says what differs. Changes nothing.\n"
    case .configShow: ConfigVerb.summary
    case .plan: PlanVerb.summary
    case .rmt: RmtVerb.summary
    case .libraryCreate:
      "Usage: tapir library create FOLDER [OPTION...]\n\n"
        + "Makes a virtual library with blank cartridges V00001, V00002... in its slots.\n"
    case .libraryStatus:
      usage("", "[OPTION...]") + "Says which cartridge is where. Drives count from 0, slots from 1.\n"
    case .libraryLoad:
      usage("SLOT|VSN [DRIVE]") + "Moves a cartridge into a drive: the first that is empty, unless it is named.\n"
    case .libraryUnload:
      usage("[DRIVE]")
        + "Moves the cartridge in a drive back to its slot. With --changer, -f names the drive's device,\n"
        + "from which the cartridge is ejected first.\n"
    case .libraryTransfer: usage("SLOT|VSN SLOT") + "Moves a cartridge to another slot.\n"
    case .libraryAdd:
      usage("[CARTRIDGE|VSN...]")
        + "Moves virtual cartridges in, or makes new ones. Of a real library, moves what is in its import/export slots.\n"
    case .libraryRemove:
      usage("VSN", "[--into=FOLDER]")
        + "Moves a cartridge to an import/export slot, or out to a folder. Nothing is erased.\n"
    case .libraryMigrate: MigrateVerb.summary
    case .libraryInventory: usage("") + "Finds out which cartridges came and went by hand.\n"
    }
  }

  private func usage(_ words: String, _ options: String = "") -> String {
    let words = [words, options].filter { !$0.isEmpty }.map { " " + $0 }.joined()
    return "Usage: tapir \(rawValue) LIBRARY\(words)\n       tapir \(rawValue) --changer=DEVICE\(words)\n\n"
  }

  private var isOfDrive: Bool { rawValue.hasPrefix("drive ") }

  /// How many words a library's verb takes behind the library; nil of other verbs.
  private var wordCounts: ClosedRange<Int>? {
    switch self {
    case .libraryCreate, .libraryStatus, .libraryInventory: 0...0
    case .libraryLoad: 1...2
    case .libraryUnload: 0...1
    case .libraryTransfer: 2...2
    case .libraryAdd, .libraryMigrate: 0...Int.max
    case .libraryRemove: 1...1
    default: nil
    }
  }

  /// Takes the library out of the names, unless an option says which, and counts the others.
  private func checkWords(_ names: inout [[UInt8]], _ command: inout TarCommand) throws(UsageError) {
    guard let counts = wordCounts else { return }
    if command.archive.changer == nil || self == .libraryMigrate, command.archive.name == nil {
      guard !names.isEmpty else { throw UsageError(message: "'\(rawValue)' takes a library") }
      command.archive.name = names.removeFirst()
    }
    guard counts.contains(names.count) else {
      let usage = summary.prefix { $0 != "\n" }.drop { $0 != " " }.dropFirst()
      throw UsageError(message: "'\(rawValue)' takes other words: \(usage)")
    }
    if self == .libraryMigrate {
      names += command.targets
      guard !names.isEmpty else { throw UsageError(message: "'\(rawValue)' takes a library and a target") }
      guard !command.library.policy.isEmpty else {
        throw UsageError(message: "'\(rawValue)' takes --older-than or --fuller-than", pointsAtHelp: false)
      }
    }
    if self == .libraryStatus, command.library.showsCandidates == command.library.policy.isEmpty {
      throw UsageError(
        message: "--stale goes with --older-than or --fuller-than, and they with it", pointsAtHelp: false)
    }
  }

  /// Options of every verb.
  static let common: Set<OptionKey> = [.output(.json), .output(.progress), .output(.noProgress), .noConfiguration]

  private var options: [OptionSpecification] {
    (OptionTable.supported + OptionTable.verbsOnly).filter {
      $0.key.map { keys.contains($0) || Self.common.contains($0) } ?? false
    }
  }

  /// The verb's help text.
  var help: String { summary + HelpText.options(options) }

  /// Help is a text for people.
  private func helpAlone(_ items: [CommandItem]) throws(UsageError) -> VerbCommand? {
    if items.contains(.option(.output(.json), nil)) {
      throw UsageError(message: "--json does not go with --help", pointsAtHelp: false)
    }
    return nil
  }

  /// Understands what follows the verb; nil when help was asked for.
  /// - Parameter configuration: reads the configuration; not called where nothing of it matters.
  func prepare(
    _ words: [[UInt8]],
    configuration: () throws(UsageError) -> Configuration = { () throws(UsageError) in Configuration() }
  ) throws(UsageError) -> VerbCommand? {
    let items = try OptionScanner(options, allowsOldStyle: self == .plan).scan(words)
    if self == .plan {
      if items.contains(.option(.help, nil)) { return try helpAlone(items) }
      let command = try configured(try PlanVerb.command(items), items, configuration)
      return VerbCommand(verb: self, command: command, names: [])
    }
    var builder = TarCommandBuilder()
    for case .option(let key, let value) in items {
      if key == .help { return try helpAlone(items) }
      try builder.add(.option(key, value))
    }
    var names = items.compactMap { item -> [UInt8]? in
      if case .operand(let name) = item { name } else { nil }
    }
    var command = builder.command
    command.intent.vsn = command.archive.vsn
    if self == .volumeLabel { command.archive.libraryUse = .scratch }
    if wordCounts != nil {
      try checkWords(&names, &command)
    } else if isOfDrive {
      try DriveOptions.checkWords(self, &names, &command)
    } else if self == .indexRename {
      command.intent.appends = true
      command.intent.labels = false
      command.archive.libraryUse = .lastWritten
      guard command.archive.name != nil else { throw UsageError(message: "'\(rawValue)' takes an archive: -f") }
      guard names.count == 2 else { throw UsageError(message: "'\(rawValue)' takes an old name and a new one") }
    } else if self == .indexLog || self == .configShow {
      if command.archive.name == nil, !names.isEmpty { command.archive.name = names.removeFirst() }
      if let extra = names.first {
        throw UsageError(
          message: "'\(rawValue)' takes one archive, not '\(String(decoding: extra, as: UTF8.self))' too")
      }
    } else if self == .volumeMap, command.archive.vsn != nil, names.isEmpty {
      // Of a volume that is named, the index alone can tell.
    } else if self == .indexFind || self == .indexShow {
      let isAnyName = self == .indexFind && (command.finding.hasTests || command.source.newerThan != nil)
      guard !names.isEmpty || isAnyName else { throw UsageError(message: "'\(rawValue)' takes a name or a pattern") }
    } else if self == .rmt {
      if let extra = names.first {
        throw UsageError(message: "'rmt' takes nothing, not '\(String(decoding: extra, as: UTF8.self))'")
      }
    } else if self == .volumeCopy {
      guard names.count == 2 else { throw UsageError(message: "'\(rawValue)' takes a source and a target") }
      if command.archive.vsn != nil, command.archive.changer == nil {
        throw UsageError(
          message: "--vsn goes with --changer: what is copied is what the two names have", pointsAtHelp: false)
      }
    } else if self == .volumeRepack {
      if command.targets.isEmpty, names.count > 1 { command.targets = [names.removeLast()] }
      guard !names.isEmpty, !command.targets.isEmpty else {
        throw UsageError(message: "'\(rawValue)' takes one source or several, and a target")
      }
    } else if self == .volumeErase {
      try EraseVerb.checkWords(&names, &command)
    } else {
      if command.archive.name == nil, !names.isEmpty { command.archive.name = names.removeFirst() }
      guard command.archive.name != nil else { throw UsageError(message: "'\(rawValue)' takes an archive") }
      if let extra = names.first {
        throw UsageError(
          message: "'\(rawValue)' takes one archive, not '\(String(decoding: extra, as: UTF8.self))' too")
      }
    }
    return VerbCommand(verb: self, command: try configured(command, items, configuration), names: names)
  }
}

/// A verb and what it is to be done to.
struct VerbCommand {
  let verb: Verb
  let command: TarCommand
  let names: [[UInt8]]

  /// Says what it has to say. Only a plan names members as they pass.
  var reporter: Reporter {
    // The protocol of remote tapes has standard output.
    let events =
      command.output.isJSON
      ? EventStream(verb == .rmt ? .standardError : .standardOutput, command: verb.rawValue) : nil
    let verbosity = verb == .plan || verb == .volumeRepack ? command.verbosity : 0
    let board = ProgressBoard(commits: verb == .volumeRepack || verb == .indexRename)
    return Reporter(
      verbosity: verbosity, events: events, progress: ProgressDisplay(command.output.progress, board, events))
  }

  func run(_ reporter: Reporter) throws(OperationError) {
    for note in command.volumeNotes { reporter.say(note) }
    let endsInOrder: Set<Verb> = [.volumeCopy, .volumeRepack, .libraryMigrate, .indexRename]
    if !endsInOrder.contains(verb) { Signals.endEvents(of: reporter) }
    switch verb {
    case .volumeLabel: try VolumeVerbs(command: command, reporter: reporter).label()
    case .volumeShow: try VolumeVerbs(command: command, reporter: reporter).show()
    case .volumeVerify: try VolumeVerbs(command: command, reporter: reporter).verify()
    case .volumeCopy:
      try CopyVerb(command: command, source: names[0], target: names[1], reporter: reporter).run(Signals(reporter))
    case .volumeRepack:
      try RepackVerb(command: command, sources: names, reporter: reporter).run(Signals(reporter))
    case .libraryMigrate:
      try MigrateVerb(command: command, targets: names, reporter: reporter).run(Signals(reporter))
    case .volumeErase: try EraseVerb(command: command, reporter: reporter).run()
    case .indexFind: try IndexFinding(command: command, reporter: reporter).run(names)
    case .volumeMap: try MapVerb(command: command, reporter: reporter).run()
    case .driveStatus, .driveRewind, .driveEject, .driveLoad, .drivePosition, .driveHealth:
      try DriveVerbs(command: command, reporter: reporter).run(verb)
    case .indexLog: try IndexHistoryVerbs(command: command, reporter: reporter).log()
    case .indexShow: try IndexHistoryVerbs(command: command, reporter: reporter).show(names)
    case .indexRename:
      try VolumeChanges(command: command, reporter: reporter).rename(names, Signals(reporter))
    case .indexRebuild: try IndexVerbs(command: command, reporter: reporter).rebuild()
    case .indexCheck: try IndexVerbs(command: command, reporter: reporter).check()
    case .rmt: try RmtVerb(reporter: reporter).run()
    case .configShow: try ConfigVerb(command: command, reporter: reporter).show()
    case .plan: try PlanVerb(command: command, reporter: reporter).run()
    default: try runOnLibrary(LibraryVerbs(command: command, reporter: reporter))
    }
  }

  private func runOnLibrary(_ verbs: LibraryVerbs) throws(OperationError) {
    switch verb {
    case .libraryCreate: try verbs.create()
    case .libraryStatus: try verbs.status()
    case .libraryLoad: try verbs.load(names)
    case .libraryUnload: try verbs.unload(names)
    case .libraryTransfer: try verbs.transfer(names)
    case .libraryAdd: try verbs.add(names)
    case .libraryRemove: try verbs.remove(names)
    case .libraryInventory: try verbs.inventory()
    default: break  // run above
    }
  }
}
