import ArchiveFormat
import CLinux
import Glibc
import Synchronization

/// Names of files, gathered by the thread that finds them and the one that reads them.
final class UnsavedNames: Sendable {
  private let names = Mutex<Set<[UInt8]>>([])

  func add(_ name: [UInt8]) { names.withLock { _ = $0.insert(name) } }

  /// All of them.
  var all: Set<[UInt8]> { names.withLock { $0 } }
}

/// What all members of one run share.
final class SourceContext: Sendable {
  let options: SourceOptions
  let owners: OwnerNames
  let links = LinkTable()
  let budget: DescriptorBudget
  /// Files that were opened when they were found and not read yet, and how many of them there may be.
  let openedAhead = Atomic<Int>(0)
  let mostOpenedAhead: Int
  /// Files that were opened ahead and are read, for the thread that opens others to close: the one that reads has more to do.
  private let read = Mutex<[Int32]>([])
  /// How many of them wait for it at most: the system may allow only few descriptors.
  private let mostRead: Int
  /// How files and directories are opened: not blocking and without a terminal, as what was a file a moment ago may be
  /// a FIFO or a line now.
  let openFlags: Int32
  /// For fstatat(2).
  let statusFlags: Int32
  /// Removes what was archived; nil when everything stays.
  let remover: HostRemover?
  /// Names of files that could not be archived, for the snapshot; nil where there is none.
  let unsaved: UnsavedNames?

  init(_ options: SourceOptions, budget: DescriptorBudget = DescriptorBudget()) {
    self.options = options
    self.budget = budget
    mostOpenedAhead = min(256, budget.limit / 4)
    mostRead = mostOpenedAhead / 4
    unsaved = options.incremental == nil ? nil : UnsavedNames()
    owners = OwnerNames(numericOnly: options.numericOwner)
    let accessFlags = options.accessTime == .untouched ? clinux_O_NOATIME : 0
    openFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | accessFlags | (options.followsLinks ? 0 : O_NOFOLLOW)
    statusFlags = options.followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
    remover = options.removesFiles ? HostRemover(links: links, keeping: options.index) : nil
  }

  deinit { closeRead(all: true) }

  /// Closes a file that was opened ahead: at once, or when others are opened.
  func closeSoon(_ descriptor: Int32) {
    let waits = read.withLock { read in
      guard read.count < mostRead else { return false }
      read.append(descriptor)
      return true
    }
    // Nothing was written: closing has no news.
    if !waits { _ = Glibc.close(descriptor) }
  }

  /// Closes the files that wait for it, if they are so many.
  func closeRead(all: Bool = false) {
    let waiting = read.withLock { read in
      guard all || read.count >= mostRead / 4 else { return [Int32]() }
      defer { read = [] }
      return read
    }
    for descriptor in waiting { _ = Glibc.close(descriptor) }
  }

  /// That something could not be read, in GNU tar's words.
  func failure(_ path: [UInt8], _ text: String) -> MemberNotice {
    unsaved?.add(path)
    return options.ignoresFailedReads
      ? MemberNotice(path, "Warning: " + text, .information) : MemberNotice(path, text, .failure)
  }

  /// Sets the time of the last access back, if that is asked for; returns what is to be said when it fails.
  func restoreAccessTime(_ status: stat, of descriptor: Int32, _ path: [UInt8]) -> MemberNotice? {
    guard options.accessTime == .replaced else { return nil }
    // UTIME_OMIT, a macro: the modification time stays.
    let times = [status.st_atim, timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)]
    return futimens(descriptor, times) == 0
      ? nil : MemberNotice(path, "Cannot utime: \(errorText(errno))", .failure)
  }
}
