import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIndex

/// The files of `-u` and `--changed`: those that differ from what the volumes have.
///
/// Names are looked up by the thread that walks, in a connection to the index of its own.
final class VolumeUpdate: MemberSource {
  private let files: any MemberSource
  private let command: TarCommand
  private let scope: VolumeScope
  private let target: ArchiveTarget
  private let index: IndexFile
  private var live: LiveMembers?
  private var failure: MemberNotice?

  /// Nil when everything is to be archived.
  static func make(
    _ command: TarCommand, _ files: any MemberSource, _ archive: OpenedArchive, _ target: ArchiveTarget,
    _ index: IndexFile?, _ reporter: Reporter
  ) throws(OperationError) -> VolumeUpdate? {
    guard command.mode == .update || command.versions.onlyChanged else { return nil }
    guard let index else {
      throw .refused(
        "\(command.mode == .update ? "-u" : "--changed") finds what is archived in the index",
        hint: "leave out --no-index")
    }
    return VolumeUpdate(command, files, target, index, reporter)
  }

  private init(
    _ command: TarCommand, _ files: any MemberSource, _ target: ArchiveTarget, _ index: IndexFile, _ reporter: Reporter
  ) {
    self.command = command
    self.files = files
    self.target = target
    self.index = index
    scope = VolumeScope(target, command.archive, reporter)
  }

  /// Has the session tell when the index knows the volume, and ask what has vanished.
  func prepare(_ operation: inout CreateOperation) {
    operation.opened = { [self] (descriptor) throws(OperationError) in
      let path = IndexLocation.path(command.archive, target)
      let own: IndexFile
      do throws(IndexError) { own = try IndexFile(path: path, access: .readOnly) } catch { throw .index(error) }
      let volumes = try scope.volumes(around: descriptor, own)
      do throws(IndexError) { live = try LiveMembers(of: volumes, in: own) } catch { throw .index(error) }
    }
    guard command.versions.onlyChanged else { return }
    operation.changes = { [self] (descriptor) throws(OperationError) in
      try vanished(from: try scope.volumes(around: descriptor, index))
    }
  }

  private func vanished(from volumes: [IndexFile.Volume]) throws(OperationError) -> [NameChange] {
    var presences: [SourcePresence] = []
    for operand in command.operands where operand.recursive {
      // What cannot be told of one name might be about the members of another.
      guard let presence = SourcePresence(operand, options: command.source) else { return [] }
      presences.append(presence)
    }
    guard !presences.isEmpty else { return [] }
    let isWhole = presences.contains { $0.memberPrefix.isEmpty }
    let names = isWhole ? [] : presences.map { MemberQuery.Operand.literal($0.memberPrefix) }
    do throws(IndexError) {
      return try VanishingPlan(
        MemberQuery(operands: names, newestOnly: true), series: command.series, of: volumes, in: index
      ) { path in
        // Names that two operands share are gone when they are from both.
        for place in presences.indices where presences[place].covers(path) && !presences[place].isGone(path) {
          return false
        }
        return true
      }.changes
    } catch { throw .index(error) }
  }

  func next() -> SourceItem? {
    if let failure {
      self.failure = nil
      return .notice(failure)
    }
    while let item = files.next() {
      guard case .member(let member) = item else { return item }
      if wants(member.member) { return item }
    }
    return nil
  }

  func removeDirectories() -> [MemberNotice] { files.removeDirectories() }

  private func wants(_ member: Member) -> Bool {
    let path = MemberName.withoutTrailingSlashes(member.path)
    let archived: LiveMembers.Version?
    do throws(IndexError) { archived = try live?.newest(path) } catch {
      // What cannot be looked up is archived.
      failure = MemberNotice(path, error.description, .failure)
      return true
    }
    guard let archived else { return true }
    if command.mode == .update { return member.kind != .directory && member.modified > archived.modified }
    return archived.series != command.series || archived.isIncomplete || Self.isOther(member, archived)
  }

  private static func isOther(_ member: Member, _ archived: LiveMembers.Version) -> Bool {
    // What was archived as another name of a file is seen as a file here.
    let isLink = archived.kind == .hardLink
    return (!isLink && (member.kind != archived.kind || member.kind == .regular && member.size != archived.size))
      || member.modified != archived.modified || member.changed == nil || member.changed != archived.changed
      || member.sourceFile?.inode != archived.inode || member.sourceFile?.device != archived.device
  }
}
