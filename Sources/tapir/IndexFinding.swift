import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels

/// `tapir index find`: where members are.
struct IndexFinding {
  let command: TarCommand
  let reporter: Reporter

  static let summary = """
    Usage: tapir index find [OPTION...] PATTERN...

    Says where the members lie that match, by name and the newest version first: volume, file number, block ID, when it
    was committed (UTC), name. A name without wildcards is that member and what is below it; a pattern matches whole
    names, and * slashes too. Without a PATTERN, --size and dates alone choose. No cartridge is touched.
    Below a member stand the volumes that it begins on, if it goes over several, and copies of its volume that are known.

    """

  func run(_ names: [[UInt8]]) throws(OperationError) {
    let (index, groups) = try IndexScope.open(command.archive)
    var missing: [[UInt8]] = []
    do throws(IndexError) {
      if names.isEmpty {
        let count = try show(.pattern { _ in true }, in: groups, index)
        if count == 0 { reporter.report(.notice(MemberNotice([], "No member in the index matches", .failure))) }
      }
      for name in names {
        let count = try show(operand(name), in: groups, index)
        guard count == 0 else { continue }
        missing.append(name)
        reporter.report(.notice(MemberNotice(name, "Not found in the index", .failure)))
      }
    } catch { throw .index(error) }
    if let hint = hint(missing) { reporter.sayPlain("hint: \(hint)") }
  }

  /// What may help whoever did not find these; nil when none is known.
  private func hint(_ missing: [[UInt8]]) -> String? {
    if let word = missing.first(where: { $0.allSatisfy { !"/*?[".utf8.contains($0) } }) {
      return "the whole path is compared: '*/\(String(decoding: word, as: UTF8.self))'"
    }
    guard !missing.isEmpty, command.archive.name == nil, command.archive.indexDatabase == nil else { return nil }
    return "virtual cartridges and libraries have indexes of their own: name one with -f"
  }

  private func operand(_ name: [UInt8]) -> MemberQuery.Operand {
    let wanted = MemberName.withoutTrailingSlashes(name)
    // A name without wildcards is that name and what is below it; a pattern may match anywhere below a slash.
    let isPattern = wanted.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    let pattern = NamePattern(wanted, [.wildcards])
    return isPattern ? .pattern { pattern.matches($0) } : .literal(wanted)
  }

  /// Shows what is found and passes; returns how many.
  private func show(
    _ operand: MemberQuery.Operand, in groups: [[IndexFile.Volume]], _ index: IndexFile
  ) throws(IndexError) -> Int {
    let found = try find(operand, in: groups, index)
    for version in found { reporter.tell(version) }
    return found.count
  }

  private func find(
    _ operand: MemberQuery.Operand, in groups: [[IndexFile.Volume]], _ index: IndexFile
  ) throws(IndexError) -> [FoundVersion] {
    var tests = command.finding
    if let time = command.source.newerThan?.time { tests.newerThan = max(time, tests.newerThan ?? time) }
    var copies: [Int64: (end: BlockID?, copies: [VolumeCopy])] = [:]
    var versions: [StoredMember] = []
    for volumes in groups {
      var query = MemberQuery(operands: [operand], newestOnly: false)
      if tests.hasTests { query.isWanted = { tests.passes($0) } }
      let selection = try Selection(query, of: volumes, in: index)
      while let member = try selection.next() { versions.append(member) }
    }
    var found: [FoundVersion] = []
    for member in versions.sorted(by: StoredMember.isListedBefore) {
      if copies[member.volume.row] == nil {
        copies[member.volume.row] = (
          try index.batches(of: member.volume).last?.end, try index.copies(of: member.volume.descriptor.id)
        )
      }
      let known = copies[member.volume.row]
      // Behind the trailer's filemark.
      let end = member.file.header.rawValue + member.file.blockCount + 9
      found.append(
        FoundVersion(
          version: member, showsAttributes: command.verbosity > 0 || command.finding.isLong,
          copies: (known?.copies ?? []).map { copy in
            MemberCopyPlace(
              place: copy.place, isStale: known?.end.map { copy.end < $0 } ?? false,
              hasMember: copy.end.rawValue >= end, isVerified: copy.verified.rawValue >= end)
          }))
    }
    return found
  }
}

/// Another medium with the volume that a member is on.
struct MemberCopyPlace {
  let place: [UInt8]
  /// Whether the volume has been appended to since.
  let isStale: Bool
  /// Whether it goes far enough to have the member.
  let hasMember: Bool
  /// Whether the member was read back from it and compared.
  let isVerified: Bool

  var line: [UInt8] {
    var notes: [String] = []
    if !hasMember { notes.append("stale: does not have it") } else if isStale { notes.append("stale, but has it") }
    if hasMember, !isVerified { notes.append("not read back") }
    let state = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
    return Array("  copy at ".utf8) + Quoting.escaped(place) + Array(state.utf8)
  }
}
