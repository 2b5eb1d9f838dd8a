/// Options of `tapir volume map`.
struct MapOptions {
  enum Key: Hashable, Sendable {
    case width, svg
  }

  /// Characters of a line; nil for the terminal's.
  var width: Int?
  /// Whether the picture is SVG.
  var isSVG = false
  /// Where the SVG goes; nil for standard output.
  var file: [UInt8]?

  static let specifications: [OptionSpecification] = [
    .own(.map(.width), "width", .required, "N", .mapping, "lines of N characters (without this, the terminal's width)"),
    .own(.map(.svg), "svg", .optional, "FILE", .mapping, "make an SVG file, on standard output unless FILE is given"),
  ]
}

extension TarCommandBuilder {
  mutating func mapOption(_ key: MapOptions.Key, _ value: [UInt8]?) throws(UsageError) {
    switch key {
    case .width: command.map.width = Int(try number(value ?? [], "--width", 20...10_000))
    case .svg:
      command.map.isSVG = true
      command.map.file = value
    }
  }
}
