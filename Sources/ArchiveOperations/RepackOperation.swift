public import ArchiveFormat
public import TapeIO
public import TapeIndex

/// Takes the live members of volumes over to others: the newest version of each path, verified on the way, in tape order.
///
/// What the new volumes have of a source is told by the series of the sessions that wrote it there
/// (``series``): a repack that was broken off is gone on with by running it again.
public struct RepackOperation {
  /// The index that knows the sources.
  public let index: IndexFile
  /// The volumes that are repacked.
  public let sources: [IndexFile.Volume]
  /// Those among which a version of a path is the newest one, the sources included.
  public let scope: [IndexFile.Volume]

  /// Describes a repack.
  public init(index: IndexFile, sources: [IndexFile.Volume], scope: [IndexFile.Volume]) {
    self.index = index
    self.sources = sources
    self.scope = scope
  }

  private static let mark = Array("repack:".utf8)

  /// The series of the sessions that repack these volumes: `repack:` and their UUIDs, in ascending order, with commas
  /// between them.
  public var series: [UInt8] { Self.mark + Array(names.joined(separator: ",").utf8) }

  private var names: [String] { sources.map { $0.descriptor.id.description }.sorted() }

  /// Whether nothing has been written on a volume but by repacks of all of the sources.
  public func isTarget(_ volume: IndexFile.Volume, in index: IndexFile) throws(OperationError) -> Bool {
    let batches = try onIndex { () throws(IndexError) in try index.batches(of: volume) }
    return !batches.isEmpty && batches.allSatisfy { covers($0.record.session.series) }
  }

  private func covers(_ series: [UInt8]) -> Bool {
    guard series.starts(with: Self.mark) else { return false }
    let listed = Set(
      String(decoding: series.dropFirst(Self.mark.count), as: UTF8.self).split(separator: ",").map(String.init))
    return listed.isSuperset(of: names)
  }

  /// The volumes on which an earlier run of this repack has written, in their order.
  public func targets(in index: IndexFile) throws(OperationError) -> [IndexFile.Volume] {
    let volumes = try onIndex { () throws(IndexError) in try index.volumes() }
    var found: [IndexFile.Volume] = []
    for volume in volumes where try isTarget(volume, in: index) { found.append(volume) }
    return found.sorted {
      ($0.descriptor.created, $0.descriptor.sequenceInSet) < ($1.descriptor.created, $1.descriptor.sequenceInSet)
    }
  }

  /// What is live, and what of it is on the new volumes.
  public struct Survey: Equatable, Sendable {
    /// Live members of the sources.
    public var members: Int64 = 0
    /// Bytes of their content.
    public var bytes: Int64 = 0
    /// Those of them that the new volumes have.
    public var taken: Int64 = 0
    /// Those that have other names, by id.
    var linked: Set<Int64> = []
    /// Whether all of it is on the new volumes.
    public var isComplete: Bool { taken == members }
  }

  /// Looks what there is to be done, from the indexes alone.
  /// - Parameter targets: what the volumes hold that this repack has written.
  /// - Throws: ``OperationError/refused(_:hint:)`` when they hold what is not live.
  public func survey(_ targets: MemberLookup) throws(OperationError) -> Survey {
    var survey = Survey()
    try onIndex { () throws(IndexError) in
      let selection = try Selection(MemberQuery(newestOnly: true), of: scope, in: index)
      let choice = Choice(sources, selection, targets)
      while let member = try selection.next() {
        guard try choice.isLive(member) else { continue }
        survey.members += 1
        survey.bytes += member.record.member.size
        if try choice.isTaken(member) { survey.taken += 1 }
        if member.record.member.kind == .hardLink, let target = try selection.target(of: member) {
          survey.linked.insert(target.id)
        }
      }
    }
    guard survey.taken == targets.count else {
      throw .refused(
        "the new volumes hold \(targets.count - survey.taken) members that are not live: the sources have changed since"
          + " their repacking began",
        hint: "erase the new volumes ('tapir volume erase') and begin again")
    }
    return survey
  }

  /// Which members are live, and which of them the new volumes have.
  private struct Choice {
    let sources: Set<Int64>
    let selection: Selection
    let targets: MemberLookup

    init(_ sources: [IndexFile.Volume], _ selection: Selection, _ targets: MemberLookup) {
      self.sources = Set(sources.map(\.row))
      self.selection = selection
      self.targets = targets
    }

    /// Whether something of a member lies on a source: all of it, a piece, or the content of a link.
    func isLive(_ member: StoredMember) throws(IndexError) -> Bool {
      if lies(member) { return true }
      guard member.record.member.kind == .hardLink, let target = try selection.target(of: member) else { return false }
      return lies(target)
    }

    private func lies(_ member: StoredMember) -> Bool {
      sources.contains(member.volume.row)
        || member.pieces.contains { $0.volume.map { sources.contains($0.row) } ?? false }
    }

    func isTaken(_ member: StoredMember) throws(IndexError) -> Bool {
      let found = try targets.members(of: member.record.member.path)
      if found.isEmpty { return false }
      var content: MemberRecord? = member.record
      if member.record.member.kind == .hardLink {
        let own = member.record.member
        if found.contains(where: {
          $0.member.kind == .hardLink && $0.member.linkTarget == own.linkTarget && $0.link != nil
        }) {
          return true
        }
        content = try selection.target(of: member)?.record
      }
      guard let content else { return false }
      return found.contains { Self.isSame($0, content) }
    }

    private static func isSame(_ copy: MemberRecord, _ record: MemberRecord) -> Bool {
      let (a, b) = (copy.member, record.member)
      return a.kind == b.kind && a.size == b.size && a.modified == b.modified && a.changed == b.changed
        && a.mode == b.mode && a.ownership == b.ownership && a.linkTarget == b.linkTarget
        && a.deviceNumber == b.deviceNumber && a.sourceFile == b.sourceFile
        && (record.digest == nil || copy.digest == record.digest) && copy.isIncomplete == record.isIncomplete
    }
  }

  /// The members that the new volumes lack, as a source.
  /// - Parameters:
  ///   - targets: what the volumes hold that this repack has written.
  ///   - linksOnly: whether hard links alone are left: those whose content had gone past.
  ///   - drive: has `first`, one of the scope.
  ///   - supply: brings the others.
  public func source(
    _ survey: Survey, _ targets: MemberLookup, linksOnly: Bool, first: IndexFile.Volume, in drive: any TapeDrive,
    supply: any VolumeSupply, bufferSize: Int, observer: any OperationObserver
  ) throws(OperationError) -> RepackSource {
    let target = ReadTarget(first, among: scope, in: index)
    // To follow links: the members are chosen anew when they are read.
    let selection = try onIndex { () throws(IndexError) in
      try Selection(MemberQuery(operands: [.literal([])], newestOnly: true), of: [], in: index)
    }
    let choice = Choice(sources, selection, targets)
    let isWanted: (StoredMember) throws(IndexError) -> Bool = { (member) throws(IndexError) -> Bool in
      if linksOnly, member.record.member.kind != .hardLink { return false }
      guard try choice.isLive(member) else { return false }
      return try !choice.isTaken(member)
    }
    let taking = TakingOver(isWanted: isWanted, linked: survey.linked)
    return RepackSource(
      VolumeSource(
        target, access: target.access(drive, supply: supply, observer), query: MemberQuery(newestOnly: true),
        takingOver: taking, bufferSize: bufferSize, observer: observer))
  }
}

/// The members of a repack on their way.
public final class RepackSource: MemberSource {
  private let source: VolumeSource

  init(_ source: VolumeSource) { self.source = source }

  public func next() -> SourceItem? { source.next() }

  /// Ends the use of the drive when all has been read.
  public func close() throws(OperationError) { try source.close() }
}
