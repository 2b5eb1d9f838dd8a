public import TapeIO
public import TapeLabels

/// The user file of a catalogue: a pax archive with the compressed database and, in catalogue 0, a text for strangers.
/// What the database says is for the index to know; here it is bytes.
public struct CatalogueFile: Sendable {
  /// `catalogue.sqlite.lz4`: an LZ4 frame with an SQLite 3 database in it.
  public var database: [UInt8]
  /// `README.txt`, in catalogue 0.
  public var readMe: [UInt8]?

  /// Name of the database's member.
  public static let databaseName = Array("catalogue.sqlite.lz4".utf8)
  /// Name of the text's member.
  public static let readMeName = Array("README.txt".utf8)
  /// The longest member of a catalogue that is believed, in bytes.
  static let longestMember: Int64 = 4 << 30

  /// Puts a catalogue together.
  public init(database: [UInt8], readMe: [UInt8]? = nil) {
    self.database = database
    self.readMe = readMe
  }

  /// The user file's bytes.
  public func encoded(now: Timestamp) -> [UInt8] {
    var encoder = PaxEncoder()
    var bytes: [UInt8] = []
    func append(_ name: [UInt8], _ content: [UInt8]) {
      encoder.append(
        Member(
          path: name, kind: .regular, mode: 0o644, ownership: Ownership(user: 0, group: 0), size: Int64(content.count),
          modified: Timestamp(seconds: now.seconds)), to: &bytes)
      bytes += content
      bytes += [UInt8](repeating: 0, count: Int(paddedToTarRecord(Int64(content.count))) - content.count)
    }
    if let readMe { append(Self.readMeName, readMe) }
    append(Self.databaseName, database)
    bytes += [UInt8](repeating: 0, count: PaxEncoder.endOfArchiveSize)
    return bytes
  }

  /// Reads a catalogue's user file.
  /// - Throws: ``VolumeError/malformed(what:why:)`` when it is not one.
  public init(from bytes: some UserFileBytes) throws(VolumeError) {
    var database: [UInt8]?
    while let header = try PaxDecoder.next(from: bytes) {
      guard header.member.kind == .regular, header.storedSize <= Self.longestMember else {
        throw .malformed(what: "a catalogue", why: "it holds what no catalogue holds")
      }
      let content = try bytes.take(Int(header.storedSize), of: "a catalogue")
      try bytes.skip(paddedToTarRecord(header.storedSize) - header.storedSize)
      switch header.member.path {
      case Self.databaseName: database = content
      case Self.readMeName: readMe = content
      default: break  // a later version may add members
      }
    }
    guard let database else { throw .malformed(what: "a catalogue", why: "it has no catalogue.sqlite.lz4") }
    self.database = database
  }
}

extension VolumeReader {
  /// A catalogue as it was read.
  public struct FoundCatalogue: Sendable {
    /// What it holds.
    public var file: CatalogueFile
    /// Where it lies, with the digest of its user file as read.
    public var placement: CataloguePlacement
    /// Block ID of what follows its trailer.
    public var end: BlockID
  }

  /// Reads the catalogue whose header begins at `block`, its trailer too.
  /// - Throws: ``VolumeError`` also when it is another file, or damaged.
  public func readCatalogue(
    at block: BlockID, sequence: UInt64, batch: UInt32, vsn: VSN
  ) throws(VolumeError) -> FoundCatalogue {
    let header = try openFile(at: block, sequence: sequence, vsn: vsn)
    guard header.identifier == .catalogue(batch: batch) else {
      throw .mismatch(
        what: "a catalogue", expected: FileIdentifier.catalogue(batch: batch).text,
        found: header.first.fileIdentifier, at: block, device: drive.identity.name)
    }
    return try readCatalogue(behind: header)
  }

  /// Reads the catalogue whose header was just read.
  public func readCatalogue(behind header: Header) throws(VolumeError) -> FoundCatalogue {
    guard case .catalogue(let batch) = header.identifier, let blockSize = header.user?.blockSize,
      VolumeDescriptor.blockSizes.contains(blockSize)
    else { throw .malformed(what: "a catalogue", why: "its header is '\(header.first.fileIdentifier)'") }
    let content = DrivenBytes(reader: self, blockSize: blockSize)
    let file = try CatalogueFile(from: content)
    while try !content.next(blockSize).isEmpty {}
    if let problem = try readTrailer(of: header, blockCount: content.blockCount) {
      throw .malformed(what: "catalogue \(batch)", why: problem)
    }
    return FoundCatalogue(
      file: file,
      placement: CataloguePlacement(
        batch: batch, sequence: header.sequence, header: header.block, digest: content.finish()),
      end: header.block.advanced(by: Int(content.blockCount) + 9))
  }
}

/// The user file under the drive's head, read block by block as its bytes are asked for.
public final class DrivenBytes: UserFileBytes {
  private let reader: VolumeReader
  private let buffer: UnsafeMutableRawBufferPointer
  private var rest: UnsafeRawBufferPointer
  private var digester = Digester()
  private var isAtEnd = false
  private var failure: VolumeError?
  /// Blocks read so far.
  public private(set) var blockCount: UInt64 = 0
  /// Bytes in the first block.
  private(set) var firstLength = 0
  /// Bytes given out so far.
  public private(set) var byteCount: Int64 = 0

  /// Reads on from where `reader` stands.
  public init(reader: VolumeReader, blockSize: Int) {
    self.reader = reader
    buffer = .allocate(byteCount: blockSize, alignment: 4096)
    rest = UnsafeRawBufferPointer(rebasing: buffer[..<0])
  }

  deinit { buffer.deallocate() }

  public func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    // What comes behind a block that could not be read is not what was asked for.
    if let failure { throw failure }
    if rest.isEmpty, !isAtEnd {
      do throws(VolumeError) { try readBlock() } catch {
        failure = error
        throw error
      }
    }
    let count = min(limit, rest.count)
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
    byteCount += Int64(count)
    return UnsafeRawBufferPointer(rebasing: rest[..<count])
  }

  private func readBlock() throws(VolumeError) {
    var span = buffer.mutableBytes
    guard let count = try reader.readBlock(into: &span) else {
      isAtEnd = true
      return
    }
    blockCount += 1
    if blockCount == 1 { firstLength = count }
    rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    digester.update(rest)
  }

  /// Digest of everything read.
  public func finish() -> Digest { digester.finish() }
}
