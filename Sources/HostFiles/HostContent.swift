import ArchiveFormat
import Glibc

/// The bytes of an open file.
final class HostContent: MemberContent {
  /// What fstat said when it was opened.
  let opened: stat
  private(set) var descriptor: Int32
  private let owner: HostMember
  /// Where it is closed, if that need not be at once.
  private let context: SourceContext?
  /// Whether it is left open until the process ends: closing any descriptor of a file gives up all locks of fcntl(2) that
  /// the process has on it, those of SQLite among them.
  var staysOpen = false

  /// Takes over an open descriptor.
  convenience init(_ descriptor: Int32, name owner: HostMember) {
    var status = stat()
    // fstat of an open local descriptor fails only for causes that a read then reports (a dead network mount);
    // the zeros it leaves are no regular file, and the caller says that it cannot be opened.
    if fstat(descriptor, &status) != 0 { status = stat() }
    self.init(descriptor, status, name: owner)
  }

  /// Takes over a descriptor of which fstat said `opened`.
  init(_ descriptor: Int32, _ opened: stat, name owner: HostMember, closesIn context: SourceContext? = nil) {
    self.descriptor = descriptor
    self.context = context
    self.opened = opened
    self.owner = owner
  }

  deinit {
    // Not closed by close(): the member was dropped before it was read, and nothing is lost.
    if descriptor >= 0, !staysOpen { _ = Glibc.close(descriptor) }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        let code = errno
        let (position, unit) = (offset + Int64(filled), rest.count == 1 ? "byte" : "bytes")
        throw owner.readFailure(
          "Read error at byte \(position), while reading \(rest.count) \(unit): \(errorText(code))")
      }
      filled += count
    }
    return filled
  }

  func close() -> MemberNotice? {
    guard descriptor >= 0 else { return nil }
    var status = stat()
    let known = fstat(descriptor, &status) == 0
    let code = errno
    let accessNotice = owner.restoreAccessTime(opened, of: descriptor)
    // Nothing was written: closing has no news.
    if staysOpen {
      // Until the process ends.
    } else if let context {
      context.closeSoon(descriptor)
    } else {
      _ = Glibc.close(descriptor)
    }
    descriptor = -1
    guard known else { return owner.notice("Cannot stat: \(errorText(code))", .failure) }
    let changed =
      status.st_size != opened.st_size || Timestamp(status.st_ctim) != Timestamp(opened.st_ctim)
      || Timestamp(status.st_mtim) != Timestamp(opened.st_mtim)
    // Other names of it may have been removed here meanwhile.
    if changed, !owner.hasOnlyLostNames(FileState(status), since: FileState(opened)) {
      return owner.notice("file changed as we read it", .difference)
    }
    return accessNotice
  }
}
