/// Lists of everything, made from the tables of options, verbs and topics: `docs/reference.md` (`tapir help reference`), and
/// what the manual page has of verbs.
enum ReferenceText {
  /// `docs/reference.md`.
  static var page: String {
    var text = """
      # Reference

      Every verb, option and topic. Made by `tapir help reference`; the same is in `tapir --help`, `tapir help VERB` and tapir(1).

      ## Topics of `tapir help`


      """
    for topic in HelpTopic.allCases { text += "- `\(topic.rawValue)`: \(topic.summary)\n" }
    text +=
      "\n## Verbs\n\nAll take `--json`, `--progress` and `--no-config`; `tapir help VERB` lists what else each takes.\n"
    for verb in Verb.allCases { text += "\n### \(verb.rawValue)\n\n```text\n\(trimmed(verb.summary))\n```\n" }
    text += "\n## Options\n"
    for section in OptionSpecification.Section.allCases {
      let options = (OptionTable.supported + OptionTable.verbsOnly).filter { $0.section == section && $0.key != nil }
      if options.isEmpty { continue }
      text += "\n### \(section.rawValue)\n\n"
      for option in options { text += item(option) }
    }
    text.removeLast()
    return text
  }

  private static func item(_ option: OptionSpecification) -> String {
    let short = option.short.map { "`-\($0)`" }
    let long = option.long.map { "`--\($0)\(option.shownArgument)`" }
    let names = [short, long].compactMap { $0 }.joined(separator: ", ")
    return "- \(names): \(option.help)\n"
  }

  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }

  /// A verb in the manual page.
  static func manualItem(_ verb: Verb) -> String {
    var text = ".It Cm \(escaped(verb.rawValue))\n"
    for line in trimmed(verb.summary).split(separator: "\n") {
      let isUsage = line.hasPrefix("Usage: ") || line.hasPrefix("       tapir ")
      let shown = isUsage ? line.drop { $0 != "t" } : line.drop { $0 == " " }
      text += isUsage ? ".Dl \(escaped(String(shown)))\n" : "\(escaped(String(shown)))\n"
    }
    return text
  }

  /// For mdoc(7): hyphens and backslashes as they stand, and no line that looks like a request.
  static func escaped(_ text: String) -> String {
    let plain = text.map { $0 == "-" ? "\\-" : $0 == "\\" ? "\\e" : "\($0)" }.joined()
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}
