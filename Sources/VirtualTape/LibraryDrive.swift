public import TapeIO

/// A drive of a library with a cartridge in it, held by this process: nobody moves it meanwhile.
public final class LibraryDrive {
  /// The library.
  public let library: Library
  /// Number of the drive.
  public let number: Int
  /// The cartridge in it.
  public let cartridge: String
  let lock: DriveLock

  init(library: Library, number: Int, cartridge: String, lock: DriveLock) {
    self.library = library
    self.number = number
    self.cartridge = cartridge
    self.lock = lock
  }

  /// The cartridge's folder.
  public var path: [UInt8] { library.folder(of: cartridge) }

  /// Gives the drive up; the cartridge stays in it.
  public func release() { lock.release() }
}

/// Which cartridge is loaded for a command.
extension Library {
  /// Loads the cartridge of this name, unless it is in a drive already: into the first empty drive, or in place of what is
  /// in the first that nobody uses.
  /// - Parameter access: readers share a drive with its cartridge; a writer has it alone.
  /// - Throws: `inUse` when another process has the cartridge, or every drive.
  public func load(_ cartridge: String, for access: DriveAccess) throws(ChangerError) -> LibraryDrive {
    try change("load \(cartridge) into a drive of \(name)") { (library) throws(ChangerError) in
      guard library[cartridge] != nil else {
        throw .failed(
          operation: "load \(cartridge)", reason: "there is no such volume in \(name)",
          hint: "'tapir library status' shows what there is")
      }
      return try load(cartridge, for: access, &library)
    }
  }

  /// Loads a cartridge of the scratch pool; from now on it is no longer in the pool.
  ///
  /// Without `held`, one that is in a drive goes first, then an empty drive is used, then what is in a drive is exchanged.
  /// - Parameter held: a drive that this process has for writing: what is in it is exchanged, nobody else gets it between.
  /// - Returns: nil when the pool has none that could be had; the drive is then still held.
  /// - Throws: `inUse` when there is one but every drive is in use.
  public func loadScratch(in held: LibraryDrive? = nil) throws(ChangerError) -> LibraryDrive? {
    try change("load a scratch cartridge into a drive of \(name)") { (library) throws(ChangerError) in
      let pool = library.cartridges.filter { $0.isScratch && !library.isImportExport($0.place) }
        .sorted { $0.place < $1.place }
      let waiting = pool.first { if case .slot = $0.place { true } else { false } }
      if let held, let waiting {
        if let there = library.cartridge(at: .drive(held.number)) { try unload(there, &library) }
        library.place(waiting.name, in: .drive(held.number))
        library.noteWriting(waiting.name)
        return LibraryDrive(library: self, number: held.number, cartridge: waiting.name, lock: held.lock)
      }
      for cartridge in pool {
        guard case .drive = cartridge.place else { break }
        if let drive = try ifFree({ () throws(ChangerError) in
          try load(cartridge.name, for: .readWrite, &library)
        }) {
          library.noteWriting(cartridge.name)
          return drive
        }
      }
      guard let waiting else { return nil }
      let drive = try load(waiting.name, for: .readWrite, &library)
      library.noteWriting(waiting.name)
      return drive
    }
  }

  /// Loads the cartridge that was written last, of those that nobody uses and that are not in `excluded`.
  /// - Returns: nil when there is none.
  public func loadLastWritten(except excluded: Set<String>) throws(ChangerError) -> LibraryDrive? {
    try change("load a cartridge into a drive of \(name)") { (library) throws(ChangerError) in
      let candidates = library.cartridges
        .filter { $0.written > 0 && !excluded.contains($0.name) && !library.isImportExport($0.place) }
        .sorted { $0.written > $1.written }
      for cartridge in candidates {
        // One in use is another command's: this one goes on with the next.
        if case .drive(let number) = cartridge.place,
          try ifFree({ () throws(ChangerError) in
            try hold(.drive(number), in: library, exclusively: true)?.release()
          }) == nil
        {
          continue
        }
        let drive = try load(cartridge.name, for: .readWrite, &library)
        library.noteWriting(cartridge.name)
        return drive
      }
      return nil
    }
  }

  /// The cartridge that is in the first drive that nobody else uses.
  /// - Returns: nil when all drives are empty or in use.
  public func useLoaded(for access: DriveAccess) throws(ChangerError) -> LibraryDrive? {
    try change("use a drive of \(name)") { (library) throws(ChangerError) in
      for number in 0..<library.drives {
        guard let cartridge = library.cartridge(at: .drive(number)) else { continue }
        if let drive = try ifFree({ () throws(ChangerError) in try load(cartridge.name, for: access, &library) }) {
          return drive
        }
      }
      return nil
    }
  }

  /// Notes that a cartridge is about to be written on: it is not in the scratch pool, and the last one written.
  public func noteWriting(_ cartridge: String) throws(ChangerError) {
    try change("write on \(cartridge)") { (library) throws(ChangerError) in library.noteWriting(cartridge) }
  }

  /// Puts a cartridge into the scratch pool, or takes it out. Its content is not looked at.
  public func setScratch(_ cartridge: String, _ isScratch: Bool) throws(ChangerError) {
    try change("change the scratch pool of \(name)") { (library) throws(ChangerError) in
      library.update(cartridge) { cartridge in
        cartridge.isScratch = isScratch
        if isScratch { cartridge.written = 0 }
      }
    }
  }

  // MARK: In one change

  private func load(
    _ cartridge: String, for access: DriveAccess, _ library: inout LibraryDescription
  ) throws(ChangerError) -> LibraryDrive {
    guard let place = library[cartridge]?.place else { throw .empty(.drive(0), changer: name) }  // looked up before
    if case .drive(let number) = place, let lock = try hold(place, in: library, exclusively: access == .readWrite) {
      return LibraryDrive(library: self, number: number, cartridge: cartridge, lock: lock)
    }
    let (number, lock) = try freeDrive(in: library)
    if let there = library.cartridge(at: .drive(number)) { try unload(there, &library) }
    library.place(cartridge, in: .drive(number))
    if access == .readOnly { try lock.share() }
    return LibraryDrive(library: self, number: number, cartridge: cartridge, lock: lock)
  }

  /// The first empty drive that nobody uses, or else the first that nobody uses.
  private func freeDrive(in library: LibraryDescription) throws(ChangerError) -> (Int, DriveLock) {
    var holder: String?
    let order = (0..<library.drives).filter { library.cartridge(at: .drive($0)) == nil }
    for number in order + (0..<library.drives).filter({ !order.contains($0) }) {
      do throws(ChangerError) {
        if let lock = try hold(.drive(number), in: library, exclusively: true) { return (number, lock) }
      } catch {
        guard case .inUse(_, _, let user, _) = error else { throw error }
        holder = holder ?? user
      }
    }
    throw .failed(
      operation: "load a cartridge into a drive of \(name)",
      reason: library.drives == 1
        ? "its drive is in use by \(holder ?? "another process")" : "all of its \(library.drives) drives are in use",
      hint: "wait for one, or make the library with more drives")
  }

  /// Takes a cartridge back to the slot that it came from, or to the first empty one.
  private func unload(
    _ cartridge: LibraryDescription.Cartridge, _ library: inout LibraryDescription
  ) throws(ChangerError) {
    library.place(cartridge.name, in: .slot(try slot(for: cartridge, in: library)))
  }

  private func slot(
    for cartridge: LibraryDescription.Cartridge, in library: LibraryDescription
  ) throws(ChangerError) -> Int {
    if let home = cartridge.home, library.has(.slot(home)), library.cartridge(at: .slot(home)) == nil { return home }
    guard let empty = library.emptySlot(sparing: true) ?? library.emptySlot(sparing: false) else {
      throw .failed(
        operation: "unload \(cartridge.name)", reason: "no slot of \(name) is empty",
        hint: "'tapir library remove' takes a cartridge out")
    }
    return empty
  }

  /// Takes the cartridge in a drive back to the slot that it came from, or to the first empty one.
  /// - Returns: its name, and the slot.
  public func unload(drive number: Int) throws(ChangerError) -> (cartridge: String, slot: Int) {
    try change("unload drive \(number) of \(name)") { (library) throws(ChangerError) in
      guard library.has(.drive(number)) else { throw .noSuchElement(.drive(number), changer: name) }
      guard let there = library.cartridge(at: .drive(number)) else { throw .empty(.drive(number), changer: name) }
      let lock = try hold(.drive(number), in: library, exclusively: true)
      defer { lock?.release() }
      let slot = try slot(for: there, in: library)
      library.place(there.name, in: .slot(slot))
      return (there.name, slot)
    }
  }

  /// Nil when what `body` wants is in use.
  private func ifFree<Result>(_ body: () throws(ChangerError) -> Result) throws(ChangerError) -> Result? {
    do throws(ChangerError) { return try body() } catch {
      guard case .inUse = error else { throw error }
      return nil
    }
  }
}

extension LibraryDescription {
  mutating func noteWriting(_ name: String) {
    let last = cartridges.map(\.written).max() ?? 0
    update(name) { cartridge in
      cartridge.isScratch = false
      // Who was the last one anyway stays it.
      if cartridge.written == 0 || cartridge.written < last { cartridge.written = last + 1 }
    }
  }
}
