public import ArchiveFormat
public import TapeIO

/// A copy of a volume: the same objects, on another medium.
public struct VolumeCopy: Equatable, Sendable {
  /// Where it is: the path of a cartridge or an image, or the drive that it was written in.
  public var place: [UInt8]
  /// When it was made, or last brought up to date.
  public var made: Timestamp
  /// Block ID behind the last object that it has: where the volume was appended to since, the copy is stale.
  public var end: BlockID
  /// Block ID behind the last object that was read back from it and compared.
  public var verified: BlockID

  /// Describes a copy.
  public init(place: [UInt8], made: Timestamp, end: BlockID, verified: BlockID) {
    self.place = place
    self.made = made
    self.end = end
    self.verified = verified
  }
}

extension IndexFile {
  /// The copies of a volume that are known, by place.
  public func copies(of volume: UniqueID) throws(IndexError) -> [VolumeCopy] {
    // An index that is only read may be of a version that has no such table.
    guard try database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'copy'") > 0 else { return [] }
    let s = try database.prepare(
      "SELECT place, made, end_block, verified_block FROM copy WHERE volume = ? ORDER BY place")
    s.bind(1, volume.bytes)
    var result: [VolumeCopy] = []
    while try s.step() {
      result.append(
        VolumeCopy(
          place: s.blob(0), made: Timestamp(totalNanoseconds: s.integer(1)),
          end: BlockID(UInt64(max(0, s.integer(2)))), verified: BlockID(UInt64(max(0, s.integer(3))))))
    }
    return result
  }

  /// Notes a copy of a volume, in place of what was known of that place.
  public func note(_ copy: VolumeCopy, of volume: UniqueID) throws(IndexError) {
    let s = try database.prepare(
      "INSERT OR REPLACE INTO copy (volume, place, made, end_block, verified_block) VALUES (?,?,?,?,?)")
    s.bind(1, volume.bytes)
    s.bind(2, copy.place)
    s.bind(3, copy.made.totalNanoseconds)
    s.bind(4, Int64(copy.end.rawValue))
    s.bind(5, Int64(copy.verified.rawValue))
    try s.run()
  }

  /// Forgets the copy at a place: something else is there, or will be.
  public func forgetCopy(of volume: UniqueID, at place: [UInt8]) throws(IndexError) {
    let s = try database.prepare("DELETE FROM copy WHERE volume = ? AND place = ?")
    s.bind(1, volume.bytes)
    s.bind(2, place)
    try s.run()
  }

  /// Notes that the copy at a place, if it is known to be one, ends where the volume does.
  public func noteEnd(of volume: UniqueID, at place: [UInt8]) throws(IndexError) {
    let s = try database.prepare(
      """
      UPDATE copy SET end_block = max(end_block, coalesce((
        SELECT max(b.end_block) FROM batch b JOIN volume v ON v.id = b.volume WHERE v.uuid = ?1 AND v.erased = 0), 0))
      WHERE volume = ?1 AND place = ?2
      """)
    s.bind(1, volume.bytes)
    s.bind(2, place)
    try s.run()
  }
}
