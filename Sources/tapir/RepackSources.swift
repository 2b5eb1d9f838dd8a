import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// The volumes that are repacked: what their catalogues say, and how they are brought.
final class RepackSources: VolumeSupply {
  /// A cartridge, or a drive for one.
  struct Place {
    let target: ArchiveTarget
    let options: ArchiveOptions
    /// The volume there.
    var volume: IndexFile.Volume?
  }

  private let reporter: Reporter
  private(set) var places: [Place]
  /// Knows them: the one that all of them have, or one made for this run from their catalogues.
  let index: IndexFile
  /// The volumes that hold something.
  let volumes: [IndexFile.Volume]
  private let isOfLibrary: Bool

  /// Finds out what the cartridges are that `names` say, with the index brought up to date.
  init(_ names: [[UInt8]], _ options: ArchiveOptions, _ reporter: Reporter) throws(OperationError) {
    self.reporter = reporter
    var places: [Place] = []
    for name in names { places += try Self.places(name, options, reporter) }
    let paths = Set(places.map { IndexLocation.path($0.options, $0.target) })
    var index: IndexFile?
    if paths.count == 1, let first = places.first,
      // What is there is brought up to date; none is made where there was none.
      try IndexLocation.openForReading(first.options, first.target) != nil
    {
      index = try IndexLocation.openForWriting(first.options, first.target)
    }
    isOfLibrary =
      paths.count == 1
      && places.allSatisfy {
        if case .cartridge(let path) = $0.target, let library = Library.around(cartridge: path) {
          IndexLocation.path($0.options, $0.target) == library + Array("/index.sqlite".utf8)
        } else {
          false
        }
      }
    let known: IndexFile
    if let index {
      known = index
    } else {
      do throws(IndexError) { known = try IndexFile() } catch { throw .index(error) }
    }
    self.index = known
    var volumes: [IndexFile.Volume] = []
    for number in places.indices {
      let archive = try Self.open(places[number], reporter)
      let volume = try VolumeSync.learn(archive.drive, known, observer: reporter)
      try archive.close()
      if let wanted = places[number].options.vsn, let found = volume?.descriptor.vsn, found != wanted {
        throw .refused("volume \(found) is in \(archive.drive.identity.name), not \(wanted)", hint: "load \(wanted)")
      }
      places[number].volume = volume
      do throws(IndexError) {
        if let volume, try known.batches(of: volume).contains(where: { $0.record.number > 0 }) {
          volumes.append(volume)
        }
      } catch { throw .index(error) }
    }
    self.places = places
    self.volumes = volumes
  }

  private static func places(
    _ name: [UInt8], _ options: ArchiveOptions, _ reporter: Reporter
  ) throws(OperationError) -> [Place] {
    var options = options
    options.name = name
    let target = try ArchiveTarget.resolve(options, creates: false)
    switch target {
    case .library(let path):
      let library = LibraryArchive(path, options, reporter)
      let wanted = options.vsns
      let written = try library.written()
      for vsn in wanted where !written.contains(vsn) {
        throw .refused(
          "volume \(vsn) is not in \(library.library.name), or nothing is on it",
          hint: "'tapir library status' shows what there is")
      }
      options.vsn = nil
      options.vsns = []
      return written.filter { wanted.isEmpty || wanted.contains($0) }.map { vsn in
        Place(target: .cartridge(library.library.folder(of: vsn.text)), options: options)
      }
    case .device where options.changer != nil && !options.vsns.isEmpty:
      return options.vsns.map { vsn in
        var own = options
        (own.vsn, own.vsns) = (vsn, [vsn])
        return Place(target: target, options: own)
      }
    case .device, .cartridge, .image, .remoteVolume: return [Place(target: target, options: options)]
    case .newCartridge, .file, .remote, .standardStream:
      throw .refused("\(String(decoding: name, as: UTF8.self)) is an ordinary archive, not a volume", hint: nil)
    }
  }

  private static func open(_ place: Place, _ reporter: Reporter) throws(OperationError) -> OpenedArchive {
    try OpenedArchive.open(place.target, place.options, access: .readOnly, reporter: reporter)
  }

  /// The volumes among which a version is the newest: those of the library, or of the sets that the sources belong to;
  /// without those that `isTarget` says are what is written to.
  func scope(
    except isTarget: (IndexFile.Volume) throws(OperationError) -> Bool
  ) throws(OperationError) -> [IndexFile.Volume] {
    var found: [IndexFile.Volume] = volumes
    do throws(IndexError) {
      for volume in try index.volumes() where !found.contains(where: { $0.row == volume.row }) {
        let isOfSet = volumes.contains { $0.descriptor.set == volume.descriptor.set }
        if isOfLibrary || isOfSet, try index.isKnown(volume) { found.append(volume) }
      }
    } catch { throw .index(error) }
    var scope: [IndexFile.Volume] = []
    for volume in found where try !isTarget(volume) { scope.append(volume) }
    return scope
  }

  /// Whether a volume ends in the middle of a member, and nothing is known of the volume that this goes on on.
  func isContinuedElsewhere(_ volume: IndexFile.Volume) throws(OperationError) -> Bool {
    do throws(IndexError) {
      if try index.openPieces(on: volume).isEmpty { return false }
      return try index.volumes(continuing: volume).isEmpty
    } catch { throw .index(error) }
  }

  /// Whether a volume has still what it had when its members were looked up.
  func isUnchanged(_ place: Place) throws(OperationError) -> Bool {
    guard let volume = place.volume else { return false }
    let before = batchCount(volume)
    let archive = try Self.open(place, reporter)
    let found = try VolumeSync.learn(archive.drive, index, observer: reporter)
    try archive.close()
    return found?.descriptor.id == volume.descriptor.id && before != nil && before == batchCount(volume)
  }

  private func batchCount(_ volume: IndexFile.Volume) -> Int? {
    // try?: what cannot be counted counts as changed.
    try? index.batches(of: volume).count
  }

  func nextForWriting(after full: VolumeDescriptor) throws(OperationError) -> SuppliedVolume {
    throw .refused("a source is not written to", hint: nil)
  }

  func forReading(_ wanted: VolumeDescriptor) throws(OperationError) -> any TapeDrive {
    if let place = places.first(where: { $0.volume?.descriptor.id == wanted.id }) {
      return try Self.open(place, reporter).drive
    }
    // A piece of a member lies on another volume of the library.
    for place in places {
      guard case .cartridge(let path) = place.target, let library = Library.around(cartridge: path) else { continue }
      let other = Library(path: library).folder(of: wanted.vsn.text)
      guard Cartridge.isCartridge(at: other) else { continue }
      return try Self.open(Place(target: .cartridge(other), options: place.options), reporter).drive
    }
    throw .refused("volume \(wanted.vsn) is wanted", hint: "name it as a source too")
  }
}
