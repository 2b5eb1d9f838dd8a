import ArchiveFormat
import TapeTestSupport
import Testing

/// Lists of what was in directories.
struct DumpDirectoryTests {
  @Test func entriesEndWithAnEmptyOne() {
    let list = DumpDirectory(Array("Ya\u{0}Nb\u{0}Dc\u{0}Zx\u{0}\u{0}Yd\u{0}".utf8))
    #expect(list.entries.map(\.code) == [.archived, .notArchived, .directory])
    #expect(list.entries.map { String(decoding: $0.name, as: UTF8.self) } == ["a", "b", "c"])
    #expect(DumpDirectory([UInt8]()).entries.isEmpty && DumpDirectory(Array("Ya".utf8)).entries.count == 1)
    #expect(DumpDirectory(list.entries).bytes == Array("Ya\u{0}Nb\u{0}Dc\u{0}\u{0}".utf8))
  }

  @Test(arguments: [
    ("Ya|Ra|Tb|", nil), ("Xd|Ra|T|Rb|Ta|R|Tb|", nil), ("Ra|Yb|", "expected 'T' but found 0131"),
    ("Ra|", "expected 'T' but found end of data"), ("Tb|", "'T' not preceded by 'R'"), ("R|Tb|", "empty name in 'R'"),
    ("Ra|T|", "empty name in 'T'"), ("Xa|Xb|", "'X' duplicated"),
  ])
  func renamesThatCannotBeMadeAreFaults(_ text: String, _ fault: String?) {
    let list = DumpDirectory(text.utf8.map { $0 == UInt8(ascii: "|") ? 0 : $0 } + [0])
    #expect(list.fault == fault.map { "Malformed dumpdir: " + $0 })
    #expect(DumpDirectory(Array(list.bytes.dropLast())).fault != nil)
    #expect(DumpDirectory([UInt8]()).fault != nil)
  }

  @Test func pathsOfRenamesAreMappedAndLostOnesLeftOut() {
    let list = DumpDirectory(Array("Ya\u{0}Ra/b\u{0}Ta/c\u{0}Rx\u{0}Ta/d\u{0}Xx\u{0}Ra/e\u{0}T\u{0}\u{0}".utf8))
    let mapped = list.mappingPaths { $0.first == UInt8(ascii: "x") ? [] : Array($0.dropFirst(2)) }
    #expect(mapped.bytes == Array("Ya\u{0}Rb\u{0}Tc\u{0}X.\u{0}Re\u{0}T\u{0}\u{0}".utf8))
  }

  /// A user file of a volume with a list is one that GNU tar restores deletions from.
  @Test func gnuTarDeletesWhatAVolumesListDoesNotName() throws {
    let folder = TestFolder()
    var directory = Member(
      path: Array("d".utf8), kind: .directory, mode: 0o755, ownership: Ownership(user: 0, group: 0),
      modified: Timestamp(seconds: 1_700_000_000, nanoseconds: 5))
    directory.dumpDirectory = Array("Nkept\u{0}\u{0}".utf8)
    var encoder = PaxEncoder()
    var bytes: [UInt8] = []
    encoder.append(directory, to: &bytes)
    try bytes.withUnsafeBytes { memory in
      let found = try PaxDecoder.next(from: MemoryBytes(memory))
      #expect(found?.member.dumpDirectory == directory.dumpDirectory)
    }
    folder.write(bytes + [UInt8](repeating: 0, count: PaxEncoder.endOfArchiveSize), to: "a.tar")
    let made = folder.run("mkdir d; touch d/kept d/gone; tar -x -g /dev/null -f a.tar; ls d")
    #expect(made.status == 0)
    #expect(made.output == Array("kept\n".utf8))
  }
}
