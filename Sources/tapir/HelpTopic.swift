/// What `tapir help TOPIC` explains: a screen or two each. `tapir help VERB` is the verb's own help.
enum HelpTopic: String, CaseIterable {
  case gettingStarted = "getting-started"
  case drives
  case libraries
  case spanning
  case versions
  case scripts
  case configuration
  case recovery
  case withoutTapir = "restoring-without-tapir"

  /// What it is about, in a line.
  var summary: String {
    switch self {
    case .gettingStarted: "a first backup and restore, on a virtual cartridge and in a drive"
    case .drives: "the drive, its device and its options; what to do when it is slow or fails"
    case .libraries: "many cartridges: virtual libraries, and real ones through a changer"
    case .spanning: "more than one cartridge holds"
    case .versions: "what was there last week: versions, deletions, renames"
    case .scripts: "exit statuses, --json, questions to the index, nightly backups"
    case .configuration: "defaults for drives, libraries and series, in files"
    case .recovery: "a lost index, a damaged cartridge, an interrupted session"
    case .withoutTapir: "everything back with mt, dd and tar alone"
    }
  }

  /// The list of topics, with what each is about.
  static var list: String {
    let width = (allCases.map(\.rawValue.count).max() ?? 0) + 2
    return allCases.map { topic in
      "  " + topic.rawValue + String(repeating: " ", count: width - topic.rawValue.count) + topic.summary + "\n"
    }.joined()
  }

  var text: String {
    switch self {
    case .gettingStarted: HelpTopicText.gettingStarted
    case .drives: HelpTopicText.drives
    case .libraries: HelpTopicText.libraries
    case .spanning: HelpTopicText.spanning
    case .versions: HelpTopicText.versions
    case .scripts: HelpTopicText.scripts
    case .configuration: HelpTopicText.configuration
    case .recovery: HelpTopicText.recovery
    case .withoutTapir: HelpTopicText.withoutTapir
    }
  }
}
