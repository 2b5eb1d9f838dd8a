public import ArchiveFormat
public import TapeIO
public import TapeIndex
internal import TapeLabels

/// Archives members: one session on one volume, or on one after another.
public struct CreateOperation {
  /// What may be written to.
  public var intent: WriteIntent
  /// How members are laid down that get a user file of their own.
  public var layout: Layout
  /// Bytes of the largest member that shares a user file with others; nil for none that do.
  public var packLimit: Int64?
  /// When batches end.
  public var limits: BatchLimits
  /// Whether each batch is read back and compared with its digests after its flush.
  public var verifies: Bool
  /// Whether a member may go on on another volume; otherwise what does not fit on one begins on the next.
  public var splitsMembers = true
  /// Bytes of blocks between the reader and the drive.
  public var bufferSize: Int
  /// How the drive is kept streaming; nil for one that need not be.
  public var streaming: Streaming?
  /// Who writes.
  public var identity: WriterIdentity
  /// What the session archives, for finding what changed.
  public var series: [UInt8]
  /// Told which volume is written to, before anything is taken from the source: the index knows all of it by then.
  public var opened: ((VolumeDescriptor) throws(OperationError) -> Void)?
  /// Asked, when everything from the source is written, what is to be recorded of names; it is committed with the last
  /// members, or in a batch that is its catalogue alone. Not asked when the session is interrupted.
  public var changes: ((VolumeDescriptor) throws(OperationError) -> [NameChange])?

  /// Describes a session.
  public init(
    intent: WriteIntent, layout: Layout = .pax, packLimit: Int64? = nil, limits: BatchLimits = BatchLimits(),
    verifies: Bool = false, bufferSize: Int, streaming: Streaming? = nil, identity: WriterIdentity, series: [UInt8]
  ) {
    self.streaming = streaming
    self.intent = intent
    self.layout = layout
    self.packLimit = packLimit
    self.limits = limits
    self.verifies = verifies
    self.bufferSize = bufferSize
    self.identity = identity
    self.series = series
  }

  private func session() -> SessionRecord {
    SessionRecord(
      id: .random(), started: .now(), host: identity.host, program: identity.program, series: series)
  }

  /// Labels a blank volume and writes nothing else: VOL1 and catalogue 0. One that holds members gets a catalogue that says
  /// how long it is kept, when the intent asks for longer than that.
  /// - Throws: ``OperationError``; also when the volume is labelled already and may not be erased.
  /// - Returns: what identifies the volume.
  public func label(
    drive: any TapeDrive, index: IndexFile?, observer: any OperationObserver
  ) throws(OperationError) -> VolumeDescriptor {
    let session = session()
    var intent = intent
    if intent.keptUntil != nil, intent.erase == nil { intent.appends = true }
    let volume = try WriteTarget(
      drive: drive, index: index, intent: intent, identity: identity, session: session, observer: observer,
      mayBeFull: true
    ).open()
    let descriptor = volume.writer.descriptor
    guard !volume.isFull else {
      throw .refused(
        "volume \(descriptor.vsn) is full: nothing can be written on it any more, nor how long it is kept", hint: nil)
    }
    guard intent.text.isEmpty || descriptor.text == intent.text else {
      throw .refused(
        "volume \(descriptor.vsn) is labelled already, with another text",
        hint: "--erase-volume=\(descriptor.vsn) labels it anew")
    }
    if volume.isKeptLonger {
      let ring = WriteRing(blockSize: descriptor.blockSize, byteCount: 0, streaming: nil)
      ring.finish()
      try SessionWriter(volume: volume, index: index, session: session, limits: limits, observer: observer)
        .run(ring, Interruption()) { _ in ring }
    }
    return descriptor
  }

  /// Labels anew the cartridge that the intent says is to be erased, under the VSN that it has.
  /// - Throws: ``OperationError``; ``OperationError/refused(_:hint:)`` when another volume is in the drive, or it may not be
  ///   erased yet. Nothing has been written then.
  public func erase(
    drive: any TapeDrive, index: IndexFile?, observer: any OperationObserver
  ) throws(OperationError) -> VolumeDescriptor {
    let found: String?
    switch try onVolume({ () throws(VolumeError) in try VolumeReader(drive: drive).inspect() }) {
    case .blank:
      throw .refused("the cartridge in \(drive.identity.name) is blank: there is nothing to erase", hint: nil)
    case .prelabelled(let label), .unfinished(let label), .tapir(let label, _), .labelled(let label, _):
      found = label.serial
    case .unlabelled: found = nil
    }
    let wanted: String? = if case .volume(let vsn) = intent.erase { vsn.text } else { nil }
    guard found == wanted else {
      throw .refused(
        found.map { "volume \($0) is in \(drive.identity.name), not \(wanted ?? "one without a label")" }
          ?? "the cartridge in \(drive.identity.name) holds data without a label, and is not volume \(wanted ?? "")",
        hint: "name what is to be erased: \(found ?? "unlabelled")")
    }
    return try label(drive: drive, index: index, observer: observer)
  }

  /// Bytes between reader and drive for the few members that are read again.
  private static let rereadBuffer = 64 << 20

  private static func capacity(of drive: any TapeDrive) throws(OperationError) -> UInt64? {
    do { return try drive.medium().capacity } catch { throw .volume(.drive(error)) }
  }

  /// Runs the session: members come from `source`, go to the cartridge in `drive`, and are committed to `index` batch by
  /// batch. Moves the tape; leaves it behind the last catalogue.
  ///
  /// When `interruption` is set, the member being written is rolled back, or a pack finished with the one it is at, and
  /// what came before is committed. Sources
  /// that are to be removed go batch by batch, when theirs is safe; directories at the end, when everything is.
  /// - Parameter supply: brings volumes when one is full; nil ends the session then. With it, a full volume's drive is closed
  ///   here, the first one's too.
  /// - Throws: ``OperationError``. What was committed before it stays committed and was reported so.
  public func run(
    from source: any MemberSource, to drive: any TapeDrive, index: IndexFile?, observer: any OperationObserver,
    interruption: Interruption = Interruption(), supply: (any VolumeSupply)? = nil
  ) throws(OperationError) -> SessionSummary {
    let session = session()
    let volume = try WriteTarget(
      drive: drive, index: index, intent: intent, identity: identity, session: session, observer: observer,
      mayBeFull: supply != nil
    ).open()
    try opened?(volume.writer.descriptor)
    let change = supply.map { supply in
      VolumeChange(
        supply: supply, index: index, intent: intent, identity: identity, session: session, verifies: verifies,
        observer: observer, splitsMembers: splitsMembers)
    }
    let writer = try SessionWriter(
      volume: volume, index: index, session: session, limits: limits,
      verifier: verifies ? BatchVerifier(drive: drive, observer: observer) : nil,
      rateLimit: streaming?.highestRate.map { RateLimit($0) }, change: change, changes: changes,
      observer: observer)

    // scan -> read -> drive; the last of them is this thread.
    let found = BoundedQueue<SourceItem>(capacity: 256)
    let ring = WriteRing(
      blockSize: volume.writer.descriptor.blockSize, byteCount: bufferSize, streaming: streaming)
    observer.report(.buffer(ring, isWriting: true))
    let scanner = try Worker {
      while let item = source.next(), found.push(item) {}
      found.finish()
    }
    // A pack is on one volume, and must fit on an empty one.
    let capacity = change == nil ? nil : try Self.capacity(of: drive)
    let packSize = min(MemberComposer.packSize, capacity.map { Int64(clamping: $0 / 8) } ?? .max)
    let composing = Composing(
      layout: layout, packLimit: packLimit.map { min($0, packSize) }, packSize: packSize, limits: limits,
      changes: change?.count, observer: observer)
    let reader: Worker
    do {
      reader = try Worker { composing.run(into: ring, found.pop) { found.cancel() } }
    } catch {
      found.cancel()
      scanner.join()
      throw error
    }
    // A reader that waits for a silent source cannot be joined: when there is no more to write, both threads are told
    // and end at their next hand-over; they hold on to what they use.
    var reread: [WriteRing] = []
    defer {
      for ring in reread { ring.cancel() }
      ring.cancel()
      found.cancel()
    }
    // The drive's thread may be waiting for a silent source.
    interruption.whenSet {
      ring.wake()
      found.cancel()
    }
    try writer.run(ring, interruption) { members throws(OperationError) in
      let ring = WriteRing(
        blockSize: volume.writer.descriptor.blockSize, byteCount: min(bufferSize, Self.rereadBuffer))
      var rest = members[...]
      _ = try Worker { composing.run(into: ring, { rest.popFirst().map { .member($0) } }, whenStopped: { rest = [] }) }
      interruption.whenSet { ring.wake() }
      reread.append(ring)
      return ring
    }
    if writer.summary.firstLeftOut == nil, !interruption.isRequested {
      reader.join()
      scanner.join()
      for notice in source.removeDirectories() { observer.report(.notice(notice)) }
    }
    // What the supply brought is closed here; the caller closes its own drive.
    if writer.summary.volumeCount > 1, let change { try change.close(writer.volume) }
    var summary = writer.summary
    summary.waiting = ring.waitingTimes
    return summary
  }
}
