public import ArchiveFormat
public import TapeIndex

/// Takes in nothing: for a session that only records what happens to names.
public final class EmptySource: MemberSource {
  /// Makes one.
  public init() {}
  public func next() -> SourceItem? { nil }
}

/// What is to be recorded for `--delete`.
public struct DeletionPlan {
  /// The deletions: as few as say it, since each is also about everything below its name.
  public private(set) var changes: [NameChange] = []
  /// Directories that stay, as something below them does.
  public private(set) var kept: [[UInt8]] = []

  /// Finds the members on `volumes` that `query` asks for and that are there still.
  /// - Parameter isPlain: whether the query is of literal names alone, with everything below them.
  public init(
    _ query: MemberQuery, isPlain: Bool, of volumes: [IndexFile.Volume], in index: IndexFile
  ) throws(IndexError) {
    let selection = try Selection(query, of: volumes, in: index)
    if isPlain {
      for (operand, count) in zip(query.operands, selection.matches) where count > 0 {
        if case .literal(let name) = operand { changes.append(.deleted(name)) }
      }
      return
    }
    var chosen: [[UInt8]] = []
    var directories: [[UInt8]] = []
    while let member = try selection.next() {
      chosen.append(member.record.member.path)
      if member.record.member.kind == .directory { directories.append(member.record.member.path) }
    }
    let isChosen = Set(chosen)
    var staying: Set<[UInt8]> = []
    for directory in directories {
      let below = try Selection(
        MemberQuery(operands: [.literal(directory)], newestOnly: true), of: volumes, in: index)
      while let member = try below.next() {
        if !isChosen.contains(member.record.member.path) { staying.insert(directory) }
      }
    }
    kept = directories.filter { staying.contains($0) }
    var deleted: Set<[UInt8]> = []
    for path in chosen.sorted(by: { $0.count < $1.count }) where !staying.contains(path) {
      let isCovered = path.indices.contains { path[$0] == UInt8(ascii: "/") && deleted.contains(Array(path[..<$0])) }
      if !isCovered { deleted.insert(path) }
    }
    changes = deleted.sorted { $0.lexicographicallyPrecedes($1) }.map { .deleted($0) }
  }
}

/// What `--changed` has to record: names that the series had and that are not at the source any more.
public struct VanishingPlan {
  /// As few names as say it.
  public private(set) var changes: [NameChange] = []

  /// Goes through the members on `volumes` that are there still and that the series archived last.
  /// - Parameters:
  ///   - query: which of them the session was about.
  ///   - isGone: whether it is certain that there is nothing of a name at the source.
  public init(
    _ query: MemberQuery, series: [UInt8], of volumes: [IndexFile.Volume], in index: IndexFile,
    isGone: ([UInt8]) -> Bool
  ) throws(IndexError) {
    var own: Set<Int64> = []
    for volume in volumes {
      for batch in try index.batches(of: volume) where batch.record.session.series == series { own.insert(batch.row) }
    }
    let selection = try Selection(query, of: volumes, in: index)
    var gone: Set<[UInt8]> = []
    // Directories with something below them that others archived: it would be gone with them.
    var shared: Set<[UInt8]> = []
    while let member = try selection.next() {
      let path = member.record.member.path
      // What was renamed on the volumes has nothing to do with the source any more.
      if !own.contains(member.batch) || member.pathOnTape != path {
        for end in path.indices where path[end] == UInt8(ascii: "/") { shared.insert(Array(path[..<end])) }
      } else if isGone(path) {
        gone.insert(path)
      }
    }
    gone.subtract(shared)
    changes = gone.filter { path in
      !path.indices.contains { path[$0] == UInt8(ascii: "/") && gone.contains(Array(path[..<$0])) }
    }.sorted { $0.lexicographicallyPrecedes($1) }.map { .vanished($0) }
  }
}

/// What is to be recorded for `index rename`.
public struct RenamingPlan {
  /// Checks that a member, or something below a directory, can get another name.
  /// - Throws: ``OperationError/refused(_:hint:)`` when there is nothing of the old name, or something of the new one.
  public static func changes(
    from old: [UInt8], to new: [UInt8], of volumes: [IndexFile.Volume], in index: IndexFile
  ) throws(OperationError) -> [NameChange] {
    let names = (String(decoding: old, as: UTF8.self), String(decoding: new, as: UTF8.self))
    func refusal(_ why: String) -> OperationError {
      .refused("cannot rename \(names.0) to \(names.1): \(why)", hint: nil)
    }
    func isThere(_ name: [UInt8]) throws(OperationError) -> Bool {
      try onIndex { () throws(IndexError) in
        try Selection(MemberQuery(operands: [.literal(name)], newestOnly: true), of: volumes, in: index).count > 0
      }
    }
    let slash = UInt8(ascii: "/")
    guard old != new else { throw refusal("it has that name") }
    guard !new.starts(with: old + [slash]), !old.starts(with: new + [slash]) else {
      throw refusal("one lies below the other")
    }
    guard try isThere(old) else { throw refusal("not found in the index") }
    guard try !isThere(new) else { throw refusal("there is a member of that name, or below it") }
    return [.renamed(old, to: new)]
  }
}
