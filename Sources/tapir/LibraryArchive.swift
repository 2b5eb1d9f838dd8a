import ArchiveFormat
import ArchiveOperations
import Glibc
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// Which cartridge of a library is meant when none is named.
enum LibraryUse {
  /// The one in the first drive that is free.
  case loaded
  /// One of the scratch pool, for a new volume.
  case scratch
  /// The one that was written last, if it is not full; else one of the scratch pool.
  case lastWritten
}

/// A virtual library as the archive: finds and loads the cartridge that is meant.
struct LibraryArchive {
  let library: Library
  private let options: ArchiveOptions
  private let reporter: Reporter

  init(_ path: [UInt8], _ options: ArchiveOptions, _ reporter: Reporter) {
    library = Library(path: path)
    self.options = options
    self.reporter = reporter
  }

  /// Loads the cartridge that is meant and opens it; its drive is held until it is closed.
  func open(_ target: ArchiveTarget, access: DriveAccess) throws(OperationError) -> OpenedArchive {
    if options.capacity != nil || options.compression != nil {
      reporter.say("--capacity and --compression are for new cartridges: those of a library keep their own")
    }
    let supply = LibrarySupply(library, reporter)
    let drive = try load(supply, access)
    var archive = try Self.onDrive { () throws(DriveError) in
      try OpenedArchive.virtual(drive.path, target, access, reporter)
    }
    supply.place = drive
    archive.libraryDrive = drive
    archive.supply = supply
    if options.libraryUse == .scratch, try VolumeSync.holdsNothing(archive.drive, observer: reporter) {
      try Self.onChanger { () throws(ChangerError) in try library.noteWriting(drive.cartridge) }
    }
    return archive
  }

  private func load(_ supply: LibrarySupply, _ access: DriveAccess) throws(OperationError) -> LibraryDrive {
    if let wanted = options.vsn ?? options.erased {
      return try Self.onChanger { () throws(ChangerError) in
        let drive = try library.load(wanted.text, for: access)
        if options.libraryUse == .lastWritten || options.erased != nil { try library.noteWriting(wanted.text) }
        return drive
      }
    }
    if options.libraryUse == .lastWritten {
      let full = try fullVolumes()
      let last = try Self.onChanger { () throws(ChangerError) in try library.loadLastWritten(except: full) }
      if let last { return last }
    }
    if options.libraryUse != .loaded {
      if let scratch = try supply.scratch() { return scratch }
      reporter.say("no scratch cartridge is left in \(library.name)")
    }
    let loaded = try Self.onChanger { () throws(ChangerError) in try library.useLoaded(for: access) }
    guard let loaded else {
      let isEmpty = try Self.onChanger { () throws(ChangerError) in
        try library.description().cartridges.allSatisfy { if case .slot = $0.place { true } else { false } }
      }
      throw .refused(
        isEmpty
          ? "no cartridge is in a drive of \(library.name)"
          : "the drives of \(library.name) that hold cartridges are in use",
        hint: access == .readWrite
          ? "'tapir library add' makes cartridges" : "name the volume with --vsn, or use 'tapir library load'")
    }
    return loaded
  }

  /// Volumes that the index says are full.
  private func fullVolumes() throws(OperationError) -> Set<String> {
    guard let index = try IndexLocation.openForReading(options, .library(library.path)) else { return [] }
    do throws(IndexError) {
      var full: Set<String> = []
      for volume in try index.volumes() where try index.batches(of: volume).last?.record.reason == .volumeFull {
        full.insert(volume.descriptor.vsn.text)
      }
      return full
    } catch { throw .index(error) }
  }

  /// Whether a cartridge that was written on holds nothing all the same: a session ended before it committed anything.
  func holdsNothing(_ name: VSN) throws(OperationError) -> Bool {
    let drive = try Self.onDrive { () throws(DriveError) in
      try VirtualDrive(path: library.folder(of: name.text), access: .readOnly)
    }
    let isEmpty = try VolumeSync.holdsNothing(drive, observer: reporter)
    try Self.onDrive { () throws(DriveError) in try drive.close() }
    return isEmpty
  }

  /// The cartridges that were written on, those written first first.
  func written() throws(OperationError) -> [VSN] {
    let cartridges = try Self.onChanger { () throws(ChangerError) in try library.description().cartridges }
    return cartridges.filter { !$0.isScratch && !Cartridge.isBlank(at: library.folder(of: $0.name)) }
      .sorted { ($0.written, $0.name) < ($1.written, $1.name) }
      // try?: every name is one, or it would not be a cartridge's.
      .compactMap { try? VSN($0.name) }
  }

  /// The library's volumes, and the index that knows them: the one on disk, or one made for this run from the catalogues
  /// of all its cartridges.
  func volumes() throws(OperationError) -> (index: IndexFile, volumes: [IndexFile.Volume]) {
    let names = try written()
    let target = ArchiveTarget.library(library.path)
    guard let index = try IndexLocation.openForReading(options, target) else {
      let index = try catalogues(of: names)
      return (index, try Self.onIndex { () throws(IndexError) in try index.volumes() })
    }
    let known = try Self.onIndex { () throws(IndexError) in try index.volumes() }
    for name in names where !known.contains(where: { $0.descriptor.vsn == name }) {
      reporter.say(
        "volume \(name) is not in the index: 'tapir index rebuild \(library.name) --vsn \(name)' takes it in")
    }
    return (index, try self.known(to: index))
  }

  /// The library's volumes that an index knows.
  func known(to index: IndexFile) throws(OperationError) -> [IndexFile.Volume] {
    let known = try Self.onIndex { () throws(IndexError) in try index.volumes() }
    // Of an index that others use too, only what is here; the library's own also knows what was taken out of it.
    let path = IndexLocation.path(options, .library(library.path))
    if path == library.path + Array("/index.sqlite".utf8) { return known }
    let names = try written()
    return known.filter { names.contains($0.descriptor.vsn) }
  }

  private func catalogues(of names: [VSN]) throws(OperationError) -> IndexFile {
    if !names.isEmpty { reporter.say("library \(library.name) has no index: reading the catalogues of its volumes") }
    let index = try Self.onIndex { () throws(IndexError) in try IndexFile() }
    for name in names {
      do throws(OperationError) { try readCatalogues(of: name, into: index) } catch {
        // What is on other volumes can still be had.
        reporter.fail(error)
      }
    }
    return index
  }

  private func readCatalogues(of name: VSN, into index: IndexFile) throws(OperationError) {
    if try holdsNothing(name) { return }
    let drive = try Self.onChanger { () throws(ChangerError) in try library.load(name.text, for: .readOnly) }
    defer { drive.release() }
    let opened = try Self.onDrive { () throws(DriveError) in try VirtualDrive(path: drive.path, access: .readOnly) }
    for notice in opened.notices { reporter.say(notice) }
    _ = try RebuildOperation(vsn: name).run(drive: opened, index: index, observer: reporter)
    try Self.onDrive { () throws(DriveError) in try opened.close() }
  }

  /// Notes in the library that a cartridge is in that this one, named by itself, is about to be written on.
  static func noteWriting(on path: [UInt8], _ options: ArchiveOptions) throws(OperationError) {
    guard let folder = Library.around(cartridge: path) else { return }
    let name = String(decoding: path.suffix(6), as: UTF8.self)
    if let vsn = options.vsn, vsn.text != name {
      throw .refused(
        "cartridge \(name) in library \(String(decoding: folder, as: UTF8.self)) holds or gets volume \(name), not \(vsn)",
        hint: "name the volume \(name), or another cartridge")
    }
    try onChanger { () throws(ChangerError) in try Library(path: folder).noteWriting(name) }
  }

  // MARK: Errors

  static func onChanger<Result>(_ body: () throws(ChangerError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .refused(error.description, hint: error.hint) }
  }

  static func onDrive<Result>(_ body: () throws(DriveError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .volume(.drive(error)) }
  }

  private static func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .index(error) }
  }
}
