internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// One AUL file to be read, and what to make of the members in it.
struct PlannedFile {
  /// Which file.
  var placement: FilePlacement
  /// The volume it is on.
  var volume: VolumeDescriptor
  /// Of a member that spans volumes, all of its pieces, of which ``placement`` is the last; otherwise empty.
  var pieces: [StoredPiece] = []
  /// Its members that are wanted, by offset; none when it is a piece that is only to be verified.
  var members: [PlannedMember]

  /// The name of its first member, for messages.
  var name: [UInt8] { members.first?.record.member.path ?? [] }

  /// Where on tape its first and its last member begin: fseq and offset.
  var start: (UInt64, Int64) { (placement.sequence, members.first?.record.offset ?? 0) }
  var end: (UInt64, Int64) { (placement.sequence, members.last?.record.offset ?? 0) }

  /// The blocks of the user file that hold what is wanted; up to its filemark and the trailer behind that where its last
  /// block is among them, and of all files but packs.
  func wantedBlocks() -> Range<UInt64> {
    let blockSize = Int64(volume.blockSize)
    guard placement.layout == .pack, let first = members.first?.record, let last = members.last?.record else {
      return 0..<UInt64.max
    }
    let start = UInt64(first.offset / blockSize)
    let (end, overflow) = last.contentOffset.addingReportingOverflow(last.member.size)
    // Of a sparse member it is less: there are no more bytes on tape than in the file.
    let blocks = UInt64(end / blockSize) + 1
    return start..<(overflow || blocks >= placement.blockCount || blocks <= start ? .max : blocks)
  }
}

/// One member to be restored.
struct PlannedMember {
  /// What the index knows of the member whose content is read.
  var record: MemberRecord
  /// What its tar header says, if that is another name.
  var pathOnTape: [UInt8]
  /// The hard link that gets this content, when the member that it is another name of is not restored itself.
  var copyAs: Member?
  /// What is known of it where it is taken over.
  var origin: MemberOrigin?
}

/// Which of the chosen members are taken over to other volumes.
struct TakingOver {
  /// Asks about each of them, and about what hard links lead to.
  var isWanted: (StoredMember) throws(IndexError) -> Bool
  /// Members that have other names, by id.
  var linked: Set<Int64>
}

/// Turns a selection into AUL files in tape order. Runs on the drive's thread.
final class RestorePlan {
  private let selection: Selection
  private var waiting: StoredMember?
  /// What comes next, before what waits.
  private var copies: [PlannedFile] = []
  private let alone: IndexFile.Volume?
  /// Pieces that go on on another volume: the last on theirs.
  private var rest: [StoredPiece]
  /// The volume whose members are read; nil for all.
  private let only: Int64?
  private let takingOver: TakingOver?

  /// - Parameters:
  ///   - alone: the only volume that is read: of members that span volumes just the pieces there.
  ///   - open: whether pieces there count that go on elsewhere.
  ///   - membersOf: the volume whose members are read; nil for all that were chosen.
  ///   - takingOver: which of them are taken over to other volumes, when that is what they are read for.
  init(
    _ selection: Selection, alone: IndexFile.Volume? = nil, open: Bool = false, membersOf: IndexFile.Volume? = nil,
    takingOver: TakingOver? = nil, in index: IndexFile
  ) throws(IndexError) {
    self.selection = selection
    self.takingOver = takingOver
    self.alone = alone
    only = membersOf?.row
    rest = try open ? alone.map { (volume) throws(IndexError) in try index.openPieces(on: volume) } ?? [] : []
    try advance()
  }

  /// Goes on to the next member that is to be read.
  private func advance() throws(IndexError) {
    while true {
      waiting = try selection.next()
      guard let found = waiting else { return }
      if only != nil, found.volume.row != only { continue }
      if try takingOver?.isWanted(found) ?? true { return }
    }
  }

  private func origin(of member: StoredMember, file: Int64?) -> MemberOrigin? {
    guard takingOver != nil else { return nil }
    return MemberOrigin(
      file: file, digest: member.record.digest, isIncomplete: member.record.isIncomplete,
      isRaw: member.file.layout == .raw)
  }

  /// What the file is known by that a member is a name of, where it has several.
  private func file(of member: StoredMember) throws(IndexError) -> Int64? {
    guard let takingOver else { return nil }
    if member.record.member.kind == .hardLink { return try selection.target(of: member)?.id }
    return takingOver.linked.contains(member.id) ? member.id : nil
  }

  /// The next file to be read; nil at the end. A pack comes once, with all of its members that are wanted.
  func next() throws(IndexError) -> PlannedFile? {
    if !copies.isEmpty { return copies.removeFirst() }
    guard let first = waiting else {
      guard let alone, !rest.isEmpty else { return nil }
      let piece = rest.removeFirst()
      return PlannedFile(placement: piece.file, volume: alone.descriptor, pieces: [piece], members: [])
    }
    if alone != nil, let last = first.pieces.last {
      try advance()
      return PlannedFile(placement: first.file, volume: first.volume.descriptor, pieces: [last], members: [])
    }
    var file = PlannedFile(
      placement: first.file, volume: first.volume.descriptor, pieces: first.pieces, members: [])
    repeat {
      guard let member = waiting else { break }
      if let copy = try copyOfTarget(member) {
        copies.append(copy)
      } else {
        file.members.append(
          PlannedMember(
            record: try followingRename(member), pathOnTape: member.pathOnTape, copyAs: nil,
            origin: origin(of: member, file: try self.file(of: member))))
      }
      try advance()
    } while first.file.layout == .pack && waiting?.file.sequence == first.file.sequence
      && waiting?.volume.row == first.volume.row
    copies = Self.joined(copies)
    return file.members.isEmpty ? copies.removeFirst() : file
  }

  /// Copies out of one pack in the order in which they lie there. What is wanted twice is read twice.
  private static func joined(_ copies: [PlannedFile]) -> [PlannedFile] {
    var result: [PlannedFile] = []
    for copy in copies.sorted(by: { $0.start < $1.start }) {
      if let last = result.last, last.placement.sequence == copy.placement.sequence, last.volume == copy.volume,
        last.end < copy.start
      {
        result[result.count - 1].members += copy.members
      } else {
        result.append(copy)
      }
    }
    return result
  }

  /// A hard link leads to its target under the name that the target has now.
  private func followingRename(_ member: StoredMember) throws(IndexError) -> MemberRecord {
    var record = member.record
    guard record.member.kind == .hardLink, let target = try selection.target(of: member),
      target.pathOnTape != target.record.member.path
    else { return record }
    record.member.linkTarget = target.record.member.path
    return record
  }

  /// For a hard link to a member that is not restored in this run: that member's file, to be restored as the link.
  private func copyOfTarget(_ link: StoredMember) throws(IndexError) -> PlannedFile? {
    guard link.record.member.kind == .hardLink, let target = try selection.target(of: link),
      try !isRead(target), alone.map({ $0.row == target.volume.row }) ?? true
    else { return nil }
    return PlannedFile(
      placement: target.file, volume: target.volume.descriptor, pieces: target.pieces,
      members: [
        PlannedMember(
          record: target.record, pathOnTape: target.pathOnTape, copyAs: link.record.member,
          origin: origin(of: target, file: nil))
      ])
  }

  private func isRead(_ member: StoredMember) throws(IndexError) -> Bool {
    guard try selection.contains(member) else { return false }
    return try takingOver?.isWanted(member) ?? true
  }
}
