import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIndex
import TapeLabels
import VirtualTape

/// The volumes that a question to the index is about.
enum IndexScope {
  /// The index, and its volumes in groups: what is deleted or renamed on one counts for those of its group. A library's are
  /// one group; in an index for everything, those of a set.
  static func open(
    _ options: ArchiveOptions
  ) throws(OperationError) -> (index: IndexFile, groups: [[IndexFile.Volume]]) {
    let target = try options.name.map { (_) throws(OperationError) in
      try ArchiveTarget.resolve(options, creates: false)
    }
    guard let index = try IndexLocation.openForReading(options, target) else {
      let path = String(decoding: IndexLocation.path(options, target), as: UTF8.self)
      let archive = options.name.map { String(decoding: $0, as: UTF8.self) }
      throw .refused(
        "there is no index at \(path)",
        hint: archive.map { "'tapir index rebuild \($0)' makes it from the volume" }
          ?? "name one with --index-db, or the archive with -f: virtual cartridges and libraries have their own")
    }
    do throws(IndexError) {
      let volumes = try index.volumes(vsn: options.vsn)
      var isLibrary = false
      if case .library = target { isLibrary = true }
      if case .cartridge(let path) = target { isLibrary = Library.around(cartridge: path) != nil }
      if isLibrary, options.vsn == nil { return (index, [volumes]) }
      var groups: [[IndexFile.Volume]] = []
      for volume in volumes {
        if let place = groups.firstIndex(where: { $0[0].descriptor.set == volume.descriptor.set }) {
          groups[place].append(volume)
        } else {
          groups.append([volume])
        }
      }
      return (index, groups)
    } catch { throw .index(error) }
  }
}

/// `tapir index log` and `tapir index show`: what happened, session by session and member by member.
struct IndexHistoryVerbs {
  let command: TarCommand
  let reporter: Reporter

  /// Lists sessions.
  func log() throws(OperationError) {
    var options = command.archive
    // A cartridge of a library has sessions of its own, numbered as '-t --session' and 'volume show' number them.
    if options.vsn == nil, let name = options.name,
      case .cartridge(let path) = try ArchiveTarget.resolve(options, creates: false),
      Library.around(cartridge: path) != nil
    {
      // try?: what is no VSN names no volume of a library.
      options.vsn = try? VSN(String(decoding: name.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self))
    }
    let (index, groups) = try IndexScope.open(options)
    do throws(IndexError) {
      for volumes in groups { try log(volumes, index) }
    } catch { throw .index(error) }
  }

  private func log(_ volumes: [IndexFile.Volume], _ index: IndexFile) throws(IndexError) {
    for (place, session) in try index.sessions(of: volumes).enumerated() {
      let totals = try index.totals(ofBatches: session.batches)
      reporter.tell(
        SessionFact(
          number: place + 1, session: session, members: totals.members, bytes: totals.bytes,
          changes: try index.changes(in: session.batches.map(\.row))))
    }
  }

  /// Shows all versions of members, those that are gone too.
  func show(_ names: [[UInt8]]) throws(OperationError) {
    let (index, groups) = try IndexScope.open(command.archive)
    do throws(IndexError) {
      for name in names {
        let name = MemberName.withoutTrailingSlashes(name)
        var count = 0
        for volumes in groups {
          for version in try index.lives(of: name, on: volumes) {
            count += 1
            reporter.tell(VersionLife(life: version))
          }
        }
        if count == 0 { reporter.report(.notice(MemberNotice(name, "Not found in the index", .failure))) }
      }
    } catch { throw .index(error) }
  }
}
