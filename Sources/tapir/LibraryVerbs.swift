import ArchiveFormat
import ArchiveOperations
import Glibc
import LinuxTape
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir library ...`, on a virtual library or with `--changer` on a real one.
struct LibraryVerbs {
  let command: TarCommand
  let reporter: Reporter

  private var path: [UInt8] { command.archive.name ?? [] }

  /// The library that is meant.
  private func changer() throws(OperationError) -> any MediumChanger {
    if let device = command.archive.changer { return MtxChanger(path: device) }
    return try library()
  }

  private func library() throws(OperationError) -> Library {
    if let device = command.archive.changer {
      throw .refused(
        "\(String(decoding: device, as: UTF8.self)) is a real library: its cartridges come by hand", hint: nil)
    }
    guard Library.isLibrary(at: path) else {
      throw .refused(
        "\(String(decoding: path, as: UTF8.self)) is not a library",
        hint: "'tapir library create' makes one; --changer names a real one")
    }
    return Library(path: path)
  }

  // MARK: Verbs

  /// Makes a library and its cartridges.
  func create() throws(OperationError) {
    let options = command.library
    let slots = options.slots ?? max(8, options.cartridges ?? 0)
    let cartridges = options.cartridges ?? slots
    guard cartridges <= slots else {
      throw .refused("\(cartridges) cartridges do not go into \(slots) slots", hint: "say more with --slots")
    }
    let name = String(decoding: path, as: UTF8.self)
    try onChanger { () throws(ChangerError) in
      try Library.create(
        at: path,
        LibraryDescription(
          drives: options.drives, slots: slots, ioSlots: options.ioSlots, capacity: command.archive.capacity,
          compression: command.archive.compression ?? .lz4))
      let library = Library(path: path)
      // Those that a making that was cut off has left.
      let found = try library.inventory().added
      for cartridge in found where Cartridge.isBlank(at: library.folder(of: cartridge)) {
        try library.setScratch(cartridge, true)
      }
      for _ in 0..<max(0, cartridges - found.count) { _ = try library.addNew() }
    }
    reporter.tell(try LibraryStatus.of(Library(path: path), named: name).overview)
  }

  /// Says what is where; or which cartridges should go to tape.
  func status() throws(OperationError) {
    if command.library.showsCandidates { return try candidates() }
    if command.archive.changer != nil {
      let changer = try changer()
      let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
      for element in elements { reporter.tell(ElementFact(element)) }
      return
    }
    let status = try LibraryStatus.of(try library(), named: String(decoding: path, as: UTF8.self))
    reporter.tell(status.overview)
    for element in status.elements { reporter.tell(element) }
  }

  private func candidates() throws(OperationError) {
    let library = try library()
    guard let index = try IndexLocation.openForReading(command.archive, .library(library.path)) else {
      throw .refused("library \(library.name) has no index", hint: "'tapir index rebuild' makes one")
    }
    for candidate in try command.library.policy.candidates(in: library, index) {
      reporter.tell(
        CartridgeFact(
          name: candidate.cartridge, state: .candidate, written: candidate.written, used: candidate.used,
          text: "\(candidate.cartridge)  written \(candidate.written.dateAndTime) UTC"
            + (candidate.used.map { ", \($0)% used" } ?? "")))
    }
  }

  /// Moves a cartridge into a drive.
  func load(_ words: [[UInt8]]) throws(OperationError) {
    let changer = try changer()
    let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
    let source = try source(words[0], elements, changer)
    let drive =
      try words.count > 1
      ? ElementAddress.drive(number(words[1], "a drive"))
      : emptyDrive(elements, changer)
    try onChanger { () throws(ChangerError) in try changer.move(from: source.address, to: drive) }
    report(source, in: drive)
  }

  /// Moves the cartridge in a drive back to its slot.
  func unload(_ words: [[UInt8]]) throws(OperationError) {
    let changer = try changer()
    let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
    let loaded = elements.filter { if case .drive = $0.address { $0.isFull } else { false } }
    let number: Int
    if let word = words.first {
      number = try self.number(word, "a drive")
    } else if loaded.count == 1, case .drive(let only)? = loaded.first?.address {
      number = only
    } else {
      throw .refused(
        loaded.isEmpty
          ? "every drive of \(changer.name) is empty" : "\(loaded.count) drives of \(changer.name) are loaded",
        hint: loaded.isEmpty ? nil : "say which drive")
    }
    if let library = changer as? Library {
      let (cartridge, slot) = try onChanger { () throws(ChangerError) in try library.unload(drive: number) }
      return report(cartridge, .moved, in: .slot(slot))
    }
    guard let element = elements.first(where: { $0.address == .drive(number) }) else {
      throw .refused("there is no drive \(number) in \(changer.name)", hint: nil)
    }
    // Most drives do not let go of a cartridge that was not ejected.
    if let device = command.archive.name, element.isFull {
      try LibraryArchive.onDrive { () throws(DriveError) in try TapeDevice.eject(at: device) }
    }
    let slot = try onChanger { () throws(ChangerError) in
      let slot = try elements.slot(for: element, changer.name)
      try changer.move(from: element.address, to: slot)
      return slot
    }
    report(element, in: slot)
  }

  /// Moves a cartridge from slot to slot.
  func transfer(_ words: [[UInt8]]) throws(OperationError) {
    let changer = try changer()
    let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
    let source = try source(words[0], elements, changer)
    let target = ElementAddress.slot(try number(words[1], "a slot"))
    try onChanger { () throws(ChangerError) in try changer.move(from: source.address, to: target) }
    report(source, in: target)
  }

  /// Makes cartridges, or takes in ones that are there; of a real library, those in its import/export slots.
  func add(_ words: [[UInt8]]) throws(OperationError) {
    if command.archive.changer != nil { return try importAll(words) }
    let library = try library()
    let known = try knownVolumes(library)
    let taken = Set(known.map(\.vsn.text))
    if words.isEmpty {
      for _ in 0..<(command.library.cartridges ?? 1) {
        report(try onChanger { () throws(ChangerError) in try library.addNew(avoiding: taken) })
      }
    }
    for word in words {
      let text = String(decoding: word, as: UTF8.self)
      if Cartridge.isCartridge(at: word) {
        report(try takeIn(word, library, known))
      } else if LibraryDescription.isName(text) {
        report(try onChanger { () throws(ChangerError) in try library.addNew(text, avoiding: taken) })
      } else {
        throw .refused("\(text) is neither a virtual cartridge nor a VSN for a new one", hint: nil)
      }
    }
  }

  private func report(_ added: (name: String, slot: Int)) { report(added.name, .added, in: .slot(added.slot)) }

  /// Moves an existing cartridge in under the name of the volume on it.
  private func takeIn(
    _ path: [UInt8], _ library: Library, _ known: [VolumeDescriptor]
  ) throws(OperationError) -> (name: String, slot: Int) {
    // For writing: nobody else uses it then.
    let drive = try LibraryArchive.onDrive { () throws(DriveError) in try VirtualDrive(path: path, access: .readWrite) }
    let isEmpty = try VolumeSync.holdsNothing(drive, observer: reporter)
    var name = drive.description.options.vsn
    if !isEmpty {
      let volume = try ReadTarget.open(drive: drive, index: nil, vsn: nil, observer: Quiet()).volume.descriptor
      name = volume.vsn.text
      if known.contains(where: { $0.vsn == volume.vsn && $0.id != volume.id }) {
        throw .refused(
          "cannot add \(String(decoding: path, as: UTF8.self)) to \(library.name): the index knows another volume \(name)",
          hint: "two volumes cannot have one VSN")
      }
    }
    try LibraryArchive.onDrive { () throws(DriveError) in try drive.close() }
    let folder = path.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    if name.isEmpty, LibraryDescription.isName(folder) { name = folder }
    guard LibraryDescription.isName(name) else {
      throw .refused(
        "cartridge \(String(decoding: path, as: UTF8.self)) has no volume serial number yet",
        hint: "'tapir volume label --vsn' gives it one")
    }
    let added = try onChanger { () throws(ChangerError) in try library.add(path, as: name, isScratch: isEmpty) }
    if !isEmpty {
      reporter.say(
        "'tapir index rebuild \(library.name) --vsn \(name)' takes what is on \(name) into the library's index")
    }
    return added
  }

  /// Volumes that the library's index knows: also those that were taken out.
  private func knownVolumes(_ library: Library) throws(OperationError) -> [VolumeDescriptor] {
    guard let index = try IndexLocation.openForReading(command.archive, .library(library.path)) else { return [] }
    do throws(IndexError) { return try index.volumes().map(\.descriptor) } catch { throw .index(error) }
  }

  private func importAll(_ words: [[UInt8]]) throws(OperationError) {
    guard words.isEmpty, command.library.cartridges == nil else {
      throw .refused(
        "cartridges of a real library come by hand: 'library add' moves those in its import/export slots", hint: nil)
    }
    let changer = try changer()
    while true {
      let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
      guard let next = elements.first(where: { $0.isImportExport && $0.isFull }) else { return }
      let slot = try onChanger { () throws(ChangerError) in
        let slot = try elements.slot(for: next, changer.name)
        try changer.move(from: next.address, to: slot)
        return slot
      }
      report(next, in: slot)
    }
  }

  /// Moves a cartridge to an import/export slot, or out to a folder. Nothing on it is changed.
  func remove(_ words: [[UInt8]]) throws(OperationError) {
    if let folder = command.library.folder {
      let library = try library()
      let name = String(decoding: words[0], as: UTF8.self)
      let path = try onChanger { () throws(ChangerError) in try library.remove(name, into: folder) }
      return reporter.tell(
        CartridgeFact(
          name: name, state: .removed, path: path, text: "\(name) is in \(String(decoding: path, as: UTF8.self))"))
    }
    let changer = try changer()
    let elements = try onChanger { () throws(ChangerError) in try changer.elements() }
    let source = try source(words[0], elements, changer)
    if source.isImportExport {
      return report(source, in: source.address, isImportExport: true)
    }
    guard let target = elements.first(where: { $0.isImportExport && !$0.isFull }) else {
      throw .refused(
        "no import/export slot of \(changer.name) is empty",
        hint: command.archive.changer == nil ? "--into moves the cartridge out to a folder" : "take out what is there")
    }
    try onChanger { () throws(ChangerError) in try changer.move(from: source.address, to: target.address) }
    report(source, in: target.address, isImportExport: true)
  }

  /// Finds out what came and went by hand.
  func inventory() throws(OperationError) {
    if let device = command.archive.changer {
      let changer = MtxChanger(path: device)
      try onChanger { () throws(ChangerError) in try changer.takeInventory() }
      return try status()
    }
    let library = try library()
    let found = try onChanger { () throws(ChangerError) in try library.inventory() }
    for name in found.missing { reporter.tell(CartridgeFact(name: name, state: .missing, text: "\(name) is gone")) }
    for name in found.added {
      let (place, isImportExport) = try onChanger { () throws(ChangerError) in
        let description = try library.description()
        let place = description[name]?.place
        return (place, place.map { description.isImportExport($0) } ?? false)
      }
      reporter.tell(
        CartridgeFact(
          name: name, state: .added, place: place.map { ($0, isImportExport) },
          text: "\(name) is new" + (place.map { ", in \($0)" } ?? "")))
    }
    // What is blank is scratch, whatever became of a session that was to write on it.
    let cartridges = try onChanger { () throws(ChangerError) in try library.description().cartridges }
    for cartridge in cartridges
    where !cartridge.isScratch && Cartridge.isBlank(at: library.folder(of: cartridge.name)) {
      try onChanger { () throws(ChangerError) in try library.setScratch(cartridge.name, true) }
      reporter.tell(
        CartridgeFact(
          name: cartridge.name, state: .scratch, text: "\(cartridge.name) is blank: it is in the scratch pool"))
    }
    for folder in found.ignored {
      reporter.report(.notice(MemberNotice([], "\(folder.name) is not taken in: \(folder.reason)", .difference)))
    }
    reporter.tell(try LibraryStatus.of(library, named: library.name).overview)
  }

  // MARK: Words

  /// The element that a slot's number or a volume's name means.
  private func source(
    _ word: [UInt8], _ elements: [ChangerElement], _ changer: any MediumChanger
  ) throws(OperationError) -> ChangerElement {
    let text = String(decoding: word, as: UTF8.self)
    if let found = elements.first(where: { $0.barcode == text || $0.vsn?.text == text && $0.isFull }) { return found }
    guard text.utf8.count < 6, let number = Sizes.number(word) else {
      throw .refused(
        "there is no volume \(text) in \(changer.name)", hint: "'tapir library status' shows what there is")
    }
    let address = ElementAddress.slot(Int(number))
    return try LibraryArchive.onChanger { () throws(ChangerError) in
      guard let found = elements.first(where: { $0.address == address }) else {
        throw .noSuchElement(address, changer: changer.name)
      }
      guard found.isFull else { throw .empty(address, changer: changer.name) }
      return found
    }
  }

  private func number(_ word: [UInt8], _ what: String) throws(OperationError) -> Int {
    guard let number = Sizes.number(word), number <= 65_535 else {
      throw .refused("'\(String(decoding: word, as: UTF8.self))' is not the number of \(what)", hint: nil)
    }
    return Int(number)
  }

  private func emptyDrive(
    _ elements: [ChangerElement], _ changer: any MediumChanger
  ) throws(OperationError) -> ElementAddress {
    let empty = elements.first { if case .drive = $0.address { !$0.isFull } else { false } }
    guard let empty else {
      throw .refused("no drive of \(changer.name) is empty", hint: "'tapir library unload' empties one")
    }
    return empty.address
  }

  private func report(_ element: ChangerElement, in place: ElementAddress, isImportExport: Bool = false) {
    report(element.barcode, .moved, in: place, isImportExport: isImportExport)
  }

  private func report(
    _ cartridge: String?, _ state: CartridgeFact.State, in place: ElementAddress, isImportExport: Bool = false
  ) {
    reporter.tell(
      CartridgeFact(
        name: cartridge, state: state, place: (place, isImportExport),
        text: "\(cartridge ?? "the cartridge") is in \(place)"
          + (isImportExport ? ", which is for import and export" : "")))
  }

  private func onChanger<Result>(_ body: () throws(ChangerError) -> Result) throws(OperationError) -> Result {
    try LibraryArchive.onChanger(body)
  }

  /// Hears nothing.
  private final class Quiet: OperationObserver, Sendable {
    func report(_ event: OperationEvent) {}
  }
}
