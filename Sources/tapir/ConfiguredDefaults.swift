import ArchiveFormat
import ArchiveOperations
import VirtualTape

/// How settings of the configuration get into a command: behind what was said, and only where nothing was.
extension TarCommandBuilder {
  /// Adds to a command line of the tar face what the configuration says about its archive. An ordinary archive is as tar
  /// has it.
  /// - Parameter given: options of the command line and of `$TAR_OPTIONS`.
  mutating func configure(
    _ mode: TarCommand.Mode, _ configuration: Configuration, given: Set<OptionKey>
  ) throws(UsageError) {
    if configuration.isEmpty { return }
    // With a VSN and no archive the index alone is asked.
    let asksIndex = mode == .list && command.archive.effectiveName == nil && command.archive.vsn != nil
    if !asksIndex, command.archive.effectiveName == nil {
      if let setting = configuration.setting(.file, for: .init()), let item = setting.item { try add(item) }
    }
    let creates: Set<TarCommand.Mode> = [.create, .append, .update, .concatenate]
    let target: ArchiveTarget
    // What cannot be resolved is refused, in its own words, when it is to be opened.
    do { target = try ArchiveTarget.resolve(command.archive, creates: creates.contains(mode)) } catch { return }
    for (option, item) in chosen(configuration, target) where !option.isSaid(given) {
      guard target.isOrdinary && !asksIndex ? option.isForOrdinary : fits(option.key, mode, target) else {
        continue
      }
      if asksIndex, option.key != .indexDatabase { continue }
      try addDefault(option.key, item)
    }
  }

  /// The same for a verb.
  /// - Parameter keys: options that it takes from the configuration.
  mutating func configure(
    _ keys: Set<OptionKey>, _ configuration: Configuration, target: ArchiveTarget?, given: Set<OptionKey>
  ) throws(UsageError) {
    for (option, item) in chosen(configuration, target) where keys.contains(option.key) && !option.isSaid(given) {
      switch option.key {
      case .indexDatabase, .changer, .driveElement, .recordSize:
        guard fits(option.key, .create, target) else { continue }
      case .driveModel:
        guard fits(option.key, command.mode, target) else { continue }
      default: break
      }
      try addDefault(option.key, item)
    }
  }

  private func chosen(
    _ configuration: Configuration, _ target: ArchiveTarget?
  ) -> [(ConfigurableOption, CommandItem)] {
    let subject = Configuration.Subject(command, target, configuration)
    return ConfigurableOption.all.compactMap { option in
      guard option.key != .file, let item = configuration.setting(option.key, for: subject)?.item else { return nil }
      return (option, item)
    }
  }

  private mutating func addDefault(_ key: OptionKey, _ item: CommandItem) throws(UsageError) {
    try add(item)
    command.configured.insert(key)
    command.archive.hasDefaultIndex = command.configured.contains(.indexDatabase)
  }

  /// Whether the option means something for the command: the command line refuses it there.
  private func fits(
    _ key: OptionKey, _ mode: TarCommand.Mode, _ target: ArchiveTarget?
  ) -> Bool {
    var command = command
    command.mode = mode
    let isDrive = if case .device = target { true } else { false }
    let isNew = if case .newCartridge = target { true } else { false }
    switch key {
    case .indexDatabase: return command.archive.usesIndex && ArchiveTarget.environment("TAPIR_INDEX") == nil
    case .changer: return isDrive
    // It is the number in the changer that the same section names.
    case .driveElement: return command.configured.contains(.changer)
    case .recordSize: return command.writes
    case .capacity, .compression: return isNew && command.writes
    case .retain: return command.writes || mode == .concatenate
    case .driveModel: return (mode == .extract || mode == .compare) && target?.isOrdinary != true
    case .driveRate: return mode == .create || mode == .append
    case .noSpan: return command.writes && command.stream == nil
    case .verify: return command.writes && !command.multiVolume.isOn
    case .series, .layout, .pack, .syncBytes, .syncFiles, .syncSeconds: return command.writes
    default: return true
    }
  }
}

extension Configuration.Subject {
  /// Whom settings for `command` are wanted for.
  init(_ command: TarCommand, _ target: ArchiveTarget?, _ configuration: Configuration) {
    switch target {
    case .device(let path), .newCartridge(let path), .image(let path, _), .library(let path): archive = [path]
    case .cartridge(let path): archive = [path] + (Library.around(cartridge: path).map { [$0] } ?? [])
    case .remoteVolume(let name): archive = [name]
    case .file, .remote, .standardStream, nil: archive = []
    }
    changer = command.archive.changer
    if changer == nil, case .option(_, let named)? = configuration.setting(.changer, for: self)?.item {
      changer = named
    }
    series = command.versions.series
    if series == nil, case .option(_, let named)? = configuration.setting(.series, for: self)?.item { series = named }
  }
}

extension Verb {
  /// Options that it takes from the configuration.
  private var configurableKeys: Set<OptionKey> {
    // Those that call it from another machine know nothing of files here.
    if self == .rmt { return [] }
    let own: Set<OptionKey> =
      switch self {
      case .configShow: []
      case .plan: [.layout, .pack, .syncBytes, .syncFiles, .syncSeconds, .driveModel]
      case .volumeRepack: [.layout, .pack, .syncBytes, .syncFiles, .syncSeconds]
      case .libraryCreate: [.capacity, .compression]
      case .volumeLabel: [.changer, .driveElement, .recordSize]
      case .volumeErase: [.changer, .driveElement, .recordSize]
      default: isOfLibrary ? [] : [.changer, .driveElement]
      }
    let anywhere: Set<OptionKey> = [.indexDatabase, .buffer]
    let others = Set(ConfigurableOption.all.filter(\.isForOrdinary).map(\.key))
    // Two archives have two indexes, and two drives.
    let taken = hasTwoArchives ? own.union([.buffer]) : own.union(anywhere)
    return taken.union(others).intersection(keys.union(Self.common))
  }

  private var hasTwoArchives: Bool { [.volumeCopy, .volumeRepack, .libraryMigrate].contains(self) }
  private var isOfLibrary: Bool { rawValue.hasPrefix("library ") || hasTwoArchives }

  /// `command` with what the configuration says of its archive; of two archives, with what holds everywhere.
  func configured(
    _ command: TarCommand, _ items: [CommandItem], _ load: () throws(UsageError) -> Configuration
  ) throws(UsageError) -> TarCommand {
    let keys = configurableKeys
    if keys.isEmpty || !command.usesConfiguration { return command }
    let configuration = try load()
    if configuration.isEmpty { return command }
    var given: Set<OptionKey> = []
    for case .option(let key, _) in items { given.insert(key) }
    var target: ArchiveTarget?
    if !hasTwoArchives, self != .plan || command.mode == .extract, command.archive.name != nil {
      // What cannot be resolved is refused, in its own words, when it is to be opened.
      do { target = try ArchiveTarget.resolve(command.archive, creates: true) } catch {}
    }
    var builder = TarCommandBuilder()
    builder.command = command
    try builder.configure(keys, configuration, target: target, given: given)
    return builder.command
  }
}
