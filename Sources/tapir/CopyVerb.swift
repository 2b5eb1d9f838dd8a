import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir volume copy SOURCE TARGET`.
struct CopyVerb {
  let command: TarCommand
  let source: [UInt8]
  let target: [UInt8]
  let reporter: Reporter

  static let summary =
    "Usage: tapir volume copy SOURCE TARGET [OPTION...]\n\n"
    + "Copies a volume block for block, and reads the copy back: from a drive, a virtual cartridge or an image (SIMH .tap,\n"
    + "a cartridge of mhvtl, AWSTAPE .aws) to a drive, a virtual cartridge, a .tap or a cartridge of mhvtl. A target that\n"
    + "is not there is made: an image when its name ends in .tap or .mhvtl, else a virtual cartridge. A copy that was\n"
    + "broken off, or whose source was appended to since, is gone on with. With --changer the one drive of the two gets the\n"
    + "cartridge that --vsn names; a target without it the one with the volume's VSN as its barcode.\n"

  /// - Returns: whether the target has all that the source has.
  @discardableResult
  func run(_ signals: Signals) throws(OperationError) -> Bool {
    var from = command.archive
    from.name = source
    let sourceTarget = try ArchiveTarget.resolve(from, creates: false)
    from.capacity = nil
    from.compression = nil
    let loadsSource = try loadsSource(sourceTarget)
    if !loadsSource { from.changer = nil }
    let original = try OpenedArchive.open(sourceTarget, from, access: .readOnly, reporter: reporter)
    var to = command.archive
    to.name = target
    if loadsSource { to.changer = nil }
    if to.changer != nil {
      // The cartridge that has the volume's name on it. try?: what has another kind of name goes to what is in the drive.
      let own = try vsn(of: original).flatMap { try? VSN($0) }
      to.vsn = command.archive.vsn ?? own
    }
    let copyTarget = try makeTarget(like: original)
    let copy = try OpenedArchive.open(copyTarget, to, access: .readWrite, reporter: reporter)
    var operation = CopyOperation(
      intent: command.intent, place: copy.place,
      bufferSize: command.bufferSize ?? max(original.defaultBuffer, copy.defaultBuffer))
    operation.verifies = command.verifiesCopy
    operation.isPlaceOfOne = copy.isPlaceOfOne
    let index = try openIndex(copyTarget, to, or: sourceTarget, from)
    let summary = try operation.run(
      from: original.drive, to: copy.drive, index: index, observer: reporter, interruption: signals.interruption)
    if let volume = summary.volume {
      if summary.isComplete { try note(summary, volume, original, copy, copyTarget, index) }
      try copy.writeName(volume.vsn)
    }
    try copy.close()
    try original.close()
    report(summary, original, copy)
    if let signal = signals.caught { reporter.endsWith(status: 128 + signal) }
    return summary.isComplete
  }

  /// Whether the changer is the source's: it loads the one drive of the two.
  private func loadsSource(_ from: ArchiveTarget) throws(OperationError) -> Bool {
    guard command.archive.changer != nil, case .device = from else { return false }
    var to = command.archive
    to.name = target
    if case .device = try ArchiveTarget.resolve(to, creates: true) {
      throw .refused(
        "--changer loads one drive, and both are drives", hint: "load them with 'tapir library load', and leave it out")
    }
    return true
  }

  private func report(_ summary: CopySummary, _ original: OpenedArchive, _ copy: OpenedArchive) {
    let name = summary.volume.map { "volume \($0.vsn)" } ?? original.drive.identity.name
    let result = CopyResult(
      summary: summary, source: original.drive.identity.name, target: copy.drive.identity.name,
      isReadBack: summary.verified == summary.end)
    if summary.isComplete { return reporter.tell(result) }
    reporter.events?.send(.copy) { result.fill($0) }
    reporter.say(
      "interrupted: \(summary.end) objects of \(name) are on \(copy.drive.identity.name); the same command goes on there"
    )
  }

  /// What the target names; a new one is made.
  private func makeTarget(like original: OpenedArchive) throws(OperationError) -> ArchiveTarget {
    var options = command.archive
    options.name = target
    if let copied = try targetInLibrary(like: original) { return copied }
    var status = stat()
    let isThere = ArchiveTarget.withCString(target) { stat($0, &status) } == 0
    if isThere {
      let found = try ArchiveTarget.resolve(options, creates: true)
      if case .file = found, let format = CartridgeImage.formatNamed(target), status.st_size == 0 {
        return .image(target, format)
      }
      return found
    }
    do throws(DriveError) {
      if let format = CartridgeImage.formatNamed(target) {
        try CartridgeImage.create(at: target, format)
        return .image(target, format)
      }
      var made = (original.drive as? VirtualDrive)?.description.options ?? CartridgeOptions()
      made.isWriteProtected = false
      made.isWORM = false
      made.capacity = command.archive.capacity ?? made.capacity
      made.compression = command.archive.compression ?? made.compression
      if let capacity = made.capacity, let used = try original.drive.medium().used, used > capacity {
        let name = String(decoding: target, as: UTF8.self)
        throw DriveError(
          .unusable(
            reason: "it would be too small: \(used) bytes are used of \(original.drive.identity.name)",
            hint: "make it larger with --capacity"), operation: "create", device: name)
      }
      try Cartridge.create(at: target, made)
      return .cartridge(target)
    } catch { throw .volume(.drive(error)) }
  }

  /// The index that learns of the copy: the target's own, but that of the source for an image.
  private func openIndex(
    _ target: ArchiveTarget, _ options: ArchiveOptions, or source: ArchiveTarget, _ sourceOptions: ArchiveOptions
  ) throws(OperationError) -> IndexFile? {
    if case .image = target, case .image = source { return nil }
    if case .image = target { return try IndexLocation.openForWriting(sourceOptions, source) }
    return try IndexLocation.openForWriting(options, target)
  }

  /// Takes the volume into the target's index, and notes there and in the source's where both copies are.
  private func note(
    _ summary: CopySummary, _ volume: VolumeDescriptor, _ original: OpenedArchive, _ copy: OpenedArchive,
    _ copyTarget: ArchiveTarget, _ index: IndexFile?
  ) throws(OperationError) {
    guard let index else { return }
    let now = Timestamp.now()
    let copies = [
      VolumeCopy(place: copy.place, made: now, end: summary.end, verified: summary.verified),
      VolumeCopy(
        place: original.place, made: now, end: summary.end, verified: summary.end),
    ]
    if try !knows(index, volume, upTo: summary.end) {
      _ = try RebuildOperation(vsn: nil).run(drive: original.drive, index: index, observer: reporter)
    }
    let path = IndexLocation.path(command.archive, original.target)
    do throws(IndexError) {
      for copy in copies { try index.note(copy, of: volume.id) }
      let isOther = path != IndexLocation.path(command.archive, copyTarget)
      guard isOther, ArchiveTarget.withCString(path, { access($0, W_OK) }) == 0 else { return }
      let its = try IndexFile(path: path, access: .readWrite)
      for copy in copies { try its.note(copy, of: volume.id) }
    } catch { throw .index(error) }
  }

  private func knows(
    _ index: IndexFile, _ volume: VolumeDescriptor, upTo end: BlockID
  ) throws(OperationError) -> Bool {
    do throws(IndexError) {
      guard let known = try index.volume(volume.id) else { return false }
      return try index.batches(of: known).last?.end == end
    } catch { throw .index(error) }
  }
}

extension OpenedArchive {
  /// What an index of copies knows it by: the absolute path, or the drive that has it.
  var place: [UInt8] {
    switch target {
    case .library(let folder), .cartridge(let folder), .newCartridge(let folder), .image(let folder, _):
      let path = libraryDrive?.path ?? folder
      let resolved = ArchiveTarget.withCString(path) { realpath($0, nil) }
      defer { free(resolved) }
      return resolved.map { OptionScanner.bytes($0) } ?? path
    case .remoteVolume(let name): return name
    case .device, .file, .remote, .standardStream:
      return Array("tape in \(drive.identity.vendor) \(drive.identity.product) \(drive.identity.serial)".utf8)
    }
  }

  /// Whether ``place`` is that of one cartridge, and not of a drive.
  var isPlaceOfOne: Bool {
    switch target {
    case .library, .cartridge, .newCartridge, .image: true
    case .remoteVolume, .device, .file, .remote, .standardStream: false
    }
  }

  /// Notes that the volume here was appended to: other copies of it are stale now.
  func noteEnd(of volume: VolumeDescriptor, in index: IndexFile?) throws(OperationError) {
    guard let index else { return }
    do { try index.noteEnd(of: volume.id, at: place) } catch { throw .index(error) }
  }
}
