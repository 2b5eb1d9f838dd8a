import Glibc

/// A map in characters.
struct MapText {
  let isUTF8: Bool
  let hasColour: Bool
  /// Characters of a line.
  let width: Int

  /// As the terminal or what stands for it has it: colour only on a terminal that wants it (no-color.org).
  init(width: Int?) {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let codeset = nl_langinfo(Int32(CODESET)).map { String(cString: $0) } ?? ""
    isUTF8 = codeset == "UTF-8"
    hasColour = isTerminal && getenv("NO_COLOR") == nil && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
    self.width = width ?? Self.terminalWidth(isTerminal)
  }

  /// One with all that it depends on.
  init(isUTF8: Bool, hasColour: Bool, width: Int) {
    (self.isUTF8, self.hasColour, self.width) = (isUTF8, hasColour, width)
  }

  /// `$COLUMNS`, else what the terminal says, else 80.
  private static func terminalWidth(_ isTerminal: Bool) -> Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), (20...10_000).contains(columns) {
      return columns
    }
    var size = winsize()
    if isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 { return Int(size.ws_col) }
    return 80
  }

  /// Cells as characters, in one line.
  func line(_ cells: some Collection<TapeMap.State>) -> String {
    var line = ""
    var last: TapeMap.State?
    for cell in cells {
      if hasColour, cell != last { line += Self.colour(cell) }
      line += symbol(cell)
      last = cell
    }
    return hasColour && last != nil ? line + "\u{1B}[0m" : line
  }

  func symbol(_ state: TapeMap.State) -> String {
    switch state {
    case .live: isUTF8 ? "\u{2588}" : "#"
    case .dead: isUTF8 ? "\u{2591}" : "-"
    case .overhead: isUTF8 ? "\u{2593}" : "="
    case .damaged: isUTF8 ? "\u{2573}" : "X"
    case .empty: isUTF8 ? "\u{B7}" : "."
    }
  }

  private static func colour(_ state: TapeMap.State) -> String {
    switch state {
    case .live: "\u{1B}[0;32m"
    case .dead: "\u{1B}[0;33m"
    case .overhead: "\u{1B}[0;34m"
    case .damaged: "\u{1B}[1;31m"
    case .empty: "\u{1B}[0;2m"
    }
  }

  /// What each symbol means, and how much there is of it.
  func legend(_ map: TapeMap, knowsCapacity: Bool) -> [String] {
    TapeMap.State.allCases.map { state in
      let amount = map[state]
      var text = "\(amount.bytes) bytes"
      if state == .live || state == .dead || state == .damaged, amount.members > 0 {
        text += " of \(amount.members) member\(amount.members == 1 ? "" : "s")"
      }
      if state == .empty, !knowsCapacity { text = "not known: --capacity says how much the volume holds" }
      let name = Self.name(state)
      return line([state]) + " " + name + String(repeating: " ", count: 23 - name.count) + text
    }
  }

  static func name(_ state: TapeMap.State) -> String {
    switch state {
    case .live: "live"
    case .dead: "deleted or superseded"
    case .overhead: "labels and catalogues"
    case .damaged: "damaged"
    case .empty: "empty"
    }
  }
}
