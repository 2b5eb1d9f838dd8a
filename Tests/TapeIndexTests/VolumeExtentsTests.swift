import ArchiveFormat
import TapeIO
import TapeLabels
import TapeTestSupport
import Testing

@testable import TapeIndex

/// What lies where on a volume, against an oracle that looks at each byte of a made-up tape.
struct VolumeExtentsTests {
  /// What the index says: the kind of each byte, from the beginning.
  private func bytes(_ index: IndexFile, _ volume: IndexFile.Volume) throws -> [VolumeExtents.Kind] {
    var found: [VolumeExtents.Kind] = []
    try VolumeExtents(among: index.volumes(), in: index).forEach(on: volume) { kind, bytes, _ in
      found += repeatElement(kind, count: Int(bytes))
    }
    return found
  }

  /// A tape that is written member by member; the oracle knows every version by what was done, not by the index.
  private struct Model {
    struct File {
      var path: String
      var bytes: Int
      var isIncomplete = false
      /// The file that a hard link's content is in.
      var target: Int?
    }
    /// Files, in order; nil for a catalogue.
    var files: [File?] = []
    /// Names that are gone, with the number of files that there were.
    var deletions: [(String, Int)] = []

    func kinds() -> [VolumeExtents.Kind] {
      var live: Set<Int> = []
      var names: Set<String> = []
      for (place, file) in files.enumerated().reversed() {
        guard let file, !names.contains(file.path) else { continue }
        if deletions.contains(where: { $0.0 == file.path && place < $0.1 }) { continue }
        names.insert(file.path)
        live.insert(place)
      }
      let linked = Set(live.compactMap { files[$0]?.target })
      var kinds = [VolumeExtents.Kind](repeating: .overhead, count: 80)
      for (place, file) in files.enumerated() {
        kinds += repeatElement(.overhead, count: 240)
        if let file {
          let isLive = live.contains(place) || linked.contains(place)
          kinds += repeatElement(isLive ? file.isIncomplete ? .damaged : .live : .dead, count: file.bytes)
        }
        kinds += repeatElement(.overhead, count: 240)
      }
      return kinds
    }
  }

  @Test(arguments: [1, 2, 3, 4]) func everyByteIsWhatWasWrittenThere(seed: UInt64) throws {
    var random = SeededGenerator("extents", seed: seed)
    let index = try IndexFile()
    var rows = try Rows()
    var model = Model()
    for batch in 0..<8 {
      var records: [MemberRecord] = []
      var changes: [NameChange] = []
      if seed % 2 == 0, batch > 2 {
        let name = "n\(Int.random(in: 0..<12, using: &random))"
        changes = [.deleted(Array(name.utf8))]
        model.deletions.append((name, model.files.count))
      }
      for number in 0..<(batch == 0 ? 0 : Int.random(in: 0..<9, using: &random)) {
        let name = "n\(Int.random(in: 0..<12, using: &random))"
        var record = Rows.record(name)
        var file = Model.File(path: name, bytes: 2048)
        if Int.random(in: 0..<5, using: &random) == 0 {
          record.isIncomplete = true
          file.isIncomplete = true
        } else if number > 0, Int.random(in: 0..<4, using: &random) == 0 {
          record = Rows.record(name, .hardLink)
          record.link = LinkPlacement(sequence: rows.nextSequence + UInt64(number) - 1, offset: 0)
          file.target = model.files.count - 1
        }
        records.append(record)
        model.files.append(file)
      }
      try rows.commit(records, to: index, changes: changes)
      model.files.append(nil)
    }
    let volume = try #require(try index.volumes().first)
    let (found, wanted) = (try bytes(index, volume), model.kinds())
    #expect(found.count == wanted.count)
    let isSame = found == wanted  // by itself: nobody wants to read so many bytes
    #expect(isSame, "seed \(seed), from byte \(zip(found, wanted).prefix { $0 == $1 }.count)")
  }

  @Test func membersOfAPackShareItsBytes() throws {
    let index = try IndexFile()
    var rows = try Rows()
    try rows.commit([] as [String], to: index)
    try rows.commit((0..<2).map { Rows.record("\($0)") }, to: index, layout: .pack)
    try rows.commit([Rows.record("0")], to: index)
    let volume = try #require(try index.volumes().first)
    var found: [String] = []
    try VolumeExtents(among: [volume], in: index).forEach(on: volume) { kind, bytes, members in
      found.append("\(kind) \(bytes) \(members)")
    }
    // Both begin within the 2048 bytes that the file is said to have; the second one at 5632, beyond them.
    #expect(found.contains("dead 5632 1") && found.contains("live 0 1") && found.contains("live 2048 1"), "\(found)")
  }

  @Test func whatIsLiveIsWhatTheSelectionFinds() throws {
    var random = SeededGenerator("live rows", seed: 9)
    for hasChanges in [false, true] {
      let index = try IndexFile()
      var volumes: [Rows] = [try Rows(vsn: "V00001"), try Rows(vsn: "V00002")]
      for batch in 0..<6 {
        for number in volumes.indices {
          volumes[number].delay = Int64(number) * 2
          let names = (0..<20).map { _ in
            "d\(Int.random(in: 0..<3, using: &random))/\(Int.random(in: 0..<9, using: &random))"
          }
          try volumes[number].commit(
            batch == 0 ? [] : Array(Set(names)).map { Rows.record($0) }, to: index,
            changes: hasChanges && batch == 3 ? [.deleted(Array("d1".utf8))] : [])
        }
      }
      let all = try index.volumes()
      let selection = try Selection(MemberQuery(newestOnly: true), of: all, in: index)
      var wanted: Set<Int64> = []
      while let member = try selection.next() { wanted.insert(member.id) }
      let rows = try LiveRows(of: all, in: index)
      let found = all.flatMap { volume in
        // What cannot be read fails above.
        (try? index.batches(of: volume))?.flatMap { batch in
          (0..<100).map { batch.row << 24 | $0 }.filter { rows.contains($0) }
        } ?? []
      }
      #expect(Set(found) == wanted && !wanted.isEmpty)
      #expect(try rows.count(in: all.flatMap { try index.batches(of: $0).map(\.row) }) == selection.count)
    }
  }
}
