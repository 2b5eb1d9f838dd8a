import Glibc
import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// A library cut off at every step of a change, and one killed in the middle of moves.
struct LibraryCrashTests {
  /// Keeps what is in a folder after each change to a file of the library, as a crash of the program leaves it.
  private final class Snapshots: FileWitness {
    let folder: String
    var root = ""
    var count = 0

    init(_ folder: String) { self.folder = folder }

    func saw(_ change: FileChange, of path: [UInt8]) {
      do { try Snapshots.copyAll(root, to: "\(folder)/cut\(count)") } catch { Issue.record(error) }
      count += 1
    }

    static func copyAll(_ from: String, to target: String) throws {
      mkdir(target, 0o755)
      for name in Files.names(in: from) {
        var status = stat()
        guard stat("\(from)/\(name)", &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          try copyAll("\(from)/\(name)", to: "\(target)/\(name)")
        } else {
          try Files.write("\(target)/\(name)", Files.read("\(from)/\(name)"))
        }
      }
    }
  }

  private static func changes() -> [(String, (Library) throws -> Void)] {
    [
      ("move", { try $0.move(from: .slot(1), to: .drive(0)) }),
      ("scratch", { try $0.loadScratch()?.release() }), ("unload", { _ = try $0.unload(drive: 1) }),
      ("add", { _ = try $0.addNew() }),
      ("export", { try $0.move(from: .slot(1), to: .slot(5)) }),
    ]
  }

  @Test(arguments: ["move", "scratch", "unload", "add", "export"])
  func aChangeCutAtAnyStepIsWhollyThereOrNotAtAll(_ name: String) throws {
    let folder = try TemporaryFolder()
    let snapshots = Snapshots(folder.path)
    let path = "\(folder.path)/tapes"
    try Library.create(at: Array(path.utf8), LibraryDescription(drives: 2, slots: 4, ioSlots: 1, capacity: 1 << 20))
    let plain = Library(path: Array(path.utf8))
    for _ in 0..<3 { _ = try plain.addNew() }
    try plain.move(from: .slot(3), to: .drive(1))
    let before = try plain.description()
    snapshots.root = path
    let change = try #require(Self.changes().first { $0.0 == name })
    try change.1(Library(path: Array(path.utf8), witness: snapshots))
    let after = try plain.description()
    #expect(before != after)
    var seen: [Bool] = []
    for number in 0..<snapshots.count {
      let cut = Library(path: Array("\(folder.path)/cut\(number)".utf8))
      let found = try cut.description()
      #expect(found == before || found == after, "\(name), cut \(number)")
      seen.append(found == after)
      // Work goes on, and no cartridge is lost: what lies there unlisted is taken in.
      let inventory = try cut.inventory()
      #expect(inventory.missing == [] && inventory.ignored == [], "\(name), cut \(number)")
      let now = try cut.description()
      let names = now.cartridges.map(\.name)
      #expect(names == before.cartridges.map(\.name) || names == after.cartridges.map(\.name), "\(name), cut \(number)")
      try cut.move(from: .slot(2), to: .slot(4 + (now.cartridge(at: .slot(4)) == nil ? 0 : 1)))
    }
    // Each was seen: a change that is not on disk yet, and one that is.
    #expect(seen.contains(false) && seen.contains(true))
  }

  /// Keeps the order in which the system was asked for changes.
  private final class Steps: FileWitness {
    var steps: [String] = []

    func saw(_ change: FileChange, of path: [UInt8]) {
      let name = String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
      switch change {
      case .makeFolder: steps.append("make \(name)")
      case .create: steps.append("create \(name)")
      case .write: steps.append("write \(name)")
      case .truncate: steps.append("truncate \(name)")
      case .sync: steps.append("sync \(name)")
      case .rename(let target):
        steps.append("rename \(name) to \(String(decoding: target.suffix(12), as: UTF8.self))")
      }
    }
  }

  /// What a power cut may leave: nothing has its name before it is on disk, and nothing is said to be done before the name is.
  @Test func aChangeIsOnDiskBeforeItHasItsNameAndItsNameBeforeItIsDone() throws {
    let folder = try TemporaryFolder()
    let path = Array("\(folder.path)/tapes".utf8)
    let out = "\(folder.path)/out"
    mkdir(out, 0o755)
    try Library.create(at: path, LibraryDescription(drives: 1, slots: 2, ioSlots: 0))
    _ = try Library(path: path).addNew()
    func steps(_ change: (Library) throws -> Void) throws -> [String] {
      let witness = Steps()
      try change(Library(path: path, witness: witness))
      // Locks are files that need not last.
      return witness.steps.filter { !$0.hasSuffix(".lock") }
    }
    let replaced = [
      "create library.json.new", "write library.json.new", "sync library.json.new",
      "rename library.json.new to library.json", "sync tapes",
    ]
    #expect(try steps { try $0.move(from: .slot(1), to: .drive(0)) } == replaced)
    let removed = try steps { _ = try $0.remove("V00001", into: Array(out.utf8)) }
    #expect(removed == ["rename V00001 to \("\(out)/V00001".suffix(12))", "sync out", "sync tapes"] + replaced)
    #expect(try steps { _ = try $0.inventory() } == [])
  }

  @Test func aLibraryWhoseMakingWasCutIsMadeAgain() throws {
    let folder = try TemporaryFolder()
    let snapshots = Snapshots(folder.path)
    snapshots.root = "\(folder.path)/tapes"
    let description = LibraryDescription(drives: 1, slots: 2, ioSlots: 0)
    try Library.create(at: Array(snapshots.root.utf8), description, witness: snapshots)
    #expect(snapshots.count >= 5)
    for number in 0..<snapshots.count {
      let path = Array("\(folder.path)/cut\(number)".utf8)
      if !Library.isLibrary(at: path) { try Library.create(at: path, description) }
      #expect(try Library(path: path).description() == description)
    }
  }

  @Test func aCartridgeBeingRemovedIsInOnePlaceAtEveryStep() throws {
    let folder = try TemporaryFolder()
    let snapshots = Snapshots(folder.path)
    mkdir("\(folder.path)/all", 0o755)
    mkdir("\(folder.path)/all/out", 0o755)
    let path = "\(folder.path)/all/tapes"
    try Library.create(at: Array(path.utf8), LibraryDescription(drives: 1, slots: 4, ioSlots: 1))
    for _ in 0..<2 { _ = try Library(path: Array(path.utf8)).addNew() }
    snapshots.root = "\(folder.path)/all"
    _ = try Library(path: Array(path.utf8), witness: snapshots).remove(
      "V00002", into: Array("\(folder.path)/all/out".utf8))
    for number in 0..<snapshots.count {
      let cut = "\(folder.path)/cut\(number)"
      let library = Library(path: Array("\(cut)/tapes".utf8))
      _ = try library.inventory()
      let isIn = try library.description()["V00002"] != nil
      let isOut = Files.names(in: "\(cut)/out").contains("V00002")
      #expect(isIn != isOut, "cut \(number)")
      #expect(Cartridge.isCartridge(at: Array((isOut ? "\(cut)/out/V00002" : "\(cut)/tapes/V00002").utf8)))
    }
  }
}
