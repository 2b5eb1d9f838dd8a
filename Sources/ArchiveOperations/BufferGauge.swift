/// How a buffer between two threads stands, one of which fills it while the other empties it.
public struct BufferReading: Equatable, Sendable {
  /// How full it is, 0 to 1.
  public var fill: Double
  /// Seconds that the side which fills it has waited for room, a wait that goes on included.
  public var fillerWaited: Double
  /// Seconds that the side which empties it has waited for bytes, a wait that goes on included.
  public var emptierWaited: Double

  /// Describes how it stands.
  public init(fill: Double, fillerWaited: Double, emptierWaited: Double) {
    self.fill = fill
    self.fillerWaited = fillerWaited
    self.emptierWaited = emptierWaited
  }
}

/// A buffer that can be asked how it stands, from any thread.
public protocol BufferGauge: AnyObject, Sendable {
  var reading: BufferReading { get }
}

extension BlockRing: BufferGauge {}
