import ArchiveFormat
import TapeIO
import TapeIndex
import TapeTestSupport
import Testing

struct IndexSizeTests {
  /// docs/design: 10 million members take at most 180 bytes each, in packs 150.
  @Test(arguments: [(Layout.pax, 180), (.pack, 150)])
  func aMemberTakesAtMostSoManyBytes(layout: Layout, limit: Int) throws {
    let folder = TestFolder()
    let count = 200_000
    do {
      let index = try IndexFile(path: Array("\(folder.path)/index".utf8), access: .readWrite)
      var rows = try Rows()
      for batch in 0..<4 {
        try rows.commit(
          (0..<count / 4).map { number in
            var record = Rows.record("home/user/project-\(batch)/part\(number / 20)/source-file-\(number).swift")
            record.member.sourceFile = SourceFile(device: 66305, inode: 1_000_000 + UInt64(number), linkCount: 1)
            return record
          }, to: index, layout: layout)
      }
      #expect(try index.totals(of: #require(try index.volumes().first)).members == Int64(count))
    }
    let size = try #require(Int(folder.text("cat index* | wc -c").filter { $0 != "\n" }))
    print("\(size / count) bytes a member in the index of \(count), \(layout)")
    #expect(size / count <= limit)
  }
}
