import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// The volumes of a set as the command line names them: those of several `-f` in their order, then what a script or
/// somebody at a terminal says (`-M`, `-F`); `--vsn A,B,C` says what they are called.
final class NamedVolumes: VolumeSupply {
  private let command: TarCommand
  private let reporter: Reporter
  private let sequence: VolumeSequence
  private let index: IndexFile?
  /// The archive that was opened last, and the number of its volume, from 1.
  private var current: OpenedArchive?
  private var number = 1

  /// Nil when the command line says nothing of further volumes.
  static func make(
    _ command: TarCommand, _ first: OpenedArchive, index: IndexFile? = nil, reporter: Reporter,
    interruption: Interruption? = nil
  ) throws(OperationError) -> NamedVolumes? {
    guard command.spansVolumes else { return nil }
    return try NamedVolumes(command, first, index, reporter, interruption)
  }

  private init(
    _ command: TarCommand, _ first: OpenedArchive, _ index: IndexFile?, _ reporter: Reporter,
    _ interruption: Interruption?
  ) throws(OperationError) {
    self.command = command
    self.reporter = reporter
    self.index = index
    current = first
    sequence = try VolumeSequence(
      command, reporter: reporter, for: command.writes ? .creating : .reading, interruption: interruption)
  }

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    try finish(full)
    let named = command.archive.vsns
    var vsn: VSN?
    if named.count > 1 {
      guard number < named.count else {
        throw .refused("--vsn names \(named.count) volumes", hint: "a blank volume and a VSN for it are needed")
      }
      vsn = named[number]
      reporter.say("volume \(named[number]) is wanted")
    }
    let opened: OpenedArchive
    do throws(VolumeSequence.Ended) {
      opened = try sequence.next(fromNames: true) { (name) throws(OperationError) in
        try openBlank(name, vsn, after: full)
      }
    } catch {
      throw .refused(error.message, hint: "a blank volume is needed" + (vsn.map { " for \($0)" } ?? ""))
    }
    sequence.accept()
    number += 1
    current = opened
    return SuppliedVolume(drive: opened.drive, vsn: vsn, barcode: opened.named(WriteIntent(appends: false)).barcode)
  }

  private func openBlank(
    _ name: [UInt8], _ vsn: VSN?, after full: VolumeDescriptor
  ) throws(OperationError) -> OpenedArchive {
    let archive = try open(name, .readWrite, vsn)
    do throws(OperationError) {
      try CreateOperation.check(archive.drive, continuing: full, vsn: vsn, identity: .here, observer: reporter)
    } catch {
      try archive.close()
      throw error
    }
    return archive
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    // Any of those that are named may be it.
    for name in sequence.allNames {
      // Of a drive, the cartridge in it has just been found to be another one.
      guard case .cartridge? = try? target(name) else { continue }
      let archive = try open(name, .readOnly, nil)
      if try isWanted(archive, wanted) { return archive.drive }
      try archive.close()
    }
    reporter.say("volume \(wanted.vsn) is wanted")
    do throws(VolumeSequence.Ended) {
      return try sequence.next(fromNames: false) { (name) throws(OperationError) in
        let archive = try open(name, .readOnly, nil)
        if try isWanted(archive, wanted) { return archive.drive }
        try archive.close()
        throw .refused(
          "volume \(wanted.vsn) is not in \(MediumOpener.shown(name))", hint: "load \(wanted.vsn)")
      }
    } catch { throw .refused("volume \(wanted.vsn) is wanted: \(error.message)", hint: "load \(wanted.vsn)") }
  }

  func nextForReading(after volume: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    reporter.say("the volume that continues \(volume.vsn) is wanted")
    do throws(VolumeSequence.Ended) {
      return try sequence.next(fromNames: true) { (name) throws(OperationError) in
        let archive = try open(name, .readOnly, nil)
        if try continues(volume, archive) { return archive.drive }
        try archive.close()
        throw .refused("\(MediumOpener.shown(name)) does not continue volume \(volume.vsn)", hint: nil)
      }
    } catch { throw .refused("the volume that continues \(volume.vsn) is wanted: \(error.message)", hint: nil) }
  }

  private func continues(_ volume: VolumeDescriptor, _ archive: OpenedArchive) throws(OperationError) -> Bool {
    let reader = VolumeReader(drive: archive.drive)
    let contents: VolumeContents
    do { contents = try reader.inspect() } catch { throw .volume(error) }
    guard case .tapir(_, let header) = contents else { return false }
    return try VolumeSync.identify(reader, behind: header).volume.previous == volume.id
  }

  private func isWanted(_ archive: OpenedArchive, _ wanted: VolumeDescriptor) throws(OperationError) -> Bool {
    do throws(VolumeError) {
      guard case .tapir(let label, _) = try VolumeReader(drive: archive.drive).inspect() else { return false }
      return label.serial == wanted.vsn.text
    } catch { throw .volume(error) }
  }

  private func target(_ name: [UInt8]) throws(OperationError) -> ArchiveTarget {
    var options = command.archive
    options.name = name
    return try ArchiveTarget.resolve(options, creates: command.writes)
  }

  private func open(
    _ name: [UInt8], _ access: DriveAccess, _ vsn: VSN?
  ) throws(OperationError) -> OpenedArchive {
    let target = try target(name)
    var options = command.archive
    options.name = name
    options.vsn = vsn
    return try OpenedArchive.open(target, options, access: access, reporter: reporter)
  }

  /// Writes the name of the volume that is in use on its virtual cartridge, and in the index which copy it is.
  func finish(_ volume: VolumeDescriptor) throws(OperationError) {
    try current?.writeName(volume.vsn)
    try current?.noteEnd(of: volume, in: index)
  }
}

extension TarCommand {
  /// Whether a volume that is full, or that something begins on, is followed by others.
  var spansVolumes: Bool { multiVolume.isOn || archive.vsns.count > 1 }
}
