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

  /// A member, and where it can be had besides.
  struct Found {
    let member: StoredMember
    let copies: [Copy]
  }

  /// Another medium with the same volume.
  struct Copy {
    let place: [UInt8]
    /// Whether the volume has been appended to since.
    let isStale: Bool
    /// Whether it goes far enough to have the member.
    let hasMember: Bool
    /// Whether the member was read back from it and compared.
    let isVerified: Bool
  }

  func run(_ names: [[UInt8]]) throws(OperationError) {
    let (index, groups) = try IndexScope.open(command.archive)
    var listing = ListingFormat()
    do throws(IndexError) {
      if names.isEmpty {
        let count = try show(.pattern { _ in true }, in: groups, index, &listing)
        if count == 0 { reporter.report(.notice(MemberNotice([], "No member in the index matches", .failure))) }
      }
      for name in names {
        let count = try show(operand(name), in: groups, index, &listing)
        if count == 0 { reporter.report(.notice(MemberNotice(name, "Not found in the index", .failure))) }
      }
    } catch { throw .index(error) }
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
    _ operand: MemberQuery.Operand, in groups: [[IndexFile.Volume]], _ index: IndexFile, _ listing: inout ListingFormat
  ) throws(IndexError) -> Int {
    let found = try find(operand, in: groups, index)
    for member in found { show(member, &listing) }
    return found.count
  }

  private func find(
    _ operand: MemberQuery.Operand, in groups: [[IndexFile.Volume]], _ index: IndexFile
  ) throws(IndexError) -> [Found] {
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
    var found: [Found] = []
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
        Found(
          member: member,
          copies: (known?.copies ?? []).map { copy in
            Copy(
              place: copy.place, isStale: known?.end.map { copy.end < $0 } ?? false,
              hasMember: copy.end.rawValue >= end, isVerified: copy.verified.rawValue >= end)
          }))
    }
    return found
  }

  private func show(_ found: Found, _ listing: inout ListingFormat) {
    let member = found.member
    var line = Array(
      "\(member.volume.descriptor.vsn)  file \(member.file.sequence)  block \(member.file.header)  ".utf8)
    line += Array(member.committed.dateAndTime.utf8) + Array("  ".utf8)
    if command.verbosity > 0 || command.finding.isLong {
      listing.append(member.record.member, to: &line)
    } else {
      listing.appendName(member.record.member, to: &line)
    }
    reporter.print(line)
    for piece in member.pieces where !piece.isLast {
      let volume = piece.volume?.descriptor.vsn.text ?? "a volume that the index does not know"
      reporter.print("  part \(piece.section) on \(volume)  file \(piece.file.sequence)  block \(piece.file.header)")
    }
    for copy in found.copies {
      let state =
        !copy.hasMember
        ? " (stale: does not have it)"
        : copy.isStale
          ? " (stale, but has it\(copy.isVerified ? "" : "; not read back"))"
          : copy.isVerified ? "" : " (not read back)"
      reporter.print(Array("  copy at ".utf8) + Quoting.escaped(copy.place) + Array(state.utf8))
    }
  }
}
