import Glibc
public import TapeIO

/// What an inventory found.
public struct LibraryInventory: Equatable, Sendable {
  /// Cartridges that lay in the folder and were not known; they are in slots now, and not in the scratch pool.
  public var added: [String] = []
  /// Cartridges that were known and are gone; they are forgotten.
  public var missing: [String] = []
  /// Folders of cartridges that were not taken in, and why.
  public var ignored: [Ignored] = []

  /// An inventory that found everything as it was.
  public init() {}

  /// A folder that was not taken in.
  public struct Ignored: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// Why, as it follows a colon.
    public let reason: String
  }
}

/// Cartridges that come and go.
extension Library {
  /// Makes a blank cartridge, in the first empty slot and in the scratch pool.
  /// - Parameters:
  ///   - wanted: its name; nil for the first of V00001, V00002... that is free.
  ///   - taken: names of volumes that are elsewhere.
  public func addNew(
    _ wanted: String? = nil, avoiding taken: Set<String> = []
  ) throws(ChangerError) -> (name: String, slot: Int) {
    let operation = "add \(wanted ?? "a cartridge") to \(name)"
    return try change(operation) { (library) throws(ChangerError) in
      let slot = try emptySlot(in: library, operation)
      for number in 1...99_999 {
        let digits = String(number)
        let cartridge = wanted ?? "V" + String(repeating: "0", count: 5 - digits.utf8.count) + digits
        if library[cartridge] == nil, !taken.contains(cartridge), try make(cartridge, library) {
          library.add(.init(name: cartridge, place: .slot(slot), home: nil, isScratch: true, written: 0))
          return (cartridge, slot)
        }
        if wanted != nil {
          let isElsewhere = taken.contains(cartridge)
          throw .failed(
            operation: operation,
            reason: "there is a volume \(cartridge) already" + (isElsewhere ? ", which the index knows" : ""),
            hint: library[cartridge] != nil
              ? nil
              : isElsewhere
                ? "two volumes cannot have one VSN" : "'tapir library inventory' takes in what lies in the folder")
        }
      }
      throw .failed(operation: operation, reason: "V00001 to V99999 are all taken", hint: "name the cartridge")
    }
  }

  /// False when something of this name is there.
  private func make(_ cartridge: String, _ library: LibraryDescription) throws(ChangerError) -> Bool {
    let options = CartridgeOptions(
      vsn: cartridge, barcode: cartridge, capacity: library.capacity, compression: library.compression)
    do { try Cartridge.create(at: folder(of: cartridge), options, witness: witness) } catch {
      if case .system(let code, _) = error.cause, code == EEXIST || code == ENOTEMPTY || code == ENOTDIR {
        return false
      }
      throw .files(error)
    }
    return true
  }

  private func emptySlot(in library: LibraryDescription, _ operation: String) throws(ChangerError) -> Int {
    guard let slot = library.emptySlot(sparing: true) else {
      throw .failed(
        operation: operation, reason: "no slot is empty", hint: "'tapir library remove' takes a cartridge out")
    }
    return slot
  }

  /// Moves the cartridge in the folder `source` in, under the name `cartridge`, into the first empty slot.
  /// - Throws: `failed` when there is one of that name, or it is on another file system.
  public func add(
    _ source: [UInt8], as cartridge: String, isScratch: Bool
  ) throws(ChangerError) -> (name: String, slot: Int) {
    let operation = "add \(Cartridge.displayName(source)) to \(name)"
    return try change(operation) { (library) throws(ChangerError) in
      let slot = try emptySlot(in: library, operation)
      var status = stat()
      guard library[cartridge] == nil, withPath(folder(of: cartridge), { lstat($0, &status) }) != 0 else {
        throw .failed(
          operation: operation, reason: "there is a volume \(cartridge) already",
          hint: "two volumes cannot have one VSN")
      }
      try Library.onFiles { () throws(DriveError) in
        try Cartridge.update(at: source, witness: witness) { ($0.vsn, $0.barcode) = (cartridge, cartridge) }
      }
      try moveFolder(source, to: folder(of: cartridge), operation)
      let written = isScratch ? 0 : (library.cartridges.map(\.written).max() ?? 0) + 1
      library.add(.init(name: cartridge, place: .slot(slot), home: nil, isScratch: isScratch, written: written))
      return (cartridge, slot)
    }
  }

  /// Moves a cartridge out of the library, into the folder `target`; nothing on it changes.
  /// - Throws: `inUse`, or `failed` when `target` has something of its name or is on another file system.
  /// - Returns: its folder there.
  public func remove(_ cartridge: String, into target: [UInt8]) throws(ChangerError) -> [UInt8] {
    let operation = "move \(cartridge) out of \(name)"
    let new = Cartridge.trimmed(target) + Array("/\(cartridge)".utf8)
    try change(operation) { (library) throws(ChangerError) in
      guard let place = library[cartridge]?.place else {
        throw .failed(operation: operation, reason: "there is no such volume", hint: nil)
      }
      let hold = try hold(place, in: library, exclusively: true)
      defer { hold?.release() }
      // One that is used without a drive, by its own name, must not go either.
      let data = try Library.onFiles { () throws(DriveError) in
        let folder = try File.folder(folder(of: cartridge), device: cartridge, operation: "remove", witness: witness)
        let data = try folder.open("data", O_RDONLY, operation: "remove")
        if let data { try CartridgeLock.take(data, exclusive: true) }
        return data
      }
      defer { if let data { CartridgeLock.release(data) } }
      var status = stat()
      guard withPath(new, { lstat($0, &status) }) != 0 else {
        throw .failed(operation: operation, reason: "\(Cartridge.displayName(new)) is there already", hint: nil)
      }
      try moveFolder(folder(of: cartridge), to: new, operation)
      library.cartridges.removeAll { $0.name == cartridge }
    }
    return new
  }

  /// Renames a cartridge's folder, on disk when this returns.
  private func moveFolder(_ old: [UInt8], to new: [UInt8], _ operation: String) throws(ChangerError) {
    do throws(DriveError) {
      let device = Cartridge.displayName(new)
      let source = Cartridge.trimmed(old)
      try File.rename(source, to: new, device: device, operation: "move", witness: witness)
      for folder in [Cartridge.parent(of: new), Cartridge.parent(of: source)] {
        try File.folder(folder, device: device, operation: "move", witness: witness).sync(operation: "move")
      }
    } catch {
      guard case .system(let code, _) = error.cause, code == EXDEV else { throw .files(error) }
      throw .failed(
        operation: operation, reason: "it would go to another file system",
        hint: "copy the folder there; 'tapir library inventory' notices what came and went")
    }
  }

  /// Compares what `library.json` says with the folders that are there, and makes it say what is there.
  public func inventory() throws(ChangerError) -> LibraryInventory {
    try change("take the inventory of \(name)") { (library) throws(ChangerError) in
      var found = LibraryInventory()
      let present = try Library.names(in: path, "take the inventory of \(name)")
        .filter { Cartridge.isCartridge(at: folder(of: $0)) }
      found.missing = library.cartridges.map(\.name).filter { !present.contains($0) }
      library.cartridges.removeAll { found.missing.contains($0.name) }
      for name in present where library[name] == nil {
        // A cartridge is made under another name first: what a crash left of that is none.
        if name.contains(".new-") { continue }
        if let reason = try reasonToIgnore(name) {
          found.ignored.append(.init(name: name, reason: reason))
        } else if let slot = library.emptySlot(sparing: true) {
          let written = (library.cartridges.map(\.written).max() ?? 0) + 1
          library.add(.init(name: name, place: .slot(slot), home: nil, isScratch: false, written: written))
          found.added.append(name)
        } else {
          found.ignored.append(.init(name: name, reason: "no slot is empty"))
        }
      }
      return found
    }
  }

  private func reasonToIgnore(_ name: String) throws(ChangerError) -> String? {
    guard LibraryDescription.isName(name) else { return "its name is not that of a volume: six characters of A-Z, 0-9" }
    let description: CartridgeDescription
    do { description = try Cartridge.describe(at: folder(of: name)) } catch { return error.reason }
    let vsn = description.options.vsn
    return vsn.isEmpty || vsn == name ? nil : "volume \(vsn) is on it: the folder's name must be that"
  }
}
