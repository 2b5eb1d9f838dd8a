/// Which parts of an archive stay when members are taken out of it (`--delete`).
///
/// Global headers stay, as they speak of the members that do: GNU tar loses them.
public struct TarEdit: Sendable {
  private var removed: [Range<Int64>] = []

  /// Takes nothing out.
  public init() {}

  /// Takes a member out, with all headers that belong to it. Entries come in the order of the archive.
  public mutating func remove(_ entry: TarEntry) { removed.append(entry.headerOffset..<entry.endOffset) }

  /// Whether nothing was taken out.
  public var isEmpty: Bool { removed.isEmpty }

  /// The bytes that stay, in order; behind them come two records of zeros, padded to whole blocks.
  /// - Parameter endOffset: ``TarReader/endOffset``.
  public func kept(endOffset: Int64) -> [Range<Int64>] {
    var kept: [Range<Int64>] = []
    var start: Int64 = 0
    for range in removed + [endOffset..<endOffset] {
      if range.lowerBound > start { kept.append(start..<range.lowerBound) }
      start = range.upperBound
    }
    return kept
  }
}
