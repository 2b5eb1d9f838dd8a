import VirtualTape

/// `library.json`: refused, or understood, changed and understood again.
final class LibraryFuzzer {
  private let folder = Files.scratch()

  func run(_ input: [UInt8]) {
    Files.write(input, to: "\(folder)/library.json")
    let library = Library(path: Array(folder.utf8))
    guard let found = try? library.description() else { return }
    for cartridge in found.cartridges {
      precondition(found.has(cartridge.place) && found[cartridge.name] == cartridge)
      precondition(found.cartridge(at: cartridge.place) == cartridge, "two cartridges in one place")
    }
    guard let first = found.cartridges.first, (try? library.setScratch(first.name, !first.isScratch)) != nil else {
      return
    }
    guard let changed = try? library.description() else { fatalError("what was written cannot be read") }
    precondition(
      changed[first.name]?.isScratch == !first.isScratch && changed.cartridges.count == found.cartridges.count)
  }
}
