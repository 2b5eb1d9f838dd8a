/// How long a tape is under way from one object to another: the cost that CERN's Tape Archive orders its restores by,
/// found by measuring LTO-7 and LTO-8 (CTA, `rao/CTACostHeuristic.cpp` and `rao/RAOHelpers.cpp`).
///
///     4.29 + 6.69 (another wrap) + 3.2 (another band) - 6.04 (another half of the tape's length)
///     + 5.22 (the other direction) + 11.32 (back on the same wrap) + 0.0006192 × longitudinal positions
///
/// It is used for drives that are not LTO as well, for want of another.
public enum LocateCost {
  /// Seconds that every locate takes.
  public static let base = 4.29
  /// Seconds for another wrap.
  public static let wrapChange = 6.69
  /// Seconds for another of the four bands.
  public static let bandChange = 3.2
  /// Seconds for the other half of the tape's length: less than nothing, as the drive may turn on its way.
  public static let landingZoneChange = -6.04
  /// Seconds for a wrap of the other direction.
  public static let directionChange = 5.22
  /// Seconds for going back on the same wrap.
  public static let stepBack = 11.32
  /// Seconds for a longitudinal position.
  public static let position = 0.0006192
  /// Bands of a tape.
  public static let bands = 4

  /// Seconds from one place to another on a tape with `wraps` wraps of `length` longitudinal positions.
  public static func seconds(
    from start: TapePlace, to end: TapePlace, wraps: Int, length: Double
  ) -> Double {
    let wrapsInBand = max(1, wraps / bands)
    let half = length / 2
    var seconds = base + abs(end.position - start.position) * position
    if start.wrap != end.wrap { seconds += wrapChange }
    if start.wrap / wrapsInBand != end.wrap / wrapsInBand { seconds += bandChange }
    if (start.position < half) != (end.position < half) { seconds += landingZoneChange }
    if start.wrap % 2 != end.wrap % 2 { seconds += directionChange }
    if start.wrap == end.wrap {
      let isBack = start.wrap % 2 == 0 ? start.position > end.position : start.position < end.position
      if isBack { seconds += stepBack }
    }
    return seconds
  }
}

/// Where on a tape something lies.
public struct TapePlace: Equatable, Sendable {
  /// Which run along the tape, from 0; even ones lead away from its beginning, odd ones back.
  public var wrap: Int
  /// Longitudinal positions from the beginning of the tape.
  public var position: Double

  /// Names a place.
  public init(wrap: Int, position: Double) {
    self.wrap = wrap
    self.position = position
  }
}

extension DriveModel {
  /// Longitudinal positions along the tape: as many as make the average locate from beginning of tape what is published.
  public var longitudinalPositions: Double {
    let differingWrap = 1 - 1 / Double(wraps)
    let fixed =
      LocateCost.base + LocateCost.wrapChange * differingWrap + LocateCost.bandChange * 0.75
      + LocateCost.landingZoneChange / 2 + LocateCost.directionChange / 2
    return max(0, averageLocate - fixed) * 2 / LocateCost.position
  }

  /// Where the byte `offset` bytes from beginning of tape lies, wraps being filled evenly; the end for what is beyond it.
  public func place(of offset: Double) -> TapePlace {
    let run = min(max(0, offset / Double(capacity)), 1) * Double(wraps)
    let wrap = min(Int(run), wraps - 1)
    let part = run - Double(wrap)
    return TapePlace(wrap: wrap, position: (wrap % 2 == 0 ? part : 1 - part) * longitudinalPositions)
  }

  /// Seconds of a locate from one byte to another; none when the tape stands there.
  public func locate(from start: Double, to end: Double) -> Double {
    if start == end { return 0 }
    return LocateCost.seconds(
      from: place(of: start), to: place(of: end), wraps: wraps, length: longitudinalPositions)
  }

  /// Seconds of a rewind from a byte: in proportion to the length of tape that is off the cartridge's reel.
  public func rewind(from offset: Double) -> Double {
    let length = longitudinalPositions
    return length > 0 ? 2 * averageRewind * place(of: offset).position / length : 0
  }
}
