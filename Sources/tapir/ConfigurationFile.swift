import Glibc
import INIText

/// One configuration file: sections and settings understood, each value by the same rules as on the command line.
struct ConfigurationFile {
  struct SystemError: Error { let code: Int32 }

  private let path: [UInt8]

  init(_ path: [UInt8]) { self.path = path }

  /// A path, for messages.
  static func shown(_ path: [UInt8]) -> String { String(decoding: Quoting.escaped(path), as: UTF8.self) }

  /// The bytes of a file.
  static func contents(_ path: [UInt8]) -> Result<[UInt8], SystemError> {
    let descriptor = ArchiveTarget.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return .failure(SystemError(code: errno)) }
    // It was only read from: nothing is lost when this fails.
    defer { close(descriptor) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count == 0 { return .success(text) }
      guard count > 0 else {
        if errno == EINTR { continue }
        return .failure(SystemError(code: errno))
      }
      text += piece[..<count]
    }
  }

  /// All that `text` sets.
  func settings(_ text: [UInt8]) throws(UsageError) -> [Configuration.Setting] {
    let file: INIFile
    do { file = try INIFile(text) } catch { throw problem(error.line, Self.words(error.problem)) }
    var result: [Configuration.Setting] = []
    for section in file.sections {
      let (scope, subject) = try heading(section)
      for setting in section.settings { result.append(try understood(setting, scope, subject)) }
    }
    return result
  }

  private func heading(_ section: INIFile.Section) throws(UsageError) -> (ConfigurableOption.Scope, [UInt8]) {
    let blank = UInt8(ascii: " ")
    let parts = section.name.split(separator: blank, maxSplits: 1).map(Array.init)
    let word = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let scope = ConfigurableOption.Scope.allCases.first(where: { $0.word == word }) else {
      throw problem(
        section.line,
        "unknown section [\(Self.shown(section.name))]: there are [defaults], [library NAME], [drive NAME] and"
          + " [series NAME]")
    }
    guard (scope == .defaults) == (parts.count < 2) else {
      throw problem(
        section.line, scope == .defaults ? "[defaults] takes no name" : "[\(word)] takes a name: [\(word) NAME]")
    }
    let subject = parts.count == 2 ? parts[1] : []
    if scope == .library || scope == .drive, !isAbsolute(subject) {
      throw problem(section.line, "[\(word)] takes an absolute path, not '\(Self.shown(subject))'")
    }
    return (scope, subject)
  }

  private func understood(
    _ setting: INIFile.Setting, _ scope: ConfigurableOption.Scope, _ subject: [UInt8]
  ) throws(UsageError) -> Configuration.Setting {
    let name = String(decoding: setting.name, as: UTF8.self)
    guard let option = ConfigurableOption.named(name), let argument = option.specification?.argument else {
      throw problem(
        setting.line,
        "'\(Self.shown(setting.name))' is no option that a configuration sets ('tapir help configuration' lists them)")
    }
    guard option.scopes.contains(scope) else {
      let places = ConfigurableOption.Scope.allCases.filter { option.scopes.contains($0) }.map { "[\($0.word)]" }
      throw problem(
        setting.line, "'\(name)' does not belong in [\(scope.word)], but in \(places.joined(separator: ", "))")
    }
    guard !setting.value.isEmpty else { throw problem(setting.line, "'\(name)' takes a value") }
    if option.isPath, !isAbsolute(setting.value) {
      throw problem(setting.line, "'\(name)' takes an absolute path, not '\(Self.shown(setting.value))'")
    }
    let text = String(decoding: setting.value, as: UTF8.self)
    var item: CommandItem? = .option(option.key, setting.value)
    if argument != .required {
      if text == "no" {
        item = nil
      } else if text == "yes" {
        item = .option(option.key, nil)
      } else if argument == .none {
        throw problem(setting.line, "'\(name)' takes 'yes' or 'no', not '\(Self.shown(setting.value))'")
      }
    }
    if let item {
      // What the command line would refuse, this does, in its words.
      var scratch = TarCommandBuilder()
      do { try scratch.add(item) } catch { throw problem(setting.line, error.message) }
    }
    return Configuration.Setting(
      option: option, text: setting.value, item: item, scope: scope, subject: subject, file: path, line: setting.line)
  }

  /// Whether it means the same wherever one stands: a path from the root, or something of another machine.
  private func isAbsolute(_ name: [UInt8]) -> Bool {
    name.first == UInt8(ascii: "/") || name.contains(UInt8(ascii: ":"))
  }

  private func problem(_ line: Int, _ text: String) -> UsageError {
    UsageError(message: "\(Self.shown(path)):\(line): \(text)", pointsAtHelp: false)
  }

  private static func words(_ problem: INIFile.Problem) -> String {
    switch problem {
    case .malformed: "the line is neither [section] nor name = value nor a comment"
    case .outsideSection: "a setting stands before the first [section]"
    case .tooLong: "the line is longer than \(INIFile.longestLine) bytes"
    case .nul: "the line holds a NUL: this is no text"
    case .repeated(let line): "this option is set in line \(line) already"
    }
  }
}
