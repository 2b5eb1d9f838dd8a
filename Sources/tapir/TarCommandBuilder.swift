import ArchiveFormat
import ArchiveOperations
import DriveTiming
import Glibc
import HostFiles
import TapeIndex
import TapeLabels
import VirtualTape

/// Makes a ``TarCommand`` of a command line's items.
struct TarCommandBuilder {
  private var modes: [TarCommand.Mode] = []
  /// What the items so far come to.
  var command = TarCommand(
    mode: .help, archive: ArchiveOptions(), intent: WriteIntent(appends: false))
  var names = NameArguments()
  /// Whether items come from `$TAR_OPTIONS`.
  private var readsEnvironment = false
  /// Lists that were read, with where they were asked for.
  var lists: [FileIdentity: String] = [:]
  /// Said when the command is to be verbose.
  var dateNotes: [String] = []

  /// Takes one item of the command line.
  mutating func add(_ item: CommandItem) throws(UsageError) {
    switch item {
    case .operand(let name): names.add(name, unquoting: true)
    case .option(.restoring(let key), let value):
      try command.restoring.add(key, value, fromEnvironment: readsEnvironment)
    case .option(.incremental(let key), let value): try command.incremental.add(key, value ?? [])
    case .option(.output(let key), let value):
      switch key {
      case .testLabel: modes.append(.testLabel)
      case .showDefaults: modes.insert(.showDefaults, at: 0)
      case .showSnapshotFieldRanges: modes.insert(.showSnapshotFieldRanges, at: 0)
      default: try command.output.add(key, value)
      }
    case .option(.multiVolume(.remoteShell), let value): command.archive.remote.shell = value ?? []
    case .option(.multiVolume(.remoteCommand), let value): command.archive.remote.command = value ?? []
    case .option(.multiVolume(let key), let value): try command.multiVolume.add(key, value ?? [])
    case .option(.library(let key), let value): try libraryOption(key, value ?? [])
    case .option(.drive(let key), let value): try driveOption(key, value ?? [])
    case .option(.map(let key), let value): try mapOption(key, value)
    case .option(.finding(let key), let value): try findOption(key, value ?? [])
    case .option(let key, let value): if try !names.take(key, value ?? []) { try option(key, value) }
    }
  }

  /// The whole command line of the tar face.
  /// - Parameters:
  ///   - environment: what `$TAR_OPTIONS` has; it comes first.
  ///   - configuration: defaults, for what neither says; not asked for where there is nothing to do.
  static func build(
    _ items: [CommandItem], environment: [CommandItem] = [],
    configuration: () throws(UsageError) -> Configuration = { () throws(UsageError) in Configuration() }
  ) throws(UsageError) -> TarCommand {
    var builder = TarCommandBuilder()
    builder.readsEnvironment = true
    for item in environment { try builder.add(item) }
    builder.readsEnvironment = false
    for item in items { try builder.add(item) }
    if let mode = builder.modes.first, !texts.contains(mode), builder.command.usesConfiguration {
      var given: Set<OptionKey> = []
      for case .option(let key, _) in environment + items { given.insert(key) }
      try builder.configure(mode, configuration(), given: given)
    }
    return try builder.finish()
  }

  /// Modes that print a text and do nothing else. No set, nor the next one: making one takes longer than going through it.
  private static let texts: [TarCommand.Mode] = [.help, .usage, .version, .showDefaults, .showSnapshotFieldRanges]

  private func finish() throws(UsageError) -> TarCommand {
    var command = command
    command.operands = names.operands
    // An empty name of a member means all of them.
    let isEmpty = command.operands.contains { $0.name.isEmpty }
    if isEmpty, let mode = modes.first, mode != .create, mode != .append, mode != .update { command.operands = [] }
    command.directory = names.directory
    command.exclusions = names.exclusions
    command.hasDefaultWildcards = names.wildcards == nil
    guard let mode = modes.first else {
      throw UsageError(message: "You must specify one of the '-cdrtx' options")
    }
    command.mode = mode
    if Self.texts.contains(mode) {
      if mode != .version { try Self.checkText(command) }
      return command
    }
    guard modes.allSatisfy({ $0 == mode }) else {
      throw UsageError(message: "You may not specify more than one '-cdrtx' option")
    }
    if mode == .create || mode == .update { command.complaints += names.complaints }
    if mode == .list || command.verbosity > 0 { command.notes += dateNotes }
    command.source.saysWhatIsLeftOut = command.verbosity > 0
    command.intent.appends = mode == .append || mode == .update || mode == .concatenate || mode == .delete
    command.intent.labels = mode != .delete
    command.intent.vsn = command.archive.vsn
    command.archive.libraryUse = mode == .create ? .scratch : command.intent.appends ? .lastWritten : .loaded
    try command.restoring.settle(&command.sink)
    // As in GNU tar: who names the zone wants to see times.
    if command.output.usesUTC { command.verbosity = 2 }
    command.sink.saysBackups = command.verbosity > 0 || command.output.isJSON
    command.sink.usesUTC = command.output.usesUTC
    if let named = command.restoring.topLevel {
      guard let topLevel = TopLevel(named, archive: command.archive.effectiveName) else {
        throw UsageError(
          message: "Cannot deduce top-level directory name; please set it explicitly with --one-top-level=DIR")
      }
      command.topLevel = topLevel
    }
    if command.incremental.level != nil, command.incremental.file == nil {
      command.notes.append("--level is meaningless without --listed-incremental")
    }
    command.ordinary.encoding.isIncremental = command.incremental.isWanted
    command.sink.isIncremental = command.incremental.isWanted
    command.sink.oneFileSystem = command.source.oneFileSystem
    try Self.check(command)
    try command.ordinary.settle(for: command.source, writing: command.writes)
    try Self.checkMultiVolume(command)
    return command
  }

  /// Options that mean nothing to an ordinary archive.
  private static let volumeKeys: [OptionKey] = [
    .vsn, .indexDatabase, .noIndex, .capacity, .compression, .eraseVolume, .eraseUnexpired, .eraseTail, .retain,
    .layout,
    .pack, .noSpan, .stream, .syncBytes, .syncFiles, .syncSeconds, .keepDamaged, .buffer, .driveRate, .driveModel,
    .range,
    .changer, .driveElement, .changed, .series, .asOf, .newest, .session,
  ]

  private mutating func option(_ key: OptionKey, _ given: [UInt8]?) throws(UsageError) {
    let value = given ?? []
    if try command.ordinary.add(key, value) { return }
    if Self.volumeKeys.contains(key), let name = OptionTable.supported.first(where: { $0.key == key })?.long {
      command.volumeOptions.append("--" + name)
    }
    if try sourceOption(key, given) { return }
    if try readingOption(key, given) { return }
    switch key {
    case .create: modes.append(.create)
    case .append: modes.append(.append)
    case .update: modes.append(.update)
    case .concatenate: modes.append(.concatenate)
    case .delete: modes.append(.delete)
    case .extract: modes.append(.extract)
    case .list: modes.append(.list)
    case .compare: modes.append(.compare)
    case .help: modes.insert(.help, at: 0)
    case .usage: modes.insert(.usage, at: 0)
    case .version: modes.insert(.version, at: 0)
    case .file:
      if command.archive.name == nil {
        command.archive.name = value
      } else {
        command.archive.furtherNames.append(value)
      }
    case .forceLocal: command.archive.isLocal = true
    case .vsn:
      command.archive.vsns = try value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
        (name) throws(UsageError) in try vsn(Array(name))
      }
      command.archive.vsn = command.archive.vsns.first
    case .changer: command.archive.changer = value
    case .driveElement: command.archive.driveElement = Int(try number(value, "--drive-element", 0...65_535))
    case .indexDatabase: command.archive.indexDatabase = value
    case .noIndex: command.archive.usesIndex = false
    case .noConfiguration: command.usesConfiguration = false
    case .label: command.intent.text = value
    case .capacity: command.archive.capacity = UInt64(try size(value, "--capacity", minimum: 1 << 20))
    case .compression:
      guard let compression = CartridgeOptions.Compression(rawValue: String(decoding: value, as: UTF8.self)) else {
        throw invalid(value, "--compression", "'lz4' or 'off'")
      }
      command.archive.compression = compression
    case .eraseVolume:
      command.archive.erased = value == Array("unlabelled".utf8) ? nil : try vsn(value)
      command.intent.erase = command.archive.erased.map { .volume($0) } ?? .unlabelled
    case .eraseUnexpired: command.intent.erasesUnexpired = true
    case .eraseTail: command.intent.erasesTail = true
    case .retain:
      // From the start of the program: a session of several volumes keeps all for the same time.
      let days = try number(value, "--retain", 1...36_500)
      command.intent.keptUntil = Timestamp(seconds: Timestamp.now().seconds + days * 86_400)
    case .salvage: command.salvages = true
    case .noVerify: command.verifiesCopy = false
    case .scan: command.scans = true
    case .to: command.targets.append(value)
    case .eraseSource: command.erasesSources = true
    case .blockingFactor:
      guard let factor = Sizes.number(value), factor > 0, factor <= Int64.max / 512 else {
        throw UsageError(message: "'\(String(decoding: value, as: UTF8.self))': Invalid blocking factor")
      }
      command.ordinary.recordSize = Int(factor * 512)
      try blockSize(factor * 512, "-b")
    case .recordSize:
      let asked = try size(value, "--record-size", minimum: 1)
      try blockSize(asked, "--record-size")
      command.ordinary.recordSize = Int(asked)
    case .range: command.range = try range(value)
    case .driveRate: command.driveRate = try rates(value)
    case .driveModel:
      guard let model = DriveModel.named(String(decoding: value, as: UTF8.self)) else {
        throw invalid(value, "--drive-model", "one of \(PlanVerb.models)")
      }
      command.planning.model = model
    case .buffer: command.bufferSize = Int(try size(value, "--buffer", minimum: 1))
    case .filesFrom: try readNames(from: value)
    case .addFile: names.add(value, unquoting: true)
    case .oneFileSystem: command.source.oneFileSystem = true
    case .absoluteNames:
      command.source.keepsAbsoluteNames = true
      command.sink.keepsAbsoluteNames = true
    case .layout:
      switch String(decoding: value, as: UTF8.self) {
      case "pax": command.layout = .pax
      case "raw": command.layout = .raw
      default: throw invalid(value, "--layout", "'pax' or 'raw'")
      }
    case .noSpan: command.splitsMembers = false
    case .pack:
      command.packLimit = given == nil ? 1 << 20 : try size(value, "--pack", minimum: 0)
    case .stream:
      guard !value.isEmpty else { throw invalid(value, "--stream", "a name") }
      command.stream = value
    case .verify: command.verifies = true
    case .removeFiles: command.source.removesFiles = true
    case .sparse: command.source.detectsHoles = true
    case .syncBytes: command.limits.bytes = try size(value, "--sync-bytes", minimum: 1)
    case .syncFiles: command.limits.members = Int(try number(value, "--sync-files", 1...16_000_000))
    case .syncSeconds: command.limits.seconds = try number(value, "--sync-seconds", 1...1_000_000)
    case .toStandardOutput: command.writesToStandardOutput = true
    case .preservePermissions: command.sink.preservesPermissions = true
    case .noSamePermissions: command.sink.preservesPermissions = false
    case .keepDamaged: command.keepsDamaged = true
    case .sameOwner: command.sink.sameOwner = true
    case .noSameOwner: command.sink.sameOwner = false
    case .touch: command.sink.restoresTimes = false
    case .keepDirectorySymlink: command.sink.keepsDirectorySymlinks = true
    case .numericOwner:
      command.source.numericOwner = true
      command.sink.numericOwner = true
    case .xattrs: attributes(true)
    case .noXattrs: attributes(false)
    case .acls: accessControl(true)
    case .noACLs: accessControl(false)
    case .selinux: securityContexts(true)
    case .noSELinux: securityContexts(false)
    case .changed: command.versions.onlyChanged = true
    case .series:
      guard !value.isEmpty else { throw invalid(value, "--series", "a name") }
      command.versions.series = value
    case .newest: command.versions.onlyNewest = true
    case .asOf: command.versions.asOf = try date(value, "--as-of")
    case .session: command.verification.session = Int(try number(value, "--session", 1...1_000_000_000))
    case .member: command.verification.members.append(value)
    case .sample: command.verification.sample = try sample(value)
    case .sourceRate: command.planning.sourceRate = Double(try size(value, "--source-rate", minimum: 1))
    case .ratio:
      guard let ratio = Planning.ratio(value) else { throw invalid(value, "--ratio", "a number such as 2.5") }
      command.planning.ratio = ratio
    case .verbose: command.verbosity += 1
    // The others were taken above.
    default: break
    }
  }

  mutating func attributes(_ on: Bool) {
    if on { command.ordinary.needsPax = true }
    command.source.extendedAttributes = on
    command.sink.extendedAttributes = on
  }

  private mutating func securityContexts(_ on: Bool) {
    if on { command.ordinary.needsPax = true }
    command.source.securityContexts = on
    command.sink.securityContexts = on
  }

  private mutating func accessControl(_ on: Bool) {
    if on { command.ordinary.needsPax = true }
    command.source.accessControlLists = on
    command.sink.accessControlLists = on
  }
}
