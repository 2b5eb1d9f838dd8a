import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import LinuxTape
import RemoteTape
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// What `-f` names, before it is opened.
enum ArchiveTarget: Equatable {
  /// A tape drive's device.
  case device([UInt8])
  /// A virtual library's folder.
  case library([UInt8])
  /// A virtual cartridge's folder.
  case cartridge([UInt8])
  /// A virtual cartridge to be made.
  case newCartridge([UInt8])
  /// A cartridge's image in another program's format.
  case image([UInt8], CartridgeImage.Format)
  /// An ordinary archive: a file, a pipe, or what will be one.
  case file([UInt8])
  /// A drive or cartridge of another machine, by its whole name, behind `tapir rmt`.
  case remoteVolume([UInt8])
  /// An ordinary archive of another machine, by its whole name.
  case remote([UInt8])
  /// An ordinary archive on standard output or input.
  case standardStream

  /// Finds out what `name` is.
  /// - Parameter creates: whether a virtual cartridge may be made.
  /// - Throws: ``OperationError/refused(_:hint:)`` for what this version cannot use, and for what is not there, in GNU
  ///   tar's words.
  static func resolve(_ options: ArchiveOptions, creates: Bool) throws(OperationError) -> ArchiveTarget {
    guard var name = options.name ?? environment("TAPE"), name != Array("-".utf8) else { return .standardStream }
    let text = String(decoding: name, as: UTF8.self)
    if !options.isLocal, let address = RemoteAddress(name) {
      return RemoteVolume.isOne(address, options.remote) ? .remoteVolume(name) : .remote(name)
    }
    let endsInSlash = name.last == UInt8(ascii: "/")
    while name.count > 1, name.last == UInt8(ascii: "/") { name.removeLast() }
    var status = stat()
    guard lstatFollowing(name, &status) else {
      let code = errno
      if code == ENOENT, namesDrive(name) {
        // GNU tar would make a file of that name in /dev, which is memory.
        throw .refused(
          "\(text): Cannot open: \(String(cString: strerror(code)))",
          hint: "no drive has that name: 'lsscsi -g' lists them; 'modprobe st' loads the driver")
      }
      if code == ENOENT, creates {
        if let library = Library.enclosing(name) {
          throw .refused(
            "\(text): there is no such cartridge in library \(String(decoding: library, as: UTF8.self))",
            hint: "'tapir library add' makes cartridges")
        }
        return endsInSlash || name.suffix(4) == Array(".vtl".utf8)[...] ? .newCartridge(name) : .file(name)
      }
      throw .refused("\(text): Cannot open: \(String(cString: strerror(code)))", hint: nil)
    }
    if Library.isLibrary(at: name) { return .library(name) }
    if Cartridge.isCartridge(at: name) { return .cartridge(name) }
    if let format = CartridgeImage.format(at: name) { return .image(name, format) }
    if status.st_mode & S_IFMT == S_IFCHR, TapeDevice.isTapeDevice(at: name) { return .device(name) }
    if status.st_mode & S_IFMT == S_IFDIR {
      if creates, isEmptyDirectory(name) { return .newCartridge(name) }
      throw .refused(
        "cannot use \(text) as the archive: it is a directory, but no virtual cartridge",
        hint: "a new one's name ends in .vtl or a slash; 'tapir library create' makes a library")
    }
    return .file(name)
  }

  /// Whether a drive has names like this: `/dev/nst0`, `/dev/st1m`, `/dev/tape/by-id/...`.
  private static func namesDrive(_ name: [UInt8]) -> Bool {
    ["/dev/nst", "/dev/st", "/dev/tape/"].contains { name.starts(with: Array($0.utf8)) }
  }

  /// Whether it is a file or a stream, and no volume.
  var isOrdinary: Bool {
    switch self {
    case .file, .remote, .standardStream: true
    case .device, .library, .cartridge, .newCartridge, .image, .remoteVolume: false
    }
  }

  static func environment(_ name: String) -> [UInt8]? {
    getenv(name).map { OptionScanner.bytes($0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func lstatFollowing(_ path: [UInt8], _ status: inout stat) -> Bool {
    withCString(path) { stat($0, &status) } == 0
  }

  private static func isEmptyDirectory(_ path: [UInt8]) -> Bool {
    guard let directory = withCString(path, { opendir($0) }) else { return false }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil, count < 3 { count += 1 }
    return count == 2
  }

  static func withCString<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (path + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
      // An array that holds at least its NUL has an address.
      body(buffer.baseAddress!)
    }
  }
}

/// An opened archive: the drive, and where its index is.
struct OpenedArchive {
  let drive: any TapeDrive
  let target: ArchiveTarget
  /// Bytes of memory between files and drive when nothing else is asked for.
  let defaultBuffer: Int
  /// The drive of a library that it is in.
  var libraryDrive: LibraryDrive?
  /// Brings further volumes; nil where a person would have to.
  var supply: (any VolumeSupply)?

  /// Opens the drive or cartridge; makes the cartridge when it is a new one.
  static func open(
    _ target: ArchiveTarget, _ options: ArchiveOptions, access: DriveAccess, reporter: Reporter
  ) throws(OperationError) -> OpenedArchive {
    if case .library(let path) = target {
      return try LibraryArchive(path, options, reporter).open(target, access: access)
    }
    let supply = try ChangerSupply.prepare(target, options, access: access, reporter: reporter)
    if case .cartridge(let path) = target, options.libraryUse != .loaded {
      try LibraryArchive.noteWriting(on: path, options)
    }
    do throws(DriveError) {
      switch target {
      case .device(let path):
        let drive = reporter.watched(try tape(path, access, reporter))
        return OpenedArchive(drive: drive, target: target, defaultBuffer: driveBuffer(), supply: supply)
      case .newCartridge(let path):
        var made = CartridgeOptions(vsn: options.vsn?.text ?? "")
        made.capacity = options.capacity
        made.compression = options.compression ?? .lz4
        try Cartridge.create(at: path, made)
        return try virtual(path, target, access, reporter)
      case .cartridge(let path):
        if options.capacity != nil || options.compression != nil {
          reporter.say("--capacity and --compression are for new cartridges: this one keeps its own")
        }
        return try virtual(path, target, access, reporter)
      case .image(let path, let format):
        let drive = try CartridgeImage.open(path, format, access: access)
        return OpenedArchive(drive: drive, target: target, defaultBuffer: 64 << 20)
      case .remoteVolume(let name):
        if options.capacity != nil || options.compression != nil {
          reporter.say("--capacity and --compression are for new cartridges of this machine")
        }
        return OpenedArchive(
          drive: reporter.watched(try RemoteVolume.open(name, options.remote, access)), target: target,
          defaultBuffer: 64 << 20)
      case .library, .file, .remote, .standardStream: break
      }
    } catch { throw .volume(.drive(error)) }
    let name = options.name.map { String(decoding: $0, as: UTF8.self) } ?? "standard input"
    throw .refused(
      "\(name) is an ordinary archive, not a volume",
      hint: "a volume is in a drive (/dev/nst0) or a virtual cartridge (a folder)")
  }

  /// Opens a tape drive; waits for it to become ready and says so.
  static func tape(_ path: [UInt8], _ access: DriveAccess, _ reporter: Reporter) throws(DriveError) -> LinuxDrive {
    let drive = try LinuxDrive(path: path, access: access) { reason, seconds in
      reporter.waits(for: reason, seconds: seconds)
    }
    reporter.progress?.board.wait(for: nil)
    if drive.usedNonRewinding { reporter.say("using \(drive.identity.name), which does not rewind by itself") }
    return drive
  }

  /// Opens a virtual cartridge.
  static func virtual(
    _ path: [UInt8], _ target: ArchiveTarget, _ access: DriveAccess, _ reporter: Reporter
  ) throws(DriveError) -> OpenedArchive {
    let drive = try VirtualDrive(path: path, access: access)
    for notice in drive.notices { reporter.say(notice) }
    // What is read is written from the buffer at once: it stays in the processor's cache while that is small.
    return OpenedArchive(drive: drive, target: target, defaultBuffer: access == .readOnly ? 16 << 20 : 64 << 20)
  }

  /// 1 GiB, or a quarter of the memory if that is less.
  private static func driveBuffer() -> Int {
    min(1 << 30, sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The files of the archive itself, which are not archived in it.
  func identities() -> [FileIdentity] {
    switch target {
    case .device, .remoteVolume, .file, .remote, .standardStream: return []
    case .library(let path), .cartridge(let path), .newCartridge(let path), .image(let path, _):
      var status = stat()
      guard ArchiveTarget.withCString(path, { stat($0, &status) }) == 0 else { return [] }
      return [FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))]
    }
  }

  /// `intent` with the cartridge's own name as the VSN of a blank one.
  func named(_ intent: WriteIntent) -> WriteIntent {
    var intent = intent
    // try?: a name that is no VSN names no volume.
    intent.barcode = (drive as? VirtualDrive).flatMap { try? VSN($0.description.options.vsn) }
    if let changer = supply as? ChangerSupply { intent.barcode = changer.barcode }
    return intent
  }

  /// Writes the volume's name on a virtual cartridge, as its label has it.
  func writeName(_ vsn: VSN) throws(OperationError) {
    guard let cartridge = drive as? VirtualDrive, cartridge.description.options.vsn != vsn.text else { return }
    switch target {
    // The folder of a library's cartridge has its name.
    case .device, .library, .image, .remoteVolume, .file, .remote, .standardStream: break
    case .cartridge(let path), .newCartridge(let path):
      do { try Cartridge.setVSN(vsn.text, at: path) } catch { throw .volume(.drive(error)) }
    }
  }

  /// Ends the use of the drive. Its last errors surface here.
  func close() throws(OperationError) {
    do { try drive.close() } catch { throw .volume(.drive(error)) }
    libraryDrive?.release()
  }
}
