import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeLabels
import VirtualTape

/// Brings the volumes of a virtual library into one of its drives.
final class LibrarySupply: VolumeSupply {
  private let library: Library
  private let reporter: Reporter
  /// Cartridges of a virtual library are at hand.
  let isInstant = true
  /// The drive that this process uses.
  var place: LibraryDrive?

  init(_ library: Library, _ reporter: Reporter) {
    self.library = library
    self.reporter = reporter
  }

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    guard let next = try scratch() else {
      throw .refused(
        "no scratch cartridge is left in \(library.name) to go on behind volume \(full.vsn)",
        hint: "'tapir library add' makes one")
    }
    let drive = try open(next, .readWrite)
    // try?: every name is one, or it would not be a cartridge's.
    return SuppliedVolume(drive: drive, barcode: try? VSN(next.cartridge))
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    place?.release()
    let drive = try LibraryArchive.onChanger { () throws(ChangerError) in
      try library.load(wanted.vsn.text, for: .readOnly)
    }
    place = drive
    return try open(drive, .readOnly)
  }

  /// Loads a cartridge of the scratch pool that holds nothing indeed, into the drive in use if there is one; nil when
  /// there is none.
  func scratch() throws(OperationError) -> LibraryDrive? {
    while true {
      let found = try LibraryArchive.onChanger { () throws(ChangerError) in try library.loadScratch(in: place) }
      guard let found else { return nil }
      place = found
      let drive = try open(found, .readOnly)
      let isEmpty = try VolumeSync.holdsNothing(drive, observer: reporter)
      try LibraryArchive.onDrive { () throws(DriveError) in try drive.close() }
      if isEmpty { return found }
      reporter.say("cartridge \(found.cartridge) of \(library.name) holds data: it is not in the scratch pool any more")
    }
  }

  private func open(_ place: LibraryDrive, _ access: DriveAccess) throws(OperationError) -> VirtualDrive {
    let drive = try LibraryArchive.onDrive { () throws(DriveError) in
      try VirtualDrive(path: place.path, access: access)
    }
    for notice in drive.notices { reporter.say(notice) }
    return drive
  }
}
