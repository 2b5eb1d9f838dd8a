import ArchiveOperations
import TapeIO
import VirtualTape

/// What is where in a library, a line for each element.
struct LibraryStatus {
  let library: LibraryDescription
  let lines: [String]
  /// Those of them that are about drives.
  var driveLines: [String] {
    zip(library.addresses, lines).compactMap { if case .drive = $0.0 { $0.1 } else { nil } }
  }

  /// The state of a virtual library, with who uses its drives and what its cartridges hold.
  static func of(_ library: Library) throws(OperationError) -> LibraryStatus {
    let (description, users) = try LibraryArchive.onChanger { () throws(ChangerError) in try library.users() }
    let lines = description.addresses.map { address in
      let cartridge = description.cartridge(at: address)
      var notes: [String] = []
      if let cartridge {
        notes.append(contents(cartridge, library))
        if let home = cartridge.home { notes.append("from slot \(home)") }
      }
      if case .drive(let number) = address, let user = users[number] { notes.append("in use by \(user)") }
      return line(
        address, isImportExport: description.isImportExport(address), cartridge?.name ?? (notes.isEmpty ? "" : "-"),
        notes.joined(separator: ", "))
    }
    return LibraryStatus(library: description, lines: lines)
  }

  /// One element of a real library.
  static func line(_ element: ChangerElement) -> String {
    let origin = element.origin.map { "from \($0)" } ?? ""
    return line(
      element.address, isImportExport: element.isImportExport,
      element.isFull ? element.barcode ?? "(no barcode)" : "", origin)
  }

  private static func contents(_ cartridge: LibraryDescription.Cartridge, _ library: Library) -> String {
    let path = library.folder(of: cartridge.name)
    if cartridge.isScratch { return "scratch" }
    // try?: what cannot be read of it is not shown; using it says why.
    guard let size = Cartridge.storedSize(at: path), let description = try? Cartridge.describe(at: path) else {
      return "cannot be read"
    }
    return "\(size) bytes" + (description.options.capacity.map { " of \($0)" } ?? "")
  }

  private static func line(
    _ address: ElementAddress, isImportExport: Bool, _ cartridge: String, _ notes: String
  ) -> String {
    let name = "\(address)" + (isImportExport ? " (i/o)" : "")
    let left = name + String(repeating: " ", count: max(1, 15 - name.count))
    let middle = cartridge.isEmpty ? "empty" : cartridge
    guard !notes.isEmpty else { return left + middle }
    return left + middle + String(repeating: " ", count: max(2, 8 - middle.count)) + notes
  }
}
