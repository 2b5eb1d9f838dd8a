import DriveTiming

/// What the time of a plan goes into.
enum TimeTable {
  private static func causes(_ spent: TimeSpent) -> [TimeSpent.Cause] {
    TimeSpent.Cause.allCases.filter { spent[$0] > 0 }
  }

  /// A table for people, an empty line before it; nothing where no time goes.
  static func lines(_ spent: TimeSpent) -> [[UInt8]] {
    let time = spent.total
    guard time > 0 else { return [] }
    let rows = causes(spent).map { cause in
      let name = cause.rawValue + String(repeating: " ", count: max(0, 24 - cause.rawValue.count))
      return Array(
        (name + Figures.right(Figures.fixed(spent[cause], 1), 12)
          + Figures.right(Figures.fixed(spent[cause] / time * 100, 1), 7)).utf8)
    }
    return [[], Array("where the time goes          seconds      %".utf8)] + rows
  }

  /// The same for programs.
  static func events(_ spent: TimeSpent) -> [Event] {
    causes(spent).map { cause in
      let part = Event()
      part.set("cause", cause.rawValue)
      part.set("seconds", spent[cause])
      return part
    }
  }
}
