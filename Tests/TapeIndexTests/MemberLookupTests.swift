import ArchiveFormat
import TapeIO
import TapeLabels
import Testing

@testable import TapeIndex

struct MemberLookupTests {
  @Test func aPathIsFoundAsItWasWritten() throws {
    let index = try IndexFile()
    var rows = try Rows()
    // A look-up cuts a path in two where the index does: also where there is no slash, or one at an end.
    let paths = ["a", "d/x", "d/", "d/e/", "/d/x", "/", "//", "d//x", "d/e/ff"]
    try rows.commit(paths, to: index)
    try rows.commit(["d/x"], to: index)
    var other = try Rows(vsn: "V00002")
    try other.commit(["d/x", "b"], to: index)
    let volume = try #require(try index.volume(rows.volume.id))
    let lookup = try MemberLookup([volume], in: index)
    #expect(lookup.count == 10)
    for path in paths {
      let found = try lookup.members(of: Array(path.utf8))
      #expect(found.map { String(decoding: $0.member.path, as: UTF8.self) } == (path == "d/x" ? [path, path] : [path]))
      #expect(found.allSatisfy { $0.digest == Digester.digest(of: Array(path.utf8)) })
    }
    for path in ["", "b", "d", "x", "d/xx", "/a", "a/", "d/e"] {
      #expect(try lookup.members(of: Array(path.utf8)).isEmpty, "\(path)")
    }
  }

  @Test func aVolumeIsFoundByACatalogueOnlyWhereAllIsTheSame() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit(["a"], to: index)
    try rows.commit(["b"], to: index)
    let (first, last) = (rows.catalogues[0], rows.catalogues[1])
    let vsn = try VSN("V00001")
    #expect(try index.volume(vsn, with: first)?.descriptor == rows.volume)
    #expect(try index.volume(vsn, with: last)?.descriptor == rows.volume)
    #expect(try index.volume(VSN("V00002"), with: first) == nil)
    let changes: [(inout CataloguePlacement) -> Void] = [
      { $0 = .init(batch: 1, sequence: $0.sequence, header: $0.header, digest: $0.digest) },
      { $0 = .init(batch: 0, sequence: last.sequence, header: $0.header, digest: $0.digest) },
      { $0 = .init(batch: 0, sequence: $0.sequence, header: last.header, digest: $0.digest) },
      { $0 = .init(batch: 0, sequence: $0.sequence, header: $0.header, digest: last.digest) },
    ]
    for change in changes {
      var other = first
      change(&other)
      #expect(try index.volume(vsn, with: other) == nil)
    }
    try index.markErased(try #require(try index.volume(rows.volume.id)))
    #expect(try index.volume(vsn, with: first) == nil)
  }
}
