import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// Modes `-t`, `-x` and `-d` over all volumes of a library.
extension ReadMode {
  /// Lists members of a library's volumes, or fetches the cartridges that hold them, one after another.
  /// - Returns: false when there is no library, or one cartridge alone is meant, which is read like any other.
  func readLibrary(_ target: ArchiveTarget) throws(OperationError) -> Bool {
    if try listNamed(target) { return true }
    guard case .library(let path) = target else { return false }
    let archive = LibraryArchive(path, command.archive, reporter)
    if command.archive.vsn != nil { return false }
    guard command.archive.usesIndex, !command.listsContents else {
      throw .refused(
        "cannot read the volumes of \(archive.library.name) in sequence: they are read one at a time",
        hint: "say with --vsn which one")
    }
    let (index, volumes) = try archive.volumes()
    if command.mode == .list {
      try list(volumes, index)
    } else if let range = command.range, let name = command.operands.first?.name {
      let operation = RangeOperation(
        name: MemberName.withoutTrailingSlashes(name), view: command.versions.view, offset: range.offset,
        length: range.length)
      for volume in try holding(operation.query, volumes, index, { $0.path == operation.name }) {
        try withVolume(volume, among: volumes, index, archive.library) { (target, access) throws(OperationError) in
          try operation.run(target, access: access, sink: StandardOutputSink())
        }
        return true
      }
      reporter.report(.notice(MemberNotice(name, "Not found in archive", .failure)))
    } else {
      try restore(from: volumes, index, archive.library)
    }
    return true
  }

  /// Lists the volume that is named from the index, where it would have to be fetched: no cartridge moves for that.
  private func listNamed(_ target: ArchiveTarget) throws(OperationError) -> Bool {
    var isFetched = command.archive.changer != nil
    if case .library = target { isFetched = true }
    guard isFetched, command.mode == .list, !command.listsContents, let vsn = command.archive.vsn,
      let index = try IndexLocation.openForReading(command.archive, target)
    else { return false }
    guard let volume = try onIndex({ () throws(IndexError) in try index.volumes(vsn: vsn).first }) else { return false }
    try list(withThoseThatContinue(volume, index), index)
    return true
  }

  /// A volume and those that continue it.
  func withThoseThatContinue(
    _ volume: IndexFile.Volume, _ index: IndexFile
  ) throws(OperationError) -> [IndexFile.Volume] {
    try onIndex { () throws(IndexError) in [volume] + (try index.volumes(continuing: volume)) }
  }

  private func restore(
    from volumes: [IndexFile.Volume], _ index: IndexFile, _ library: Library
  ) throws(OperationError) {
    var choice = choice
    for place in places() {
      let sink = ContinuedSink(try sink(place))
      func asked() -> MemberQuery {
        // Counting begins anew with each look, but what was found is found in all of them.
        if choice.dependsOnOrder { choice = self.choice }
        let names = command.operands.filter { choice.dependsOnOrder || $0.baseDirectory == place }
        return query(names, choice, to: place)
      }
      for volume in try holding(asked(), volumes, index, { _ in true }) {
        var operation = RestoreOperation(
          query: asked(), options: try options(), bufferSize: command.bufferSize ?? 64 << 20)
        operation.membersOf = volume
        do throws(OperationError) {
          try withVolume(volume, among: volumes, index, library) { (target, access) throws(OperationError) in
            reporter.countsRecords(of: volume.descriptor.blockSize, wholeRecords: false)
            _ = try operation.run(target, access: access, sink: sink, observer: reporter)
          }
        } catch {
          // What is on other volumes can still be had.
          reporter.fail(error)
        }
      }
      for notice in sink.end() { reporter.report(.notice(notice)) }
    }
    reportMissing(choice)
  }

  /// The volumes that hold what a query chooses, in the order of the index.
  private func holding(
    _ query: MemberQuery, _ volumes: [IndexFile.Volume], _ index: IndexFile, _ isMeant: (Member) -> Bool
  ) throws(OperationError) -> [IndexFile.Volume] {
    try onIndex { () throws(IndexError) in
      let selection = try Selection(query, of: volumes, in: index)
      var found: [IndexFile.Volume] = []
      while let member = try selection.next() {
        if found.last?.row != member.volume.row, isMeant(member.record.member) { found.append(member.volume) }
      }
      return found
    }
  }

  /// Fetches a volume and makes sure that it is the one that the index knows.
  private func withVolume(
    _ volume: IndexFile.Volume, among volumes: [IndexFile.Volume], _ index: IndexFile, _ library: Library,
    _ body: (ReadTarget, VolumeAccess) throws(OperationError) -> Void
  ) throws(OperationError) {
    let vsn = volume.descriptor.vsn
    let supply = LibrarySupply(library, reporter)
    defer { supply.place?.release() }
    let drive = try supply.forReading(volume.descriptor)
    var target = try ReadTarget.open(drive: drive, index: index, vsn: vsn, observer: reporter)
    guard target.volume.descriptor.id == volume.descriptor.id else {
      throw .refused(
        "cartridge \(vsn) of \(library.name) holds another volume \(vsn) than the index knows",
        hint: "'tapir index rebuild' makes the index anew")
    }
    target.volumes = volumes
    try LabelMode.check(target.volume.descriptor.text, command)
    let access = target.access(drive, supply: supply, reporter)
    try body(target, access)
    try access.close()
  }
}

/// A sink for members of several volumes: what can only be done when all else is there waits for the last of them.
private final class ContinuedSink: MemberSink {
  private let sink: any MemberSink

  init(_ sink: any MemberSink) { self.sink = sink }

  func create(_ member: Member) throws(MemberNotice) { try sink.create(member) }
  func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? { try sink.beginFile(member) }
  func setAside(_ file: RestoredFile, keeps: Bool) -> [UInt8]? { sink.setAside(file, keeps: keeps) }
  func finish() -> [MemberNotice] { [] }

  /// Ends it indeed.
  func end() -> [MemberNotice] { sink.finish() }
}
