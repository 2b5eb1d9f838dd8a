internal import ArchiveFormat
internal import TapeIO
internal import TapeLabels

/// A volume whose end was found and checked: the next AUL file goes right behind its last catalogue.
final class OpenVolume {
  let writer: VolumeWriter
  /// The drive that it is in.
  let drive: any TapeDrive
  /// Whether nothing on it can be written over.
  let isWORM: Bool
  /// fseq of the first AUL file behind the last catalogue: the next one to be written, unless void ones lie there (WORM).
  let firstSequence: UInt64
  /// Every catalogue on it, by number.
  let catalogues: [CataloguePlacement]
  /// Number of the next batch.
  let nextBatch: UInt32
  /// When the last batch was committed: no later one may be earlier.
  let lastCommit: Timestamp
  /// Whether nothing may be appended to it.
  let isFull: Bool
  /// Whether it is to be kept longer than its catalogues say so far: the next one does.
  var isKeptLonger: Bool

  init(
    writer: VolumeWriter, drive: any TapeDrive, isWORM: Bool, firstSequence: UInt64, catalogues: [CataloguePlacement],
    nextBatch: UInt32,
    lastCommit: Timestamp, isFull: Bool = false, isKeptLonger: Bool = false
  ) {
    self.writer = writer
    self.drive = drive
    self.isWORM = isWORM
    self.firstSequence = firstSequence
    self.catalogues = catalogues
    self.nextBatch = nextBatch
    self.lastCommit = lastCommit
    self.isFull = isFull
    self.isKeptLonger = isKeptLonger
  }

  /// Writes a catalogue and flushes: when it returns, the batch is committed.
  func write(_ file: CatalogueFile, batch: UInt32, now: Timestamp) throws(VolumeError) -> CataloguePlacement {
    try Self.write(file, batch: batch, now: now, with: writer)
  }

  static func write(
    _ file: CatalogueFile, batch: UInt32, now: Timestamp, with writer: VolumeWriter
  ) throws(VolumeError) -> CataloguePlacement {
    let bytes = file.encoded(now: now)
    try writer.begin(.catalogue(batch: batch), now: now)
    let blockSize = writer.descriptor.blockSize
    for start in stride(from: 0, to: bytes.count, by: blockSize) {
      try writer.write(bytes.span.bytes.extracting(start..<min(start + blockSize, bytes.count)))
    }
    let placed = try writer.end()
    try writer.flush()
    return CataloguePlacement(
      batch: batch, sequence: placed.sequence, header: placed.header, digest: Digester.digest(of: bytes))
  }
}
