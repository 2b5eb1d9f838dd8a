public import ArchiveFormat

/// Brings one member after another from user files to a sink, and delivers no byte that its digest does not confirm:
/// whole members before they get their name, and what goes to a pipe chunk by chunk.
final class MemberRestorer {
  private let sink: any MemberSink
  private let observer: any OperationObserver
  let options: RestoreOptions
  private var digester = ContentDigester()
  /// The file restored last, to be known again when its catalogue says that it is damaged.
  private(set) var lastRestored: RestoredFile?
  /// Members that did not come off the tape as they were.
  private(set) var damagedCount = 0
  /// What commits verified files beside this thread; nil when all is done here.
  private let queue: CommitQueue?
  /// The member that is begun, if it is still to be reported.
  private var unsaid: Member?

  /// - Parameter queue: commits files for `sink`, where those are not asked for afterwards.
  init(
    sink: any MemberSink, options: RestoreOptions, observer: any OperationObserver, queue: CommitQueue? = nil
  ) {
    self.sink = sink
    self.options = options
    self.observer = observer
    self.queue = queue
  }

  /// One that restores to the same sink while this one is in the middle of a member.
  func another() -> MemberRestorer { MemberRestorer(sink: sink, options: options, observer: observer) }

  /// Restores a member whose content comes next in `bytes`.
  /// - Parameters:
  ///   - member: its metadata, under the name in the archive.
  ///   - record: what the index knows; nil when the medium is read in sequence.
  ///   - placement: where its content comes from, for messages.
  /// - Returns: the digest of the content read; nil when nothing was read or restored.
  @discardableResult
  func restore(
    _ member: Member, record: MemberRecord?, from bytes: some UserFileBytes, placement: FilePlacement? = nil
  ) -> Digest? {
    lastRestored = nil
    guard let renamed = options.renamed(member) else { return nil }
    if let confirms = options.confirms, !confirms(renamed.path) { return nil }
    var shown = renamed
    if !options.showsNewNames { shown.path = member.path }
    let placed = options.placed?(renamed) ?? renamed
    // A large file is named when it begins.
    if let queue, member.kind == .regular, member.size <= CommitQueue.largestFile {
      enqueue(placed, shown: shown, record, from: bytes, placement, on: queue)
      return nil
    }
    if let queue, queue.isIndependent(placed) {
      unsaid = shown
      do throws(MemberNotice) {
        try sink.create(placed)
        queue.add(made: placed, shown: unsaid)
        unsaid = nil
      } catch { report(error) }
      return nil
    }
    settle()
    observer.report(.member(shown))
    do throws(MemberNotice) {
      if member.kind != .regular {
        try sink.create(placed)
        return nil
      }
      guard let file = try sink.beginFile(placed) else { return nil }
      return try fill(file, placed, record, from: bytes, placement)
    } catch {
      observer.report(.notice(error))
      return nil
    }
  }

  /// Waits until all members so far are restored, and all are reported that were begun.
  func settle() {
    queue?.settle()
    if let unsaid { observer.report(.member(unsaid)) }
    unsaid = nil
  }

  /// Reports what is wrong, behind all that was reported of the members before.
  func report(_ notice: MemberNotice) {
    settle()
    observer.report(.notice(notice))
  }

  /// Sets what is left to set; reports what could not be.
  func finish() {
    queue?.finish()
    sink.settles {}
    for notice in sink.finish() { observer.report(.notice(notice)) }
  }

  private func fill(
    _ file: any FileWriter, _ member: Member, _ record: MemberRecord?, from bytes: some UserFileBytes,
    _ placement: FilePlacement?
  ) throws(MemberNotice) -> Digest? {
    var position: Int64 = 0
    let found: Digest
    do throws(Failure) {
      found = try copy(member, record, from: bytes, placement, to: file, &position)
    } catch {
      _ = digester.finish()
      if case .damaged = error { damagedCount += 1 }
      guard case .damaged(let notice) = error, options.keepsDamaged else {
        file.discard()
        throw error.notice
      }
      observer.report(.notice(notice))
      if let name = try file.keepDamaged(size: position) { reportKept(member.path, as: name) }
      return nil
    }
    for notice in try file.commit() { observer.report(.notice(notice)) }
    lastRestored = file.restored
    if record?.isIncomplete == true { throw Self.incomplete(member) }
    return found
  }

  /// What is said of a member that was incomplete before it came to the tape.
  static func incomplete(_ member: Member) -> MemberNotice {
    MemberNotice(
      member.path, "Incomplete: the source could not be read to its end when it was archived", .difference)
  }

  /// Writes and verifies a file and has the queue commit it.
  private func enqueue(
    _ member: Member, shown: Member, _ record: MemberRecord?, from bytes: some UserFileBytes,
    _ placement: FilePlacement?, on queue: CommitQueue
  ) {
    unsaid = shown
    do throws(MemberNotice) {
      guard let file = try sink.beginFile(member) else { return settle() }
      var position: Int64 = 0
      do throws(Failure) { _ = try copy(member, record, from: bytes, placement, to: file, &position) } catch {
        _ = digester.finish()
        if case .damaged = error { damagedCount += 1 }
        file.discard()
        throw error.notice
      }
      let isIncomplete = record?.isIncomplete ?? false
      if file.replacesOnlyFiles {
        queue.add(file, member, shown: unsaid, isIncomplete: isIncomplete)
        unsaid = nil
      } else {
        settle()
        for notice in try file.commit() { observer.report(.notice(notice)) }
        if isIncomplete { throw Self.incomplete(member) }
      }
    } catch { report(error) }
  }

  private func verify(
    _ found: Digest, _ record: MemberRecord?, of member: Member, _ placement: FilePlacement?
  ) throws(MemberNotice) {
    guard let expected = record?.digest, expected != found else { return }
    let why = "Damaged on tape\(Self.place(placement)): its digest is \(found), not \(expected)"
    throw MemberNotice(member.path, why, .failure)
  }

  /// Why content did not arrive whole.
  private enum Failure: Error {
    /// The tape is at fault.
    case damaged(MemberNotice)
    /// The sink is.
    case refused(MemberNotice)

    var notice: MemberNotice {
      switch self {
      case .damaged(let notice), .refused(let notice): notice
      }
    }
  }

  /// Writes the content to `file` and checks it.
  /// - Parameter position: how far into the member it came, gaps included.
  /// - Returns: its digest.
  private func copy(
    _ member: Member, _ record: MemberRecord?, from bytes: some UserFileBytes, _ placement: FilePlacement?,
    to file: any FileWriter, _ position: inout Int64
  ) throws(Failure) -> Digest {
    let gate = ChunkGate(file, expected: options.deliversAtOnce ? record : nil)
    // Of parts only where they are delivered before the whole is known.
    digester.expect(options.deliversAtOnce ? member.size : 0)
    var damage: MemberNotice?
    // Bytes that could not be read and are still to be passed over.
    var gap: Int64 = 0
    let extents = member.dataExtents ?? (member.size > 0 ? [Extent(offset: 0, length: member.size)] : [])
    for extent in extents {
      if options.digestsContent { digester.updateZeros(extent.offset - position) }
      position = extent.offset
      let end = extent.offset + extent.length
      while position < end {
        if gap > 0 {
          let hole = min(gap, end - position)
          position += hole
          gap -= hole
          continue
        }
        let part: UnsafeRawBufferPointer
        do throws(MemberNotice) {
          part = try next(bytes, Int(min(end - position, 1 << 30)), of: member, placement)
        } catch {
          let first = damage ?? error
          damage = first
          gap = options.keepsDamaged ? bytes.passGap() : 0
          guard gap > 0 else { throw .damaged(first) }
          continue
        }
        if options.digestsContent { digester.update(part) }
        // Behind a gap the digests are not of what is held back.
        let digests = damage == nil ? digester.chunks : []
        do { try gate.write(part, at: position, digests: digests) } catch { throw .refused(error) }
        position += Int64(part.count)
      }
    }
    if options.digestsContent { digester.updateZeros(member.size - position) }
    position = member.size
    if let damage { throw .damaged(damage) }
    let found = digester.finish().digest
    do { try verify(found, record, of: member, placement) } catch { throw .damaged(error) }
    do { try gate.finish(size: member.size) } catch { throw .refused(error) }
    return found
  }

  private func next(
    _ bytes: some UserFileBytes, _ limit: Int, of member: Member, _ placement: FilePlacement?
  ) throws(MemberNotice) -> UnsafeRawBufferPointer {
    let part: UnsafeRawBufferPointer
    let what = "Cannot read from tape\(Self.place(placement))"
    do { part = try bytes.next(limit) } catch { throw MemberNotice(member.path, "\(what): \(error)", .failure) }
    if part.isEmpty { throw MemberNotice(member.path, "\(what): its user file ends too soon", .failure) }
    return part
  }

  private static func place(_ placement: FilePlacement?) -> String {
    placement.map { " in file \($0.sequence) at block \($0.header)" } ?? ""
  }

  /// Takes the name from a file that turned out to be damaged when it had it already.
  func setAside(_ file: RestoredFile) {
    if let name = sink.setAside(file, keeps: options.keepsDamaged) { reportKept(file.path, as: name) }
  }

  private func reportKept(_ path: [UInt8], as name: [UInt8]) {
    let text = "What could be read is kept as \(String(decoding: name, as: UTF8.self))"
    observer.report(.notice(MemberNotice(path, text, .information)))
  }
}

/// How members are restored.
public struct RestoreOptions {
  /// What a member is restored as; nothing is restored of one that gets an empty name.
  public var renames: @Sendable (Member) -> Member
  /// Asks whether a member of this name is restored; nil for all.
  public var confirms: (@Sendable ([UInt8]) -> Bool)?
  /// Whether members are named in reports as what they are restored as, not as in the archive.
  public var showsNewNames: Bool
  /// Whether bytes reach their destination as they are read (a pipe): then each chunk is verified first.
  public var deliversAtOnce: Bool
  /// Whether each user file is compared with its digest too: headers, padding and all.
  public var verifiesUserFiles: Bool
  /// Whether what can be read of a damaged member is kept beside its name.
  public var keepsDamaged: Bool
  /// Whether contents are digested. Without anything to compare with it is in vain, and a hole may be as long as an
  /// archive claims.
  public var digestsContent = true
  /// Where a member goes to, whatever it is called; nil for its name.
  public var placed: ((Member) -> Member)?

  /// Describes a restore.
  public init(
    deliversAtOnce: Bool = false, verifiesUserFiles: Bool = false, keepsDamaged: Bool = false,
    showsNewNames: Bool = false, confirms: (@Sendable ([UInt8]) -> Bool)? = nil,
    renames: @escaping @Sendable (Member) -> Member = { $0 }
  ) {
    self.keepsDamaged = keepsDamaged
    self.showsNewNames = showsNewNames
    self.confirms = confirms
    self.renames = renames
    self.deliversAtOnce = deliversAtOnce
    self.verifiesUserFiles = verifiesUserFiles
  }

  /// Whether files may wait for their names until others were read: nobody is asked about each, and of a damaged one nothing
  /// is kept.
  var allowsQueue: Bool { confirms == nil && !keepsDamaged }

  /// The member as the sink gets it; nil when nothing of its name is left.
  func destination(of member: Member) -> Member? {
    renamed(member).map { placed?($0) ?? $0 }
  }

  /// The member under the name it is restored as; nil when nothing of its name is left.
  func renamed(_ member: Member) -> Member? {
    let renamed = renames(member)
    return renamed.path.isEmpty ? nil : renamed
  }
}
