import DriveTiming

/// The tables of docs/performance.md that come out of the model.
enum Tables {
  static let modes: [(name: String, flushing: LabelledFiles.Flushing)] = [
    ("three for each file", .everyMark), ("one for each file", .everyFile), ("one for 32 GB", .every(bytes: 32e9)),
  ]

  /// CASTOR's files of 290 MB in its three modes, and what 66 PB of them take.
  static var flushing: String {
    var text = """
      | flushes | MB/s | share of the drive's rate | drive-years for 66 PB |
      |---|--:|--:|--:|

      """
    for (name, flushing) in modes {
      let rate = LabelledFiles(of: 290e6, flushing: flushing).rate(on: .castor)
      text +=
        "| \(name) | \(fixed(rate / 1e6, 0)) | \(fixed(rate / DriveModel.castor.nativeRate * 100, 0)) % | "
        + "\(fixed(66e15 / rate / (365 * 86_400), 1)) |\n"
    }
    return text
  }

  /// The drives that are known.
  static var models: String {
    var text = """
      | model | MB/s | slowest | buffer MB | flush s | load, unload s | locate, rewind s | TB | wraps |
      |---|--:|--:|--:|--:|--:|--:|--:|--:|

      """
    for model in DriveModel.published {
      text +=
        "| \(model.name) | \(short(model.nativeRate / 1e6)) | \(short(model.slowestRate / 1e6)) | "
        + "\(fixed(model.bufferSize / 1e6, 0)) | \(short(model.flush)) | \(short(model.load)), \(short(model.unload)) | "
        + "\(short(model.averageLocate)), \(short(model.averageRewind)) | \(short(Double(model.capacity) / 1e12)) | "
        + "\(model.wraps) |\n"
    }
    return text
  }

  private static func short(_ value: Double) -> String { value == value.rounded() ? fixed(value, 0) : "\(value)" }
}

/// A number that is not negative, rounded to `decimals` digits behind the point.
func fixed(_ value: Double, _ decimals: Int) -> String {
  var scale = 1
  for _ in 0..<decimals { scale *= 10 }
  let number = Int((value * Double(scale)).rounded())
  if decimals == 0 { return "\(number)" }
  let fraction = "\(number % scale)"
  return "\(number / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
