import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir volume ...`.
struct VolumeVerbs {
  let command: TarCommand
  let reporter: Reporter

  /// Labels a blank cartridge: VOL1 and catalogue 0.
  func label() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: true)
    let archive = try OpenedArchive.open(target, command.archive, access: .readWrite, reporter: reporter)
    let index = try IndexLocation.openForWriting(command.archive, target)
    let operation = CreateOperation(intent: archive.named(command.intent), bufferSize: 0, identity: .here, series: [])
    let volume = try operation.label(drive: archive.drive, index: index, observer: reporter)
    try archive.writeName(volume.vsn)
    try archive.close()
    reporter.tell(
      VolumeState(
        vsn: volume.vsn.text, id: volume.id, use: .ready, text: "volume \(volume.vsn), \(volume.id)"))
  }

  /// Says which volume it is, its sessions, and what it holds.
  func show() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(command.archive, target)
    let found = try ReadTarget.open(drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
    let medium: MediumState
    do { medium = try archive.drive.medium() } catch { throw .volume(.drive(error)) }
    let live = try live(found, archive.target)
    do throws(IndexError) {
      try show(found, medium, live, VolumeHealth.of(found.volume, among: scope(found, archive.target), found.index))
    } catch { throw .index(error) }
    try archive.close()
  }

  /// Reads every version of every member, or of those that are asked for, in tape order, and compares it with its
  /// digest; goes on behind damage.
  func verify() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(command.archive, target)
    let found = try ReadTarget.open(drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
    let (query, total) = try verification(found)
    reporter.report(.volume(found.volume.descriptor, .reading(isAwaited: false)))
    let sink = VerifyingSink()
    var operation = RestoreOperation(
      query: query, options: RestoreOptions(verifiesUserFiles: true),
      bufferSize: command.bufferSize ?? archive.defaultBuffer)
    operation.readsOneVolume = true
    let summary = try operation.run(found, drive: archive.drive, sink: sink, observer: reporter)
    try archive.close()
    let damaged = reporter.failures
    for (name, count) in zip(command.verification.members, summary.matches) where count == 0 {
      reporter.report(.notice(MemberNotice(name, "Not found in archive", .failure)))
    }
    reporter.tell(
      VerifyResult(
        volume: found.volume.descriptor, members: Int64(summary.members), total: total,
        isWhole: command.verification.isWhole, bytes: sink.byteCount, damaged: damaged))
  }

  /// Which members are verified, and how many there are on the volume.
  private func verification(_ found: ReadTarget) throws(OperationError) -> (query: MemberQuery, total: Int64) {
    let asked = command.verification
    var query = MemberQuery(
      operands: asked.members.map { .literal(MemberName.withoutTrailingSlashes($0)) }, newestOnly: false, view: .stored)
    query.session = asked.session
    query.sample = asked.sample
    let (sessions, total): (Int, Int64)
    do throws(IndexError) {
      sessions = try found.index.batches(of: found.volume).last?.sessionNumber ?? 0
      total = try found.index.totals(of: found.volume).members
    } catch { throw .index(error) }
    if let session = asked.session, session > sessions {
      throw .refused(
        "volume \(found.volume.descriptor.vsn) has no session \(session): it has \(sessions)",
        hint: "'tapir volume show' numbers them")
    }
    return (query, total)
  }

  /// What is live of what is on the volume: a version counts against those on all volumes of its library, or of its set.
  private func live(
    _ found: ReadTarget, _ target: ArchiveTarget
  ) throws(OperationError) -> RepackOperation.Survey {
    let scope: [IndexFile.Volume]
    let nothing: MemberLookup
    do throws(IndexError) {
      scope = try self.scope(found, target)
      nothing = try MemberLookup([], in: found.index)
    } catch { throw .index(error) }
    return try RepackOperation(index: found.index, sources: [found.volume], scope: scope).survey(nothing)
  }

  /// The volumes that decide about what is live: those of its library, or of its set.
  private func scope(_ found: ReadTarget, _ target: ArchiveTarget) throws(IndexError) -> [IndexFile.Volume] {
    var scope = found.volumes
    var isOfLibrary = if case .library = target { true } else { false }
    if case .cartridge(let path) = target { isOfLibrary = Library.around(cartridge: path) != nil }
    for volume in try found.index.volumes() where !scope.contains(where: { $0.row == volume.row }) {
      if isOfLibrary || volume.descriptor.set == found.volume.descriptor.set { scope.append(volume) }
    }
    return scope
  }

  private func show(
    _ found: ReadTarget, _ medium: MediumState, _ live: RepackOperation.Survey, _ health: VolumeHealth
  ) throws(IndexError) {
    let volume = found.volume.descriptor
    let batches = try found.index.batches(of: found.volume)
    let totals = try found.index.totals(of: found.volume)
    let last = batches.last
    reporter.tell(
      VolumeOverview(
        volume: volume,
        before: try volume.previous.map { (id) throws(IndexError) in
          try found.index.volume(id)?.descriptor.vsn.text ?? id.description
        },
        next: try found.index.volumes(continuing: found.volume).first?.descriptor.vsn.text,
        members: totals.members, bytes: totals.bytes, live: live, medium: medium,
        isFull: last.map { $0.record.reason == .volumeFull }, health: health))
    for copy in try found.index.copies(of: volume.id) {
      reporter.tell(KnownCopy(volume: volume, copy: copy, isStale: last?.end.map { copy.end < $0 } ?? false))
    }
    reporter.decorate("")
    reporter.decorate("batch  session  committed (UTC)      files  by")
    for batch in batches.dropFirst() { reporter.tell(BatchFact(volume: volume, batch: batch)) }
  }
}
