import ArchiveFormat
import ArchiveOperations
import Glibc
import TapeIO
import TapeIndex
import VirtualTape

/// Looks at what a crash left: whether everything that was promised is there, and whether work goes on.
struct Checker {
  /// What must be there.
  struct Promise: Hashable {
    var committed: Set<String> = []
    /// Those of them that the index knows.
    var indexed: Set<String> = []
    /// Whether a volume was being erased: what was on it may be there or not, and it may have to be erased again.
    var isErasing = false

    /// More members were reported as committed.
    mutating func commit(_ names: [String], isIndexed: Bool) {
      committed.formUnion(names)
      if isIndexed { indexed = committed }
      isErasing = false
    }
  }

  /// A rule that was broken.
  struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  let archive: Archive
  /// Makes the names of new members.
  let number: Int

  /// Checks the files in the archive's folder, appends to them, and checks again.
  /// - Returns: what the appending session did.
  func check(_ promise: Promise) throws -> Recording {
    let recording = Recording(archive.root)
    let isThere = Cartridge.isCartridge(at: archive.path)
    if !isThere {
      guard promise.committed.isEmpty else { throw Violation("the cartridge is gone") }
      try step("make the cartridge again") {
        try Cartridge.create(at: archive.path, archive.options, witness: recording)
      }
    }
    let listed = try list(promise.committed, indexed: promise.indexed, "at once")
    let members = [TestMember("next\(number)a", size: 700), TestMember("next\(number)b", size: 20_000)]
    var kept = listed.union(promise.committed)
    do { try append(members, erases: false, recording) } catch {
      guard promise.isErasing else { throw Violation("the next session fails: \(error)") }
      kept = []
      do { try append(members, erases: true, recording) } catch {
        throw Violation("the volume can neither be appended to nor erased again: \(error)")
      }
    }
    let expected = kept.union(members.map(\.name))
    let after = try list(expected, indexed: expected, "after the next session")
    guard after.subtracting(kept).count == members.count else { throw Violation("members appeared from nowhere") }
    return recording
  }

  private func append(_ members: [TestMember], erases: Bool, _ recording: Recording) throws {
    try archive.run(Session(members: members, erases: erases), recording)
    if let notice = recording.notices.first { throw Violation(notice.message) }
  }

  /// Lists and restores everything, through the index and through the catalogues alone; what is listed must restore, and
  /// `committed` must be among it, and `indexed` among what the index lists.
  private func list(_ committed: Set<String>, indexed: Set<String>, _ when: String) throws -> Set<String> {
    var all: Set<String> = []
    for usesIndex in [true, false] {
      let way = "\(when), \(usesIndex ? "through the index" : "without index")"
      let expected = usesIndex ? indexed : committed
      if usesIndex, access(archive.root + Recording.indexFiles[0], F_OK) != 0 { continue }
      let drive = try step("open for reading \(way)") { try VirtualDrive(path: archive.path, access: .readOnly) }
      let index = usesIndex ? try IndexFile(path: archive.indexPath, access: .readOnly) : nil
      let events = Recording(archive.root)
      let target: ReadTarget
      do { target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: events) } catch {
        // Blank, or the first catalogue was never finished.
        guard expected.isEmpty else { throw Violation("\(way): \(error)") }
        continue
      }
      var listed: Set<String> = []
      let query = MemberQuery(newestOnly: true)
      _ = try step("list \(way)") {
        try ListOperation(query: query).run(volumes: [target.volume], index: target.index) {
          listed.insert(String(decoding: $0.record.member.path, as: UTF8.self))
        }
      }
      if let missing = expected.subtracting(listed).min() { throw Violation("\(missing) is not listed \(way)") }
      let sink = TestSink()
      _ = try step("restore \(way)") {
        try RestoreOperation(query: query, options: RestoreOptions(), bufferSize: 4 * archive.blockSize)
          .run(target, drive: drive, sink: sink, observer: events)
      }
      if let notice = events.notices.first {
        throw Violation("\(String(decoding: notice.path, as: UTF8.self)) \(way): \(notice.message)")
      }
      if let wrong = sink.wrong.first { throw Violation("\(wrong) has wrong bytes \(way)") }
      if let lost = listed.subtracting(sink.restored).min() { throw Violation("\(lost) is not restored \(way)") }
      all.formUnion(listed)
      try drive.close()
    }
    return all
  }

  private func step<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw Violation("cannot \(what): \(error)") }
  }
}
