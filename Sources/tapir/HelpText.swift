/// `--help`, made from the option tables.
enum HelpText {
  static let usage = """
    Usage: tapir -c|-r|-u|-A|-x|-t|-d|--delete -f ARCHIVE [OPTION...] [NAME...]
           tapir volume label|show|map|verify ARCHIVE
           tapir drive status|rewind|eject|load|position|health DRIVE
           tapir index find PATTERN...
           tapir index check|rebuild ARCHIVE
           tapir library create|status|inventory LIBRARY
           tapir library load|unload|transfer|add|remove LIBRARY [WHAT...]
           tapir plan -cf MODEL [OPTION...] NAME...
           tapir help VERB
           tapir completion bash|zsh|fish
    """

  static let tar =
    usage + """


      tapir is tar for tape: ARCHIVE is a cartridge in a drive, a virtual one in a folder, or an ordinary tar archive.

        tapir -cf /dev/nst0 /home        archive /home on the cartridge in the drive
        tapir -tf /dev/nst0              list what is on it
        tapir -xf /dev/nst0 home/me      restore one directory

      """ + options(OptionTable.supported)
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
