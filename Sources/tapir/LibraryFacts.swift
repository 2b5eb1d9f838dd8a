import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import VirtualTape

/// What a virtual library consists of.
struct LibraryOverview: Fact {
  let name: String
  let library: LibraryDescription

  let kind = Event.Kind.library
  private var scratch: Int { library.cartridges.count { $0.isScratch } }

  var lines: [[UInt8]] {
    func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
    let line =
      "library \(name): " + count(library.drives, "drive") + ", " + count(library.slots, "slot") + ", "
      + count(library.ioSlots, "import/export slot") + ", " + count(library.cartridges.count, "cartridge")
      + ", \(scratch) scratch"
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set("library", name)
    event.set("drives", library.drives)
    event.set("slots", library.slots)
    event.set("import_export_slots", library.ioSlots)
    event.set("cartridges", library.cartridges.count)
    event.set("scratch", scratch)
  }
}

/// A drive or slot of a library and what is in it.
struct ElementFact: Fact {
  let address: ElementAddress
  let isImportExport: Bool
  let isFull: Bool
  /// Its barcode; nil when it has none that can be read.
  var cartridge: String?
  /// The element that it came from.
  var origin: ElementAddress?
  /// What is known of a virtual cartridge; nil of others.
  var contents: Contents?
  /// Who uses a drive.
  var user: String?

  /// What a virtual cartridge holds.
  enum Contents {
    case scratch, unreadable
    case bytes(UInt64, capacity: UInt64?)
  }

  let kind = Event.Kind.element

  var lines: [[UInt8]] {
    var notes: [String] = []
    switch contents {
    case .scratch: notes.append("scratch")
    case .unreadable: notes.append("cannot be read")
    case .bytes(let size, let capacity): notes.append("\(size) bytes" + (capacity.map { " of \($0)" } ?? ""))
    case nil: break
    }
    if let origin { notes.append("from \(origin)") }
    if let user { notes.append("in use by \(user)") }
    let name = "\(address)" + (isImportExport ? " (i/o)" : "")
    let left = name + String(repeating: " ", count: max(1, 15 - name.count))
    let middle = isFull ? cartridge ?? "(no barcode)" : user != nil ? "-" : "empty"
    let line =
      notes.isEmpty
      ? left + middle
      : left + middle + String(repeating: " ", count: max(2, 8 - middle.count)) + notes.joined(separator: ", ")
    return [Array(line.utf8)]
  }

  func fill(_ event: Event) {
    event.set(address, isImportExport: isImportExport)
    event.set("full", isFull)
    event.set("cartridge", cartridge)
    if let origin { event.set("from", Event(origin)) }
    switch contents {
    case .scratch: event.set("scratch", true)
    case .unreadable: event.set("readable", false)
    case .bytes(let size, let capacity):
      event.set("scratch", false)
      event.set("bytes", size)
      event.set("capacity_bytes", capacity)
    case nil: break
    }
    event.set("user", user)
  }
}

/// Something about one cartridge: what became of it, or what should.
struct CartridgeFact: Fact {
  enum State: String {
    case moved, added, missing, scratch, removed, removable, candidate
  }

  /// Its barcode; nil when it has none that can be read.
  let name: String?
  let state: State
  /// Where it is now.
  var place: (address: ElementAddress, isImportExport: Bool)?
  /// The folder that it is in, outside the library.
  var path: [UInt8]?
  /// When it was written last, and percent of its capacity in use: of candidates.
  var written: Timestamp?
  var used: Int64?
  /// What people are told.
  let text: String

  let kind = Event.Kind.cartridge
  var lines: [[UInt8]] { [Array(text.utf8)] }

  func fill(_ event: Event) {
    event.set("cartridge", name)
    event.set("state", state.rawValue)
    if let place {
      let shown = Event()
      shown.set(place.address, isImportExport: place.isImportExport)
      event.set("place", shown)
    }
    if let path { event.set(path: path) }
    event.set("written", written)
    event.set("used_percent", used)
  }
}

extension Event {
  convenience init(_ address: ElementAddress) {
    self.init()
    set(address, isImportExport: nil)
  }

  /// - Parameter isImportExport: nil where that is not known.
  func set(_ address: ElementAddress, isImportExport: Bool?) {
    switch address {
    case .drive(let number):
      set("element", "drive")
      set("number", number)
    case .slot(let number):
      set("element", "slot")
      set("number", number)
    }
    if let isImportExport { set("import_export", isImportExport) }
  }
}
