public import ArchiveFormat
public import TapeIO
public import TapeIndex

/// What a restore found.
public struct RestoreSummary: Equatable, Sendable {
  /// For each operand of the query, how many names it matched.
  public var matches: [Int]
  /// How many members it chose.
  public var members: Int64
}

/// Restores (or compares, or prints) members of a volume and of those that continue it, in tape order, in one pass.
public struct RestoreOperation {
  /// Which members.
  public var query: MemberQuery
  /// How.
  public var options: RestoreOptions
  /// Bytes of blocks between the drive and the sink.
  public var bufferSize: Int
  /// Bytes between two members that are read through rather than passed with a locate, for which a drive stops and starts.
  public var longestGap = 0

  /// Whether only the volume at hand is read, to verify what is there: of a member that spans volumes its piece alone.
  public var readsOneVolume = false

  /// The volume whose members are read, of all that were chosen on several; nil for all. A member counts as on the volume
  /// of its last piece.
  public var membersOf: IndexFile.Volume?

  /// Which of the chosen members are read, to take them over to other volumes; nil for all, to restore them.
  var takingOver: TakingOver?

  /// Describes a restore.
  public init(query: MemberQuery, options: RestoreOptions, bufferSize: Int) {
    self.query = query
    self.options = options
    self.bufferSize = bufferSize
  }

  /// As ``run(_:access:sink:observer:)``, with no volume but the one in `drive`, which stays open.
  public func run(
    _ target: ReadTarget, drive: any TapeDrive, sink: any MemberSink, observer: any OperationObserver
  ) throws(OperationError) -> RestoreSummary {
    try run(target, access: target.access(drive, longestGap: longestGap, observer), sink: sink, observer: observer)
  }

  /// Reads what the query asks for from the cartridge in `drive` and hands it to `sink`. Locates each AUL file unless
  /// the tape stands there already, checks its labels, and reads nothing else.
  /// - Returns: how much that was, whatever became of it.
  public func run(
    _ target: ReadTarget, access: VolumeAccess, sink: any MemberSink, observer: any OperationObserver
  ) throws(OperationError) -> RestoreSummary {
    let selection = try onIndex { () throws(IndexError) in
      try Selection(query, of: readsOneVolume ? [target.volume] : target.volumes, in: target.index)
    }
    let plan = try onIndex { () throws(IndexError) in
      try RestorePlan(
        selection, alone: readsOneVolume ? target.volume : nil,
        open: query.operands.isEmpty && query.session == nil && query.sample == nil, membersOf: membersOf,
        takingOver: takingOver, in: target.index)
    }
    let ring = ReadRing(
      blockSize: target.blockSize, byteCount: bufferSize, consumedInRows: true)
    let byteCount = try onIndex { () throws(IndexError) in try selection.byteCount }
    observer.report(.expected(members: selection.count, bytes: byteCount))
    observer.report(.buffer(ring, isWriting: false))
    let reading = FileReading(
      access: access, plan: plan, ring: ring, passesGaps: options.keepsDamaged, readsWhole: options.verifiesUserFiles)
    let queue = sink.commitsBeside && options.allowsQueue ? try CommitQueue(observer) : nil
    let worker: Worker
    do throws(OperationError) { worker = try Worker { reading.run() } } catch {
      queue?.finish()
      throw error
    }
    let restorer = MemberRestorer(sink: sink, options: options, observer: observer, queue: queue)
    if queue != nil { sink.settles { restorer.settle() } }
    let bytes = RingBytes(ring, digestsFiles: options.verifiesUserFiles) { observer.report(.passed(bytes: $0)) }
    while let file = bytes.nextFile() { restore(file, from: bytes, with: restorer) }
    ring.cancel()
    worker.join()
    restorer.finish()
    if let error = bytes.stopped { throw error }
    return RestoreSummary(matches: selection.matches, members: selection.count)
  }

  private func restore(
    _ file: PlannedFile, from bytes: RingBytes, with restorer: MemberRestorer
  ) {
    let damagedBefore = restorer.damagedCount
    var isDamageSaid = false
    for planned in file.members {
      do throws(VolumeError) {
        var member = planned.record.member
        if file.placement.layout != .raw {
          try bytes.go(to: planned.record.offset)
          guard let header = try PaxDecoder.next(from: bytes) else {
            throw .malformed(what: "its user file", why: "it holds no member at byte \(planned.record.offset)")
          }
          guard header.member.path == planned.pathOnTape, header.member.kind == member.kind,
            header.member.size == member.size
          else { throw .malformed(what: "its user file", why: "it holds another member") }
          // The header on tape says everything, extended attributes too, but what was renamed since.
          let (path, linkTarget) = (member.path, member.linkTarget)
          member = header.member
          member.path = path
          if member.kind == .hardLink { member.linkTarget = linkTarget }
        }
        if let origin = planned.origin {
          member.origin = origin
          // What no tar header says.
          (member.sourceFile, member.changed) = (planned.record.member.sourceFile, planned.record.member.changed)
        }
        if let link = planned.copyAs { member.path = link.path }
        restorer.restore(member, record: planned.record, from: bytes, placement: file.placement)
      } catch {
        isDamageSaid = true
        let path = planned.copyAs?.path ?? planned.record.member.path
        let place = "in file \(file.placement.sequence) at block \(file.placement.header)"
        restorer.report(MemberNotice(path, "Cannot read from tape \(place): \(error)", .failure))
      }
    }
    bytes.drain()
    if options.verifiesUserFiles, !isDamageSaid, restorer.damagedCount == damagedBefore {
      checkWhole(file, bytes, restorer)
    }
    if let problem = bytes.trailerProblem {
      let place = "in file \(file.placement.sequence) at block \(file.placement.header)"
      restorer.report(MemberNotice(file.name, "Labels damaged on tape \(place): \(problem)", .difference))
    }
  }

  /// Says what is wrong with a file that was read from beginning to end, where no member of it shows that.
  private func checkWhole(_ file: PlannedFile, _ bytes: RingBytes, _ restorer: MemberRestorer) {
    let problem: String
    if let error = bytes.gapError {
      problem = "\(error)"
    } else if let damage = bytes.pieceDamage {
      problem = damage
    } else if !file.pieces.isEmpty {
      return
    } else if let found = bytes.digest, found != file.placement.digest {
      problem = "its user file's digest is \(found), not \(file.placement.digest)"
    } else {
      return
    }
    let place = "in file \(file.placement.sequence) at block \(file.placement.header)"
    // Of the members of a pack, none can be blamed.
    let path = file.placement.layout == .pack ? [] : file.name
    let what =
      file.placement.layout == .pack
      ? "a pack is damaged on tape" : path.isEmpty ? "a piece is damaged on tape" : "Damaged on tape"
    restorer.report(MemberNotice(path, "\(what) \(place): \(problem)", .failure))
  }
}

/// Takes everything and keeps nothing: what is restored to it is read and verified.
public final class VerifyingSink: MemberSink {
  /// Content verified so far, in bytes.
  public private(set) var byteCount: Int64 = 0

  /// Makes a sink.
  public init() {}

  public func create(_ member: Member) throws(MemberNotice) {}

  public func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { Writer(sink: self, member.size) }

  public func finish() -> [MemberNotice] { [] }

  private final class Writer: FileWriter {
    private let sink: VerifyingSink
    private let size: Int64

    init(sink: VerifyingSink, _ size: Int64) {
      self.sink = sink
      self.size = size
    }

    func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {}
    func commit() throws(MemberNotice) -> [MemberNotice] {
      sink.byteCount += size
      return []
    }
    func discard() {}
  }
}

/// Lists members of volumes from an index, in tape order; the tape is not touched.
public struct ListOperation {
  /// Which members.
  public var query: MemberQuery

  /// Describes a listing.
  public init(query: MemberQuery) { self.query = query }

  /// Calls `body` for each member.
  /// - Returns: for each operand of the query, how many names it matched.
  public func run(
    volumes: [IndexFile.Volume], index: IndexFile, _ body: (StoredMember) -> Void
  ) throws(OperationError) -> [Int] {
    try onIndex { () throws(IndexError) in
      let selection = try Selection(query, of: volumes, in: index)
      while let member = try selection.next() { body(member) }
      return selection.matches
    }
  }
}
