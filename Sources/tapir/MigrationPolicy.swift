import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// Which cartridges of a virtual library are candidates for migration to tape: those older or fuller than given.
struct MigrationPolicy {
  /// Days since the last session; nil when age does not count.
  var days: Int64?
  /// Share of the capacity that is used; nil when it does not count.
  var percent: Int64?

  var isEmpty: Bool { days == nil && percent == nil }

  /// A cartridge that should go to tape.
  struct Candidate {
    let cartridge: String
    /// When its last batch was committed.
    let written: Timestamp
    /// Percent of its capacity in use, 100 of a volume that is full; nil without a limit.
    let used: Int64?
  }

  /// The candidates among the volumes that `index` knows, in the order of their names. Touches no cartridge.
  func candidates(
    in library: Library, _ index: IndexFile, now: Timestamp = .now()
  ) throws(OperationError) -> [Candidate] {
    let cartridges = try LibraryArchive.onChanger { () throws(ChangerError) in try library.description().cartridges }
    var found: [Candidate] = []
    for cartridge in cartridges {
      guard let last = try lastBatch(of: cartridge.name, index) else { continue }
      let used = try used(library.folder(of: cartridge.name), isFull: last.reason == .volumeFull)
      let isOld = days.map { last.committed.seconds <= now.seconds - $0 * 86_400 } ?? false
      let isFull = percent.map { percent in used.map { $0 >= percent } ?? false } ?? false
      if isOld || isFull {
        found.append(Candidate(cartridge: cartridge.name, written: last.committed, used: used))
      }
    }
    return found
  }

  /// The volume's last batch; nil when nothing was committed on it.
  private func lastBatch(of name: String, _ index: IndexFile) throws(OperationError) -> BatchRecord? {
    do throws(IndexError) {
      guard let volume = try index.volumes().first(where: { $0.descriptor.vsn.text == name }) else { return nil }
      return try index.batches(of: volume).last.flatMap { $0.record.number > 0 ? $0.record : nil }
    } catch { throw .index(error) }
  }

  private func used(_ path: [UInt8], isFull: Bool) throws(OperationError) -> Int64? {
    let description = try LibraryArchive.onDrive { () throws(DriveError) in try Cartridge.describe(at: path) }
    guard let capacity = description.options.capacity, let size = Cartridge.storedSize(at: path) else {
      return isFull ? 100 : nil
    }
    return isFull ? 100 : Int64(min(100, Double(size) / Double(capacity) * 100))
  }
}
