import ArchiveFormat
import ArchiveOperations
import Glibc
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir volume map`: a picture of what lies where.
struct MapVerb {
  let command: TarCommand
  let reporter: Reporter

  static let summary = """
    Usage: tapir volume map ARCHIVE [OPTION...]

    Draws what lies where on a volume, from its beginning to its end: live, deleted or superseded, labels and
    catalogues, damaged, empty; of a library, a bar for each volume. Comes from the index: with --vsn, of virtual
    cartridges and of libraries no cartridge is needed.
    A cell shows damage if there is any in its part of the tape, otherwise what there is most of there.
    The amounts are exact: bytes of blocks as they were written. Only a catalogue counts without its last block, whose
    length the index does not have.

    """

  private static let lines = 8

  func run() throws(OperationError) {
    let found = try volumes()
    let text = MapText(width: command.map.width)
    let isLibrary = found.isLibrary
    let cells = command.map.isSVG ? MapSVG.cellsInLine : isLibrary ? max(10, text.width - 12) : text.width
    let extents: VolumeExtents
    var maps: [VolumeMap] = []
    do throws(IndexError) {
      extents = try VolumeExtents(among: found.scope, in: found.index)
      for volume in found.volumes {
        maps.append(try map(volume, extents, cells: isLibrary ? cells : cells * Self.lines, found.folder(volume)))
      }
    } catch { throw .index(error) }
    if command.map.isSVG, !reporter.sendsEvents || command.map.file != nil {
      try write(MapSVG.picture(bars(maps), legend: legend(maps, text).map(\.plain)))
      if !reporter.sendsEvents { return }
    }
    for map in maps { reporter.tell(MapFact(map: map, text: text, isBar: isLibrary)) }
    if isLibrary { for (_, line) in legend(maps, text) { reporter.decorate(line) } }
  }

  // MARK: Which volumes

  private struct Found {
    let index: IndexFile
    let volumes: [IndexFile.Volume]
    /// What decides about what is live.
    let scope: [IndexFile.Volume]
    let isLibrary: Bool
    /// The virtual cartridge of a volume, where it is known.
    let folder: (IndexFile.Volume) -> [UInt8]?
  }

  private func volumes() throws(OperationError) -> Found {
    let hasArchive = command.archive.effectiveName != nil
    let target = hasArchive ? try ArchiveTarget.resolve(command.archive, creates: false) : nil
    if case .library(let path) = target {
      let library = Library(path: path)
      let archive = LibraryArchive(path, command.archive, reporter)
      let (index, all) = try archive.volumes()
      let chosen = all.filter { command.archive.vsn == nil || $0.descriptor.vsn == command.archive.vsn }
      guard !chosen.isEmpty else { throw missing(command.archive.vsn) }
      return Found(
        index: index, volumes: chosen, scope: all, isLibrary: command.archive.vsn == nil,
        folder: { library.folder(of: $0.descriptor.vsn.text) })
    }
    var vsn = command.archive.vsn
    var folder: [UInt8]?
    if case .cartridge(let path) = target {
      folder = path
      // try?: what is not labelled yet has no name to be found by; looking at it says so.
      if vsn == nil { vsn = try? VSN(VirtualCartridgeFacts.of(path).options.vsn) }
    }
    if let vsn, let index = try IndexLocation.openForReading(command.archive, target) {
      do throws(IndexError) {
        if let volume = try index.volumes(vsn: vsn).first, try index.isKnown(volume) {
          return try found(volume, index, target, folder)
        }
      } catch { throw .index(error) }
    }
    if command.archive.vsn != nil, folder == nil { throw missing(vsn) }
    return try readVolume(target ?? .standardStream, folder)
  }

  /// Which volume is in the drive its label says; the index, or the volume's catalogues, say the rest.
  private func readVolume(_ target: ArchiveTarget, _ folder: [UInt8]?) throws(OperationError) -> Found {
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(command.archive, target)
    let read = try ReadTarget.open(drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
    try archive.close()
    do throws(IndexError) { return try found(read.volume, read.index, target, folder) } catch { throw .index(error) }
  }

  private func found(
    _ volume: IndexFile.Volume, _ index: IndexFile, _ target: ArchiveTarget?, _ folder: [UInt8]?
  ) throws(IndexError) -> Found {
    var isOfLibrary = false
    if case .cartridge(let path) = target { isOfLibrary = Library.around(cartridge: path) != nil }
    let scope = try index.volumes().filter {
      isOfLibrary || $0.descriptor.set == volume.descriptor.set || $0.row == volume.row
    }
    return Found(index: index, volumes: [volume], scope: scope, isLibrary: false, folder: { _ in folder })
  }

  private func missing(_ vsn: VSN?) -> OperationError {
    .refused(
      vsn.map { "the index does not know volume \($0)" } ?? "nothing is written on the cartridges of the library",
      hint: vsn == nil ? nil : "name the archive that it is in, or the index with --index-db")
  }

  // MARK: Maps

  private func map(
    _ volume: IndexFile.Volume, _ extents: VolumeExtents, cells: Int, _ folder: [UInt8]?
  ) throws(IndexError) -> VolumeMap {
    // try?: what cannot be read of a cartridge is not known, and the index has all else.
    let facts = folder.flatMap { try? VirtualCartridgeFacts.of($0) }
    let capacity = command.archive.capacity ?? facts?.options.capacity
    let stored = command.archive.capacity == nil ? facts?.stored : nil
    let map = try TapeMap(cells: cells) { used in
      capacity.map { Int64(clamping: $0) - Int64(clamping: stored ?? UInt64(max(0, used))) }
    } _: { (take: (TapeMap.State, Int64, Int64) -> Void) throws(IndexError) in
      try extents.forEach(on: volume) { kind, bytes, members in take(TapeMap.State(kind), bytes, members) }
    }
    return VolumeMap(volume: volume.descriptor.vsn, map: map, capacity: capacity, stored: stored)
  }

  /// Amounts of all volumes together.
  private func legend(_ maps: [VolumeMap], _ text: MapText) -> [(plain: String, line: String)] {
    TapeMap.State.allCases.map { state in
      let bytes = maps.reduce(0) { $0 + $1.map[state].bytes }
      let members = maps.reduce(0) { $0 + $1.map[state].members }
      var words = "\(bytes) bytes"
      if members > 0 { words += " of \(members) member\(members == 1 ? "" : "s")" }
      if state == .empty, maps.contains(where: { $0.capacity == nil }) {
        words = maps.contains { $0.capacity != nil } ? words + " or more" : "not known"
      }
      let name = MapText.name(state)
      let blanks = String(repeating: " ", count: 23 - name.count)
      return ("\(name): \(words)", "\(text.line([state])) \(name)\(blanks)\(words)")
    }
  }

  private func bars(_ maps: [VolumeMap]) -> [MapSVG.Bar] {
    maps.map { MapSVG.Bar(name: $0.volume.text, lines: $0.map.rows(MapSVG.cellsInLine)) }
  }

  private func write(_ svg: String) throws(OperationError) {
    guard let path = command.map.file else { return reporter.print(svg) }
    let bytes = Array((svg + "\n").utf8)
    func failure(_ what: String) -> OperationError {
      .refused("\(String(decoding: path, as: UTF8.self)): \(what): \(String(cString: strerror(errno)))", hint: nil)
    }
    let descriptor = ArchiveTarget.withCString(path) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw failure("Cannot open") }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        let error = failure("Cannot write")
        _ = close(descriptor)  // the write's error is the one to be told
        throw error
      }
      done += count
    }
    guard close(descriptor) == 0 else { throw failure("Cannot close") }
  }
}
