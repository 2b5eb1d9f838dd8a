/// The rest of a member's stored content, where one volume of an archive ends and another goes on.
public struct MemberPart: Equatable, Sendable {
  /// The member's name.
  public var name: [UInt8]
  /// Bytes of the file: of a sparse one with its holes.
  public var total: Int64
  /// Bytes of stored content that are still to come.
  public var left: Int64

  /// Describes a part.
  public init(name: [UInt8], total: Int64, left: Int64) {
    self.name = name
    self.total = total
    self.left = left
  }
}
