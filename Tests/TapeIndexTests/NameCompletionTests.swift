import ArchiveFormat
import Testing

@testable import TapeIndex

struct NameCompletionTests {
  private func names(_ prefix: String, vsn: String? = nil, _ index: IndexFile) throws -> [String] {
    try index.names(beginningWith: Array(prefix.utf8), vsn: vsn).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func namesAreCompletedUpToTheNextSlash() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit(
      ["usr/include/sys/b.h", "usr/include/a.h", "usr/incfile", "usr/in-", "usr0", "u", "/abs/x"], to: index)
    try rows.commit([Rows.record("usr", .directory), Rows.record("usr/include", .directory)], to: index)
    try rows.commit(["usr/incfile"], to: index)
    #expect(try names("", index) == ["/", "u", "usr/", "usr0"])
    #expect(try names("usr", index) == ["usr/", "usr0"])
    #expect(try names("usr/", index) == ["usr/in-", "usr/incfile", "usr/include/"])
    #expect(try names("usr/inc", index) == ["usr/incfile", "usr/include/"])
    #expect(try names("usr/include/", index) == ["usr/include/a.h", "usr/include/sys/"])
    #expect(try names("usr/include/sys/b", index) == ["usr/include/sys/b.h"])
    #expect(try names("/", index) == ["/abs/"])
    #expect(try names("x", index) == [])
    #expect(try names("usr/incfile/", index) == [])
  }

  @Test func onlyTheVolumeThatWasNamedCounts() throws {
    let index = try IndexFile()
    var one = try Rows(vsn: "V00001")
    var two = try Rows(vsn: "V00002")
    try one.commit(["a1"], to: index)
    try two.commit(["a2"], to: index)
    #expect(try names("a", index) == ["a1", "a2"])
    #expect(try names("a", vsn: "V00002", index) == ["a2"])
  }
}
