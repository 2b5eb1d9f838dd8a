/// The number of a logical object (a block or a filemark) on a volume, counted by the drive from 0 at beginning of tape.
///
/// The position of a drive is the block ID of the object that the next read or write would meet
/// (SSC-3 4.2.7, *logical object identifier*; READ POSITION's first logical object location).
public struct BlockID: Hashable, Comparable, Sendable {
  /// Objects before this one.
  public let rawValue: UInt64

  /// Creates the ID of the object that has `rawValue` objects before it.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Beginning of tape.
  public static let beginningOfTape = BlockID(0)

  public static func < (left: BlockID, right: BlockID) -> Bool { left.rawValue < right.rawValue }

  /// The ID `count` objects further on; `count` may be negative but must not lead before beginning of tape.
  public func advanced(by count: Int) -> BlockID { BlockID(UInt64(Int64(rawValue) + Int64(count))) }

  /// Objects from this one to `other`; negative when `other` lies before it.
  public func distance(to other: BlockID) -> Int { Int(Int64(other.rawValue) - Int64(rawValue)) }
}

extension BlockID: CustomStringConvertible {
  public var description: String { String(rawValue) }
}
