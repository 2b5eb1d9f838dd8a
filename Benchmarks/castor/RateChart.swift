import DriveTiming
import Glibc

/// Rates over file sizes, as a picture: a logarithmic axis to the right, a linear one upwards.
struct RateChart: Sendable {
  struct Curve: Sendable {
    var name: String
    /// Class of its line in the style sheet.
    var style: String
    var rate: @Sendable (Double) -> Double
    /// File size at which its name stands, how far below the line, and at which end it touches.
    var label: (size: Double, drop: Double, anchor: String)
  }

  var title: String
  var curves: [Curve]
  /// Bytes of the smallest and largest file.
  var sizes: ClosedRange<Double>
  /// Bytes a second at the top.
  var top: Double

  static let castor = RateChart(
    title: "Files written to a drive of 240 MB/s with flushes of 1.7 s",
    curves: [
      curve("one flush for 32 GB", "batch", .every(bytes: 32e9), (20e6, 18, "middle")),
      curve("one for each file", "file", .everyFile, (230e6, -2, "end")),
      curve("three for each file", "mark", .everyMark, (760e6, 16, "start")),
    ], sizes: 1e6...10e9, top: 250e6)

  private static func curve(
    _ name: String, _ style: String, _ flushing: LabelledFiles.Flushing, _ label: (Double, Double, String)
  ) -> Curve {
    Curve(
      name: name, style: style, rate: { LabelledFiles(of: $0, flushing: flushing).rate(on: .castor) }, label: label)
  }

  // MARK: Drawing

  private static let width = 720.0
  private static let height = 400.0
  private static let left = 70.0
  private static let right = 20.0
  private static let above = 44.0
  private static let below = 60.0

  private func x(_ size: Double) -> Double {
    let part = log(size / sizes.lowerBound) / log(sizes.upperBound / sizes.lowerBound)
    return Self.left + part * (Self.width - Self.left - Self.right)
  }

  private func y(_ rate: Double) -> Double {
    Self.height - Self.below - rate / top * (Self.height - Self.above - Self.below)
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"grid\" x1=\"\(fixed(x1, 1))\" y1=\"\(fixed(y1, 1))\" x2=\"\(fixed(x2, 1))\" y2=\"\(fixed(y2, 1))\"/>\n"
  }

  private func text(_ words: String, _ x: Double, _ y: Double, _ anchor: String, _ style: String = "") -> String {
    "<text x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" text-anchor=\"\(anchor)\"\(style)>\(words)</text>\n"
  }

  /// The picture. Colours follow the reader's preference for light or dark.
  var svg: String {
    let (bottom, end) = (Self.height - Self.below, Self.width - Self.right)
    var picture = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" width="720" height="400" role="img">
      <title>\(title)</title>
      <style>
      .back { fill: #ffffff } text { fill: #1f2328; font: 13px sans-serif } .head { font-size: 15px }
      .grid { stroke: #d1d9e0; stroke-width: 1 } .curve { fill: none; stroke-width: 2.5 }
      .batch { stroke: #1a7f37 } .file { stroke: #0969da } .mark { stroke: #cf222e }
      .dot { fill: #1f2328 }
      @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d }
      .batch { stroke: #3fb950 } .file { stroke: #58a6ff } .mark { stroke: #f85149 } .dot { fill: #e6edf3 }
      }
      </style>
      <rect class="back" width="720" height="400"/>

      """
    picture += text(title, Self.width / 2, 24, "middle", " class=\"head\"")
    for rate in stride(from: 0, through: top, by: 50e6) {
      picture += line(Self.left, y(rate), end, y(rate))
      picture += text(fixed(rate / 1e6, 0), Self.left - 8, y(rate) + 4, "end")
    }
    for (size, name) in [(1e6, "1 MB"), (10e6, "10 MB"), (100e6, "100 MB"), (1e9, "1 GB"), (10e9, "10 GB")] {
      picture += line(x(size), Self.above, x(size), bottom)
      picture += text(name, x(size), bottom + 20, size == sizes.upperBound ? "end" : "middle")
    }
    picture += text("size of each file", (Self.left + end) / 2, Self.height - 14, "middle")
    let middle = (Self.above + bottom) / 2
    picture += text("MB/s", 22, middle, "middle", " transform=\"rotate(-90 22 \(fixed(middle, 1)))\"")
    for curve in curves { picture += drawn(curve) }
    return picture + "</svg>"
  }

  private func drawn(_ curve: Curve) -> String {
    let steps = 96
    let points = (0...steps).map { step in
      let size = sizes.lowerBound * pow(sizes.upperBound / sizes.lowerBound, Double(step) / Double(steps))
      return "\(fixed(x(size), 1)),\(fixed(y(curve.rate(size)), 1))"
    }
    // CERN's files were of 290 MB on average.
    let dot = (x(290e6), y(curve.rate(290e6)))
    return "<polyline class=\"curve \(curve.style)\" points=\"\(points.joined(separator: " "))\"/>\n"
      + "<circle class=\"dot\" cx=\"\(fixed(dot.0, 1))\" cy=\"\(fixed(dot.1, 1))\" r=\"3.5\"/>\n"
      + text(fixed(curve.rate(290e6) / 1e6, 0), dot.0 + 8, dot.1 + 14, "start")
      + text(curve.name, x(curve.label.size), y(curve.rate(curve.label.size)) + curve.label.drop, curve.label.anchor)
  }
}
