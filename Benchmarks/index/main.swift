// Makes an index of so many members out of catalogues as a session writes them, and times what is done with it:
// index-figures FOLDER MEMBERS pax|pack
// Each figure is a line: what, a tab, the value. What it makes in the folder stays there, and is not made again.
import ArchiveFormat
import Glibc
import TapeIO
import TapeIndex

let words = CommandLine.arguments
let layouts: [String: Layout] = ["pax": .pax, "pack": .pack]
guard words.count == 4, let members = Int(words[2]), members > 0, let layout = layouts[words[3]] else {
  print("usage: index-figures FOLDER MEMBERS pax|pack")
  exit(2)
}

func figure(_ name: String, _ value: Double) { print("\(name)\t\(value)") }

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  return try clock.measure(body) / .seconds(1)
}

func path(_ name: String) -> [UInt8] { Array("\(words[1])/\(name)".utf8) }

func bytesAMember(_ name: String) -> Double {
  var status = stat()
  guard stat("\(words[1])/\(name)", &status) == 0 else { return .nan }
  return Double(status.st_size) / Double(members)
}

/// A session takes in its own catalogues, a transaction each; rebuilding those that it read, all in one.
func make() throws {
  let spool = try CatalogueSpool()
  var taken = 0.0
  var read = 0.0
  do {
    let index = try IndexFile(path: path("session.sqlite"), access: .readWrite)
    try MadeUpTree(count: members, layout: layout).forEachBatch { frame, own, placement, end in
      taken += try seconds { try index.ingest(own, placement: placement, end: end) }
      read += try seconds {
        let found = try Catalogue(frame)
        try spool.add(frame, number: found.batch.number, found: (placement, end))
      }
    }
  }
  figure("rows/s in, of a session", Double(members) / taken)
  figure("bytes a member, of a session", bytesAMember("session.sqlite"))
  let rebuilt = try seconds { try IndexFile(path: path("rebuilt.sqlite"), access: .readWrite).ingest(spool) }
  figure("rows/s in, rebuilding", Double(members) / (read + rebuilt))
  figure("bytes a member, rebuilt", bytesAMember("rebuilt.sqlite"))
}

/// Brings a file into the page cache: what is timed is the index and no disk.
func readThrough(_ name: String) throws {
  guard let file = fopen("\(words[1])/\(name)", "r") else { throw POSIXFailure(code: errno) }
  defer { fclose(file) }
  var block = [UInt8](repeating: 0, count: 1 << 20)
  while fread(&block, 1, block.count, file) > 0 {}
}

struct POSIXFailure: Error { var code: Int32 }

if bytesAMember("session.sqlite").isNaN { try make() }
try readThrough("session.sqlite")
let index = try IndexFile(path: path("session.sqlite"), access: .readOnly)
let volumes = try index.volumes()
let lookup = try MemberLookup(volumes, in: index)
var generator = SystemRandomNumberGenerator()
// Looked up while another statement reads, as repacking does: SQLite then need not lock the file for each.
var few = MemberQuery(newestOnly: false, view: .stored)
few.sample = .count(2)
let reading = try Selection(few, of: volumes, in: index)
_ = try reading.next()
var rounds: [Double] = []
for _ in 0..<11 {
  let paths = (0..<10_000).map { _ in MadeUpTree.path(.random(in: 0..<members, using: &generator)) }
  var found = 0
  rounds.append(try seconds { for path in paths { found += try lookup.members(of: path).count } })
  precondition(found == paths.count, "\(paths.count - found) look-ups found nothing")
}
figure("look-up by path, us", rounds.sorted()[rounds.count / 2] / 10_000 * 1_000_000)
var times: [Double] = []
for _ in 0..<21 {
  let directory = Array(MadeUpTree.directory(.random(in: 0..<members, using: &generator)).dropLast().utf8)
  var found = 0
  times.append(
    try seconds {
      let selection = try Selection(
        MemberQuery(operands: [.literal(directory)], newestOnly: true), of: volumes, in: index)
      while try selection.next() != nil { found += 1 }
    })
  precondition(found == min(members, MadeUpTree.inDirectory), "the directory has \(found) members")
}
figure("list of a directory of 1,000, ms", times.sorted()[times.count / 2] * 1000)
