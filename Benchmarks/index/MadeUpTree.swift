import ArchiveFormat
import TapeIO
import TapeIndex
import TapeLabels

/// Members that there are no files of: 1,000 in each directory, in no order, as a file system gives them out.
struct MadeUpTree {
  let count: Int
  let layout: Layout

  static let inDirectory = 1000
  private static let inBatch = 50_000
  private static let inPack = 1000

  /// `number`'s directory.
  static func directory(_ number: Int) -> String {
    let part = number / inDirectory
    return "home/user/project-\(part / 100)/part-\(part % 100)/"
  }

  /// Name of a member: 20 characters below its directory.
  static func path(_ number: Int) -> [UInt8] {
    // 617 and 1,000 have no common divisor: every number of the directory once.
    let number = number / inDirectory * inDirectory + number % inDirectory * 617 % inDirectory
    let digits = String(number + 100_000_000).dropFirst()
    return Array("\(directory(number))holiday-\(digits).jpg".utf8)
  }

  private func record(_ number: Int) -> MemberRecord {
    let path = Self.path(number)
    let (day, fraction) = (Int64(number / 700), Int32(truncatingIfNeeded: number &* 7_919_311 % 1_000_000_000))
    var member = Member(
      path: path, kind: .regular, mode: 0o644,
      ownership: Ownership(user: 1000, group: 100, userName: Array("user".utf8), groupName: Array("group".utf8)),
      size: 3000 + Int64(number % 2000), modified: Timestamp(seconds: 1_700_000_000 + day, nanoseconds: fraction),
      changed: Timestamp(seconds: 1_710_000_000 + day, nanoseconds: fraction))
    member.sourceFile = SourceFile(device: 66305, inode: 1_000_000 + UInt64(number), linkCount: 1)
    let offset = layout == .pack ? Int64(number % Self.inPack) * 5632 : 0
    return MemberRecord(
      member: member, offset: offset, contentOffset: offset + 1024, digest: Digester.digest(of: path))
  }

  /// Calls `body` with the catalogue of each batch of 50,000, as tape has it and as the session has it.
  func forEachBatch(
    _ body: ([UInt8], Catalogue, CataloguePlacement, _ end: BlockID) throws -> Void
  ) throws {
    let start = Timestamp(seconds: 1_795_219_200)
    let volume = VolumeDescriptor(
      id: .random(), vsn: try VSN("V00001"), set: .random(), previous: nil, text: [], owner: "", blockSize: 256 << 10,
      created: start, expires: nil)
    let session = SessionRecord(id: .random(), started: start, host: "host", program: "index-figures", series: [0x2f])
    var catalogues: [CataloguePlacement] = []
    var (sequence, block): (UInt64, UInt64) = (1, 1)
    func file() -> FilePlacement {
      defer { (sequence, block) = (sequence + 1, block + 10) }
      return FilePlacement(
        sequence: sequence, header: BlockID(block), blockCount: 1, byteCount: 6144, layout: layout,
        digest: .xxh128(high: sequence &* 0x9e37_79b9_7f4a_7c15, low: ~sequence &* 0xc2b2_ae3d_27d4_eb4f))
    }
    for first in stride(from: 0, to: count, by: Self.inBatch) {
      let writer = try CatalogueWriter()
      let begin = sequence
      let step = layout == .pack ? Self.inPack : 1
      let end = min(first + Self.inBatch, count)
      for number in stride(from: first, to: end, by: step) {
        try writer.add(file(), (number..<min(number + step, end)).map(record))
      }
      let batch = BatchRecord(
        number: UInt32(catalogues.count), id: .random(), session: session, firstSequence: begin,
        catalogueSequence: sequence, committed: Timestamp(seconds: start.seconds + Int64(catalogues.count)),
        reason: end == count ? .sessionEnd : .limit, previousDigest: catalogues.last?.digest)
      let (frame, own) = try writer.finished(volume: volume, batch: batch, earlier: catalogues)
      let placement = CataloguePlacement(
        batch: batch.number, sequence: sequence, header: BlockID(block), digest: Digester.digest(of: frame))
      _ = file()
      catalogues.append(placement)
      try body(frame, own, placement, BlockID(block))
    }
  }
}
