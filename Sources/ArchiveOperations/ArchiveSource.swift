public import ArchiveFormat

/// The members of another archive as a source: they are read as they are archived, one after another, and nothing is
/// kept of them in between.
///
/// Its ``next()`` waits until the member given last has been read or given up, as the archive can only be read onwards.
public final class ArchiveSource: MemberSource {
  private let reader: any ArchiveReader
  private let isWanted: ([UInt8]) -> Bool
  private let turn = Turn()
  private var isSought = false
  private var isOver = false

  /// Reads the members of `reader` whose names are wanted.
  public init(_ reader: any ArchiveReader, isWanted: @escaping ([UInt8]) -> Bool = { _ in true }) {
    self.reader = reader
    self.isWanted = isWanted
  }

  public func next() -> SourceItem? {
    turn.wait()
    while !isOver {
      do throws(VolumeError) {
        guard let member = try reader.next() else {
          isOver = true
          break
        }
        guard isWanted(member.path) else { continue }
        turn.begin()
        return .member(ArchiveMember(member, reader.content, turn))
      } catch {
        // What is no tar is said, and searched for one, as GNU tar does.
        if case .notTar = error, !isSought { isSought = true } else { isOver = true }
        return .notice(MemberNotice([], error.description, .failure))
      }
    }
    return nil
  }
}

/// A member of an archive that is being read.
private final class ArchiveMember: SourceMember, @unchecked Sendable {
  // Sendable: the source does not touch the archive before this member's turn is over.
  let member: Member
  private let stored: any UserFileBytes
  private let turn: Turn
  private var isOpened = false

  init(_ member: Member, _ stored: any UserFileBytes, _ turn: Turn) {
    self.member = member
    self.stored = stored
    self.turn = turn
  }

  deinit { if !isOpened { turn.end() } }

  func open() throws(MemberNotice) -> OpenedMember {
    isOpened = true
    guard member.kind == .regular, member.size > 0 else {
      turn.end()
      return OpenedMember(member: member, content: nil)
    }
    return OpenedMember(member: member, content: ArchiveContent(member, stored, turn))
  }
}

/// The content of a member as its archive has it: what lies between the parts that are stored is zeros.
private final class ArchiveContent: MemberContent {
  private let path: [UInt8]
  private let size: Int64
  private let stored: any UserFileBytes
  private let turn: Turn
  private var extents: [Extent]
  private var position: Int64 = 0

  init(_ member: Member, _ stored: any UserFileBytes, _ turn: Turn) {
    path = member.path
    size = member.size
    self.stored = stored
    self.turn = turn
    extents = (member.dataExtents ?? [Extent(offset: 0, length: member.size)]).reversed()
  }

  deinit { turn.end() }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    try skip(to: offset)
    var count = 0
    while count < buffer.count, position < size {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      let done =
        try extents.last.map { (extent) throws(MemberNotice) in
          extent.offset > position ? zeros(room, to: extent.offset) : try take(room, of: extent)
        } ?? zeros(room, to: size)
      count += done
      position += Int64(done)
      if let extent = extents.last, position >= extent.offset + extent.length { extents.removeLast() }
    }
    return count
  }

  func close() -> MemberNotice? { nil }

  private func zeros(_ room: UnsafeMutableRawBufferPointer, to end: Int64) -> Int {
    let count = Int(min(Int64(room.count), end - position))
    UnsafeMutableRawBufferPointer(rebasing: room[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
    return count
  }

  private func take(_ room: UnsafeMutableRawBufferPointer, of extent: Extent) throws(MemberNotice) -> Int {
    let left = extent.offset + extent.length - position
    guard left > 0 else { return 0 }
    let part = try next(Int(min(Int64(room.count), left)))
    room.copyMemory(from: part)
    return part.count
  }

  /// Passes over what is not wanted: holes, as a rule.
  private func skip(to offset: Int64) throws(MemberNotice) {
    while position < offset {
      guard let extent = extents.last else {
        position = offset
        return
      }
      if position < extent.offset {
        position = min(offset, extent.offset)
      } else if position < extent.offset + extent.length {
        position += Int64(try next(Int(min(offset, extent.offset + extent.length) - position)).count)
      } else {
        extents.removeLast()
      }
    }
  }

  private func next(_ limit: Int) throws(MemberNotice) -> UnsafeRawBufferPointer {
    let part: UnsafeRawBufferPointer
    do { part = try stored.next(limit) } catch {
      throw MemberNotice(path, "Cannot read from archive: \(error)", .failure)
    }
    guard !part.isEmpty else {
      throw MemberNotice(path, "Cannot read from archive: it ends too soon", .failure)
    }
    return part
  }
}
