internal import TapeIO
internal import TapeLabels

/// The files of a volume that another program labelled as ECMA-13 has it (CASTOR and CTA among them), as members: each is
/// a file of its own bytes, named by its label.
///
/// Labels give no size. Files up to ``inMemory`` bytes are read before they are named; longer ones are measured first, by
/// their blocks' positions where the label says that all are of one length, else by reading them.
public final class LabelledReader: ArchiveReader {
  private let reader: VolumeReader
  private let ownership: Ownership
  private let needsSizes: Bool
  private let notify: (MemberNotice) -> Void
  private var names: Set<[UInt8]> = []
  /// Files that were begun.
  private var fileCount = 0
  private var open: OpenFile?
  private var isOver = false

  /// Bytes of a file that is kept in memory.
  public static let inMemory = 64 << 20
  /// Bytes of the longest block expected.
  static let longestBlock = 8 << 20

  private struct OpenFile {
    let path: [UInt8]
    let header: VolumeReader.Header
    let size: Int64
    let bytes: any UserFileBytes
    /// The file on tape, where it was not read before; nil in a listing too.
    let driven: DrivenBytes?
    /// Its blocks, where they are known already.
    let blockCount: UInt64?
  }

  /// - Parameters:
  ///   - reader: of the drive; what its volume is was just found out.
  ///   - ownership: whose the members are, as labels do not say.
  ///   - needsSizes: whether sizes matter; without, a listing passes over the content.
  public init(
    _ reader: VolumeReader, ownership: Ownership, needsSizes: Bool, notify: @escaping (MemberNotice) -> Void
  ) {
    self.reader = reader
    self.ownership = ownership
    self.needsSizes = needsSizes
    self.notify = notify
  }

  public var content: any UserFileBytes { open?.bytes ?? MemoryBytes(UnsafeRawBufferPointer(start: nil, count: 0)) }

  /// The next file. Damage costs the file that it hit.
  public func next() throws(VolumeError) -> Member? {
    while !isOver {
      do throws(VolumeError) {
        try finishFile()
        if fileCount == 0 { try reader.rewind() }
        let member = try nextFile()
        if member == nil { isOver = true }
        return member
      } catch {
        notify(MemberNotice(open?.path ?? [], "file \(fileCount) on tape: \(error)", .failure))
        open = nil
        // Three filemarks a file, whatever there is between them.
        try reader.rewind()
        fileCount = max(1, fileCount)
        guard try reader.passFilemarks(3 * fileCount) else {
          isOver = true
          return nil
        }
      }
    }
    return nil
  }

  private func nextFile() throws(VolumeError) -> Member? {
    guard let group = try reader.nextForeignHeader() else { return nil }
    fileCount += 1
    let header = group.header
    let path = name(of: header)
    if header.first.section > 1 {
      notify(MemberNotice(path, "Its beginning is on another volume", .failure))
    }
    let size = try begin(header, path, hasOneLength: group.hasOneLength)
    return Member(
      path: path, kind: .regular, mode: 0o644, ownership: ownership, size: size,
      modified: Timestamp(seconds: header.first.created?.unixTime ?? 0))
  }

  /// The file identifier; with the number of the file where that alone would not tell files apart.
  private func name(of header: VolumeReader.Header) -> [UInt8] {
    let number = header.user == nil ? UInt64(fileCount) : header.sequence
    var name = Array(header.first.fileIdentifier.utf8).map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    while name.last == UInt8(ascii: " ") { name.removeLast() }
    let isOfCASTOR = ["CASTOR", "CTA"].contains { header.first.systemCode.hasPrefix($0) }
    if isOfCASTOR || name.isEmpty || name.allSatisfy({ $0 == UInt8(ascii: ".") }) || names.contains(name) {
      name += Array(".\(number)".utf8)
    }
    if name.first == UInt8(ascii: ".") { name = Array("file".utf8) + name }
    names.insert(name)
    return name
  }

  /// Finds out how long the file is, where that matters, and goes to its first byte.
  private func begin(
    _ header: VolumeReader.Header, _ path: [UInt8], hasOneLength: Bool
  ) throws(VolumeError) -> Int64 {
    guard needsSizes else {
      open = OpenFile(
        path: path, header: header, size: 0, bytes: MemoryBytes(UnsafeRawBufferPointer(start: nil, count: 0)),
        driven: nil, blockCount: nil)
      return 0
    }
    let start = header.userFile
    let bytes = DrivenBytes(reader: reader, blockSize: Self.longestBlock)
    var kept: [UInt8] = []
    while kept.count <= Self.inMemory {
      let part = try bytes.next(1 << 30)
      if part.isEmpty {
        open = OpenFile(
          path: path, header: header, size: Int64(kept.count), bytes: KeptBytes(kept), driven: nil,
          blockCount: bytes.blockCount)
        return Int64(kept.count)
      }
      kept += part
    }
    let size = try hasOneLength ? measured(from: start, firstLength: bytes.firstLength) : counted(bytes)
    kept = []
    try reader.go(to: start)
    let content = DrivenBytes(reader: reader, blockSize: Self.longestBlock)
    open = OpenFile(path: path, header: header, size: size, bytes: content, driven: content, blockCount: nil)
    return size
  }

  /// Bytes of a file whose blocks but the last are of one length.
  private func measured(from start: BlockID, firstLength: Int) throws(VolumeError) -> Int64 {
    guard try reader.passFilemark() else {
      throw .malformed(what: "a user file", why: "the volume ends in the middle of it")
    }
    let count = Int64(try reader.here().rawValue - start.rawValue) - 1
    try reader.go(to: start.advanced(by: Int(count - 1)))
    let last = try DrivenBytes(reader: reader, blockSize: Self.longestBlock).next(1 << 30).count
    return (count - 1) * Int64(firstLength) + Int64(last)
  }

  private func counted(_ bytes: DrivenBytes) throws(VolumeError) -> Int64 {
    while try !bytes.next(1 << 30).isEmpty {}
    return bytes.byteCount
  }

  /// Passes over what is left of the file at hand, and looks at its trailer.
  private func finishFile() throws(VolumeError) {
    guard let file = open else { return }
    var blocks = file.blockCount
    if let driven = file.driven {
      while try !driven.next(1 << 30).isEmpty {}
      blocks = driven.blockCount
      if driven.byteCount != file.size {
        let words = "Its blocks are not of one length: it has \(driven.byteCount) bytes on tape, not \(file.size)"
        notify(MemberNotice(file.path, words, .failure))
      }
    } else if blocks == nil {
      guard try reader.passFilemark() else {
        throw .malformed(what: "a user file", why: "the volume ends in the middle of it")
      }
      blocks = try reader.here().rawValue - file.header.userFile.rawValue - 1
    }
    let problem = try reader.readTrailer(of: file.header, blockCount: blocks ?? 0)
    open = nil
    if let problem { notify(MemberNotice(file.path, "On tape: \(problem)", .failure)) }
  }
}

/// Bytes that were read already.
private final class KeptBytes: UserFileBytes {
  private let bytes: UnsafeMutableRawBufferPointer
  private var offset = 0

  init(_ source: [UInt8]) {
    bytes = .allocate(byteCount: max(1, source.count), alignment: 16)
    bytes.copyBytes(from: source)
    count = source.count
  }
  private let count: Int

  deinit { bytes.deallocate() }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    let part = min(limit, count - offset)
    defer { offset += part }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + part])
  }
}
