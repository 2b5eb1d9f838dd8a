/// Maps as an SVG picture.
struct MapSVG {
  /// A bar of it, with what stands beside it.
  struct Bar {
    let name: String
    let lines: [ArraySlice<TapeMap.State>]
  }

  static let cellsInLine = 250
  private static let (left, cell, height, gap) = (80, 4, 16, 4)

  /// The picture; `legend` has a line for each state.
  static func picture(_ bars: [Bar], legend: [String]) -> String {
    let lines = bars.reduce(0) { $0 + $1.lines.count }
    let width = left + cellsInLine * cell + 10
    let bottom = 10 + lines * (height + gap) + bars.count * gap
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(bottom + 20 * legend.count + 20)" \
      font-family="sans-serif" font-size="12">

      """
    var y = 10
    for bar in bars {
      text += "<text x=\"10\" y=\"\(y + 12)\">\(bar.name)</text>\n"
      for line in bar.lines {
        text += rectangles(line, y)
        y += height + gap
      }
      y += gap
    }
    for (state, line) in zip(TapeMap.State.allCases, legend) {
      text += rectangle(left, y + 4, 12, 12, state) + "<text x=\"\(left + 20)\" y=\"\(y + 14)\">\(line)</text>\n"
      y += 20
    }
    return text + "</svg>"
  }

  private static func rectangles(_ line: ArraySlice<TapeMap.State>, _ y: Int) -> String {
    var text = ""
    var start = line.startIndex
    while start < line.endIndex {
      let end = line[start...].firstIndex { $0 != line[start] } ?? line.endIndex
      text += rectangle(left + (start - line.startIndex) * cell, y, (end - start) * cell, height, line[start]) + "\n"
      start = end
    }
    return text
  }

  private static func rectangle(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ state: TapeMap.State) -> String {
    let colour =
      switch state {
      case .live: "#2e7d32"
      case .dead: "#d9b44a"
      case .overhead: "#3f6fb0"
      case .damaged: "#c62828"
      case .empty: "#e6e6e6"
      }
    return "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" fill=\"\(colour)\"/>"
  }
}
