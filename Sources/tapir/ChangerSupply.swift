import ArchiveFormat
import ArchiveOperations
import LinuxTape
import TapeIO
import TapeIndex
import TapeLabels

/// Brings the cartridges of a real changer into one drive (`-f /dev/nst0 --changer /dev/sg3`).
///
/// A cartridge's VSN is its barcode without the media suffix. Which of the changer's drives the device is cannot be asked of
/// `mtx`: it is drive 0 unless `--drive-element` says another.
final class ChangerSupply: VolumeSupply {
  private let changer: MtxChanger
  private let device: [UInt8]
  private let options: ArchiveOptions
  private let reporter: Reporter
  private var drive: ElementAddress { .drive(options.driveElement) }

  private init(_ changer: [UInt8], _ device: [UInt8], _ options: ArchiveOptions, _ reporter: Reporter) {
    self.changer = MtxChanger(path: changer)
    self.device = device
    self.options = options
    self.reporter = reporter
  }

  /// With `--changer`, loads the cartridge that is meant: the volume that is named, or what is in the drive, or for writing
  /// into an empty drive one that the index does not know and that is blank.
  /// - Returns: nil without `--changer`.
  static func prepare(
    _ target: ArchiveTarget, _ options: ArchiveOptions, access: DriveAccess, reporter: Reporter
  ) throws(OperationError) -> ChangerSupply? {
    guard let changer = options.changer else { return nil }
    guard case .device(let device) = target else {
      throw .refused("--changer goes with a tape drive", hint: "name its drive with -f, such as -f /dev/nst0")
    }
    let supply = ChangerSupply(changer, device, options, reporter)
    if let wanted = options.vsn ?? options.erased {
      try supply.fetch(wanted)
    } else if try !supply.loaded().isFull {
      guard options.libraryUse != .loaded else {
        throw .refused("\(supply.drive) of \(supply.changer.name) is empty", hint: "name the volume with --vsn")
      }
      try supply.loadForWriting()
    }
    return supply
  }

  /// What is stuck on the cartridge in the drive; nil when that is no VSN or cannot be read.
  var barcode: VSN? {
    // try?: it only gives a blank volume its name; without it there is a random one, which is then said.
    (try? loaded())?.vsn
  }

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    guard let (opened, vsn) = try loadBlank() else {
      throw .refused(
        "no blank cartridge is left in \(changer.name) to go on behind volume \(full.vsn)",
        hint: "put one in; it needs a barcode that the index does not know")
    }
    return SuppliedVolume(drive: reporter.watched(opened), barcode: vsn)
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    try fetch(wanted.vsn)
    return reporter.watched(try open(.readOnly))
  }

  // MARK: Loading

  /// For a session on an empty drive: with `-r` the volume that was written last, else a blank cartridge.
  private func loadForWriting() throws(OperationError) {
    if options.libraryUse == .lastWritten, let last = try lastWritten() { return try fetch(last) }
    guard let (opened, _) = try loadBlank() else {
      throw .refused(
        "\(drive) of \(changer.name) is empty, and there is no blank cartridge with a barcode that the index does not know",
        hint: "name a volume with --vsn")
    }
    try LibraryArchive.onDrive { () throws(DriveError) in try opened.close() }
  }

  /// Loads one cartridge after another that the index does not know, until one is blank.
  private func loadBlank() throws(OperationError) -> (drive: LinuxDrive, vsn: VSN)? {
    let index = try IndexLocation.openForReading(options, .device(device))
    let slots = try elements().filter { !$0.isImportExport && $0.address != drive }
    for slot in slots {
      guard case .slot = slot.address, let vsn = slot.vsn, try volumes(vsn, index).isEmpty else { continue }
      try fetch(vsn)
      let opened = try open(.readWrite)
      do throws(OperationError) {
        if try VolumeSync.holdsNothing(opened, observer: reporter) { return (opened, vsn) }
      } catch {
        // One that cannot be read is not blank, as far as can be told.
        reporter.say(error.description)
      }
      reporter.say("cartridge \(vsn) of \(changer.name) is not blank: not used")
      try LibraryArchive.onDrive { () throws(DriveError) in try opened.close() }
    }
    return nil
  }

  private func volumes(_ vsn: VSN, _ index: IndexFile?) throws(OperationError) -> [IndexFile.Volume] {
    do { return try index?.volumes(vsn: vsn) ?? [] } catch { throw .index(error) }
  }

  /// The volume of the changer that was written last and is not full, as the index knows.
  private func lastWritten() throws(OperationError) -> VSN? {
    guard let index = try IndexLocation.openForReading(options, .device(device)) else { return nil }
    var last: (vsn: VSN, committed: Timestamp)?
    for vsn in try elements().compactMap(\.vsn) {
      for volume in try volumes(vsn, index) {
        let batch: BatchRecord?
        do { batch = try index.batches(of: volume).last?.record } catch { throw .index(error) }
        guard let batch, batch.number > 0, batch.reason != .volumeFull else { continue }
        if last.map({ $0.committed < batch.committed }) ?? true { last = (vsn, batch.committed) }
      }
    }
    return last?.vsn
  }

  /// Brings a volume into the drive.
  private func fetch(_ vsn: VSN) throws(OperationError) {
    let elements = try elements()
    guard let wanted = elements.first(where: { $0.vsn == vsn }) else {
      throw .refused("no cartridge in \(changer.name) has barcode \(vsn)", hint: "put it in, or load it yourself")
    }
    if wanted.address == drive { return }
    if case .drive = wanted.address {
      throw .refused(
        "volume \(vsn) is in \(wanted.address) of \(changer.name), not in \(drive)",
        hint: "'tapir library unload' takes it out; --drive-element says which drive is meant")
    }
    try unload(elements)
    reporter.say("loading volume \(vsn) from \(wanted.address) of \(changer.name)")
    try reporter.waiting(for: "loading volume \(vsn)") { () throws(OperationError) in
      try LibraryArchive.onChanger { () throws(ChangerError) in try changer.move(from: wanted.address, to: drive) }
    }
  }

  /// Takes what is in the drive back to its slot, or to the first empty one.
  private func unload(_ elements: [ChangerElement]) throws(OperationError) {
    guard let there = elements.first(where: { $0.address == drive }), there.isFull else { return }
    let slot = try LibraryArchive.onChanger { () throws(ChangerError) in try elements.slot(for: there, changer.name) }
    try reporter.waiting(for: "unloading \(drive)") { () throws(OperationError) in
      try LibraryArchive.onDrive { () throws(DriveError) in try TapeDevice.eject(at: device) }
      try LibraryArchive.onChanger { () throws(ChangerError) in try changer.move(from: drive, to: slot) }
    }
  }

  private func open(_ access: DriveAccess) throws(OperationError) -> LinuxDrive {
    try LibraryArchive.onDrive { () throws(DriveError) in
      try OpenedArchive.tape(device, access, reporter)
    }
  }

  private func elements() throws(OperationError) -> [ChangerElement] {
    try LibraryArchive.onChanger { () throws(ChangerError) in try changer.elements() }
  }

  private func loaded() throws(OperationError) -> ChangerElement {
    guard let found = try elements().first(where: { $0.address == drive }) else {
      throw .refused("there is no \(drive) in \(changer.name)", hint: "--drive-element says which drive is meant")
    }
    return found
  }
}

extension ChangerElement {
  /// The VSN that the barcode says; nil when there is none that is one.
  var vsn: VSN? {
    // try?: another barcode is that of no volume: a cleaning cartridge's, for one.
    barcode.flatMap { try? VSN(barcode: $0) }
  }
}

extension [ChangerElement] {
  /// Where a cartridge in a drive goes: to the slot that it came from, or the first empty one.
  func slot(for loaded: ChangerElement, _ changer: String) throws(ChangerError) -> ElementAddress {
    let empty = filter { element in
      if case .slot = element.address { !element.isFull && !element.isImportExport } else { false }
    }
    if let origin = loaded.origin, empty.contains(where: { $0.address == origin }) { return origin }
    guard let first = empty.first else {
      throw .failed(
        operation: "unload \(loaded.barcode ?? "\(loaded.address)")", reason: "no slot of \(changer) is empty",
        hint: nil)
    }
    return first.address
  }
}
