internal import TapeIO

/// Where objects lie, in bytes from beginning of tape, as far as they were seen to pass: a place every so many bytes, and
/// objects of equal size between two of them.
struct ObjectOffsets {
  /// Bytes between two places that are kept.
  let step: Double
  /// Bytes of an object that nobody saw: a block of the default size.
  static let unseen = 262_144.0

  private var known: [(object: BlockID, offset: Double)] = [(.beginningOfTape, 0)]
  /// The last place that was seen.
  private var end: (object: BlockID, offset: Double) = (.beginningOfTape, 0)

  init(step: Double) { self.step = step }

  /// Takes note that `object` begins `offset` bytes from beginning of tape.
  mutating func note(_ object: BlockID, at offset: Double) {
    guard object > end.object else { return }
    end = (object, offset)
    if let last = known.last, offset - last.offset >= step { known.append(end) }
  }

  /// Forgets what lay behind `object`, which is written over.
  mutating func cut(at object: BlockID) {
    if object < end.object { end = (object, offset(of: object)) }
    while known.count > 1, let last = known.last, last.object > object { known.removeLast() }
  }

  /// About how many bytes `object` is from beginning of tape.
  func offset(of object: BlockID) -> Double {
    var low = 0
    var high = known.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if known[middle].object <= object { low = middle } else { high = middle }
    }
    let before = known[low]
    if object > end.object { return end.offset + Double(end.object.distance(to: object)) * Self.unseen }
    let behind = high < known.count ? known[high] : end
    let count = before.object.distance(to: behind.object)
    guard count > 0 else { return before.offset }
    return before.offset
      + Double(before.object.distance(to: object)) * (behind.offset - before.offset) / Double(count)
  }
}
