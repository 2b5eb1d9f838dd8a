extension DriveModel {
  /// The model of a drive by its product identification in INQUIRY: `ULT3580-TD8`, `Ultrium 8-SCSI`, `ULTRIUM-HH8`, `LTO-8`,
  /// `T10000B`, `0359260F`; nil when it is none that is known.
  ///
  /// A drive writes to and reads from cartridges of the generation before its own too; the model is that of its own.
  public static func ofProduct(_ product: String) -> DriveModel? {
    let name = product.uppercased()
    if name.hasPrefix("T10000B") { return named("T10000B") }
    // IBM TS1160: models 60E, 60F, 60G and 60S of machine type 3592.
    if name.hasPrefix("0359260") { return named("TS1160") }
    for word in ["-TD", "-HH", "ULTRIUM ", "LTO-", "LTO"] {
      guard let digits = digits(in: name, behind: word) else { continue }
      return named("LTO-\(digits)")
    }
    return nil
  }

  /// The digits that follow `word`; nil when there are none.
  private static func digits(in name: String, behind word: String) -> Substring? {
    var rest = name[...]
    while !rest.isEmpty {
      if rest.hasPrefix(word) {
        let digits = rest.dropFirst(word.count).prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty { return digits }
      }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// Bytes that the drive reads in the shortest time that a locate takes: what is nearer is better read through.
  public var longestGap: Int { Int(nativeRate * LocateCost.base) }
}
