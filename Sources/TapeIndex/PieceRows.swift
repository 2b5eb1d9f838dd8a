public import ArchiveFormat
internal import TapeIO

/// Where the rows of pieces lie: in a catalogue `batch` is 1 for its own volume, 0 for the one before that in the set, -1
/// for the one before that, and so on. In an index a row that repeats what another volume has is filed under the batch that
/// repeats it, by a negative number, so that it stands beside that volume's own row, in whichever order they come.
enum PieceRows {
  static let ownBatch: Int64 = 1
  /// More than volumes in a set.
  private static let volumes: Int64 = 1 << 20

  /// `batch` in the index, in SQL, of a row of the catalogue of batch `batch` that has `place` there.
  static func filed(_ place: String, of batch: Int64) -> String {
    "iif(\(place) = \(ownBatch), \(batch), \(place) - \(ownBatch) - \(batch * volumes))"
  }

  /// How many volumes a row lies before that of its batch.
  static func volumesBefore(_ filed: Int64) -> Int { filed > 0 ? 0 : Int(-filed % volumes) }

  /// The rows of a batch: its own, and those that it repeats.
  static func isOf(_ batch: Int64) -> String {
    "(batch = \(batch) OR batch BETWEEN \(-(batch * volumes + volumes - 1)) AND \(-(batch * volumes)))"
  }

  /// Refuses pieces that none can be.
  static func check(_ database: Database, members: Range<Int64>) throws(IndexError) {
    let bad = try database.number(
      """
      SELECT count(*) FROM piece WHERE batch > \(ownBatch) OR batch <= \(ownBatch - volumes) OR fseq < 1
        OR section NOT BETWEEN 1 AND 9999 OR block < 0 OR blocks < 1 OR bytes < 1 OR length(digest) != 16
        OR (member IS NOT NULL AND member NOT BETWEEN \(members.lowerBound) AND \(members.upperBound - 1))
        OR (member IS NULL AND (batch != \(ownBatch) OR last))
      """)
    guard bad == 0 else { throw .badCatalogue(why: "it has a piece with a value out of range") }
  }
}

/// A piece of a member as the index knows it.
public struct StoredPiece: Sendable {
  /// Which part it is, from 1.
  public let section: Int
  /// The volume it is on; nil when the index does not know it, or knows it as erased.
  public let volume: IndexFile.Volume?
  /// The AUL file.
  public let file: FilePlacement
  /// Whether the member ends with it.
  public let isLast: Bool

  /// Describes a piece.
  public init(section: Int, volume: IndexFile.Volume?, file: FilePlacement, isLast: Bool) {
    self.section = section
    self.volume = volume
    self.file = file
    self.isLast = isLast
  }
}

extension IndexFile {
  /// The volume that lies `count` places before another in its set.
  func volume(_ count: Int, before volume: Volume) throws(IndexError) -> Volume? {
    var found = volume
    for _ in 0..<count {
      guard let id = found.descriptor.previous, let previous = try self.volume(id),
        previous.descriptor.set == volume.descriptor.set
      else { return nil }
      found = previous
    }
    return found
  }

  /// The volumes that continue `volume`, in their order, as far as the index has batches of them.
  public func volumes(continuing volume: Volume) throws(IndexError) -> [Volume] {
    let s = try database.prepare(
      """
      SELECT \(VolumeRows.volumeColumns) FROM volume v
      WHERE previous_uuid = ? AND set_uuid = ? AND erased = 0 AND EXISTS (SELECT 1 FROM batch WHERE volume = v.id)
      ORDER BY created DESC, id DESC LIMIT 1
      """)
    var found: [Volume] = []
    var last = volume
    while found.count < 1_000_000 {
      s.bind(1, last.descriptor.id.bytes)
      s.bind(2, volume.descriptor.set.bytes)
      defer { s.reset() }
      guard try s.step() else { return found }
      last = Volume(row: s.integer(0), descriptor: try VolumeRows.volume(s))
      guard last.descriptor.sequenceInSet > (found.last ?? volume).descriptor.sequenceInSet else { return found }
      found.append(last)
    }
    return found
  }

  /// Whether the index has the catalogues of a volume, and not its name alone.
  public func isKnown(_ volume: Volume) throws(IndexError) -> Bool {
    try database.number("SELECT count(*) FROM (SELECT 1 FROM batch WHERE volume = \(volume.row) LIMIT 1)") > 0
  }

  /// The pieces on a volume of members that go on on the next one.
  public func openPieces(on volume: Volume) throws(IndexError) -> [StoredPiece] {
    let rows = try database.prepare(
      """
      SELECT section, fseq, block, blocks, bytes, digest FROM piece
      WHERE member IS NULL AND batch IN (SELECT id FROM batch WHERE volume = ?) ORDER BY fseq
      """)
    rows.bind(1, volume.row)
    var found: [StoredPiece] = []
    while try rows.step() {
      guard let digest = Digest(bytes: rows.blob(5)) else {
        throw .badCatalogue(why: "the index has a piece with a value out of range")
      }
      // What it holds is for the catalogue of the last piece to say.
      let file = FilePlacement(
        sequence: UInt64(rows.integer(1)), header: BlockID(UInt64(rows.integer(2))),
        blockCount: UInt64(rows.integer(3)), byteCount: rows.integer(4), layout: .raw, digest: digest)
      found.append(StoredPiece(section: Int(rows.integer(0)), volume: volume, file: file, isLast: false))
    }
    return found
  }

  /// The pieces of every member that spans volumes and ends in one of `batches`, by the member's id.
  func pieces(inBatches batches: [Int64: Volume]) throws(IndexError) -> [Int64: [StoredPiece]] {
    let rows = try database.prepare(
      """
      SELECT p.member, p.batch, p.section, p.fseq, p.block, p.blocks, p.bytes, p.digest, m.layout, p.last
      FROM piece p JOIN member m ON m.id = p.member ORDER BY p.member, p.section
      """)
    var found: [Int64: [StoredPiece]] = [:]
    while try rows.step() {
      let member = rows.integer(0)
      guard let last = batches[member / Schema.membersPerBatch] else { continue }
      guard let digest = Digest(bytes: rows.blob(7)), let layout = Layout(rawValue: Int(rows.integer(8))) else {
        throw .badCatalogue(why: "the index has a piece with a value out of range")
      }
      let file = FilePlacement(
        sequence: UInt64(rows.integer(3)), header: BlockID(UInt64(rows.integer(4))),
        blockCount: UInt64(rows.integer(5)), byteCount: rows.integer(6), layout: layout, digest: digest)
      found[member, default: []].append(
        StoredPiece(
          section: Int(rows.integer(2)), volume: try volume(PieceRows.volumesBefore(rows.integer(1)), before: last),
          file: file, isLast: rows.integer(9) != 0))
    }
    for (member, pieces) in found where pieces.map(\.section) != Array(1...pieces.count) {
      throw .badCatalogue(why: "the index lacks a piece of member \(member)")
    }
    return found
  }
}
