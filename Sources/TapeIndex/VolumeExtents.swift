internal import ArchiveFormat
internal import TapeIO

/// What lies where on volumes, in bytes and in tape order: from the index alone.
///
/// Bytes are those of blocks as they were written: 80 for a label, those of a user file for its content. A catalogue is
/// counted without its last block, whose length the index does not have; what was given up on WORM media in whole blocks.
/// Filemarks are nothing.
public struct VolumeExtents {
  /// What some bytes are.
  public enum Kind: Int, CaseIterable, Sendable {
    /// Of members that are there: the newest version of each path, and what hard links of those need.
    case live
    /// Of members that were deleted, renamed away, have vanished or have a newer version; pieces whose end never came.
    case dead
    /// Labels and catalogues.
    case overhead
    /// Of live members that are incomplete, and catalogues that could not be read.
    case damaged
  }

  private struct Place: Hashable {
    var volume: Int64
    var sequence: Int64
    var offset: Int64
  }

  private let index: IndexFile
  private let live: LiveRows
  /// Content that live hard links lead to.
  private let linked: Set<Place>
  /// The members whose pieces lie on volumes before their last one.
  private let claims: [Place: Int64]
  private let members: Statement
  private let packs: Statement
  private let pieces: Statement

  static let labelBytes: Int64 = 80
  /// Three labels before a user file, and three behind it.
  static let headerBytes: Int64 = 240
  /// Labels and filemarks of an AUL file, in objects.
  static let objectsAround: Int64 = 9

  /// Prepares to look at volumes among `scope`: what is live there.
  public init(among scope: [IndexFile.Volume], in index: IndexFile) throws(IndexError) {
    self.index = index
    live = try LiveRows(of: scope, in: index)
    var linked: Set<Place> = []
    var claims: [Place: Int64] = [:]
    var batches: [Int64: IndexFile.Volume] = [:]
    let links = try index.database.prepare(
      """
      SELECT id, link_fseq, link_offset FROM member
      WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24 AND type = 1 AND link_fseq IS NOT NULL
      """)
    for volume in scope {
      for batch in try index.batches(of: volume) {
        batches[batch.row] = volume
        links.bind(1, batch.row)
        defer { links.reset() }
        while try links.step() {
          guard live.contains(links.integer(0)) else { continue }
          linked.insert(Place(volume: volume.row, sequence: links.integer(1), offset: links.integer(2)))
        }
      }
    }
    for (member, parts) in try index.pieces(inBatches: batches) {
      for piece in parts where !piece.isLast {
        guard let volume = piece.volume else { continue }
        claims[Place(volume: volume.row, sequence: Int64(piece.file.sequence), offset: 0)] = member
      }
    }
    self.linked = linked
    self.claims = claims
    members = try index.database.prepare(
      """
      SELECT id, fseq, block, blocks, bytes, offset, incomplete FROM member
      WHERE id >= ?1 << 24 AND id < (?1 + 1) << 24 ORDER BY id
      """)
    packs = try index.database.prepare("SELECT fseq, block, blocks, bytes FROM aul_file WHERE batch = ? ORDER BY fseq")
    pieces = try index.database.prepare(
      "SELECT fseq, block, blocks, bytes FROM piece WHERE batch = ? AND member IS NULL ORDER BY fseq")
  }

  /// A part of a user file, or all of it.
  private struct Part {
    var sequence: Int64
    var block: Int64
    var blocks: Int64
    var bytes: Int64
    var kind: Kind
    var isMember = true
  }

  /// Calls `body` with what lies on a volume, from its beginning to end of data.
  /// - Parameter body: takes a kind, bytes, and how many members begin there.
  public func forEach(
    on volume: IndexFile.Volume, _ body: (Kind, _ bytes: Int64, _ members: Int64) -> Void
  ) throws(IndexError) {
    body(.overhead, Self.labelBytes, 0)
    var next: Int64 = 1  // behind VOL1
    let blockSize = Int64(volume.descriptor.blockSize)
    /// What was given up lies between `next` and `block`: so many files.
    func skip(to block: Int64, files: Int64) {
      let blocks = block - next - files * Self.objectsAround
      guard files > 0, blocks >= 0 else { return }
      body(.overhead, files * 2 * Self.headerBytes, 0)
      body(.dead, blocks * blockSize, 0)
    }
    for batch in try index.batches(of: volume) {
      var expected = Int64(batch.record.firstSequence)
      var open: Int64?
      func close() { if open != nil { body(.overhead, Self.headerBytes, 0) } }
      try forEachPart(of: batch, volume) { part in
        if part.sequence != open {
          close()
          skip(to: part.block, files: part.sequence - expected)
          body(.overhead, Self.headerBytes, 0)
          open = part.sequence
          (expected, next) = (part.sequence + 1, part.block + part.blocks + Self.objectsAround)
        }
        body(part.kind, part.bytes, part.isMember ? 1 : 0)
      }
      close()
      let kind = batch.record.reason == .recovered ? Kind.damaged : .overhead
      guard let catalogue = batch.catalogue, let end = batch.end else {
        // Salvaged files have none behind them.
        if kind == .damaged { body(.damaged, 2 * Self.headerBytes, 0) }
        continue
      }
      let (header, behind) = (Int64(catalogue.header.rawValue), Int64(end.rawValue))
      skip(to: header, files: Int64(batch.record.catalogueSequence) - expected)
      body(kind, max(0, behind - header - Self.objectsAround - 1) * blockSize + 2 * Self.headerBytes, 0)
      next = behind
    }
  }

  /// Files of a batch in tape order; of a pack, the members one by one.
  private func forEachPart(
    of batch: IndexFile.Batch, _ volume: IndexFile.Volume, _ body: (Part) -> Void
  ) throws(IndexError) {
    var packs = try files(packs, batch)[...]
    var open = try files(pieces, batch)[...]
    /// A member of a pack, which ends where the next one begins.
    var pending: (part: Part, offset: Int64, end: Int64)?
    func finish(at end: Int64?) {
      guard let found = pending else { return }
      var part = found.part
      part.bytes = max(0, (end ?? found.end) - found.offset)
      body(part)
      pending = nil
    }
    func passPieces(before sequence: Int64) {
      while let piece = open.first, piece.sequence < sequence {
        finish(at: nil)
        open.removeFirst()
        var part = piece
        let owner = claims[Place(volume: volume.row, sequence: piece.sequence, offset: 0)]
        part.kind = owner.map { live.contains($0) } ?? false ? .live : .dead
        part.isMember = false
        body(part)
      }
    }
    members.bind(1, batch.row)
    defer { members.reset() }
    while try members.step() {
      let (id, sequence, offset) = (members.integer(0), members.integer(1), members.integer(5))
      passPieces(before: sequence)
      var part = Part(sequence: sequence, block: 0, blocks: 0, bytes: 0, kind: .live)
      let isLive =
        live.contains(id) || linked.contains(Place(volume: volume.row, sequence: sequence, offset: offset))
      part.kind = !isLive ? .dead : members.integer(6) != 0 ? .damaged : .live
      if let bytes = members.optionalInteger(4) {
        finish(at: nil)
        (part.block, part.blocks, part.bytes) = (members.integer(2), members.integer(3), bytes)
        body(part)
        continue
      }
      while let first = packs.first, first.sequence < sequence { packs.removeFirst() }
      guard let pack = packs.first, pack.sequence == sequence else {
        throw .badCatalogue(why: "the index has a member of a file that it does not have")
      }
      let goesOn = pending.map { $0.part.sequence == sequence } ?? false
      finish(at: goesOn ? offset : nil)
      (part.block, part.blocks) = (pack.block, pack.blocks)
      // What lies before the first member of a pack is its.
      pending = (part, goesOn ? offset : 0, pack.bytes)
    }
    finish(at: nil)
    passPieces(before: .max)
  }

  private func files(_ rows: Statement, _ batch: IndexFile.Batch) throws(IndexError) -> [Part] {
    rows.bind(1, batch.row)
    defer { rows.reset() }
    var found: [Part] = []
    while try rows.step() {
      found.append(
        Part(
          sequence: rows.integer(0), block: rows.integer(1), blocks: rows.integer(2), bytes: rows.integer(3),
          kind: .live))
    }
    return found
  }
}
