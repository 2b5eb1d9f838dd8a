import HostFiles

/// What the command line says about what is printed.
struct OutputOptions {
  /// The options, as the scanner gives them.
  enum Key: Hashable, Sendable {
    case fullTime, utc, blockNumber, quotingStyle, quoteChars, noQuoteChars, showOmittedDirectories, indexFile
    case totals, checkpoint, checkpointAction, warning, json, progress, noProgress
    case testLabel, showDefaults, showSnapshotFieldRanges
  }

  var showsFullTime = false
  var usesUTC = false
  private(set) var showsBlocks = false
  private(set) var quoting = NameQuoting()
  private(set) var showsOmittedDirectories = false
  private(set) var indexFile: [UInt8]?
  private(set) var showsTotals = false
  /// How it is shown how far the command has come.
  private(set) var progress = ProgressDisplay.Style.line
  /// Events in place of text (`--json`).
  private(set) var isJSON = false
  /// The signal that totals are printed at.
  private(set) var totalsSignal: Int32?
  private(set) var warnings = WarningFilter()
  private var checkpointInterval: Int64?
  private var actions: [CheckpointAction] = []

  /// Every how many records something is done; nil for never.
  var interval: Int64? {
    let interval = checkpointInterval ?? (actions.isEmpty ? 0 : 10)
    return interval > 0 ? interval : nil
  }

  /// Whether a signal means something that was asked for.
  func usesSignal(_ signal: Int32) -> Bool {
    totalsSignal == signal
      || actions.contains { if case .wait(let awaited) = $0 { awaited == signal } else { false } }
  }

  /// What is done at a checkpoint.
  var checkpointActions: [CheckpointAction] { actions.isEmpty ? [.echo(nil)] : actions }

  mutating func add(_ key: Key, _ value: [UInt8]?) throws(UsageError) {
    let bytes = value ?? []
    let text = String(decoding: bytes, as: UTF8.self)
    switch key {
    case .fullTime: showsFullTime = true
    case .utc: usesUTC = true
    case .blockNumber: showsBlocks = true
    case .quotingStyle:
      guard let style = NameQuoting.Style(rawValue: text) else {
        let styles = NameQuoting.Style.allCases.map(\.rawValue).joined(separator: ", ")
        throw UsageError(
          message: "Unknown quoting style '\(text)'. There are: \(styles)", isFatal: true)
      }
      quoting.style = style
    case .quoteChars: quoting.also.formUnion(bytes)
    case .noQuoteChars: quoting.also.subtract(bytes)
    case .showOmittedDirectories: showsOmittedDirectories = true
    case .indexFile: indexFile = value
    case .totals:
      if value != nil { totalsSignal = try CheckpointAction.signal(text) } else { showsTotals = true }
    case .checkpoint: try checkpoint(value.map { _ in text })
    case .checkpointAction: actions.append(try CheckpointAction(text, bytes))
    case .warning: try warnings.set(text)
    case .json: isJSON = true
    case .noProgress: progress = .none
    case .progress:
      switch value.map({ _ in text }) {
      case nil, "auto": progress = .line
      case "plain": progress = .plain
      case "none": progress = .none
      default: throw UsageError(message: "'\(text)': --progress takes 'auto', 'plain' or 'none'", pointsAtHelp: false)
      }
    case .testLabel, .showDefaults, .showSnapshotFieldRanges: break  // modes
    }
  }

  /// `--checkpoint[=[.]N]`: a dot stands for the action of that name.
  private mutating func checkpoint(_ value: String?) throws(UsageError) {
    checkpointInterval = 10
    guard var number = value else { return }
    if number.hasPrefix(".") {
      actions.append(.dot)
      number.removeFirst()
      if number.isEmpty { return }
    }
    guard let interval = Int64(number) else {
      throw UsageError(message: "--checkpoint value is not an integer", isFatal: true)
    }
    checkpointInterval = interval
  }

  static let specifications: [OptionSpecification] = [
    .gnu(.output(.testLabel), nil, "test-label", .mode, "print the volume's label, or compare it with NAMEs"),
    .gnu(.output(.showDefaults), nil, "show-defaults", .mode, "print the defaults"),
    .gnu(
      .output(.showSnapshotFieldRanges), nil, "show-snapshot-field-ranges", .mode,
      "print what numbers a snapshot file may hold"),
    .gnu(.output(.fullTime), nil, "full-time", .other, "times with seconds and their fractions"),
    .gnu(.output(.utc), nil, "utc", .other, "times in coordinated universal time"),
    .gnu(
      .output(.quotingStyle), nil, "quoting-style", .required, "STYLE", .other,
      "how names are quoted: escape (default), literal, shell, shell-always, shell-escape, shell-escape-always, c, "
        + "c-maybe, locale, clocale"),
    .gnu(.output(.quoteChars), nil, "quote-chars", .required, "STRING", .other, "quote these characters too"),
    .gnu(.output(.noQuoteChars), nil, "no-quote-chars", .required, "STRING", .other, "do not quote these"),
    .gnu(.output(.indexFile), nil, "index-file", .required, "FILE", .other, "list members in FILE"),
    .gnu(
      .output(.showOmittedDirectories), nil, "show-omitted-dirs", .other,
      "name the directories that do not match"),
    .gnu(
      .output(.totals), nil, "totals", .optional, "SIGNAL", .other,
      "say how many bytes there were, at the end or at SIGNAL (HUP, QUIT, INT, USR1, USR2); of a volume those of user "
        + "files"),
    .gnu(
      .output(.checkpoint), nil, "checkpoint", .optional, "N", .other,
      "say so every N records (default 10); a volume's record is a block"),
    .gnu(
      .output(.checkpointAction), nil, "checkpoint-action", .required, "ACTION", .other,
      "do this instead: dot, echo[=TEXT], exec=COMMAND, bell, sleep=SECONDS, ttyout=TEXT, totals, wait=SIGNAL"),
    .gnu(
      .output(.warning), nil, "warning", .required, "KEYWORD", .other,
      "switch a class of warnings on, or off: no-KEYWORD"),
    OptionSpecification(
      key: .output(.progress), short: nil, long: "progress", argument: .optional, value: "STYLE",
      help:
        "show how far it has come: auto (a line, on a terminal only: default), plain (a line every minute, in a log too), none",
      section: .other, isGNU: false),
    .own(.output(.noProgress), "no-progress", .other, "same as --progress=none"),
    .own(
      .output(.json), "json", .other,
      "say what happens in JSON, a line for each event, on standard output; see docs/json.md"),
    .gnu(.output(.blockNumber), "R", "block-number", .ordinary, "name the block of each member"),
  ]
}
