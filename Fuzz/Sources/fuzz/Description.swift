import Glibc
import VirtualTape

/// `cartridge.json`: refused, or understood and kept whole when a value in it changes.
final class DescriptionFuzzer {
  private let folder = Files.scratch()

  func run(_ input: [UInt8]) {
    Files.write(input, to: "\(folder)/cartridge.json")
    let path = Array(folder.utf8)
    guard let found = try? Cartridge.describe(at: path) else { return }
    guard (try? Cartridge.setVSN("V99999", at: path)) != nil else { return }
    guard let changed = try? Cartridge.describe(at: path) else { fatalError("what was written cannot be read") }
    precondition(changed.options.vsn == "V99999" && changed.uuid == found.uuid && changed.created == found.created)
    precondition(changed.options.capacity == found.options.capacity)
  }
}
