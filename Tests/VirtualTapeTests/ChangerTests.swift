import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// Every rule of a changer's contract, on the changers that need no device.
struct ChangerTests {
  @Test(arguments: ChangerConformance.rules)
  func memory(_ rule: ChangerRule) throws {
    let changer = MemoryChanger(drives: 2, slots: 4, ioSlots: 1, barcodes: ["V00001L8", "V00002L8", "V00003L8"])
    try rule.run(
      ChangerSubject {
        changer
      } reopen: {
        changer
      })
  }

  @Test(arguments: ChangerConformance.rules)
  func virtual(_ rule: ChangerRule) throws {
    let folder = try TemporaryFolder()
    let path = Array("\(folder.path)/tapes".utf8)
    try rule.run(
      ChangerSubject {
        try Library.create(at: path, LibraryDescription(drives: 2, slots: 4, ioSlots: 1, capacity: 1 << 20))
        let library = Library(path: path)
        for _ in 0..<3 { _ = try library.addNew() }
        return library
      } reopen: {
        Library(path: path)
      })
  }

  @Test func theNamesOfRulesDiffer() {
    #expect(Set(ChangerConformance.rules.map(\.name)).count == ChangerConformance.rules.count)
    #expect(ChangerConformance.rules.count >= 9)
  }
}
