import ArchiveOperations
import Glibc
import TapeIO
import TapeIndex
import VirtualTape

/// `tapir library migrate LIBRARY TARGET...`.
struct MigrateVerb {
  let command: TarCommand
  let targets: [[UInt8]]
  let reporter: Reporter

  static let summary =
    "Usage: tapir library migrate LIBRARY TARGET... --older-than=DAYS|--fuller-than=PERCENT\n\n"
    + "Copies the cartridges that 'library status --stale' names, block for block and read back: each to a target of its own\n"
    + "(a drive, a virtual cartridge), or all of them to another library or into a folder. Says which can be removed then,\n"
    + "and removes nothing. What was copied before is brought up to date. With --changer a drive is the target of all: each\n"
    + "goes to the cartridge with its name as the barcode.\n"

  /// Copies the candidates, one after another.
  func run(_ signals: Signals) throws(OperationError) {
    let path = command.archive.name ?? []
    guard Library.isLibrary(at: path) else {
      throw .refused(
        "\(String(decoding: path, as: UTF8.self)) is not a virtual library", hint: "'tapir library create' makes one")
    }
    let library = Library(path: path)
    guard let index = try IndexLocation.openForReading(command.archive, .library(path)) else {
      throw .refused("library \(library.name) has no index", hint: "'tapir index rebuild' makes one")
    }
    let candidates = try command.library.policy.candidates(in: library, index)
    if candidates.isEmpty { return reporter.decorate("no cartridge of \(library.name) is a candidate") }
    var left: [String] = []
    for (number, candidate) in candidates.enumerated() {
      let name = candidate.cartridge
      guard let target = target(for: name, number) else {
        left.append(name)
        continue
      }
      let copy = CopyVerb(command: command, source: library.folder(of: name), target: target, reporter: reporter)
      // What was told to stop says so.
      guard try copy.run(signals), signals.caught == nil else { return }
      reporter.tell(
        CartridgeFact(
          name: name, state: .removable,
          text: "\(name) may be removed: tapir library remove \(library.name) \(name) --into=FOLDER"))
    }
    guard left.isEmpty else {
      throw .refused(
        "\(left.count) of \(candidates.count) candidates have no target: \(left.joined(separator: ", "))",
        hint: "name a target for each, or another library or a folder for all")
    }
  }

  /// Where a cartridge is copied to; nil when there are too few targets.
  private func target(for name: String, _ number: Int) -> [UInt8]? {
    if targets.count == 1, let only = targets.first {
      if command.archive.changer != nil { return only }
      if Library.isLibrary(at: only) { return only + Array("/\(name)".utf8) }
      var status = stat()
      let isFolder =
        ArchiveTarget.withCString(only) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
      if isFolder, !Cartridge.isCartridge(at: only), CartridgeImage.format(at: only) == nil {
        return only + Array("/\(name).vtl".utf8)
      }
    }
    return number < targets.count ? targets[number] : nil
  }
}
