import ArchiveOperations
import DriveTiming
import HostFiles

/// What `plan` assumes.
struct Planning {
  /// Bytes a second that the files give; nil for as many as the drive takes.
  var sourceRate: Double?
  /// Bytes that the drive makes one of.
  var ratio = 1.0
  /// The drive that restoring is reckoned for (`--drive-model`).
  var model: DriveModel?

  /// A decimal number from 0.01 to 1000.
  static func ratio(_ text: [UInt8]) -> Double? {
    let characters = Set("0123456789.".utf8)
    guard text.allSatisfy({ characters.contains($0) }), let number = Double(String(decoding: text, as: UTF8.self)),
      (0.01...1_000).contains(number)
    else { return nil }
    return number
  }
}

/// `plan`: what archiving files would take on a drive, before a byte is written; with `-x`, what restoring them would.
struct PlanVerb {
  let command: TarCommand
  let reporter: Reporter

  /// Options of `-c` that change what is archived, or when it is committed.
  static let keys: Set<OptionKey> =
    Set((NameOptions.exclusions + NameOptions.matching).compactMap(\.key)).union([
      .create, .file, .directory, .filesFrom, .null, .noNull, .verbatimFilesFrom, .noVerbatimFilesFrom, .unquote,
      .noUnquote, .addFile, .recursion, .noRecursion, .oneFileSystem, .absoluteNames, .newer, .newerMtime, .transform,
      .sort, .dereference, .hardDereference, .checkLinks, .ignoreFailedRead, .layout, .pack, .sparse,
      .syncBytes, .syncFiles, .syncSeconds, .capacity, .xattrs, .noXattrs, .xattrsInclude, .xattrsExclude, .acls,
      .noACLs, .sourceRate, .ratio, .verbose, .help, .extract, .vsn, .indexDatabase, .driveModel, .occurrence, .asOf,
      .session,
    ])

  /// What can be named.
  static let models = DriveModel.published.map(\.name).joined(separator: ", ")

  static let summary =
    "Usage: tapir plan -cf MODEL [OPTION...] NAME...\n"
    + "       tapir plan -xf ARCHIVE [--drive-model=MODEL] [OPTION...] [NAME...]\n\n"
    + "Says how many cartridges and how much time archiving the files would take on a drive of this model, and what the\n"
    + "time would go into. Looks at the files as -c does; reads none and writes nothing. --capacity is that of the\n"
    + "cartridges.\n\n"
    + "With -x, says how much time restoring members would take, with which locates. The index tells; of a cartridge, the\n"
    + "label says which volume it is, and with --vsn none is needed.\n\n"
    + "Models: \(models).\n"

  /// The command line of `-c`, understood.
  static func command(_ items: [CommandItem]) throws(UsageError) -> TarCommand {
    if items.contains(.option(.extract, nil)) {
      let command = try TarCommandBuilder.build(items)
      if command.planning.sourceRate != nil {
        throw UsageError(message: "--source-rate is for -c: it is how fast files come", pointsAtHelp: false)
      }
      return command
    }
    let command = try TarCommandBuilder.build([.option(.create, nil)] + items)
    guard command.archive.name != nil else {
      throw UsageError(message: "'plan' takes a drive model with -f: \(models)")
    }
    return command
  }

  func run() throws(OperationError) {
    for note in command.notes { reporter.say(note) }
    if command.mode == .extract {
      try RestorePlanning(command: command, reporter: reporter).run()
      for complaint in command.complaints { reporter.complain(complaint) }
      return
    }
    let name = String(decoding: command.archive.name ?? [], as: UTF8.self)
    guard var model = DriveModel.named(name) else {
      throw .refused("there is no drive model '\(name)'", hint: "there are \(Self.models)")
    }
    if let capacity = command.archive.capacity { model.capacity = Int64(clamping: capacity) }
    guard !command.operands.contains(where: { $0.name.first == UInt8(ascii: "@") && $0.name.count > 1 }) else {
      throw .refused("'plan' looks at files, not at the members of @ARCHIVE", hint: nil)
    }
    let source = HostSource(operands: command.operands, options: try command.sourceOptions(leavingOut: []))
    let planning = command.planning
    let operation = PlanOperation(
      layout: command.layout, packLimit: command.packLimit, limits: command.limits, sourceRate: planning.sourceRate)
    let plan = operation.run(
      from: source, on: ModelledDrive(model, compressionRatio: planning.ratio), observer: reporter)
    reporter.tell(PlanFact(plan: plan, model: model, hasSourceRate: command.planning.sourceRate != nil))
    for complaint in command.complaints { reporter.complain(complaint) }
  }
}
