import ArchiveOperations
import TapeIO
import VirtualTape

/// What is where in a library, a fact for each element.
struct LibraryStatus {
  let overview: LibraryOverview
  let elements: [ElementFact]
  /// Those of them that are drives.
  var drives: [ElementFact] { elements.filter { if case .drive = $0.address { true } else { false } } }

  /// The state of a virtual library, with who uses its drives and what its cartridges hold.
  /// - Parameter name: what people call it.
  static func of(_ library: Library, named name: String) throws(OperationError) -> LibraryStatus {
    let (description, users) = try LibraryArchive.onChanger { () throws(ChangerError) in try library.users() }
    let elements = description.addresses.map { address in
      let cartridge = description.cartridge(at: address)
      var fact = ElementFact(
        address: address, isImportExport: description.isImportExport(address), isFull: cartridge != nil,
        cartridge: cartridge?.name)
      if let cartridge {
        fact.contents = contents(cartridge, library)
        fact.origin = cartridge.home.map { .slot($0) }
      }
      if case .drive(let number) = address { fact.user = users[number] }
      return fact
    }
    return LibraryStatus(overview: LibraryOverview(name: name, library: description), elements: elements)
  }

  private static func contents(
    _ cartridge: LibraryDescription.Cartridge, _ library: Library
  ) -> ElementFact.Contents {
    let path = library.folder(of: cartridge.name)
    if cartridge.isScratch { return .scratch }
    // try?: what cannot be read of it is not shown; using it says why.
    guard let size = Cartridge.storedSize(at: path), let description = try? Cartridge.describe(at: path) else {
      return .unreadable
    }
    return .bytes(size, capacity: description.options.capacity)
  }
}

extension ElementFact {
  /// One element of a real library.
  init(_ element: ChangerElement) {
    self.init(
      address: element.address, isImportExport: element.isImportExport, isFull: element.isFull,
      cartridge: element.isFull ? element.barcode : nil, origin: element.origin)
  }
}
