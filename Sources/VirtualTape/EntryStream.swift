import Glibc
import TapeIO

/// `map` or `marks`: entries of a fixed size, appended as a stream, looked up by number.
///
/// It is a cache of `data`. What cannot be written to its file stays in memory, and what is not on disk after a crash is
/// made anew: so errors of its file are no errors of the drive.
final class EntryStream {
  private let file: File?
  private let isWritable: Bool
  private let entrySize: Int
  /// Entries in the file that count; more may lie behind them.
  private var filed: Int
  /// Entries behind those, in memory.
  private var pending: UnsafeMutableRawPointer
  private var pendingCapacity = 65_536
  private var pendingSize = 0

  /// Takes over a file, or keeps all in memory with nil (a reader of a cartridge without one).
  init(file: File?, isWritable: Bool, entrySize: Int) throws(DriveError) {
    self.file = file
    self.isWritable = isWritable
    self.entrySize = entrySize
    filed = try file.map { file throws(DriveError) in Int(clamping: try file.size(operation: "open")) / entrySize } ?? 0
    pending = .allocate(byteCount: pendingCapacity, alignment: 16)
  }

  deinit { pending.deallocate() }

  /// Entries it has.
  var count: Int { filed + pendingSize / entrySize }

  /// Lends entry `index`; nil when it is not there or cannot be read.
  func withEntry<Result>(_ index: Int, _ body: (UnsafeRawPointer) -> Result) -> Result? {
    guard index >= 0, index < count else { return nil }
    if index >= filed { return body(pending + (index - filed) * entrySize) }
    return withUnsafeTemporaryAllocation(byteCount: entrySize, alignment: 16) { bytes -> Result? in
      guard let file, let base = bytes.baseAddress,
        file.read(into: base, count: entrySize, at: UInt64(index * entrySize)).count == entrySize
      else { return nil }
      return body(base)
    }
  }

  /// Has the system read an entry that is soon asked for.
  func expect(_ index: Int) {
    if index >= 0, index < filed { file?.expect(entrySize, at: UInt64(index * entrySize)) }
  }

  /// Makes room for one entry at the end and lends it.
  func append(_ body: (UnsafeMutableRawPointer) -> Void) {
    if pendingSize + entrySize > pendingCapacity { makeRoom() }
    body(pending + pendingSize)
    pendingSize += entrySize
  }

  private func makeRoom() {
    write()
    guard pendingSize + entrySize > pendingCapacity else { return }
    let larger = UnsafeMutableRawPointer.allocate(byteCount: pendingCapacity * 2, alignment: 16)
    larger.copyMemory(from: pending, byteCount: pendingSize)
    pending.deallocate()
    pending = larger
    pendingCapacity *= 2
  }

  /// Brings entries in memory to the file, as far as it takes them; the rest stays in memory.
  func write() {
    guard isWritable, let file, pendingSize > 0 else { return }
    let put = file.write(pending, count: pendingSize, at: UInt64(filed * entrySize))
    guard put.errno == 0 else { return }
    filed += pendingSize / entrySize
    pendingSize = 0
  }

  /// Forgets entries from `newCount` on. The file keeps stale bytes behind unless it is writable.
  func truncate(to newCount: Int) {
    guard newCount < count || isWritable else { return }
    if newCount >= filed {
      pendingSize = min(pendingSize, (newCount - filed) * entrySize)
    } else {
      pendingSize = 0
      filed = newCount
    }
    guard isWritable, let file else { return }
    // try?: a file that stays too long is cut when the cartridge is next opened; its extra entries are never looked at.
    try? file.truncate(to: UInt64(filed * entrySize), operation: "truncate")
  }

  /// Writes everything and syncs; whether all is on disk.
  func sync() -> Bool {
    write()
    guard isWritable, let file, pendingSize == 0 else { return false }
    do { try file.syncData(operation: "sync") } catch { return false }
    return true
  }

  /// Reads entries `range` in large pieces; false when one cannot be read or `body` says so.
  func allSatisfy(in range: Range<Int>, _ body: (Int, UnsafeRawPointer) -> Bool) -> Bool {
    guard !range.isEmpty else { return true }
    guard range.upperBound <= filed, let file else {
      return range.allSatisfy { index in withEntry(index) { body(index, $0) } ?? false }
    }
    let perChunk = min(65_536, range.count)
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: perChunk * entrySize, alignment: 16)
    defer { chunk.deallocate() }
    var index = range.lowerBound
    while index < range.upperBound {
      let now = min(perChunk, range.upperBound - index)
      guard file.read(into: chunk, count: now * entrySize, at: UInt64(index * entrySize)).count == now * entrySize
      else {
        return false
      }
      for step in 0..<now {
        guard body(index + step, chunk + step * entrySize) else { return false }
      }
      index += now
    }
    return true
  }
}
