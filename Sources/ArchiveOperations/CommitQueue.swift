internal import ArchiveFormat
internal import Glibc

/// Commits files that are written and verified, one after another in their order, on a thread of its own: giving a file its
/// attributes and its name takes the system about as long as reading the next one takes us.
final class CommitQueue: @unchecked Sendable {
  // Sendable: `monitor` guards every field below but the thread.
  private let observer: any OperationObserver
  private let monitor = Monitor()
  private var waiting: [Entry] = []
  /// Of those waiting, how many are being committed: the first.
  private var busy = 0
  /// Set when there was no room: whoever adds rests until half of it is free, so that it is woken seldom.
  private var isDraining = false
  /// Whether what is there is committed though few wait.
  private var isUrgent = false
  private var isFinished = false
  private var worker: Worker?
  /// Paths of the files that came last, among them all that wait. The adding thread's alone.
  private var recent: [[UInt8]] = []
  private var nextRecent = 0

  /// A file on its way. An object, as it is handed on.
  private final class Entry {
    /// As it is reported; nil when it was.
    let shown: Member?
    /// Nil for what was made already, and is only reported in its turn.
    let file: (any FileWriter)?
    /// What is said behind it.
    let notice: MemberNotice?

    init(shown: Member?, file: (any FileWriter)?, notice: MemberNotice?) {
      self.shown = shown
      self.file = file
      self.notice = notice
    }
  }

  /// Bytes of the largest file that gains by waiting here.
  static let largestFile: Int64 = 1 << 20
  /// How many files may be open here.
  private let capacity: Int
  /// How many are taken together where they come fast: waking a thread costs as much as a small file.
  private var row: Int { min(64, capacity) }

  /// Starts the thread.
  init(_ observer: any OperationObserver) throws(OperationError) {
    self.observer = observer
    var limits = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0
    capacity = isKnown ? max(1, Int(min(128, limits.rlim_cur / 8))) : 16
    // It goes on until finish().
    worker = try Worker { self.run() }
  }

  /// Takes a file over, all of whose content is written.
  func add(_ file: any FileWriter, _ member: Member, shown: Member?, isIncomplete: Bool) {
    if recent.count < capacity { recent.append(member.path) } else { recent[nextRecent] = member.path }
    nextRecent = (nextRecent + 1) % capacity
    add(Entry(shown: shown, file: file, notice: isIncomplete ? MemberRestorer.incomplete(member) : nil))
  }

  /// Takes over the report of a member that was made already, as it is ``isIndependent(_:)``.
  func add(made member: Member, shown: Member?) {
    add(Entry(shown: shown, file: nil, notice: nil))
  }

  private func add(_ entry: Entry) {
    monitor.locked(when: { hasRoom }, wakes: { busy == 0 && hasRow }) { waiting.append(entry) }
  }

  private var hasRoom: Bool {
    if waiting.count >= capacity { isDraining = true }
    if waiting.count <= capacity / 2 { isDraining = false }
    return !isDraining
  }

  /// Whether there is something to do.
  private var hasRow: Bool { waiting.count >= row || isUrgent && !waiting.isEmpty || isFinished }

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
    monitor.locked(when: { waiting.isEmpty }, wakes: { false }) {}
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
    }
  }

  /// Gives back the files taken before, and waits for more; nil at the end.
  private func take() -> [Entry]? {
    monitor.locked(wakes: { waiting.isEmpty || hasRoom }) {
      waiting.removeFirst(busy)
      busy = 0
      if waiting.isEmpty { isUrgent = false }
    }
    // A second is what the name of a file may be late where they come slowly.
    return monitor.locked(when: { hasRow }, within: 1, expired: { isUrgent = true }, wakes: { false }) {
      guard !waiting.isEmpty else { return nil }
      busy = min(row, waiting.count)
      return Array(waiting[..<busy])
    }
  }

  private func commit(_ entry: Entry) {
    if let shown = entry.shown { observer.report(.member(shown)) }
    do throws(MemberNotice) {
      for notice in try entry.file?.commitUnasked() ?? [] { observer.report(.notice(notice)) }
      if let notice = entry.notice { throw notice }
    } catch { observer.report(.notice(error)) }
  }
}
