public import ArchiveFormat
public import TapeIO
public import TapeIndex

/// The newest members of a volume as a source, in tape order: for archiving them elsewhere. Every byte is verified before
/// it is handed on, chunk by chunk.
public final class VolumeSource: MemberSource {
  private let handover = Handover()
  private let operation: RestoreOperation
  private let target: ReadTarget
  private let access: VolumeAccess
  private let observer: any OperationObserver
  private var worker: Worker?
  private var isOver = false

  /// Prepares to read; the drive belongs to this source until its end.
  public convenience init(
    _ target: ReadTarget, drive: any TapeDrive, query: MemberQuery, bufferSize: Int, observer: any OperationObserver
  ) {
    self.init(
      target, access: target.access(drive, observer), query: query, takingOver: nil, bufferSize: bufferSize,
      observer: observer)
  }

  /// As ``init(_:drive:query:bufferSize:observer:)``, over several volumes.
  init(
    _ target: ReadTarget, access: VolumeAccess, query: MemberQuery, takingOver: TakingOver?, bufferSize: Int,
    observer: any OperationObserver
  ) {
    self.target = target
    self.access = access
    self.observer = observer
    var operation = RestoreOperation(
      query: query, options: RestoreOptions(deliversAtOnce: true), bufferSize: bufferSize)
    operation.takingOver = takingOver
    self.operation = operation
  }

  /// Ends the use of the drive when the end was reached.
  func close() throws(OperationError) {
    worker?.join()
    try access.close()
  }

  public func next() -> SourceItem? {
    if isOver { return nil }
    if worker == nil {
      do throws(OperationError) { worker = try Worker { [self] in run() } } catch {
        isOver = true
        return .notice(MemberNotice([], error.description, .failure))
      }
    }
    switch handover.next() {
    case .member(let member): return .member(HandedMember(member, handover))
    case .failure(let message):
      isOver = true
      return .notice(MemberNotice([], message, .failure))
    case nil:
      isOver = true
      return nil
    }
  }

  /// On a thread of its own: reads the tape and hands over what comes.
  private func run() {
    do throws(OperationError) {
      _ = try operation.run(
        target, access: access, sink: HandingSink(handover), observer: NoticesOnly(observer))
    } catch { handover.fail(error.description) }
    handover.finish()
  }
}

/// Passes on what is to be said, and not that members come: who archives them says that.
private final class NoticesOnly: OperationObserver {
  private let observer: any OperationObserver
  init(_ observer: any OperationObserver) { self.observer = observer }
  func report(_ event: OperationEvent) {
    if case .member = event { return }
    observer.report(event)
  }
}

/// Where the thread that reads the tape meets the one that archives: one member at a time, one piece at a time.
private final class Handover: @unchecked Sendable {
  // Sendable: `monitor` guards every field below.
  enum Item {
    case member(Member)
    case failure(String)
  }

  enum Piece {
    case bytes(UnsafeRawBufferPointer, offset: Int64)
    /// The member is whole.
    case end
    /// It is not: what came of it is to be made up.
    case broken
  }

  private let monitor = Monitor()
  private var item: Item?
  private var piece: Piece?
  private var isFinished = false
  /// Whether somebody reads the member handed over.
  private var isOpen = false

  // The tape's side.

  func put(_ member: Member) {
    monitor.locked(when: { item == nil && !isOpen }) { item = .member(member) }
    // The next one comes when this one has been taken and read.
    monitor.locked(when: { item == nil }) {}
  }

  /// Hands a piece over and waits until it has been copied.
  func put(_ next: Piece) {
    monitor.locked(when: { piece == nil || !isOpen }) { if isOpen { piece = next } }
    monitor.locked(when: { piece == nil || !isOpen }) {}
  }

  func fail(_ message: String) { monitor.locked(when: { item == nil && !isOpen }) { item = .failure(message) } }
  func finish() { monitor.locked { isFinished = true } }

  // The archive's side.

  func next() -> Item? {
    monitor.locked(when: { !isOpen && (item != nil || isFinished) }) {
      defer { item = nil }
      if case .member = item { isOpen = true }
      return item
    }
  }

  func nextPiece() -> Piece { monitor.locked(when: { piece != nil }) { piece ?? .broken } }
  func taken() { monitor.locked { piece = nil } }

  /// Nobody reads the member any more.
  func close() {
    monitor.locked {
      isOpen = false
      piece = nil
    }
  }
}

/// Restores to whoever takes the members.
private final class HandingSink: MemberSink {
  private let handover: Handover
  init(_ handover: Handover) { self.handover = handover }

  func create(_ member: Member) throws(MemberNotice) { handover.put(member) }

  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
    handover.put(member)
    return HandingWriter(handover)
  }

  func finish() -> [MemberNotice] { [] }
}

private final class HandingWriter: FileWriter {
  private let handover: Handover
  init(_ handover: Handover) { self.handover = handover }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    bytes.withUnsafeBytes { handover.put(.bytes($0, offset: offset)) }
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    handover.put(.end)
    return []
  }

  func discard() { handover.put(.broken) }
}

/// A member on its way.
private final class HandedMember: SourceMember {
  let member: Member
  private let handover: Handover
  private let content: HandedContent

  init(_ member: Member, _ handover: Handover) {
    self.member = member
    self.handover = handover
    content = HandedContent(member, handover)
  }

  func open() throws(MemberNotice) -> OpenedMember {
    // One that is verified as a whole is known to be good before anything of it is written.
    if member.origin != nil, member.kind == .regular, member.size <= Int64(ContentDigester.chunkSize) {
      try content.expect()
    }
    return OpenedMember(member: member, content: member.kind == .regular ? content : nil)
  }
}

/// The bytes of a member on its way: what is left out between them is zeros. Lives as long as its member.
private final class HandedContent: MemberContent, @unchecked Sendable {
  // Sendable: one thread at a time reads it.
  private let path: [UInt8]
  private let size: Int64
  private let isTakenOver: Bool
  private let handover: Handover
  private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
  private var restOffset: Int64 = 0
  private var isOver: Bool
  private var isBroken = false
  /// Whether a reader has been told.
  private var isBreakSaid = false

  init(_ member: Member, _ handover: Handover) {
    path = member.path
    size = member.size
    isTakenOver = member.origin != nil
    self.handover = handover
    isOver = member.kind != .regular
  }

  deinit { handover.close() }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    var count = 0
    while count < buffer.count, offset + Int64(count) < size {
      let position = offset + Int64(count)
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      if rest.isEmpty, !isOver { take() }
      if isBroken {
        isBreakSaid = true
        throw broken
      }
      let next = rest.isEmpty ? size : restOffset
      if position < next {
        let part = Int(min(Int64(room.count), next - position))
        UnsafeMutableRawBufferPointer(rebasing: room[..<part]).initializeMemory(as: UInt8.self, repeating: 0)
        count += part
      } else {
        // Bytes before `position` were of no interest.
        let passed = Int(min(position - restOffset, Int64(rest.count)))
        let part = min(room.count, rest.count - passed)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[passed..<passed + part]))
        rest = UnsafeRawBufferPointer(rebasing: rest[(passed + part)...])
        restOffset += Int64(passed + part)
        count += part
        if rest.isEmpty { handover.taken() }
      }
    }
    return count
  }

  /// Waits for its first bytes.
  func expect() throws(MemberNotice) {
    while rest.isEmpty, !isOver { take() }
    if isBroken {
      isBreakSaid = true
      throw broken
    }
  }

  private var broken: MemberNotice {
    MemberNotice(
      path,
      isTakenOver ? "Damaged on tape: not taken over" : "Damaged on tape: the rest of it is zeros here", .failure)
  }

  func close() -> MemberNotice? {
    // To its end, where it is known whether all of it was right.
    while !isOver {
      if !rest.isEmpty { handover.taken() }
      rest = UnsafeRawBufferPointer(start: nil, count: 0)
      take()
    }
    if isTakenOver { return isBroken && !isBreakSaid ? broken : nil }
    return isBroken ? MemberNotice(path, "Damaged on tape: what was archived of it is not what it was", .failure) : nil
  }

  private func take() {
    switch handover.nextPiece() {
    case .bytes(let bytes, let offset):
      rest = bytes
      restOffset = offset
      if bytes.isEmpty { handover.taken() }
    case .end:
      isOver = true
      handover.taken()
    case .broken:
      isOver = true
      isBroken = true
      handover.taken()
    }
  }
}
