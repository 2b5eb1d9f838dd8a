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

  /// Checks the drive alone: it opens, and after an object is overwritten or something appended, what is before it is as
  /// it was.
  /// - Returns: a hash of all objects on the tape: operations see nothing else of a cartridge.
  func checkDrive() throws -> Int {
    guard Cartridge.isCartridge(at: archive.path) else { return 0 }
    let before = try step("open for reading") { try objects(.readOnly) }
    // The files as they were are needed again; the copy is written to.
    let copy = Archive(root: archive.root + "-copy", options: archive.options, blockSize: archive.blockSize)
    let files = ["cartridge.json", "data", "map", "marks"].map { "/x.vtl/\($0)" }
    try Scratch.fill(copy.root, with: Scratch.image(archive.root, files))
    let kept = number % 2 == 0 ? before.count : number % (before.count + 1)
    do {
      let drive = try step("open for writing") { try VirtualDrive(path: copy.path, access: .readWrite) }
      try step("write") {
        let marker = TestMember.marker
        try drive.locate(to: BlockID(UInt64(kept)))
        _ = try drive.write(marker.span.bytes)
        try drive.flush()
        if number % 3 == 0 { try drive.close() }
      }
    }
    let after = try step("open again") {
      try Checker(archive: copy, number: number).objects(.readOnly, isClean: true)
    }
    guard after.dropLast() == before.prefix(kept) else {
      throw Violation("writing at object \(kept) of \(before.count) changed what is before it")
    }
    return before.hashValue
  }

  /// A hash of each object on the tape.
  private func objects(_ access: DriveAccess, isClean: Bool = false) throws -> [Int] {
    let drive = try VirtualDrive(path: archive.path, access: access)
    // Not so the map: its samples may miss a hole and meet it the next time, when there are more entries.
    if isClean, let notice = drive.notices.first(where: { $0.contains("never completed") }) {
      throw Violation("it is reported twice that \(notice)")
    }
    var hashes: [Int] = []
    var buffer = BlockBuffer(byteCount: archive.blockSize)
    while true {
      let hash = try buffer.withMutableBytes { (bytes) throws(DriveError) -> Int? in
        switch try drive.read(into: &bytes) {
        case .block(let count):
          var hasher = Hasher()
          bytes.withUnsafeMutableBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
          return hasher.finalize()
        case .filemark: return 1
        case .endOfData: return nil
        }
      }
      guard let hash else { return hashes }
      hashes.append(hash)
    }
  }

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
