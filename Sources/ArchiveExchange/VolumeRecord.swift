import ArchiveFormat

/// The members in the record that is written next: which of them goes on where a volume ends.
///
/// It counts as GNU tar does, whose volumes are to be had byte for byte; that includes members that begin in a record that
/// the full volume did not take, which the next one announces though their own headers follow there.
struct VolumeRecord {
  private struct Entry {
    var part: MemberPart
    /// The block of the record at which its content begins.
    var start: Int
  }

  private var entries: [Entry] = []

  /// A member's content begins at block `start`.
  mutating func begin(_ part: MemberPart, at start: Int) { entries.append(Entry(part: part, start: start)) }

  /// The member that byte `offset` of the record belongs to.
  func part(at offset: Int) -> MemberPart? { index(at: offset).map { entries[$0].part } }

  private func index(at offset: Int) -> Int? {
    if entries.isEmpty { return nil }
    for index in entries.indices.dropLast() where offset < entries[index + 1].start * tarRecordSize { return index }
    return entries.count - 1
  }

  /// `count` bytes of the record were written: what follows is its beginning now.
  mutating func wrote(_ count: Int) {
    guard let index = index(at: count) else { return }
    let content = max(0, count - entries[index].start * tarRecordSize)
    entries[index].part.left -= min(Int64(content), entries[index].part.left)
    entries.removeFirst(entries[index].part.left == 0 ? index + 1 : index)
    for index in entries.indices { entries[index].start = max(0, entries[index].start - count / tarRecordSize) }
  }

  /// The record's bytes from `offset` on moved behind headers of `blocks` blocks; what was before is written.
  mutating func move(from offset: Int, behind blocks: Int) {
    if let index = index(at: offset) { entries.removeFirst(index) }
    for index in entries.indices { entries[index].start += blocks }
  }
}
