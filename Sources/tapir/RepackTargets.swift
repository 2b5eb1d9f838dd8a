import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// The volumes that a repack writes to: those that are named in their order, or what a library or changer has.
final class RepackTargets: VolumeSupply {
  private let names: [[UInt8]]
  private let command: TarCommand
  private let reporter: Reporter
  /// The archive that was opened last, and its place among the names.
  private var current: OpenedArchive?
  private var position = 0

  init(_ command: TarCommand, _ reporter: Reporter) {
    names = command.targets
    self.command = command
    self.reporter = reporter
  }

  private func options(_ number: Int) -> ArchiveOptions {
    var options = command.archive
    options.name = names[number]
    (options.vsn, options.vsns) = (nil, [])
    options.libraryUse = .scratch
    return options
  }

  func target(_ number: Int) throws(OperationError) -> ArchiveTarget {
    let target = try ArchiveTarget.resolve(options(number), creates: true)
    if number > 0 || names.count > 1, case .library = target {
      throw .refused("a library goes on by itself: it is the only target", hint: nil)
    }
    return target
  }

  /// The index of the volumes that are written, for writing.
  func index() throws(OperationError) -> IndexFile? {
    try IndexLocation.openForWriting(options(0), try existing(target(0)))
  }

  /// The same, for looking at what is there.
  func lookup() throws(OperationError) -> IndexFile? {
    try IndexLocation.openForReading(options(0), try existing(target(0)))
  }

  /// Makes a cartridge that is not there.
  private func existing(_ target: ArchiveTarget) throws(OperationError) -> ArchiveTarget {
    guard case .newCartridge(let path) = target else { return target }
    try OpenedArchive.open(target, options(0), access: .readWrite, reporter: reporter).close()
    return .cartridge(path)
  }

  /// The paths of the cartridges that are named.
  func isTarget(_ other: ArchiveTarget) throws(OperationError) -> Bool {
    for number in names.indices {
      if try target(number) == other { return true }
    }
    return false
  }

  /// Opens the volume on which the repack goes on, or the first one.
  /// - Returns: the archive, and whether something of this repack is there.
  func open(
    _ operation: RepackOperation, _ index: IndexFile
  ) throws(OperationError) -> (archive: OpenedArchive, appends: Bool) {
    release()
    let first = try target(0)
    var isOne = false
    switch first {
    case .library(let path):
      try checkKnown(LibraryArchive(path, options(0), reporter), index)
      isOne = true
    case .device: isOne = command.archive.changer != nil
    default: break
    }
    let found = try isOne ? onlyTarget(first, operation, index) : namedTarget(operation, index)
    current = found.archive
    // It may be ahead of the index.
    if found.appends { _ = try VolumeSync.learn(found.archive.drive, index, observer: reporter) }
    return found
  }

  /// A library or changer: the volume written last is fetched.
  private func onlyTarget(
    _ target: ArchiveTarget, _ operation: RepackOperation, _ index: IndexFile
  ) throws(OperationError) -> (archive: OpenedArchive, appends: Bool) {
    var options = options(0)
    let last = try operation.targets(in: index).last?.descriptor.vsn
    options.vsn = last
    return (try OpenedArchive.open(target, options, access: .readWrite, reporter: reporter), last != nil)
  }

  /// The last of those named that this repack has written on.
  private func namedTarget(
    _ operation: RepackOperation, _ index: IndexFile
  ) throws(OperationError) -> (archive: OpenedArchive, appends: Bool) {
    var last: (number: Int, volume: IndexFile.Volume)?
    for number in names.indices {
      let target = try target(number)
      if case .newCartridge = target { break }
      let archive = try OpenedArchive.open(target, options(number), access: .readOnly, reporter: reporter)
      let volume: IndexFile.Volume?
      do throws(OperationError) { volume = try VolumeSync.learn(archive.drive, index, observer: reporter) } catch {
        try archive.close()
        // What another program wrote is refused when it is opened for writing, unless it may be erased.
        if case .foreign = error { break }
        throw error
      }
      try archive.close()
      guard let volume, try operation.isTarget(volume, in: index) else { break }
      last = (number, volume)
    }
    let newest = try operation.targets(in: index).last
    if let newest, newest.descriptor.id != last?.volume.descriptor.id {
      throw .refused(
        "this repack has written on volume \(newest.descriptor.vsn) last, which is not among the targets",
        hint: "load it, or name it with --to, behind the others")
    }
    position = last?.number ?? 0
    let archive = try OpenedArchive.open(
      try target(position), options(position), access: .readWrite, reporter: reporter)
    return (archive, last != nil)
  }

  /// What a library holds and its index does not know may be of this repack.
  private func checkKnown(_ library: LibraryArchive, _ index: IndexFile) throws(OperationError) {
    let known: [VSN]
    do throws(IndexError) { known = try index.volumes().map(\.descriptor.vsn) } catch { throw .index(error) }
    for vsn in try library.written() where !known.contains(vsn) {
      if try library.holdsNothing(vsn) { continue }
      throw .refused(
        "volume \(vsn) of \(library.library.name) is not in the index: whether it is of this repack is not known",
        hint: "'tapir index rebuild \(library.library.name) --vsn \(vsn)' takes it in")
    }
  }

  /// Ends the use of what was written last.
  func finish(_ summary: SessionSummary) throws(OperationError) {
    try current?.writeName(summary.volume.vsn)
    // A drive that a full volume was in has been closed.
    if summary.volumeCount == 1 { try current?.close() }
    release()
  }

  /// Closes what was opened and not written to.
  func closeUnused() throws(OperationError) {
    try current?.close()
    release()
  }

  private func release() {
    current?.libraryDrive?.release()
    (current?.supply as? LibrarySupply)?.place?.release()
    current = nil
  }

  // MARK: Further volumes

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    try current?.writeName(full.vsn)
    guard position + 1 < names.count else {
      throw .refused("no further target is named", hint: "name one more with --to, behind the others")
    }
    position += 1
    let opened = try OpenedArchive.open(
      try target(position), options(position), access: .readWrite, reporter: reporter)
    current = opened
    return SuppliedVolume(drive: opened.drive, barcode: opened.named(WriteIntent(appends: false)).barcode)
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    throw .refused("a target is not read", hint: nil)
  }
}
