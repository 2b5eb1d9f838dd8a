/// What one kind of drive does in what time, with a cartridge of its own generation. A value: it moves nothing.
///
/// Bytes are those on the medium, after the drive's compression. MB and GB are powers of 1000, as drives are sold.
/// The drives that are known, and where their figures come from, are in ``published``.
public struct DriveModel: Equatable, Sendable {
  /// What it is called: `LTO-9`.
  public var name: String
  /// Bytes a second when the source keeps up.
  public var nativeRate: Double
  /// Bytes a second at the slowest speed of the tape. A slower source makes the drive stop, go back and wait.
  public var slowestRate: Double
  /// Bytes that it takes in before they are on tape.
  public var bufferSize: Double
  /// Seconds of a synchronous filemark or flush: until what is in the buffer is on tape and the tape runs again.
  public var flush: Double
  /// Seconds from the cartridge's coming to ready, of one that was initialised before.
  public var load: Double
  /// Seconds to give the cartridge out, once it is rewound.
  public var unload: Double
  /// Seconds of a rewind from half way along the tape: the published average. It takes twice that from its end.
  public var averageRewind: Double
  /// Seconds of a locate from beginning of tape to an object anywhere: the published average.
  public var averageLocate: Double
  /// Seconds to stop, go back and be ready to write again where the tape was left.
  public var reposition: Double
  /// Bytes that a cartridge holds.
  public var capacity: Int64
  /// How often the tape runs from end to end until it is full, a multiple of 4.
  public var wraps: Int

  /// Describes a drive.
  public init(
    name: String, nativeRate: Double, slowestRate: Double, bufferSize: Double, flush: Double, load: Double,
    unload: Double, averageRewind: Double, averageLocate: Double, reposition: Double = LocateCost.directionChange,
    capacity: Int64, wraps: Int
  ) {
    self.name = name
    self.nativeRate = nativeRate
    self.slowestRate = slowestRate
    self.bufferSize = bufferSize
    self.flush = flush
    self.load = load
    self.unload = unload
    self.averageRewind = averageRewind
    self.averageLocate = averageLocate
    self.reposition = reposition
    self.capacity = capacity
    self.wraps = wraps
  }

  /// The model called `name`, in whatever case; nil when there is none.
  public static func named(_ name: String) -> DriveModel? {
    published.first { $0.name.lowercased() == name.lowercased() }
  }
}
