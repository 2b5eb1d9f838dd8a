import Glibc
public import TapeIO

/// A virtual library: a folder of cartridges with drives and slots, in the format of docs/virtual-tape-format.md.
///
/// What is where stands in `library.json` alone, read anew for each call and replaced in one step: several processes use
/// one library at once. A drive belongs to who holds its lock; see ``LibraryDrive``.
public final class Library: MediumChanger {
  /// Its folder, as bytes, without a slash at its end.
  public let path: [UInt8]
  let witness: (any FileWitness)?

  public var name: String { Cartridge.displayName(path) }

  /// Opens the library in the folder `path`; reads and changes nothing yet.
  public convenience init(path: [UInt8]) { self.init(path: path, witness: nil) }

  /// The same, telling `witness` of every change to files.
  package init(path: [UInt8], witness: (any FileWitness)?) {
    self.path = Cartridge.trimmed(path)
    self.witness = witness
  }

  /// The folder of a cartridge.
  public func folder(of cartridge: String) -> [UInt8] { path + Array("/\(cartridge)".utf8) }

  /// What `library.json` says now.
  public func description() throws(ChangerError) -> LibraryDescription {
    try Library.onFiles { () throws(DriveError) in
      try LibraryDescription.parse(bytes(in: open()), device: name)
    }
  }

  private func open() throws(DriveError) -> File {
    try File.folder(path, device: name, operation: "open", witness: witness)
  }

  private func bytes(in folder: File) throws(DriveError) -> [UInt8] {
    try Cartridge.contents(of: LibraryDescription.file, in: folder, longest: 64 << 20)
  }

  /// Changes what `library.json` says: durable and whole when this returns, unchanged when `body` throws. Only one process
  /// at a time is in here; others wait.
  func change<Result>(
    _ operation: String, _ body: (inout LibraryDescription) throws(ChangerError) -> Result
  ) throws(ChangerError) -> Result {
    let (folder, lock) = try Library.onFiles { () throws(DriveError) in
      let folder = try open()
      guard let lock = try folder.open(Library.libraryLock, O_RDONLY | O_CREAT, operation: operation) else {
        throw systemError(ENOENT, operation, name)  // the folder went away
      }
      while flock(lock.descriptor, LOCK_EX) != 0 {
        guard errno == EINTR else { throw systemError(errno, operation, name) }
      }
      return (folder, lock)
    }
    defer { CartridgeLock.release(lock) }
    let old = try Library.onFiles { () throws(DriveError) in try bytes(in: folder) }
    let before = try Library.onFiles { () throws(DriveError) in try LibraryDescription.parse(old, device: name) }
    var library = before
    let result = try body(&library)
    if library != before {
      try Library.onFiles { () throws(DriveError) in
        let new = try library.serialize(keeping: old, device: name)
        try Cartridge.write("library.json.new", new, in: folder)
        try folder.rename("library.json.new", to: LibraryDescription.file, operation: operation)
        try folder.sync(operation: operation)
      }
    }
    return result
  }

  // MARK: As a changer

  public func elements() throws(ChangerError) -> [ChangerElement] {
    let library = try description()
    return library.addresses.map { address in
      let cartridge = library.cartridge(at: address)
      return ChangerElement(
        address, isImportExport: library.isImportExport(address), isFull: cartridge != nil, barcode: cartridge?.name,
        origin: cartridge?.home.map { .slot($0) })
    }
  }

  public func move(from source: ElementAddress, to target: ElementAddress) throws(ChangerError) {
    try change("move a cartridge") { (library) throws(ChangerError) in
      for address in [source, target] where !library.has(address) { throw .noSuchElement(address, changer: name) }
      guard let cartridge = library.cartridge(at: source) else { throw .empty(source, changer: name) }
      if let there = library.cartridge(at: target) { throw .full(target, by: there.name, changer: name) }
      // A drive in use is left alone. Nobody begins to use one meanwhile: that takes the library's lock too.
      let holds = try [source, target].map { (address) throws(ChangerError) in
        try hold(address, in: library, exclusively: true)
      }
      defer { for hold in holds { hold?.release() } }
      library.place(cartridge.name, in: target)
    }
  }

  // MARK: Locks of drives

  /// Takes the lock of a drive, or says at once who has it; nil for a slot, which has none.
  func hold(
    _ address: ElementAddress, in library: LibraryDescription, exclusively: Bool
  ) throws(ChangerError) -> DriveLock? {
    guard case .drive(let number) = address else { return nil }
    let file = try Library.onFiles { () throws(DriveError) in
      guard let file = try open().open(Library.driveLock(number), O_RDONLY | O_CREAT, operation: "use") else {
        throw systemError(ENOENT, "use", name)  // the folder went away
      }
      return file
    }
    do { try CartridgeLock.take(file, exclusive: exclusively) } catch {
      guard case .busy(let holder) = error.cause else { throw .files(error) }
      throw .inUse(address, by: library.cartridge(at: address)?.name, holder: holder, changer: name)
    }
    return DriveLock(file)
  }

  /// Who uses each drive, as far as can be told, with what `library.json` says at that moment; nil where nobody does.
  public func users() throws(ChangerError) -> (library: LibraryDescription, ofDrives: [String?]) {
    // A lock is tried for while nobody else can: it must not be in anyone's way.
    try change("look at \(name)") { (library) throws(ChangerError) in
      let users = try (0..<library.drives).map { (number) throws(ChangerError) -> String? in
        do throws(ChangerError) {
          try hold(.drive(number), in: library, exclusively: true)?.release()
          return nil
        } catch {
          guard case .inUse(_, _, let holder, _) = error else { throw error }
          return holder ?? "another process"
        }
      }
      return (library, users)
    }
  }
}

extension LibraryDescription {
  /// Puts a cartridge into an empty element; one in a drive remembers the slot that it came from.
  mutating func place(_ name: String, in target: ElementAddress) {
    update(name) { cartridge in
      if case .slot(let number) = cartridge.place { cartridge.home = number }
      cartridge.place = target
      if case .slot = target { cartridge.home = nil }
    }
  }
}

/// The lock of a drive of a library; given up with the process at the latest.
final class DriveLock {
  private let file: File

  init(_ file: File) { self.file = file }

  /// Lets others share it: only readers hold it then.
  func share() throws(ChangerError) {
    // The two steps of the change cannot be seen by others, who all take locks under that of the library.
    try Library.onFiles { () throws(DriveError) in try CartridgeLock.take(file, exclusive: false) }
  }

  func release() { CartridgeLock.release(file) }

  deinit { release() }
}
