internal import ArchiveFormat
internal import Glibc

/// Commits files that are written and verified, one after another in their order, on a thread of its own: giving a file its
/// attributes and its name takes the system about as long as reading the next one takes us.
final class CommitQueue: @unchecked Sendable {
  // Sendable: `monitor` guards every field below but the thread.
  private let observer: any OperationObserver
  private let monitor = Monitor()
  private var waiting: [Entry] = []
  /// Files that are being committed.
  private var busy = 0
  /// Whether what is there is committed though few wait.
  private var isUrgent = false
  private var isFinished = false
  private var worker: Worker?
  /// Paths of the files that came last, among them all that wait. The adding thread's alone.
  private var recent: [[UInt8]] = []
  private var nextRecent = 0

  /// A file on its way.
  private struct Entry {
    /// As it is reported; nil when it was.
    let shown: Member?
    let member: Member
    /// Nil for what was made already, and is only reported in its turn.
    let file: (any FileWriter)?
    let isIncomplete: Bool
  }

  /// Bytes of the largest file that gains by waiting here.
  static let largestFile: Int64 = 1 << 20
  /// How many files may be open here.
  private let capacity: Int
  /// How many are taken together where they come fast: waking a thread costs as much as a small file.
  private var row: Int { min(16, capacity) }

  /// Starts the thread.
  init(_ observer: any OperationObserver) throws(OperationError) {
    self.observer = observer
    var limits = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0
    capacity = isKnown ? max(1, Int(min(64, limits.rlim_cur / 8))) : 16
    // It goes on until finish().
    worker = try Worker { self.run() }
  }

  /// Takes a file over, all of whose content is written.
  func add(_ file: any FileWriter, _ member: Member, shown: Member?, isIncomplete: Bool) {
    if recent.count < capacity { recent.append(member.path) } else { recent[nextRecent] = member.path }
    nextRecent = (nextRecent + 1) % capacity
    add(Entry(shown: shown, member: member, file: file, isIncomplete: isIncomplete))
  }

  /// Takes over the report of a member that was made already, as it is ``isIndependent(_:)``.
  func add(made member: Member, shown: Member?) {
    add(Entry(shown: shown, member: member, file: nil, isIncomplete: false))
  }

  private func add(_ entry: Entry) {
    monitor.locked(when: { waiting.count + busy < capacity }, wakes: { waiting.count >= row || isUrgent }) {
      waiting.append(entry)
    }
  }

  /// Whether a directory or symbolic link may be made before the files that wait have their names: none of them has the same
  /// name or lies below it, however their paths are written.
  func isIndependent(_ member: Member) -> Bool {
    guard member.kind == .symbolicLink || member.kind == .directory && member.dumpDirectory == nil else { return false }
    let leaf = member.path.split(separator: UInt8(ascii: "/")).last ?? []
    // A file system may take some letters for the same.
    guard !leaf.isEmpty, leaf.allSatisfy({ $0 < 0x80 }) else { return false }
    return !recent.contains { path in path.contains { $0 >= 0x80 } || Self.hasComponent(leaf, in: path) }
  }

  private static func hasComponent(_ name: ArraySlice<UInt8>, in path: [UInt8]) -> Bool {
    var start = 0
    while start < path.count {
      let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
      // Upper and lower case are the same here, and a few other characters.
      if end - start == name.count, zip(path[start..<end], name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) { return true }
      start = end + 1
    }
    return false
  }

  /// Waits until all files are committed and reported.
  func settle() {
    recent.removeAll(keepingCapacity: true)
    nextRecent = 0
    monitor.locked { isUrgent = isUrgent || !waiting.isEmpty }
    monitor.locked(when: { waiting.isEmpty && busy == 0 }, wakes: { false }) {}
  }

  /// Waits for that, and ends the thread.
  func finish() {
    settle()
    monitor.locked { isFinished = true }
    worker?.join()
    worker = nil
  }

  private func run() {
    while let entries = take() {
      for entry in entries { commit(entry) }
      monitor.locked { busy = 0 }
    }
  }

  /// Waits for files; nil at the end.
  private func take() -> [Entry]? {
    // A second is what the name of a file may be late where they come slowly.
    monitor.locked(
      when: { waiting.count >= row || isUrgent && !waiting.isEmpty || isFinished }, within: 1,
      expired: { isUrgent = true }, wakes: { false }
    ) {
      guard !waiting.isEmpty else { return nil }
      isUrgent = false
      busy = waiting.count
      defer { waiting.removeAll(keepingCapacity: true) }
      return waiting
    }
  }

  private func commit(_ entry: Entry) {
    if let shown = entry.shown { observer.report(.member(shown)) }
    do throws(MemberNotice) {
      for notice in try entry.file?.commit() ?? [] { observer.report(.notice(notice)) }
      if entry.isIncomplete { throw MemberRestorer.incomplete(entry.member) }
    } catch { observer.report(.notice(error)) }
  }
}
