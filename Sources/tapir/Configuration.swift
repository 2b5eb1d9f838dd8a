import Glibc
import HostFiles
import INIText

/// What the configuration files say, read and checked: defaults of options for drives, libraries and series. The format is
/// documented in docs/configuration.md.
struct Configuration {
  /// One line that sets an option.
  struct Setting {
    let option: ConfigurableOption
    /// As the file has it.
    let text: [UInt8]
    /// What the command line would have; nil for `no`, which takes back what weaker sections say.
    let item: CommandItem?
    let scope: ConfigurableOption.Scope
    /// Which drive, library or series; empty in `[defaults]`.
    let subject: [UInt8]
    let file: [UInt8]
    let line: Int
  }

  /// Whom settings are wanted for.
  struct Subject {
    /// Names of the archive and of the library that it is in.
    var archive: [[UInt8]] = []
    /// The changer that its drive belongs to.
    var changer: [UInt8]?
    var series: [UInt8]?
  }

  static let systemFile = Array("/etc/tapir.conf".utf8)

  /// In the order in which they were read.
  private(set) var settings: [Setting] = []

  var isEmpty: Bool { settings.isEmpty }

  /// The files of this process: the system's and the user's.
  /// - Throws: what is wrong with one, naming file and line.
  static func load() throws(UsageError) -> Configuration {
    var configuration = Configuration()
    try configuration.read(systemFile, mustExist: false)
    if let named = Environment.value("TAPIR_CONFIG") {
      // A file that is named is there, or something is not as somebody thinks. An empty name means none.
      if !named.isEmpty { try configuration.read(named, mustExist: true) }
    } else if let file = userFile {
      try configuration.read(file, mustExist: false)
    }
    return configuration
  }

  /// Nil without a home directory.
  private static var userFile: [UInt8]? {
    // An empty variable counts as none (XDG Base Directory Specification).
    if let named = Environment.value("XDG_CONFIG_HOME"), !named.isEmpty { return named + Array("/tapir/config".utf8) }
    guard let home = Environment.value("HOME"), !home.isEmpty else { return nil }
    return home + Array("/.config/tapir/config".utf8)
  }

  private mutating func read(_ path: [UInt8], mustExist: Bool) throws(UsageError) {
    switch ConfigurationFile.contents(path) {
    case .success(let text): settings += try ConfigurationFile(path).settings(text)
    case .failure(let error):
      if !mustExist, error.code == ENOENT || error.code == ENOTDIR { return }
      throw UsageError(
        message: "cannot read configuration \(ConfigurationFile.shown(path)): \(String(cString: strerror(error.code)))",
        pointsAtHelp: false)
    }
  }

  /// The files given, whatever the environment says.
  init(files: [(path: String, text: String)]) throws(UsageError) {
    for (path, text) in files { settings += try ConfigurationFile(Array(path.utf8)).settings(Array(text.utf8)) }
  }

  init() {}

  /// What sets an option for `subject`: the most special section that does, and of those the last.
  func setting(_ key: OptionKey, for subject: Subject) -> Setting? {
    let names = Set(subject.archive.map(Self.canonical))
    let libraries = names.union(subject.changer.map { [Self.canonical($0)] } ?? [])
    var found: Setting?
    for setting in settings where setting.option.key == key {
      let isMeant =
        switch setting.scope {
        case .defaults: true
        case .library: libraries.contains(Self.canonical(setting.subject))
        case .drive: names.contains(Self.canonical(setting.subject))
        case .series: setting.subject == subject.series
        }
      if isMeant, setting.scope.rawValue >= found?.scope.rawValue ?? 0 { found = setting }
    }
    return found
  }

  /// Whether a section is about a drive or library of this name.
  func hasSection(of name: [UInt8]) -> Bool {
    settings.contains { setting in
      (setting.scope == .drive || setting.scope == .library) && Self.canonical(setting.subject) == Self.canonical(name)
    }
  }

  /// A path without links in it, so that two names of one device are the same; what is not there, or on another machine,
  /// as it stands.
  private static func canonical(_ name: [UInt8]) -> [UInt8] {
    var name = name
    while name.count > 1, name.last == UInt8(ascii: "/") { name.removeLast() }
    guard let path = ArchiveTarget.withCString(name, { realpath($0, nil) }) else { return name }
    defer { free(path) }
    return OptionScanner.bytes(path)
  }
}
