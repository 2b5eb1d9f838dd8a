internal import ArchiveFormat
public import TapeIO
public import TapeIndex
public import TapeLabels

/// Compares what an index says of a volume with what the volume's own catalogues say.
public struct CheckOperation {
  /// The volume that must be in the drive; nil for any.
  public var vsn: VSN?

  /// What came of it.
  public struct Outcome {
    /// The volume, as the index knows it.
    public var volume: IndexFile.Volume
    /// Batches and members that were compared.
    public var batches = 0
    public var members = 0
    /// How many of them differ, or are on one side only.
    public var differences = 0
  }

  /// Describes a check.
  public init(vsn: VSN?) { self.vsn = vsn }

  /// Reads the catalogues of the volume in `drive` and reports each difference as a notice; neither side is changed.
  /// - Throws: ``OperationError/refused(_:hint:)`` also when the index does not know the volume.
  public func run(
    drive: any TapeDrive, index: IndexFile, observer: any OperationObserver
  ) throws(OperationError) -> Outcome {
    let reader = VolumeReader(drive: drive)
    let (name, header) = try ReadTarget.identify(reader, vsn: vsn)
    // try?: a damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? VolumeSync.identify(reader, behind: header)
    let onTape = try onIndex { () throws(IndexError) in try IndexFile() }
    let chain = try VolumeSync.bringUpToDate(
      onTape, reader: reader, vsn: name, expecting: first?.volume.id, .init(recovers: true), observer: observer)
    let outcome = try onIndex { () throws(IndexError) -> Outcome? in
      guard let there = try onTape.volume(chain.descriptor.id), let here = try index.volume(chain.descriptor.id) else {
        return nil
      }
      var comparison = IndexComparison(index: index, tape: onTape, observer: observer, outcome: Outcome(volume: here))
      comparison.compare(here.descriptor, there.descriptor)
      try comparison.compareBatches(here, there)
      try comparison.compareMembers(here, there)
      return comparison.outcome
    }
    guard let outcome else {
      throw .refused(
        "volume \(name) is not in the index", hint: "'tapir index rebuild' takes in what its catalogues say")
    }
    return outcome
  }
}

/// One comparison of an index with another that was just made from tape.
private struct IndexComparison {
  let index: IndexFile
  let tape: IndexFile
  let observer: any OperationObserver
  var outcome: CheckOperation.Outcome
  /// Batches whose catalogue could not be read: labels know less than the index does.
  private var recovered: Set<UInt32> = []

  init(index: IndexFile, tape: IndexFile, observer: any OperationObserver, outcome: CheckOperation.Outcome) {
    self.index = index
    self.tape = tape
    self.observer = observer
    self.outcome = outcome
  }

  private mutating func differ(_ path: [UInt8], _ what: String) {
    outcome.differences += 1
    observer.report(.notice(MemberNotice(path, what, .difference)))
  }

  mutating func compare(_ here: VolumeDescriptor, _ there: VolumeDescriptor) {
    if here != there { differ([], "volume \(there.vsn): its identity in the index is not that on tape") }
  }

  mutating func compareBatches(_ here: IndexFile.Volume, _ there: IndexFile.Volume) throws(IndexError) {
    let known = try index.batches(of: here)
    let found = try tape.batches(of: there)
    let vsn = there.descriptor.vsn
    for batch in found {
      outcome.batches += 1
      let number = batch.record.number
      guard let ours = known.first(where: { $0.record.number == number }) else {
        differ([], "volume \(vsn): batch \(number) is on tape and not in the index")
        continue
      }
      if batch.record.reason == .recovered {
        recovered.insert(number)
      } else if ours.record != batch.record || ours.catalogue != batch.catalogue || ours.end != batch.end {
        differ([], "volume \(vsn): batch \(number) in the index is not that on tape")
      } else if try index.changes(in: [ours.row]) != tape.changes(in: [batch.row]) {
        differ([], "volume \(vsn): batch \(number) deletes or renames other names in the index than on tape")
      }
    }
    for batch in known where !found.contains(where: { $0.record.number == batch.record.number }) {
      differ([], "volume \(vsn): batch \(batch.record.number) is in the index and not on tape")
    }
  }

  /// Goes through both in tape order, side by side.
  mutating func compareMembers(_ here: IndexFile.Volume, _ there: IndexFile.Volume) throws(IndexError) {
    let all = MemberQuery(newestOnly: false, view: .stored)
    let (ours, theirs) = (try Selection(all, of: [here], in: index), try Selection(all, of: [there], in: tape))
    let recoveredRanges = try tape.batches(of: there).filter { recovered.contains($0.record.number) }
      .map { $0.record.firstSequence..<max($0.record.catalogueSequence, $0.record.firstSequence) }
    var (left, right) = (try ours.next(), try theirs.next())
    while left != nil || right != nil {
      let at = (left.map(Self.place), right.map(Self.place))
      let path = (left ?? right)?.record.member.path ?? []
      switch at {
      case (let one?, let other?) where one == other:
        outcome.members += 1
        if let left, let right, !recoveredRanges.contains(where: { $0.contains(left.file.sequence) }) {
          let fields = Self.differences(left, right)
          if !fields.isEmpty {
            differ(path, "Differs in file \(right.file.sequence): \(fields.joined(separator: ", "))")
          }
        }
        (left, right) = (try ours.next(), try theirs.next())
      case (let one?, let other) where other == nil || Self.isBefore(one, other ?? one):
        differ(path, "In the index and not on tape: file \(one.sequence)")
        left = try ours.next()
      default:
        let path = right?.record.member.path ?? []
        differ(path, "On tape and not in the index: file \(at.1?.sequence ?? 0)")
        right = try theirs.next()
      }
    }
  }

  private static func place(_ member: StoredMember) -> LinkPlacement {
    LinkPlacement(sequence: member.file.sequence, offset: member.record.offset)
  }

  private static func isBefore(_ one: LinkPlacement, _ other: LinkPlacement) -> Bool {
    (one.sequence, one.offset) < (other.sequence, other.offset)
  }

  private static func differences(_ left: StoredMember, _ right: StoredMember) -> [String] {
    let (ours, theirs) = (left.record, right.record)
    let (a, b) = (ours.member, theirs.member)
    let fields: [(String, Bool)] = [
      ("name", a.path == b.path), ("type", a.kind == b.kind), ("mode", a.mode == b.mode),
      ("owner", a.ownership == b.ownership), ("size", a.size == b.size), ("mtime", a.modified == b.modified),
      ("ctime", a.changed == b.changed), ("device and inode", a.sourceFile == b.sourceFile),
      ("link target", a.linkTarget == b.linkTarget && ours.link == theirs.link),
      ("device number", a.deviceNumber == b.deviceNumber),
      (
        "attributes",
        a.extendedAttributes == b.extendedAttributes && a.securityContext == b.securityContext
          && a.accessACL == b.accessACL
          && a.defaultACL == b.defaultACL
      ),
      ("digest", ours.digest == theirs.digest && ours.chunks == theirs.chunks),
      ("completeness", ours.isIncomplete == theirs.isIncomplete),
      ("place", left.file == right.file && ours.contentOffset == theirs.contentOffset),
    ]
    return fields.filter { !$0.1 }.map(\.0)
  }
}
