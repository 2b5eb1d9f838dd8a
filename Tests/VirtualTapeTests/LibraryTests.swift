import Glibc
import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// A virtual library: its drives, its scratch pool, what comes and goes.
struct LibraryTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/tapes" }

  init() throws { folder = try TemporaryFolder() }

  private func library(drives: Int = 2, slots: Int = 4, cartridges: Int = 3) throws -> Library {
    try Library.create(
      at: Array(path.utf8), LibraryDescription(drives: drives, slots: slots, ioSlots: 1, capacity: 1 << 20))
    let library = again
    for _ in 0..<cartridges { _ = try library.addNew() }
    return library
  }

  /// The library as another process sees it: locks of one instance keep the other out.
  private var again: Library { Library(path: Array(path.utf8)) }

  private func places(_ library: Library) throws -> [String] {
    try library.elements().filter(\.isFull).map { "\($0.barcode ?? "") \($0.address)" }
  }

  @Test func aWriterHasItsDriveAloneAndTheNextOneGetsAnotherWithAnotherCartridge() throws {
    let library = try library()
    let first = try #require(try library.loadScratch())
    #expect((first.number, first.cartridge) == (0, "V00001"))
    let second = try #require(try again.loadScratch())
    #expect((second.number, second.cartridge) == (1, "V00002"))
    #expect(throws: ChangerError.self) { try again.loadScratch() }
    #expect(try places(again) == ["V00001 drive 0", "V00002 drive 1", "V00003 slot 3"])
    // A cartridge in use stays where it is, and is nobody else's.
    #expect {
      try again.move(from: .drive(0), to: .slot(1))
    } throws: { error in
      "\(error)".hasPrefix("drive 0 of \(path), with V00001 in it, is in use by process \(getpid())")
    }
    #expect(throws: ChangerError.self) { try again.load("V00001", for: .readOnly) }
    #expect(try again.users().ofDrives.compactMap { $0 }.count == 2)
    first.release()
    second.release()
    #expect(try again.users().ofDrives == [nil, nil])
    #expect(try again.load("V00001", for: .readOnly).number == 0)
  }

  @Test func readersShareACartridgeAndKeepAWriterOut() throws {
    let library = try library(drives: 1)
    let first = try library.load("V00002", for: .readOnly)
    let second = try again.load("V00002", for: .readOnly)
    #expect((first.number, second.number) == (0, 0))
    #expect(throws: ChangerError.self) { try again.load("V00002", for: .readWrite) }
    #expect(throws: ChangerError.self) { try again.load("V00001", for: .readOnly) }
    first.release()
    #expect(throws: ChangerError.self) { try again.load("V00001", for: .readOnly) }
    second.release()
    // Then it is exchanged, and goes where it came from.
    #expect(try again.load("V00001", for: .readWrite).cartridge == "V00001")
    #expect(try places(again) == ["V00001 drive 0", "V00002 slot 2", "V00003 slot 3"])
  }

  @Test func aScratchCartridgeIsTakenOnceAndTheLastWrittenIsAppendedTo() throws {
    let library = try library(drives: 1)
    for name in ["V00001", "V00002", "V00003"] {
      let drive = try #require(try library.loadScratch())
      #expect(drive.cartridge == name)
      drive.release()
    }
    #expect(try library.loadScratch() == nil)
    let last = try #require(try library.loadLastWritten(except: []))
    #expect(last.cartridge == "V00003")
    last.release()
    try library.noteWriting("V00001")
    let second = try #require(try library.loadLastWritten(except: ["V00003"]))
    #expect(second.cartridge == "V00001")
    second.release()
    // What was written last is in use: the one before it, in another drive, if there is one.
    try library.setScratch("V00002", true)
    #expect(try #require(try library.loadScratch()).cartridge == "V00002")
  }

  @Test func anUnloadedCartridgeGoesBackToItsSlotOrToAnEmptyOne() throws {
    let library = try library()
    try library.move(from: .slot(2), to: .drive(1))
    #expect(try library.unload(drive: 1) == ("V00002", 2))
    try library.move(from: .slot(2), to: .drive(1))
    try library.move(from: .slot(3), to: .slot(2))
    #expect(try library.unload(drive: 1) == ("V00002", 3))
    #expect(throws: ChangerError.empty(.drive(1), changer: path)) { try library.unload(drive: 1) }
    #expect(throws: ChangerError.noSuchElement(.drive(2), changer: path)) { try library.unload(drive: 2) }
    _ = try library.addNew()
    try library.move(from: .slot(1), to: .drive(0))
    try library.move(from: .slot(4), to: .slot(1))
    _ = try library.addNew()
    #expect {
      try library.unload(drive: 0)
    } throws: {
      "\($0)" == "cannot unload V00001: no slot of \(path) is empty"
    }
  }

  @Test func cartridgesComeAndGoByNameAndNoneIsOverwritten() throws {
    let library = try library()
    #expect(try library.addNew("ABC123") == ("ABC123", 4))
    #expect { try library.addNew() } throws: { "\($0)" == "cannot add a cartridge to \(path): no slot is empty" }
    mkdir("\(folder.path)/out", 0o755)
    let out = Array("\(folder.path)/out".utf8)
    #expect(try library.remove("V00002", into: out) == out + Array("/V00002".utf8))
    #expect(Files.names(in: "\(folder.path)/out/V00002").contains("data"))
    #expect(Files.names(in: path).filter { $0.hasPrefix("V") } == ["V00001", "V00003"])
    #expect(try places(library) == ["V00001 slot 1", "V00003 slot 3", "ABC123 slot 4"])
    // The name is free again; the cartridge of that name cannot come back then.
    #expect(try library.addNew() == ("V00002", 2))
    #expect(throws: ChangerError.self) { try library.remove("V00002", into: out) }
    try library.setScratch("V00001", false)
    _ = try library.remove("V00001", into: out)
    #expect {
      try library.add(out + Array("/V00002".utf8), as: "V00002", isScratch: false)
    } throws: {
      "\($0)".hasSuffix("there is a volume V00002 already")
    }
    #expect(try library.add(out + Array("/V00001/".utf8), as: "V00001", isScratch: false) == ("V00001", 1))
    #expect(Files.names(in: "\(folder.path)/out") == ["V00002"])
  }

  @Test func aCartridgeInUseByItsOwnNameStays() throws {
    let library = try library()
    let drive = try open("\(path)/V00001")
    #expect(throws: ChangerError.self) { try library.remove("V00001", into: Array(folder.path.utf8)) }
    try drive.close()
    _ = try library.remove("V00001", into: Array(folder.path.utf8))
  }

  @Test func anInventoryNoticesWhatCameAndWentByHand() throws {
    let library = try library()
    #expect(try library.inventory() == LibraryInventory())
    Files.remove("\(path)/V00002")
    try Files.copy("\(path)/V00001", to: "\(path)/V00009")
    try Files.copy("\(path)/V00001", to: "\(path)/other")
    try Cartridge.create(at: Array("\(path)/XYZ789".utf8), CartridgeOptions(vsn: "XYZ789"))
    let found = try library.inventory()
    #expect(found.missing == ["V00002"])
    #expect(found.added == ["XYZ789"])
    #expect(found.ignored.map(\.name) == ["V00009", "other"])
    // A copy of a volume is no other volume.
    #expect(found.ignored.first?.reason == "volume V00001 is on it: the folder's name must be that")
    #expect(try places(library) == ["V00001 slot 1", "XYZ789 slot 2", "V00003 slot 3"])
    #expect(try library.description()["XYZ789"]?.isScratch == false)
    #expect(try library.inventory().added == [])
  }

  @Test func whatAnotherProgramWroteIntoLibraryJSONIsKept() throws {
    let library = try library()
    let file = "\(path)/library.json"
    var text = String(decoding: Files.read(file), as: UTF8.self)
    text.replace("\"drives\"", with: "\"site\": \"Kyoto\", \"drives\"")
    text.replace("\"name\": \"V00002\"", with: "\"owner\": \"me\", \"name\": \"V00002\"")
    try Files.write(file, Array(text.utf8))
    try library.move(from: .slot(2), to: .drive(0))
    text = String(decoding: Files.read(file), as: UTF8.self)
    #expect(text.contains("\"site\": \"Kyoto\""))
    #expect(text.contains("\"owner\": \"me\""))
    #expect(try places(library) == ["V00002 drive 0", "V00001 slot 1", "V00003 slot 3"])
  }

  @Test func aLibraryIsNotMadeOverAnythingElse() throws {
    _ = try library()
    #expect(throws: ChangerError.self) {
      try Library.create(at: Array(path.utf8), LibraryDescription(drives: 1, slots: 1, ioSlots: 0))
    }
    try Files.write("\(folder.path)/letter", [1])
    #expect {
      try Library.create(at: Array(folder.path.utf8), LibraryDescription(drives: 1, slots: 1, ioSlots: 0))
    } throws: {
      "\($0)" == "cannot create library \(folder.path): the folder holds letter"
    }
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "{\"format\": \"tapir virtual library\", \"version\": 2}",
    "{\"format\": \"tapir virtual library\", \"version\": 1, \"drives\": 0, \"slots\": 1, \"ioSlots\": 0, "
      + "\"capacity\": null, \"compression\": \"lz4\", \"cartridges\": []}",
  ])
  func aLibraryJSONThatIsNoneIsRefused(_ text: String) throws {
    let library = try library()
    try Files.write("\(path)/library.json", Array(text.utf8))
    #expect(throws: ChangerError.self) { try library.elements() }
    #expect(throws: ChangerError.self) { try library.move(from: .slot(1), to: .drive(0)) }
    #expect(Files.read("\(path)/library.json") == Array(text.utf8))
  }

  @Test(arguments: [
    ("\"slot\": 2", "\"slot\": 1"), ("\"slot\": 2", "\"slot\": 6"), ("\"V00002\"", "\"V00001\""),
    ("\"V00002\"", "\"V2\""), ("\"slot\": 2", "\"slot\": 2, \"x\": 1, \"slot\": 3"),
    ("\"written\": 0", "\"written\": -1"),
    ("\"slots\": 4", "\"slots\": 4000000000"),
  ])
  func cartridgesThatCannotBeWhereTheyAreAreRefused(_ old: String, _ new: String) throws {
    let library = try library()
    var text = String(decoding: Files.read("\(path)/library.json"), as: UTF8.self)
    #expect(text.contains(old))
    text.replace(old, with: new, maxReplacements: 1)
    try Files.write("\(path)/library.json", Array(text.utf8))
    #expect(throws: ChangerError.self) { try library.elements() }
  }
}
