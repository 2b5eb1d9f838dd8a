import ArchiveOperations
import HostFiles

/// What an option comes to, and why.
struct SettingFact: Fact {
  enum Origin {
    case commandLine
    case environment(String)
    case file(Configuration.Setting)
    case builtIn
  }

  let option: String
  let value: [UInt8]
  let origin: Origin

  let kind = Event.Kind.setting

  var lines: [[UInt8]] {
    let value = Quoting.escaped(value)
    let padding = String(repeating: " ", count: max(2, 26 - value.count))
    return [FactText.row(option, "") + value + Array(padding.utf8) + Array(words.utf8)]
  }

  private var words: String {
    switch origin {
    case .commandLine: "command line"
    case .environment(let name): "$" + name
    case .file(let setting): "\(ConfigurationFile.shown(setting.file)):\(setting.line) [\(section(setting))]"
    case .builtIn: "built in"
    }
  }

  private func section(_ setting: Configuration.Setting) -> String {
    setting.scope.word + (setting.subject.isEmpty ? "" : " " + ConfigurationFile.shown(setting.subject))
  }

  func fill(_ event: Event) {
    event.set("option", option)
    event.set("value", value, exact: "value_b64")
    switch origin {
    case .commandLine: event.set("origin", "command-line")
    case .environment(let name):
      event.set("origin", "environment")
      event.set("variable", name)
    case .file(let setting):
      event.set("origin", "file")
      event.set(path: setting.file)
      event.set("line", setting.line)
      event.set("section", section(setting))
    case .builtIn: event.set("origin", "built-in")
    }
  }
}

/// `tapir config show`: what options come to for an archive, and where each comes from. Touches no cartridge.
struct ConfigVerb {
  let command: TarCommand
  let reporter: Reporter

  static let summary =
    "Usage: tapir config show [ARCHIVE] [OPTION...]\n\n"
    + "Says what the options that a configuration can set come to, and where each value is from: for ARCHIVE, for the\n"
    + "series of --series, or without them what holds everywhere. No cartridge is touched.\n"

  func show() throws(OperationError) {
    var configuration = Configuration()
    var environment: [CommandItem] = []
    do throws(UsageError) {
      if command.usesConfiguration { configuration = try Configuration.load() }
      environment = try OptionScanner(OptionTable.all, allowsOldStyle: false).scan(Environment.options())
    } catch { throw .refused(error.message, hint: nil) }

    var options = command.archive
    let named = options.effectiveName
    if named == nil, case .option(_, let file)? = configuration.setting(.file, for: .init())?.item {
      options.name = file
    }
    var target: ArchiveTarget?
    if let name = options.effectiveName {
      do { target = try ArchiveTarget.resolve(options, creates: true) } catch { target = .device(name) }
      // A drive or library that is not there now has its settings all the same.
      if target?.isOrdinary == true, configuration.hasSection(of: name) { target = .device(name) }
    }
    let isOrdinary = target?.isOrdinary ?? false
    if isOrdinary { reporter.decorate("An ordinary archive: as with tar, no default of volumes holds for it.\n") }

    var asked = command
    asked.archive = options
    let subject = Configuration.Subject(asked, target, configuration)
    for option in ConfigurableOption.all {
      let setting = configuration.setting(option.key, for: subject)
      let isLeftOut = isOrdinary && option.key != .file && !option.isForOrdinary
      reporter.tell(fact(option, isLeftOut ? nil : setting, environment, options, target))
    }
  }

  private func fact(
    _ option: ConfigurableOption, _ setting: Configuration.Setting?, _ environment: [CommandItem],
    _ options: ArchiveOptions, _ target: ArchiveTarget?
  ) -> SettingFact {
    func known(_ value: [UInt8], _ origin: SettingFact.Origin) -> SettingFact {
      SettingFact(option: option.name, value: value, origin: origin)
    }
    if let value = command.said(option.key) { return known(value, .commandLine) }
    for case .option(let key, let value) in environment.reversed() where key == option.key {
      return known(value ?? Array("yes".utf8), .environment("TAR_OPTIONS"))
    }
    let variable: String? =
      switch option.key {
      case .file: "TAPE"
      case .indexDatabase: "TAPIR_INDEX"
      default: nil
      }
    if let variable, let value = ArchiveTarget.environment(variable) { return known(value, .environment(variable)) }
    if let setting { return known(setting.text, .file(setting)) }
    // Where it is can be said.
    if option.key == .indexDatabase { return known(IndexLocation.path(options, target), .builtIn) }
    return known(Array(option.builtIn.utf8), .builtIn)
  }
}

extension TarCommand {
  /// What the command line of `config show` says.
  fileprivate func said(_ key: OptionKey) -> [UInt8]? {
    switch key {
    case .file: archive.name
    case .indexDatabase: archive.indexDatabase
    case .changer: archive.changer
    case .series: versions.series
    default: nil
    }
  }
}
