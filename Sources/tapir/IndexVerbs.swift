import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex

/// `tapir index ...`.
struct IndexVerbs {
  let command: TarCommand
  let reporter: Reporter

  /// Says where the members are that match: volume, file number, block ID, and the member; no cartridge is touched.
  func find(_ names: [[UInt8]]) throws(OperationError) {
    let (index, groups) = try IndexScope.open(command.archive)
    var missing: [[UInt8]] = []
    do throws(IndexError) {
      for name in names {
        let count = try find(name, in: groups, index)
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

  /// Makes the index of a volume anew from its catalogues.
  func rebuild() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    if case .library(let path) = target, command.archive.vsn == nil { return try rebuildAll(path, target) }
    try rebuild(target)
  }

  /// The same for every cartridge of a library that holds something.
  private func rebuildAll(_ path: [UInt8], _ target: ArchiveTarget) throws(OperationError) {
    let archive = LibraryArchive(path, command.archive, reporter)
    for name in try archive.written() {
      var command = command
      command.archive.vsn = name
      do throws(OperationError) {
        if try archive.holdsNothing(name) { continue }
        try IndexVerbs(command: command, reporter: reporter).rebuild(target)
      } catch {
        reporter.fail(error)
      }
    }
  }

  private func rebuild(_ target: ArchiveTarget) throws(OperationError) {
    // For writing, though nothing is written to it: what goes into a lasting index must be on the disk for good, and
    // that is seen to when a cartridge is opened so.
    let archive = try OpenedArchive.open(target, command.archive, access: .readWrite, reporter: reporter)
    guard let index = try IndexLocation.openForWriting(command.archive, target) else { return }
    let operation = RebuildOperation(
      vsn: command.archive.vsn, salvages: command.salvages, scans: command.scans)
    let volume = try operation.run(drive: archive.drive, index: index, observer: reporter)
    try archive.close()
    do throws(IndexError) {
      let batches = try index.batches(of: volume).count { $0.record.number > 0 }
      let members = try index.totals(of: volume).members
      reporter.tell(RebuildResult(volume: volume.descriptor, members: members, batches: batches))
    } catch { throw .index(error) }
  }

  /// Compares the index of a volume with its catalogues.
  func check() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    guard let index = try IndexLocation.openForReading(command.archive, target) else {
      let path = String(decoding: IndexLocation.path(command.archive, target), as: UTF8.self)
      throw .refused("there is no index at \(path)", hint: "'tapir index rebuild' makes one")
    }
    let outcome = try CheckOperation(vsn: command.archive.vsn)
      .run(drive: archive.drive, index: index, observer: reporter)
    try archive.close()
    reporter.tell(CheckResult(outcome: outcome))
  }

  private func find(_ name: [UInt8], in groups: [[IndexFile.Volume]], _ index: IndexFile) throws(IndexError) -> Int {
    let wanted = MemberName.withoutTrailingSlashes(name)
    // A name without wildcards is that name and what is below it; a pattern may match anywhere below a slash.
    let isPattern = wanted.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    let pattern = NamePattern(wanted, [.wildcards])
    let operand = isPattern ? MemberQuery.Operand.pattern { pattern.matches($0) } : .literal(wanted)
    var versions: [StoredMember] = []
    for volumes in groups { versions += try index.versions(of: operand, on: volumes) }
    versions.sort(by: StoredMember.isListedBefore)
    for version in versions { reporter.tell(FoundVersion(version: version, showsAttributes: command.verbosity > 0)) }
    return versions.count
  }
}
