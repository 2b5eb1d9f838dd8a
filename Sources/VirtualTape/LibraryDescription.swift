public import TapeIO

/// What `library.json` says (docs/virtual-tape-format.md, section 10): elements, and which cartridge is where.
public struct LibraryDescription: Equatable, Sendable {
  static let format = "tapir virtual library"
  static let version = 1
  static let file = "library.json"
  /// Elements that a library may have of one kind.
  public static let mostElements = 65_535

  /// A cartridge in the library.
  public struct Cartridge: Equatable, Sendable {
    /// Name of its folder: its barcode, and the VSN of the volume on it.
    public let name: String
    /// Where it is.
    public var place: ElementAddress
    /// The slot that it came from, while it is in a drive.
    public var home: Int?
    /// Whether it may be taken for a new volume without being asked for by name.
    public var isScratch: Bool
    /// 0 when nothing was written on it; else the greater, the later that began.
    public var written: Int
  }

  /// Number of drives, of slots and, numbered behind these, of import/export slots.
  public var drives: Int
  public var slots: Int
  public var ioSlots: Int
  /// Capacity of cartridges that are added; nil for no limit.
  public var capacity: UInt64?
  /// Compression of cartridges that are added.
  public var compression: CartridgeOptions.Compression
  /// The cartridges, by name.
  public var cartridges: [Cartridge] = []

  /// Describes a library without cartridges.
  public init(
    drives: Int, slots: Int, ioSlots: Int, capacity: UInt64? = nil, compression: CartridgeOptions.Compression = .lz4
  ) {
    self.drives = drives
    self.slots = slots
    self.ioSlots = ioSlots
    self.capacity = capacity
    self.compression = compression
  }

  /// Whether a folder of this name can be a cartridge of a library: six characters of A-Z, 0-9.
  public static func isName(_ name: String) -> Bool {
    name.utf8.count == 6
      && name.utf8.allSatisfy {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
      }
  }

  /// Every element, drives first.
  public var addresses: [ElementAddress] {
    (0..<drives).map { .drive($0) } + (0..<(slots + ioSlots)).map { .slot($0 + 1) }
  }

  /// Whether the library has this element.
  public func has(_ address: ElementAddress) -> Bool {
    switch address {
    case .drive(let number): (0..<drives).contains(number)
    case .slot(let number): (1...max(1, slots + ioSlots)).contains(number)
    }
  }

  /// Whether it is a slot for import and export.
  public func isImportExport(_ address: ElementAddress) -> Bool {
    if case .slot(let number) = address { number > slots } else { false }
  }

  /// The cartridge in an element.
  public func cartridge(at address: ElementAddress) -> Cartridge? { cartridges.first { $0.place == address } }

  /// The cartridge of this name.
  public subscript(name: String) -> Cartridge? { cartridges.first { $0.name == name } }

  /// Changes the cartridge of this name, which is there.
  mutating func update(_ name: String, _ change: (inout Cartridge) -> Void) {
    guard let index = cartridges.firstIndex(where: { $0.name == name }) else { return }
    change(&cartridges[index])
  }

  /// The first empty slot that is not for import and export.
  /// - Parameter sparing: leaves out those that a cartridge in a drive came from, and goes back to.
  func emptySlot(sparing: Bool) -> Int? {
    var taken = Set(cartridges.map(\.place))
    if sparing { taken.formUnion(cartridges.compactMap { $0.home.map { .slot($0) } }) }
    return slots > 0 ? (1...slots).first { !taken.contains(.slot($0)) } : nil
  }

  /// Adds a cartridge, keeping them in the order of their names.
  mutating func add(_ cartridge: Cartridge) {
    cartridges.append(cartridge)
    cartridges.sort { $0.name < $1.name }
  }

  // MARK: The file

  /// Reads the file's bytes; `device` is for messages.
  static func parse(_ bytes: [UInt8], device: String) throws(DriveError) -> LibraryDescription {
    func unusable(_ reason: String, _ hint: String? = nil) -> DriveError {
      DriveError(.unusable(reason: reason, hint: hint), operation: "open", device: device)
    }
    let json = try JSONObject(parsing: bytes, file: file, device: device)
    guard json.string("format") == format, let version = json.integer("version") else {
      throw unusable("its library.json is not that of a virtual library")
    }
    guard version == LibraryDescription.version else {
      throw unusable("it has format version \(version), made by a later version of this program", "use a newer tapir")
    }
    guard let drives = json.integer("drives"), let slots = json.integer("slots"), let ioSlots = json.integer("ioSlots"),
      [drives, slots].allSatisfy({ (1...mostElements).contains($0) }), (0...mostElements).contains(ioSlots),
      let compression = json.string("compression").flatMap({ CartridgeOptions.Compression(rawValue: $0) }),
      json.isNull("capacity") || json.integer("capacity").map({ $0 > 0 }) ?? false,
      let entries = json.objects("cartridges")
    else { throw unusable("its library.json lacks a value or has a wrong one") }
    var library = LibraryDescription(
      drives: drives, slots: slots, ioSlots: ioSlots, capacity: json.integer("capacity").map { UInt64($0) },
      compression: compression)
    for entry in entries {
      guard let cartridge = Cartridge(entry), library.has(cartridge.place), library[cartridge.name] == nil,
        library.cartridge(at: cartridge.place) == nil
      else { throw unusable("cartridge \(entry.string("name") ?? "without a name") of its library.json is wrong") }
      library.add(cartridge)
    }
    return library
  }

  /// The file's bytes; keys of `previous`, an older state of the file, that are not ours are kept.
  func serialize(keeping previous: [UInt8]?, device: String) throws(DriveError) -> [UInt8] {
    let json =
      try previous.map { old throws(DriveError) in
        try JSONObject(parsing: old, file: LibraryDescription.file, device: device)
      } ?? JSONObject(file: LibraryDescription.file)
    let old = json.objects("cartridges") ?? []
    json.set("format", LibraryDescription.format)
    json.set("version", UInt64(LibraryDescription.version))
    json.set("drives", UInt64(drives))
    json.set("slots", UInt64(slots))
    json.set("ioSlots", UInt64(ioSlots))
    json.set("capacity", capacity)
    json.set("compression", compression.rawValue)
    json.set(
      "cartridges",
      cartridges.map { cartridge in
        let entry = old.first { $0.string("name") == cartridge.name } ?? JSONObject(file: LibraryDescription.file)
        cartridge.write(to: entry)
        return entry
      })
    return try json.serialize(device: device)
  }
}

extension LibraryDescription.Cartridge {
  fileprivate init?(_ json: JSONObject) {
    guard let name = json.string("name"), LibraryDescription.isName(name), let isScratch = json.boolean("scratch"),
      let written = json.integer("written"), written >= 0
    else { return nil }
    switch (json.integer("drive"), json.integer("slot")) {
    case (let drive?, nil): place = .drive(drive)
    case (nil, let slot?): place = .slot(slot)
    default: return nil
    }
    self.name = name
    self.isScratch = isScratch
    self.written = written
    home = json.integer("home")
  }

  fileprivate func write(to json: JSONObject) {
    json.set("name", name)
    switch place {
    case .drive(let number):
      json.set("drive", UInt64(number))
      json.set("slot", nil as UInt64?)
    case .slot(let number):
      json.set("drive", nil as UInt64?)
      json.set("slot", UInt64(number))
    }
    json.set("home", home.map { UInt64(clamping: $0) })
    json.set("scratch", isScratch)
    json.set("written", UInt64(written))
  }
}
