public import ArchiveFormat

/// Takes the bytes of an archive and writes them to one medium after another, in records, each with the headers that say
/// what goes on there.
public final class MultiVolumeOutput: ArchiveByteSink {
  /// What it is told, and whom it asks.
  public struct Surroundings {
    /// Bytes after which a volume takes no further record; nil for as many as there is room for.
    public var limit: Int64?
    /// Whether each volume is brought out before it is closed.
    public var synchronizes: Bool
    /// The medium of the next volume; or, of one that took nothing at all, another in its place.
    public var next: (_ replaces: Bool) throws(ArchiveWriteError) -> any ArchiveMedium
    /// Is told how many bytes went out.
    public var passed: (Int) -> Void
    /// Is told what a header cannot say.
    public var notify: (MemberNotice) -> Void

    /// Describes surroundings.
    public init(
      limit: Int64?, synchronizes: Bool,
      next: @escaping (_ replaces: Bool) throws(ArchiveWriteError) -> any ArchiveMedium,
      passed: @escaping (Int) -> Void, notify: @escaping (MemberNotice) -> Void
    ) {
      self.synchronizes = synchronizes
      (self.limit, self.next, self.passed, self.notify) = (limit, next, passed, notify)
    }
  }

  /// The volume that is written.
  public private(set) var medium: any ArchiveMedium
  /// Bytes of it.
  public private(set) var size: Int64
  private let surroundings: Surroundings
  private let recordSize: Int
  private var headers: TarVolumeHeaders
  private var number: Int
  private var record: [UInt8]
  private var used = 0
  private var members = VolumeRecord()

  /// - Parameters:
  ///   - medium: the first volume, or of an archive that is continued the last one, which stands at byte `size` of it.
  ///   - number: of that volume, from 1.
  ///   - kept: what stays of the record that begins there, less than that: what is written goes behind it.
  public init(
    _ medium: any ArchiveMedium, recordSize: Int, headers: TarVolumeHeaders, number: Int = 1, size: Int64 = 0,
    kept: [UInt8] = [], _ surroundings: Surroundings
  ) {
    self.medium = medium
    self.recordSize = recordSize
    self.headers = headers
    self.number = number
    self.size = size
    self.surroundings = surroundings
    record = kept + [UInt8](repeating: 0, count: recordSize - kept.count)
    used = kept.count
  }

  public func begins(_ part: MemberPart) { members.begin(part, at: used / tarRecordSize) }

  /// Takes bytes. A record goes out when there are more of them: only then it is known that it is not the last.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) {
    var rest = bytes
    while !rest.isEmpty {
      if used == recordSize { try flush(recordSize) }
      let part = min(rest.count, recordSize - used)
      record.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[used..<used + part])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<part]))
      }
      used += part
      rest = UnsafeRawBufferPointer(rebasing: rest[part...])
    }
  }

  /// Writes what is left, each record padded with zeros.
  public func finish() throws(ArchiveWriteError) {
    while used > 0 {
      for index in used..<recordSize { record[index] = 0 }
      try flush(used)
    }
  }

  // MARK: Records

  /// Writes the record, whose first `level` bytes matter; what the volume does not take begins the next one.
  private func flush(_ level: Int) throws(ArchiveWriteError) {
    let count = try writeRecordSomewhere()
    used = 0
    if count == recordSize {
      members.wrote(count)
      return
    }
    guard count % tarRecordSize == 0 else {
      throw .output("\(medium.name): Cannot write: write did not end on a block boundary")
    }
    if count > 0 { members.wrote(count) }
    let rest = Array(record[min(count, level)..<level])
    let part = members.part(at: 0)
    try change(replaces: false)
    number += 1
    let beginning: (bytes: [UInt8], notice: MemberNotice?)
    do { beginning = try headers.make(number: number, part: part) } catch { throw .output(error.message) }
    if let notice = beginning.notice { surroundings.notify(notice) }
    try put(beginning.bytes) { _ in }
    if used == recordSize { try writeWhole() }
    members.move(from: 0, behind: used / tarRecordSize)
    try put(rest) { members.wrote($0) }
    if used == recordSize {
      try writeWhole()
      members.wrote(recordSize)
    }
  }

  private func change(replaces: Bool) throws(ArchiveWriteError) {
    if surroundings.synchronizes {
      do { try medium.synchronize() } catch { throw .output("\(medium.name): Cannot write: \(error.text)") }
    }
    do { try medium.close() } catch { throw .output("\(medium.name): Cannot close: \(error.text)") }
    medium = try surroundings.next(replaces)
    size = 0
  }

  /// Writes the record, also to media that are put in place of later volumes that take nothing: its headers are theirs.
  private func writeRecordSomewhere() throws(ArchiveWriteError) -> Int {
    for _ in 0..<Self.mostFullVolumes {
      let count = try writeRecord()
      if count > 0 || size > 0 || number == 1 { return count }
      try change(replaces: true)
    }
    throw .output("\(medium.name): Cannot write: No space left on device")
  }
  private static let mostFullVolumes = 100

  /// Puts bytes into records of a new volume, which has to take them.
  private func put(_ bytes: [UInt8], wrote: (Int) -> Void) throws(ArchiveWriteError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if used == recordSize {
        try writeWhole()
        wrote(recordSize)
      }
      let part = rest.prefix(recordSize - used)
      record.replaceSubrange(used..<used + part.count, with: part)
      used += part.count
      rest = rest.dropFirst(part.count)
    }
  }

  private func writeWhole() throws(ArchiveWriteError) {
    guard try writeRecord() == recordSize else {
      throw .output("\(medium.name): Cannot write: No space left on device")
    }
    used = 0
  }

  /// - Returns: how many bytes the volume took.
  private func writeRecord() throws(ArchiveWriteError) -> Int {
    if let limit = surroundings.limit, limit <= size { return 0 }
    var result = Result<Int, MediumError>.success(0)
    record.withUnsafeBytes {
      do throws(MediumError) { result = .success(try medium.write($0)) } catch { result = .failure(error) }
    }
    switch result {
    case .success(let count):
      size += Int64(count)
      surroundings.passed(count)
      return count
    case .failure(let error): throw .output("\(medium.name): Cannot write: \(error.text)")
    }
  }
}
