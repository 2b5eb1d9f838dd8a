import Glibc
public import TapeIO

/// The files of a library's folder.
extension Library {
  /// Whether `path` is a folder with a `library.json` in it.
  public static func isLibrary(at path: [UInt8]) -> Bool {
    var status = stat()
    return withPath(path + Array("/library.json".utf8)) { stat($0, &status) } == 0
      && status.st_mode & S_IFMT == S_IFREG
  }

  /// The library that the cartridge at `path` is in; nil for a bare one.
  public static func around(cartridge path: [UInt8]) -> [UInt8]? {
    let name = String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
    return LibraryDescription.isName(name) ? enclosing(path) : nil
  }

  /// The library in whose folder `path` is; nil when that is none.
  public static func enclosing(_ path: [UInt8]) -> [UInt8]? {
    let folder = Cartridge.parent(of: Cartridge.trimmed(path))
    return isLibrary(at: folder) ? folder : nil
  }

  /// Makes a library in the folder `path`, which is made too; cartridges that lie there are taken in, and files that are
  /// none of a library's stop it.
  /// - Throws: `failed` when a library is there already, or something else.
  public static func create(at path: [UInt8], _ description: LibraryDescription) throws(ChangerError) {
    try create(at: path, description, witness: nil)
  }

  /// The same, telling `witness` of every change to files.
  package static func create(
    at path: [UInt8], _ description: LibraryDescription, witness: (any FileWitness)?
  ) throws(ChangerError) {
    let path = Cartridge.trimmed(path)
    let name = Cartridge.displayName(path)
    let operation = "create library \(name)"
    if isLibrary(at: path) {
      throw .failed(operation: operation, reason: "it is there already", hint: "'tapir library add' adds cartridges")
    }
    let made = File.makeFolder(path, witness: witness)
    guard made == 0 || made == EEXIST else {
      throw .failed(operation: operation, reason: String(cString: strerror(made)), hint: nil)
    }
    if let odd = try names(in: path, operation).first(where: { !isOurs($0) }) {
      throw .failed(operation: operation, reason: "the folder holds \(odd)", hint: "name a new folder, or an empty one")
    }
    try onFiles { () throws(DriveError) in
      let folder = try File.folder(path, device: name, operation: "create", witness: witness)
      for number in 0..<description.drives { try makeLock(driveLock(number), in: folder) }
      try makeLock(libraryLock, in: folder)
      try Cartridge.write(
        "library.json.new", description.serialize(keeping: nil, device: name), in: folder)
      try folder.sync(operation: "create")
      try folder.rename("library.json.new", to: LibraryDescription.file, operation: "create")
      try folder.sync(operation: "create")
      try File.folder(Cartridge.parent(of: path), device: name, operation: "create", witness: witness)
        .sync(operation: "create")
    }
  }

  static let libraryLock = "library.lock"
  static func driveLock(_ number: Int) -> String { "drive-\(number).lock" }

  private static func makeLock(_ name: String, in folder: File) throws(DriveError) {
    guard let file = try folder.open(name, O_WRONLY | O_CREAT, operation: "create") else {
      throw systemError(ENOENT, "create", folder.device)  // the folder went away
    }
    try file.close(operation: "create")
  }

  /// Whether a library has a file of this name, or a crash may have left one.
  private static func isOurs(_ name: String) -> Bool {
    LibraryDescription.isName(name) || name.hasPrefix("library.") || name.hasPrefix("drive-")
      || name.hasPrefix("index.sqlite") || LibraryDescription.isName(String(name.prefix(6))) && name.contains(".new-")
  }

  /// Names in a folder, in order.
  static func names(in path: [UInt8], _ operation: String) throws(ChangerError) -> [String] {
    guard let stream = withPath(path, { opendir($0) }) else {
      throw .failed(operation: operation, reason: String(cString: strerror(errno)), hint: nil)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else {
          throw .failed(operation: operation, reason: String(cString: strerror(errno)), hint: nil)
        }
        return names.sorted()
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Passes an error of files on as a changer's.
  static func onFiles<Result>(_ body: () throws(DriveError) -> Result) throws(ChangerError) -> Result {
    do { return try body() } catch { throw .files(error) }
  }
}
