import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir volume repack SOURCE... TARGET`.
struct RepackVerb {
  let command: TarCommand
  let sources: [[UInt8]]
  let reporter: Reporter

  static let summary =
    "Usage: tapir volume repack SOURCE... TARGET [OPTION...]\n       tapir volume repack SOURCE... --to=TARGET... [OPTION...]\n\n"
    + "Writes the live members of volumes to fresh ones: the newest version of each path, verified on the way, in tape\n"
    + "order. A source is a drive, a virtual cartridge, or a virtual library (all of its volumes, or those of --vsn). A\n"
    + "repack that was broken off is gone on with by the same command. The sources stay as they are, but with\n"
    + "--erase-source. --changer belongs to the target when that is a drive, else to the source.\n"

  func run(_ signals: Signals) throws(OperationError) {
    var sourceOptions = command.archive
    let targets = RepackTargets(command, reporter)
    if try targets.isDevice() { (sourceOptions.changer, sourceOptions.driveElement) = (nil, 0) }
    let found = try RepackSources(sources, sourceOptions, reporter)
    for place in found.places {
      if try targets.isTarget(place.target) {
        throw .refused("\(try name(place)) is a source and a target", hint: "name another cartridge to write to")
      }
      if let vsn = place.volume?.descriptor.vsn, command.intent.erase == .volume(vsn) {
        throw .refused("volume \(vsn) is a source: it is not erased before its members are elsewhere", hint: nil)
      }
    }
    guard !found.volumes.isEmpty else {
      return reporter.tell(RepackResult(members: 0, bytes: 0, volumes: [], isWithoutSources: true))
    }
    guard let index = try targets.index() else { return }
    let plain = RepackOperation(index: found.index, sources: found.volumes, scope: [])
    let scope = try found.scope { (volume) throws(OperationError) in try plain.isTarget(volume, in: found.index) }
    let operation = RepackOperation(index: found.index, sources: found.volumes, scope: scope)
    let survey = try takeOver(operation, found, targets, index, signals)
    if let signal = signals.caught, !survey.isComplete {
      reporter.say(
        "interrupted: \(survey.taken) of \(survey.members) live members are safe on the new volumes; the same command goes"
          + " on there")
      reporter.endsWith(status: 128 + signal)
      return
    }
    guard survey.isComplete else {
      let left = survey.members - survey.taken
      throw .refused(
        "\(left) of \(survey.members) live members \(left == 1 ? "was" : "were") not taken over: the sources are still"
          + " needed",
        hint: "'tapir -x --keep-damaged' gets what can be read of damaged members")
    }
    reporter.tell(
      RepackResult(
        members: survey.members, bytes: survey.bytes,
        volumes: try operation.targets(in: index).map(\.descriptor.vsn.text)))
    try end(found)
  }

  private func name(_ place: RepackSources.Place) throws(OperationError) -> String {
    String(decoding: place.options.name ?? [], as: UTF8.self)
  }

  /// Runs sessions until nothing is left that can be taken over.
  private func takeOver(
    _ operation: RepackOperation, _ found: RepackSources, _ targets: RepackTargets, _ index: IndexFile,
    _ signals: Signals
  ) throws(OperationError) -> RepackOperation.Survey {
    var before: Int64?
    while true {
      let (archive, appends) = try targets.open(operation, index)
      guard let lookup = try targets.lookup() else {
        throw .refused(
          "cannot repack to a target without an index: which members are on it is not known",
          hint: "'tapir index rebuild' makes the index")
      }
      let volumes = try operation.targets(in: lookup)
      let taken: MemberLookup
      do throws(IndexError) { taken = try MemberLookup(volumes, in: lookup) } catch { throw .index(error) }
      let survey = try operation.survey(taken)
      if survey.isComplete || survey.taken == before || signals.caught != nil {
        try targets.closeUnused()
        return survey
      }
      // What is damaged is said once; links whose content had gone past get it now.
      try write(operation, survey, taken, linksOnly: before != nil, found, targets, archive, appends, index, signals)
      before = survey.taken
    }
  }

  private func write(
    _ operation: RepackOperation, _ survey: RepackOperation.Survey, _ taken: MemberLookup, linksOnly: Bool,
    _ found: RepackSources, _ targets: RepackTargets, _ archive: OpenedArchive, _ appends: Bool, _ index: IndexFile,
    _ signals: Signals
  ) throws(OperationError) {
    guard let first = operation.scope.first else { return }
    let drive = try found.forReading(first.descriptor)
    var bufferSize = try Self.bufferSize(archive)
    if let asked = command.bufferSize { bufferSize = asked }
    let source = try operation.source(
      survey, taken, linksOnly: linksOnly, first: first, in: drive, supply: found, bufferSize: bufferSize,
      observer: reporter)
    var intent = archive.named(command.intent)
    intent.appends = appends
    intent.vsn = nil
    if appends { intent.erase = nil }
    // What is to be kept is kept on the new volumes too.
    let kept = found.volumes.compactMap(\.descriptor.expires) + (intent.keptUntil.map { [$0] } ?? [])
    intent.keptUntil = kept.max()
    var create = CreateOperation(
      intent: intent, layout: command.layout,
      // What shares a user file is verified before any of it is written.
      packLimit: command.packLimit.map { min($0, Int64(ContentDigester.chunkSize)) }, limits: command.limits,
      verifies: command.verifies, bufferSize: bufferSize, streaming: command.streaming(for: archive.target),
      identity: .here, series: operation.series)
    create.splitsMembers = command.splitsMembers
    reporter.countsRecords(of: intent.blockSize, wholeRecords: false)
    let summary = try create.run(
      from: source, to: archive.drive, index: index, observer: reporter, interruption: signals.interruption,
      supply: archive.supply ?? targets)
    if signals.caught == nil { try source.close() }
    try targets.finish(summary)
  }

  /// Links that were read ahead of a change of volume are written again as data: few of them are, when little of a volume
  /// is read ahead.
  private static func bufferSize(_ archive: OpenedArchive) throws(OperationError) -> Int {
    do throws(DriveError) {
      guard let capacity = try archive.drive.medium().capacity else { return archive.defaultBuffer }
      return min(archive.defaultBuffer, max(1 << 20, Int(clamping: capacity / 32)))
    } catch { throw .volume(.drive(error)) }
  }

  /// Says which sources may be erased, or erases them.
  private func end(_ found: RepackSources) throws(OperationError) {
    for place in found.places {
      guard let volume = place.volume, found.volumes.contains(where: { $0.row == volume.row }) else { continue }
      let vsn = volume.descriptor.vsn
      if try found.isContinuedElsewhere(volume) {
        let text =
          "volume \(vsn) ends in the middle of a member: it is still needed if that goes on on a volume that was not named"
        reporter.report(.notice(MemberNotice([], text, .difference)))
        continue
      }
      let shown: String
      if case .cartridge(let path) = place.target {
        shown = String(decoding: path, as: UTF8.self)
      } else {
        shown = String(decoding: place.options.name ?? [], as: UTF8.self)
      }
      guard command.erasesSources, reporter.failures == 0 else {
        reporter.tell(
          VolumeState(
            vsn: vsn.text, id: volume.descriptor.id, use: .erasable,
            text: "volume \(vsn) may be erased: tapir volume erase \(shown) \(vsn)"))
        continue
      }
      guard try found.isUnchanged(place) else {
        throw .refused(
          "volume \(vsn) was written to while it was repacked: not erased", hint: "the same command goes on")
      }
      var options = place.options
      options.erased = vsn
      var intent = WriteIntent(
        appends: false, erase: .volume(vsn), erasesUnexpired: command.intent.erasesUnexpired,
        text: volume.descriptor.text, blockSize: volume.descriptor.blockSize)
      intent.vsn = vsn
      let erased = try EraseVerb.erase(place.target, options, intent, reporter)
      reporter.tell(VolumeState(vsn: vsn.text, id: erased.id, use: .erased, text: "volume \(vsn) is erased"))
    }
  }
}

extension RepackTargets {
  /// Whether a drive is written to.
  func isDevice() throws(OperationError) -> Bool {
    if case .device = try target(0) { true } else { false }
  }
}
