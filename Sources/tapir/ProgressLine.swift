import CLinux

/// The line of progress, as wide as there is room.
enum ProgressLine {
  /// A part of the line; of the parts that do not fit, those that matter least go first.
  struct Part: Equatable {
    var text: String
    /// 0 goes last.
    var rank: Int
  }

  /// The parts in the order in which they stand.
  static func parts(_ figures: ProgressFigures) -> [Part] {
    var parts: [Part] = []
    func add(_ text: String, _ rank: Int) { parts.append(Part(text: text, rank: rank)) }
    if let stage = figures.stage { add(stage, 1) }
    var amount = bytes(figures.bytes)
    if let total = figures.totalBytes, total > 0 {
      let percent = min(100, Int64(Double(figures.bytes) / Double(total) * 100))
      amount += " of \(bytes(total)) \(percent)%"
    }
    add(amount, 0)
    var members = "\(figures.members)"
    if let total = figures.totalMembers { members += " of \(total)" }
    if figures.members > 0 || figures.totalMembers != nil {
      add(members + (figures.members == 1 && figures.totalMembers == nil ? " member" : " members"), 6)
    }
    if let wait = figures.wait {
      add(wait.what + (wait.seconds > 0 ? " \(wait.seconds) s" : ""), 1)
    } else {
      add("\(bytes(Int64(figures.rate)))/s", 2)
    }
    if figures.averageRate > 0 { add("average \(bytes(Int64(figures.averageRate)))/s", 7) }
    if let left = figures.secondsLeft { add("\(duration(left)) left", 3) }
    if figures.wait == nil, let limit = figures.limit { add("waits for \(limit.rawValue)", 4) }
    if let fill = figures.fill { add("buffer \(Int((fill * 100).rounded()))%", 8) }
    if let safe = figures.committedBytes {
      let members = figures.committedMembers ?? 0
      add(safe > 0 || members > 0 ? "\(bytes(safe)) safe" : "nothing safe yet", 5)
    }
    return parts
  }

  /// The line for a terminal of this width: one row, its last column free.
  static func text(_ figures: ProgressFigures, width: Int) -> String {
    let room = max(1, width - 1)
    var parts = parts(figures)
    while length(parts) > room, parts.count > 1, let last = parts.indices.max(by: { parts[$0].rank < parts[$1].rank }) {
      parts.remove(at: last)
    }
    let line = parts.map(\.text).joined(separator: gap)
    let left = room - columns(line) - gap.count
    // A name of which little can be seen says nothing.
    if !figures.member.isEmpty, left >= min(12, columns(figures.member)) {
      return line + gap + ending(of: figures.member, columns: left)
    }
    return beginning(of: line, columns: room)
  }

  /// The line without a limit to its width, for logs.
  static func whole(_ figures: ProgressFigures) -> String {
    (parts(figures).map(\.text) + (figures.member.isEmpty ? [] : [figures.member])).joined(separator: ", ")
  }

  private static let gap = "  "

  private static func length(_ parts: [Part]) -> Int {
    parts.reduce(0) { $0 + columns($1.text) } + max(0, parts.count - 1) * gap.count
  }

  static func bytes(_ count: Int64) -> String { ProgressMeter.human(count) }

  /// `1:02:03`, `2:03`.
  static func duration(_ seconds: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, rest) = (seconds / 3600, seconds % 3600)
    return hours > 0 ? "\(hours):\(two(rest / 60)):\(two(rest % 60))" : "\(rest / 60):\(two(rest % 60))"
  }

  // MARK: Columns

  /// Columns that a text takes on a terminal.
  static func columns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns($1) } }

  /// What cannot be shown takes no column.
  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    scalar.isASCII ? 1 : max(0, Int(clinux_wcwidth(scalar.value)))
  }

  /// The end of a text that has to fit, with dots in place of what is left out.
  static func ending(of text: String, columns limit: Int) -> String {
    if columns(text) <= limit { return text }
    var kept: [Unicode.Scalar] = []
    var used = 3
    for scalar in text.unicodeScalars.reversed() {
      used += columns(scalar)
      if used > limit { break }
      kept.append(scalar)
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: kept.reversed())
    return "..." + String(result)
  }

  private static func beginning(of text: String, columns limit: Int) -> String {
    var result = String.UnicodeScalarView()
    var used = 0
    for scalar in text.unicodeScalars {
      used += columns(scalar)
      if used > limit { break }
      result.append(scalar)
    }
    return String(result)
  }
}
