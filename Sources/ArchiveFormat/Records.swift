public import TapeIO
public import TapeLabels

/// Where an AUL file lies and what it holds: one row of a catalogue.
public struct FilePlacement: Equatable, Sendable {
  /// File sequence number on the volume, from 1.
  public var sequence: UInt64
  /// Block ID of its HDR1.
  public var header: BlockID
  /// Blocks of the user file.
  public var blockCount: UInt64
  /// Bytes of the user file.
  public var byteCount: Int64
  /// How members lie in it.
  public var layout: Layout
  /// Digest of the user file's bytes.
  public var digest: Digest

  /// Describes an AUL file.
  public init(
    sequence: UInt64, header: BlockID, blockCount: UInt64, byteCount: Int64, layout: Layout, digest: Digest
  ) {
    self.sequence = sequence
    self.header = header
    self.blockCount = blockCount
    self.byteCount = byteCount
    self.layout = layout
    self.digest = digest
  }
}

/// A member as it lies in a user file: the other row of a catalogue.
public struct MemberRecord: Equatable, Sendable {
  /// Its metadata.
  public var member: Member
  /// Byte of the user file at which its (first) tar header begins; 0 but in a pack.
  public var offset: Int64
  /// Byte of the user file at which its content begins; 0 in layout raw.
  public var contentOffset: Int64
  /// Digest of its content, holes as zeros; nil when it has none (not a regular file).
  public var digest: Digest?
  /// XXH3-64 of each 4 MiB of its content; empty when it is no longer than that.
  public var chunks: [UInt64]
  /// Whether the source failed or shrank while it was read, so that the rest was padded with zeros.
  public var isIncomplete: Bool
  /// For a hard link: where on this volume the member lies that it is another name of.
  public var link: LinkPlacement?

  /// Describes a member in a user file.
  public init(
    member: Member, offset: Int64, contentOffset: Int64, digest: Digest?, chunks: [UInt64] = [],
    isIncomplete: Bool = false, link: LinkPlacement? = nil
  ) {
    self.member = member
    self.offset = offset
    self.contentOffset = contentOffset
    self.digest = digest
    self.chunks = chunks
    self.isIncomplete = isIncomplete
    self.link = link
  }
}

/// Where the member lies that a hard link is another name of: on the same volume, in the same session.
public struct LinkPlacement: Hashable, Sendable {
  /// File sequence number.
  public var sequence: UInt64
  /// ``MemberRecord/offset`` in that user file.
  public var offset: Int64

  /// Creates a placement.
  public init(sequence: UInt64, offset: Int64) {
    self.sequence = sequence
    self.offset = offset
  }
}

/// A part of a member that spans volumes, as it lies on one of them.
public struct PiecePlacement: Equatable, Sendable {
  /// Which part it is, from 1.
  public var section: Int
  /// How many volumes of the set its volume lies before the one whose catalogue says this.
  public var volumesBefore: Int
  /// The AUL file; its bytes and its digest are those of the piece.
  public var file: FilePlacement

  /// Describes a piece.
  public init(section: Int, volumesBefore: Int, file: FilePlacement) {
    self.section = section
    self.volumesBefore = volumesBefore
    self.file = file
  }
}

/// What identifies a volume; it stands in catalogue 0 and in every catalogue after it.
public struct VolumeDescriptor: Equatable, Sendable {
  /// The volume's identity.
  public var id: UniqueID
  /// Its name.
  public var vsn: VSN
  /// The set of volumes that continue each other.
  public var set: UniqueID
  /// Its place in the set, from 1.
  public var sequenceInSet: Int
  /// The volume before it in the set.
  public var previous: UniqueID?
  /// Text the user gave with `-V`; empty when none.
  public var text: [UInt8]
  /// Owner in VOL1.
  public var owner: String
  /// Bytes in a block of a user file: a multiple of 512 from 16 KiB to 8 MiB.
  public var blockSize: Int
  /// When it was labelled.
  public var created: Timestamp
  /// Before this time it is not to be erased; nil when no retention was asked for.
  public var expires: Timestamp?

  /// Describes a volume.
  public init(
    id: UniqueID, vsn: VSN, set: UniqueID, sequenceInSet: Int = 1, previous: UniqueID? = nil, text: [UInt8] = [],
    owner: String = defaultOwner, blockSize: Int, created: Timestamp, expires: Timestamp? = nil
  ) {
    self.id = id
    self.vsn = vsn
    self.set = set
    self.sequenceInSet = sequenceInSet
    self.previous = previous
    self.text = text
    self.owner = owner
    self.blockSize = blockSize
    self.created = created
    self.expires = expires
  }

  /// Owner in VOL1 when the user gives none.
  public static let defaultOwner = "TAPIR"
  /// Smallest and largest block size, in bytes.
  public static let blockSizes = 16 << 10...8 << 20
  /// Block size when none is asked for, in bytes.
  public static let defaultBlockSize = 256 << 10
}

/// One run of the program that writes.
public struct SessionRecord: Equatable, Sendable {
  /// Its identity.
  public var id: UniqueID
  /// When it began.
  public var started: Timestamp
  /// Short name of the machine.
  public var host: String
  /// Program and version.
  public var program: String
  /// What it archives, for finding what changed or vanished: host and absolute root, or a name the user gave.
  public var series: [UInt8]

  /// Describes a session.
  public init(id: UniqueID, started: Timestamp, host: String, program: String, series: [UInt8]) {
    self.id = id
    self.started = started
    self.host = host
    self.program = program
    self.series = series
  }
}

/// Why a batch ended. The raw values stand in catalogues, but for the last two, which only an index has.
public enum BatchReason: Int, Sendable, CaseIterable {
  /// Catalogue 0: the volume was labelled.
  case labelled = 0
  /// The session ended.
  case sessionEnd = 1
  /// Its user data, its members or its age reached the limit.
  case limit = 2
  /// The volume is full: nothing is appended behind it.
  case volumeFull = 3
  /// The session was interrupted.
  case interrupted = 4
  /// Its catalogue cannot be read: its rows were recovered from labels and tar headers.
  case recovered = 5
  /// It was never committed: its rows were salvaged from labels and tar headers.
  case salvaged = 6
}

/// A batch: the AUL files from one catalogue to the next.
public struct BatchRecord: Equatable, Sendable {
  /// Number on the volume, from 0.
  public var number: UInt32
  /// Its identity.
  public var id: UniqueID
  /// The session that wrote it.
  public var session: SessionRecord
  /// fseq of its first AUL file; equal to ``catalogueSequence`` when it has none beside its catalogue.
  public var firstSequence: UInt64
  /// fseq of its catalogue.
  public var catalogueSequence: UInt64
  /// When it was committed; never going back on a volume.
  public var committed: Timestamp
  /// Why it ended.
  public var reason: BatchReason
  /// Digest of the previous catalogue's user file; nil for catalogue 0.
  public var previousDigest: Digest?

  /// Describes a batch.
  public init(
    number: UInt32, id: UniqueID, session: SessionRecord, firstSequence: UInt64, catalogueSequence: UInt64,
    committed: Timestamp, reason: BatchReason, previousDigest: Digest?
  ) {
    self.number = number
    self.id = id
    self.session = session
    self.firstSequence = firstSequence
    self.catalogueSequence = catalogueSequence
    self.committed = committed
    self.reason = reason
    self.previousDigest = previousDigest
  }
}

/// Where a catalogue lies, and the digest of its user file.
public struct CataloguePlacement: Equatable, Sendable {
  /// Number of the batch it ends.
  public var batch: UInt32
  /// fseq of its AUL file.
  public var sequence: UInt64
  /// Block ID of its HDR1.
  public var header: BlockID
  /// Digest of its user file.
  public var digest: Digest

  /// Creates a placement.
  public init(batch: UInt32, sequence: UInt64, header: BlockID, digest: Digest) {
    self.batch = batch
    self.sequence = sequence
    self.header = header
    self.digest = digest
  }
}
