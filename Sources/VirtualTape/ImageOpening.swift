import Glibc
public import TapeIO

/// Images of cartridges in other programs' formats: what is one, and how it is opened.
public enum CartridgeImage {
  /// The formats, by what names them.
  public enum Format: Equatable, Sendable {
    /// SIMH's: a file, by its suffix `.tap`.
    case simh
    /// AWSTAPE: a file, by its suffix `.aws`. Read only.
    case aws
    /// A cartridge of mhvtl: a folder, by what is in it, or by the suffix `.mhvtl` when there is none yet.
    case mhvtl
  }

  /// The format of what lies at `path`; nil when it is no image, and for what is not there.
  ///
  /// A file is an image when its name says so *and* it begins like one: an ordinary archive may have any name.
  public static func format(at path: [UInt8]) -> Format? {
    let name = Cartridge.displayName(path)
    var status = stat()
    guard withPath(path, { stat($0, &status) }) == 0 else { return nil }
    if status.st_mode & S_IFMT == S_IFDIR {
      // try?: a folder that cannot be opened is none of ours; its opener says why.
      guard let folder = try? File.folder(path, device: name, operation: "open") else { return nil }
      return MhvtlImage.isOne(folder) ? .mhvtl : nil
    }
    guard status.st_mode & S_IFMT == S_IFREG, let format = formatNamed(path), format != .mhvtl,
      let file = try? open(path, O_RDONLY)  // try?: as above
    else { return nil }
    return (format == .simh ? SIMHImage.isOne(file) : AWSImage.isOne(file)) ? format : nil
  }

  /// The format that a name asks for, by its suffix; nil for none.
  public static func formatNamed(_ path: [UInt8]) -> Format? {
    func ends(_ suffix: String) -> Bool {
      path.count > suffix.utf8.count && path.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
    return ends(".tap") ? .simh : ends(".aws") ? .aws : ends(".mhvtl") ? .mhvtl : nil
  }

  /// Makes a blank image at `path`.
  /// - Throws: `system` with `EEXIST` when something is there already; `unusable` for a format that is read only.
  public static func create(at path: [UInt8], _ format: Format) throws(DriveError) {
    let name = Cartridge.displayName(path)
    switch format {
    case .simh:
      let file = try open(path, O_RDWR | O_CREAT | O_EXCL)
      try file.sync(operation: "create")
      try file.close(operation: "create")
    case .mhvtl:
      let made = File.makeFolder(path, witness: nil)
      guard made == 0 else { throw systemError(made, "create", name) }
      try MhvtlImage.fill(try File.folder(path, device: name, operation: "create"))
    case .aws:
      throw DriveError(
        .unusable(
          reason: "images in the format AWSTAPE are only read", hint: "a name that ends in .tap makes a SIMH image"),
        operation: "create", device: name)
    }
    try File.folder(Cartridge.parent(of: path), device: name, operation: "create").sync(operation: "create")
  }

  /// Opens the image at `path`.
  /// - Throws: `busy` when another process has it open (any, for writing; a writer, for reading).
  public static func open(_ path: [UInt8], _ format: Format, access: DriveAccess) throws(DriveError) -> ImageDrive {
    let name = Cartridge.displayName(path)
    switch format {
    case .mhvtl:
      let folder = try File.folder(path, device: name, operation: "open")
      return ImageDrive(try MhvtlImage(folder, access: access), name: name)
    case .aws: return ImageDrive(try AWSImage(try locked(path, O_RDONLY)), name: name)
    case .simh:
      if access == .readWrite {
        do throws(DriveError) {
          return ImageDrive(try SIMHImage(try locked(path, O_RDWR), isWritable: true), name: name)
        } catch {
          guard case .system(EACCES, _) = error.cause else { throw error }
        }
      }
      return ImageDrive(try SIMHImage(try locked(path, O_RDONLY), isWritable: false), name: name)
    }
  }

  private static func locked(_ path: [UInt8], _ flags: Int32) throws(DriveError) -> File {
    let file = try open(path, flags)
    try CartridgeLock.take(file, exclusive: flags & O_RDWR != 0)
    return file
  }

  private static func open(_ path: [UInt8], _ flags: Int32) throws(DriveError) -> File {
    let name = Cartridge.displayName(path)
    let descriptor = withPath(path) { Glibc.open($0, flags | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw systemError(errno, flags & O_CREAT != 0 ? "create" : "open", name) }
    return File(descriptor: descriptor, device: name, path: path, witness: nil)
  }
}
