internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// One AUL file to be read, and what to make of the members in it.
struct PlannedFile {
  /// Which file.
  var placement: FilePlacement
  /// The volume it is on.
  var vsn: VSN
  /// Its members that are wanted, by offset.
  var members: [PlannedMember]
}

/// One member to be restored.
struct PlannedMember {
  /// What the index knows of the member whose content is read.
  var record: MemberRecord
  /// The hard link that gets this content, when the member that it is another name of is not restored itself.
  var copyAs: Member?
}

/// Turns a selection into AUL files in tape order. Runs on the drive's thread.
final class RestorePlan {
  private let selection: Selection
  private var waiting: StoredMember?
  private let volumeName: VSN

  init(_ selection: Selection, volume: IndexFile.Volume) throws(IndexError) {
    self.selection = selection
    volumeName = volume.descriptor.vsn
    waiting = try selection.next()
  }

  /// The next file to be read; nil at the end.
  func next() throws(IndexError) -> PlannedFile? {
    guard let first = waiting else { return nil }
    if let copy = try copyOfTarget(first) {
      waiting = try selection.next()
      return copy
    }
    var file = PlannedFile(
      placement: first.file, vsn: volumeName, members: [PlannedMember(record: first.record, copyAs: nil)])
    waiting = try selection.next()
    while first.file.layout == .pack, let member = waiting, member.file.sequence == first.file.sequence,
      member.volume.row == first.volume.row
    {
      if try copyOfTarget(member) != nil { break }
      file.members.append(PlannedMember(record: member.record, copyAs: nil))
      waiting = try selection.next()
    }
    return file
  }

  /// For a hard link to a member that is not restored in this run: that member's file, to be restored as the link.
  private func copyOfTarget(_ link: StoredMember) throws(IndexError) -> PlannedFile? {
    guard link.record.member.kind == .hardLink, let target = try selection.target(of: link),
      try !selection.contains(target)
    else { return nil }
    return PlannedFile(
      placement: target.file, vsn: volumeName,
      members: [PlannedMember(record: target.record, copyAs: link.record.member)])
  }
}
