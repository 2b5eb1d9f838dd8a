import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex

/// `tapir index ...`.
struct IndexVerbs {
  let command: TarCommand
  let reporter: Reporter

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
      let members = try MemberLookup([volume], in: index).count
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
}
