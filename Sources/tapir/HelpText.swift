/// `--help`, made from the option tables.
enum HelpText {
  static let usage =
    (["Usage: tapir -c|-r|-u|-A|-x|-t|-d|--delete -f ARCHIVE [OPTION...] [NAME...]"]
    + verbs.map { "       tapir " + $0 } + ["       tapir help [TOPIC|VERB]", "       tapir completion bash|zsh|fish"])
    .joined(separator: "\n")

  /// Each group of verbs, with what its verbs are about.
  private static let verbs: [String] = {
    let objects: [Substring: String] = [
      "volume": "ARCHIVE", "index": "[-f ARCHIVE] [NAME...]", "library": "LIBRARY", "drive": "DRIVE",
      "config": "[ARCHIVE]",
      "plan": "-cf MODEL [OPTION...] NAME...",
    ]
    var groups: [(first: Substring, second: [Substring])] = []
    for verb in Verb.allCases {
      let words = verb.rawValue.split(separator: " ")
      if groups.last?.first != words[0] { groups.append((words[0], [])) }
      groups[groups.count - 1].second += words.dropFirst()
    }
    return groups.map { group in
      [String(group.first), group.second.joined(separator: "|"), objects[group.first] ?? ""].filter { !$0.isEmpty }
        .joined(separator: " ")
    }
  }()

  /// `tapir help`.
  static let overview =
    usage + "\n\nTopics of 'tapir help TOPIC':\n\n" + HelpTopic.list
    + "\n'tapir help VERB' explains a verb and its options, 'tapir --help' lists those of tar's modes.\n"

  static let tar =
    usage + """


      tapir is tar for tape: ARCHIVE is a cartridge in a drive, a virtual one in a folder, or an ordinary tar archive.

        tapir -cf /dev/nst0 /home        archive /home on the cartridge in the drive
        tapir -tf /dev/nst0              list what is on it
        tapir -xf /dev/nst0 home/me      restore one directory

      """ + options(OptionTable.supported)
    + "\nTopics of 'tapir help TOPIC':\n\n" + HelpTopic.list
    + "\nExit status: 0 all done; 1 some files differ or changed while they were read; 2 something failed.\n"

  static func options(_ table: [OptionSpecification]) -> String {
    var text = ""
    for section in OptionSpecification.Section.allCases {
      let options = table.filter { $0.section == section && $0.key != nil }
      if options.isEmpty { continue }
      text += "\n\(section.rawValue):\n"
      for option in options { text += line(option) }
    }
    return text
  }

  private static func value(of option: OptionSpecification) -> String {
    switch option.argument {
    case .none: ""
    case .required: "=\(option.value)"
    case .optional: "[=\(option.value)]"
    }
  }

  private static func line(_ option: OptionSpecification) -> String {
    var left = "  " + (option.short.map { "-\($0)" } ?? "  ")
    if let long = option.long {
      left +=
        (option.short == nil ? "  " : ", ") + "--" + long + option.shownArgument
    }
    let column = 30
    if left.count >= column { return left + "\n" + String(repeating: " ", count: column) + option.help + "\n" }
    return left + String(repeating: " ", count: column - left.count) + option.help + "\n"
  }
}
