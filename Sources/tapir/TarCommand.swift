import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIndex
import TapeLabels
import VirtualTape

/// A command line of the tar face, understood.
struct TarCommand {
  enum Mode: Sendable {
    case create, append, extract, list, compare, help, usage, version
    case testLabel, showDefaults, showSnapshotFieldRanges
  }

  var mode: Mode
  var archive: ArchiveOptions
  var intent: WriteIntent
  /// What is archived, or which members are meant, with the directory in force at each.
  var operands: [SourceOperand] = []
  /// The directory in force at the end: where members are restored to.
  var directory: [UInt8] = []
  var exclusions = ExclusionList()
  var source = SourceOptions()
  var sink = SinkOptions()
  var layout = Layout.pax
  var stream: [UInt8]?
  var verifies = false
  var limits = BatchLimits()
  var bufferSize: Int?
  var stripComponents = 0
  var writesToStandardOutput = false
  var keepsDamaged = false
  var usesWildcards = false
  var salvages = false
  var scans = false
  var verification = Verification()
  var ordinary = OrdinaryOptions()
  var restoring = RestoringOptions()
  var output = OutputOptions()
  /// Options given that say something about volumes alone.
  var volumeOptions: [String] = []
  var verbosity = 0
  /// `--one-top-level`.
  var topLevel: TopLevel?
  /// Said before anything is done with a volume.
  var notes: [String] = []
}

/// What `volume verify` reads.
struct Verification {
  /// Number of the only session; nil for all.
  var session: Int?
  /// Names of members, directories with what is below them; none for all.
  var members: [[UInt8]] = []
  var sample: MemberQuery.Sample?

  var isWhole: Bool { session == nil && members.isEmpty && sample == nil }
}

/// Which archive, and which index.
struct ArchiveOptions {
  /// `-f`; nil when it was not given.
  var name: [UInt8]?
  var isLocal = false
  var vsn: VSN?
  var indexDatabase: [UInt8]?
  var usesIndex = true
  var capacity: UInt64?
  var compression: CartridgeOptions.Compression?

  /// `-f`, else `$TAPE`; nil for none.
  var effectiveName: [UInt8]? { name ?? Environment.value("TAPE").flatMap { $0.isEmpty ? nil : $0 } }
  /// Whether it is standard input or output.
  var isStandardStream: Bool { effectiveName.map { $0 == Array("-".utf8) } ?? true }
}

extension TarCommand {
  /// Nothing that was asked for is ignored.
  func checkForVolumes() throws(OperationError) {
    let own = (output.showsBlocks ? ["-R"] : []) + (output.showsOmittedDirectories ? ["--show-omitted-dirs"] : [])
    guard let option = (ordinary.given + own).first else { return }
    throw .refused("option '\(option)' is not supported on volumes: it is for ordinary archives", hint: nil)
  }

  /// What progress is reported of.
  var progressSubject: ProgressMeter.Subject {
    let letters: [Mode: String] = [
      .create: "-c", .append: "-r", .extract: "-x", .list: "-t", .compare: "-d", .testLabel: "--test-label",
    ]
    return ProgressMeter.Subject(
      surroundings: surroundings, mode: letters[mode] ?? "", isWriting: mode == .create || mode == .append)
  }

  /// What commands that are run for members are told.
  var surroundings: CommandSink.Surroundings {
    CommandSink.Surroundings(
      version: Version.number, archive: archive.effectiveName ?? Array("-".utf8),
      blockingFactor: ordinary.recordSize / 512,
      format: ordinary.writtenFormat == .pax ? "posix" : ordinary.writtenFormat.rawValue)
  }
}

/// Makes a ``TarCommand`` of a command line's items.
struct TarCommandBuilder {
  private var modes: [TarCommand.Mode] = []
  /// What the items so far come to.
  private(set) var command = TarCommand(
    mode: .help, archive: ArchiveOptions(), intent: WriteIntent(appends: false))
  private var recursive = true
  private var isNull = false
  /// Whether items come from `$TAR_OPTIONS`.
  private var readsEnvironment = false

  /// Takes one item of the command line.
  mutating func add(_ item: CommandItem) throws(UsageError) {
    switch item {
    case .operand(let name): operand(name)
    case .option(.restoring(let key), let value):
      try command.restoring.add(key, value, fromEnvironment: readsEnvironment)
    case .option(.output(let key), let value):
      switch key {
      case .testLabel: modes.append(.testLabel)
      case .showDefaults: modes.insert(.showDefaults, at: 0)
      case .showSnapshotFieldRanges: modes.insert(.showSnapshotFieldRanges, at: 0)
      default: try command.output.add(key, value)
      }
    case .option(let key, let value): try option(key, value ?? [])
    }
  }

  /// The whole command line of the tar face.
  static func build(_ items: [CommandItem], environment: [CommandItem] = []) throws(UsageError) -> TarCommand {
    var builder = TarCommandBuilder()
    builder.readsEnvironment = true
    for item in environment { try builder.add(item) }
    builder.readsEnvironment = false
    for item in items { try builder.add(item) }
    return try builder.finish()
  }

  private func finish() throws(UsageError) -> TarCommand {
    var command = command
    for index in command.operands.indices { command.operands[index].exclusions = command.exclusions }
    guard let mode = modes.first else {
      throw UsageError(message: "You must specify one of the '-cdrtx' options")
    }
    command.mode = mode
    let isText: Set<TarCommand.Mode> = [.help, .usage, .version, .showDefaults, .showSnapshotFieldRanges]
    if isText.contains(mode) { return command }
    guard modes.allSatisfy({ $0 == mode }) else {
      throw UsageError(message: "You may not specify more than one '-cdrtx' option")
    }
    command.intent.appends = mode == .append
    command.intent.vsn = command.archive.vsn
    try command.restoring.settle(&command.sink)
    // As in GNU tar: who names the zone wants to see times.
    if command.output.usesUTC { command.verbosity = 2 }
    command.sink.saysBackups = command.verbosity > 0
    command.sink.usesUTC = command.output.usesUTC
    if let named = command.restoring.topLevel {
      guard let topLevel = TopLevel(named, archive: command.archive.effectiveName) else {
        throw UsageError(
          message: "Cannot deduce top-level directory name; please set it explicitly with --one-top-level=DIR")
      }
      command.topLevel = topLevel
    }
    try Self.check(command)
    return command
  }

  private mutating func operand(_ name: [UInt8]) {
    command.operands.append(
      SourceOperand(baseDirectory: command.directory, name: name, recursive: recursive))
  }

  /// Options that mean nothing to an ordinary archive.
  private static let volumeKeys: Set<OptionKey> = [
    .vsn, .indexDatabase, .noIndex, .capacity, .compression, .eraseVolume, .eraseUnexpired, .eraseTail, .layout,
    .stream, .syncBytes, .syncFiles, .syncSeconds, .keepDamaged, .buffer,
  ]

  private mutating func option(_ key: OptionKey, _ value: [UInt8]) throws(UsageError) {
    if try command.ordinary.add(key, value) { return }
    if Self.volumeKeys.contains(key), let name = OptionTable.supported.first(where: { $0.key == key })?.long {
      command.volumeOptions.append("--" + name)
    }
    switch key {
    case .create: modes.append(.create)
    case .append: modes.append(.append)
    case .extract: modes.append(.extract)
    case .list: modes.append(.list)
    case .compare: modes.append(.compare)
    case .help: modes.insert(.help, at: 0)
    case .usage: modes.insert(.usage, at: 0)
    case .version: modes.insert(.version, at: 0)
    case .file: command.archive.name = value
    case .forceLocal: command.archive.isLocal = true
    case .vsn: command.archive.vsn = try vsn(value)
    case .indexDatabase: command.archive.indexDatabase = value
    case .noIndex: command.archive.usesIndex = false
    case .label: command.intent.text = value
    case .capacity: command.archive.capacity = UInt64(try size(value, "--capacity", minimum: 1 << 20))
    case .compression:
      guard let compression = CartridgeOptions.Compression(rawValue: String(decoding: value, as: UTF8.self)) else {
        throw invalid(value, "--compression", "'lz4' or 'off'")
      }
      command.archive.compression = compression
    case .eraseVolume:
      command.intent.erase = value == Array("unlabelled".utf8) ? .unlabelled : .volume(try vsn(value))
    case .eraseUnexpired: command.intent.erasesUnexpired = true
    case .eraseTail: command.intent.erasesTail = true
    case .salvage: command.salvages = true
    case .scan: command.scans = true
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
    case .buffer: command.bufferSize = Int(try size(value, "--buffer", minimum: 1))
    case .directory: command.directory = joined(command.directory, value)
    case .filesFrom: try names(from: value)
    case .null: isNull = true
    case .noNull: isNull = false
    case .addFile: operand(value)
    case .exclude: command.exclusions.patterns.append(NamePattern(value, .exclusion))
    case .excludeFrom:
      for line in try NameFile.read(value).split(separator: UInt8(ascii: "\n")) {
        command.exclusions.patterns.append(NamePattern(Array(line), .exclusion))
      }
    case .recursion: recursive = true
    case .noRecursion: recursive = false
    case .oneFileSystem: command.source.oneFileSystem = true
    case .absoluteNames:
      command.source.keepsAbsoluteNames = true
      command.sink.keepsAbsoluteNames = true
    case .wildcards: command.usesWildcards = true
    case .noWildcards: command.usesWildcards = false
    case .layout:
      switch String(decoding: value, as: UTF8.self) {
      case "pax": command.layout = .pax
      case "raw": command.layout = .raw
      default: throw invalid(value, "--layout", "'pax' or 'raw'")
      }
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
    case .stripComponents: command.stripComponents = Int(try number(value, "--strip-components", 0...100_000))
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
    case .session: command.verification.session = Int(try number(value, "--session", 1...1_000_000_000))
    case .member: command.verification.members.append(value)
    case .sample: command.verification.sample = try sample(value)
    case .verbose: command.verbosity += 1
    case .gzip, .bzip2, .xz, .zstd, .lzma, .lzip, .lzop, .lz4, .unixCompress, .useCompressProgram, .autoCompress,
      .noAutoCompress, .ignoreZeros, .format, .posix, .oldArchive, .paxOption, .sparseVersion:
      break  // taken above
    case .restoring, .output: break  // have values of their own
    }
  }

  private mutating func attributes(_ on: Bool) {
    command.source.extendedAttributes = on
    command.sink.extendedAttributes = on
  }

  private mutating func accessControl(_ on: Bool) {
    command.source.accessControlLists = on
    command.sink.accessControlLists = on
  }

  /// `--directory` is relative to the one before it.
  private func joined(_ directory: [UInt8], _ next: [UInt8]) -> [UInt8] {
    if directory.isEmpty || next.first == UInt8(ascii: "/") { return next }
    return directory + [UInt8(ascii: "/")] + next
  }

  private mutating func names(from file: [UInt8]) throws(UsageError) {
    let separator = isNull ? 0 : UInt8(ascii: "\n")
    var lines = try NameFile.read(file).split(separator: separator)[...]
    while let line = lines.popFirst() {
      let name = Array(line)
      guard !isNull, name.first == UInt8(ascii: "-") else {
        operand(name)
        continue
      }
      // GNU tar takes options in such a file; the one that names need is the directory.
      if name == Array("-C".utf8), let next = lines.popFirst() {
        command.directory = joined(command.directory, Array(next))
      } else if name.starts(with: "-C".utf8) {
        command.directory = joined(command.directory, Array(name.dropFirst(2).drop { $0 == UInt8(ascii: " ") }))
      } else if name.starts(with: "--directory=".utf8) {
        command.directory = joined(command.directory, Array(name.dropFirst("--directory=".utf8.count)))
      } else {
        throw UsageError(
          message:
            "option '\(String(decoding: name, as: UTF8.self))' in \(String(decoding: file, as: UTF8.self)) is not"
            + " supported: use --null or ./ in front of names that begin with a dash",
          pointsAtHelp: false)
      }
    }
  }

  // MARK: Values

  private mutating func blockSize(_ asked: Int64, _ option: String) throws(UsageError) {
    let sizes = VolumeDescriptor.blockSizes
    guard asked % 512 == 0, asked <= Int64(sizes.upperBound) else {
      throw UsageError(
        message: "\(option): blocks are multiples of 512 bytes, at most \(sizes.upperBound)", pointsAtHelp: false)
    }
    let raised = max(Int(asked), sizes.lowerBound)
    if raised != Int(asked) {
      command.notes.append("blocks of \(asked) bytes are too short for tape: using \(raised)")
    }
    command.intent.blockSize = raised
  }

  private func vsn(_ value: [UInt8]) throws(UsageError) -> VSN {
    do { return try VSN(String(decoding: value, as: UTF8.self)) } catch {
      throw UsageError(
        message: "'\(String(decoding: value, as: UTF8.self))' is not a VSN: six characters of A-Z and 0-9",
        pointsAtHelp: false)
    }
  }

  private func size(_ value: [UInt8], _ option: String, minimum: Int64) throws(UsageError) -> Int64 {
    guard let bytes = Sizes.bytes(value), bytes >= minimum else {
      throw invalid(value, option, "a size such as 512k, 64G or 12TB")
    }
    return bytes
  }

  private func number(_ value: [UInt8], _ option: String, _ range: ClosedRange<Int64>) throws(UsageError) -> Int64 {
    guard let number = Sizes.number(value), range.contains(number) else {
      throw invalid(value, option, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func sample(_ value: [UInt8]) throws(UsageError) -> MemberQuery.Sample {
    let invalid = invalid(value, "--sample", "a number of members, or a share such as 5% or 0.25%")
    guard value.last == UInt8(ascii: "%") else {
      guard let count = Sizes.number(value), count > 0 else { throw invalid }
      return .count(count)
    }
    let parts = value.dropLast().split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
    // A millionth is the least part: four decimals of a percent.
    guard (1...4).contains(decimals.count), let whole = Sizes.number(Array(parts[0])), whole <= 100,
      let rest = Sizes.number(decimals + Array(repeating: UInt8(ascii: "0"), count: 4 - decimals.count)),
      (1...1_000_000).contains(whole * 10_000 + rest)
    else { throw invalid }
    return .millionths(whole * 10_000 + rest)
  }

  private func invalid(_ value: [UInt8], _ option: String, _ wanted: String) -> UsageError {
    UsageError(
      message: "\(option) takes \(wanted), not '\(String(decoding: value, as: UTF8.self))'", pointsAtHelp: false)
  }

  // MARK: What goes together

  private static func check(_ command: TarCommand) throws(UsageError) {
    let writes = command.mode == .create || command.mode == .append
    if writes, command.stream != nil, !command.operands.isEmpty {
      throw UsageError(message: "--stream archives standard input: it takes no file names", pointsAtHelp: false)
    }
    if command.mode == .create, command.operands.isEmpty, command.stream == nil {
      throw UsageError(message: "Cowardly refusing to create an empty archive")
    }
    if writes, command.stream != nil, command.source.removesFiles {
      throw UsageError(
        message: "--remove-files is for files: what --stream archives cannot be removed", pointsAtHelp: false)
    }
    if !writes, command.source.removesFiles { throw onlyFor("--remove-files", "-c and -r") }
    if !writes, command.verifies { throw onlyFor("-W", "-c and -r") }
    if !writes, command.stream != nil { throw onlyFor("--stream", "-c and -r") }
    if command.keepsDamaged, command.mode != .extract || command.writesToStandardOutput {
      throw onlyFor("--keep-damaged", "-x without -O")
    }
    if writes, command.restoring.isInteractive { throw onlyFor("-w", "-x") }
    if command.intent.erase != nil, command.mode != .create { throw onlyFor("--erase-volume", "-c") }
    if command.intent.erasesTail, command.mode != .append { throw onlyFor("--erase-tail", "-r") }
    if !command.archive.usesIndex, command.archive.indexDatabase != nil {
      throw UsageError(message: "--no-index and --index-db exclude each other", pointsAtHelp: false)
    }
    if command.archive.capacity != nil || command.archive.compression != nil, !writes {
      throw onlyFor("--capacity and --compression", "-c and -r, when they make a virtual cartridge")
    }
  }

  private static func onlyFor(_ option: String, _ modes: String) -> UsageError {
    UsageError(message: "\(option) is for \(modes)", pointsAtHelp: false)
  }
}
