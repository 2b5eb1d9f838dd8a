internal import ArchiveFormat
public import TapeIO

/// About how many bytes lie before each object of a volume, from the index alone: exact at each batch's catalogue but for
/// the last blocks of catalogues, whose length the index does not have, and in proportion to objects between two of them.
///
/// Bytes are those of blocks as they were written: 80 for a label. Filemarks are nothing.
public struct VolumeOffsets {
  private var known: [(block: BlockID, bytes: Int64)] = [(.beginningOfTape, 0), (BlockID(1), VolumeExtents.labelBytes)]
  private let blockSize: Int64
  /// Block ID behind catalogue 0: where the tape stands when a volume has been identified.
  public let beginning: BlockID

  /// Adds up what the index has of `volume`. Looks at every member there.
  public init(of volume: IndexFile.Volume, in index: IndexFile) throws(IndexError) {
    blockSize = Int64(volume.descriptor.blockSize)
    // A user file is in one of the three: of a member alone, of a pack, or a piece whose member ends elsewhere.
    let sum = try index.database.prepare(
      """
      SELECT CAST(min(total(bytes + 2 * ?2), 1e15) AS INTEGER) FROM (
        SELECT bytes FROM member WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24 AND bytes IS NOT NULL
        UNION ALL SELECT bytes FROM aul_file WHERE batch = ?1
        UNION ALL SELECT bytes FROM piece WHERE batch = ?1 AND member IS NULL)
      """)
    var beginning: BlockID?
    var bytes = VolumeExtents.labelBytes
    for batch in try index.batches(of: volume) {
      sum.bind(1, batch.row)
      sum.bind(2, VolumeExtents.headerBytes)
      defer { sum.reset() }
      // No volume has as much, whatever a foreign catalogue claims.
      bytes = min(bytes, 1 << 61) + (try sum.step() ? sum.integer(0) : 0)
      // What was salvaged has no catalogue: it counts with the next batch.
      guard let catalogue = batch.catalogue, let end = batch.end else { continue }
      known.append((catalogue.header, bytes))
      let blocks = Int64(end.rawValue) - Int64(catalogue.header.rawValue) - VolumeExtents.objectsAround - 1
      bytes += min(max(0, blocks), 1 << 32) * blockSize + 2 * VolumeExtents.headerBytes
      known.append((end, bytes))
      if beginning == nil { beginning = end }
    }
    self.beginning = beginning ?? .beginningOfTape
  }

  /// About how many bytes lie before `block`.
  public func offset(of block: BlockID) -> Double {
    var low = 0
    var high = known.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if known[middle].block <= block { low = middle } else { high = middle }
    }
    let before = known[low]
    let passed = before.block.distance(to: block)
    guard high < known.count else { return Double(before.bytes) + Double(passed) * Double(blockSize) }
    let behind = known[high]
    let objects = before.block.distance(to: behind.block)
    guard objects > 0 else { return Double(before.bytes) }
    return Double(before.bytes) + Double(passed) * Double(behind.bytes - before.bytes) / Double(objects)
  }
}
