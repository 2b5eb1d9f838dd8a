import ArchiveFormat
import CLinux
import Glibc

/// A regular file being restored beside its name: without any where the system can give it one later (open(2), O_TMPFILE),
/// else under a temporary one.
final class HostFileWriter: FileWriter {
  private var member: Member
  private let directory: DirectoryHandle
  private var leaf: [UInt8]
  private let sink: HostSink
  /// The name that it has; nil while it has none.
  private var temporary: [UInt8]?
  private var descriptor: Int32
  /// What it was made with.
  private var firstMode: mode_t
  /// Content that is still to be written: that of a small file waits for ``commit()``, which another thread may call.
  private var held: UnsafeMutableRawBufferPointer
  private var heldCount = 0
  private var isEmpty = true
  /// Where the file ends so far.
  private var end: Int64 = 0
  private(set) var restored: RestoredFile?
  let replacesOnlyFiles: Bool

  /// Bytes of the largest file whose content is held.
  private static let largestHeld = 64 << 10

  init(_ member: Member, in directory: DirectoryHandle, leaf: [UInt8], sink: HostSink) throws(MemberNotice) {
    self.member = member
    held = .allocate(byteCount: (0...Self.largestHeld).contains(Int(member.size)) ? Int(member.size) : 0, alignment: 16)
    self.directory = directory
    self.leaf = leaf
    self.sink = sink
    // A link or a directory of that name is a way for those that come behind.
    replacesOnlyFiles =
      directory.made?.isFree(leaf) ?? false
      || sink.status(leaf, in: directory).map { $0.st_mode & Glibc.S_IFMT == Glibc.S_IFREG } ?? true
    // What is written over another file is read back first.
    let access = sink.options.oldFiles == .overwrite ? O_RDWR : O_WRONLY
    firstMode = sink.restorer.firstMode(of: member)
    descriptor = sink.namelessFiles.open(in: directory, access | O_CLOEXEC, mode: firstMode)
    if descriptor >= 0 { return }
    firstMode = 0o600
    var code: Int32 = EEXIST
    (temporary, code) = sink.withTemporaryName(for: leaf) { name in
      let flags = access | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
      descriptor = withCString(name) { openat(directory.descriptor, $0, flags, firstMode) }
      return descriptor >= 0 ? 0 : errno
    }
    guard descriptor >= 0 else { throw sink.failure(member, "open", code) }
  }

  deinit {
    // Neither committed nor discarded: the caller was cut short. Nothing may be left.
    if descriptor >= 0 { discard() }
    held.deallocate()
  }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    isEmpty = false
    // Without a hole, and with all that is held before it.
    if offset == heldCount, end == heldCount, bytes.byteCount <= held.count - heldCount {
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: held[heldCount...]).copyMemory(from: $0) }
      heldCount += bytes.byteCount
    } else {
      try writeHeld()
      try bytes.withUnsafeBytes { bytes throws(MemberNotice) in try put(bytes, at: offset) }
    }
    end = max(end, offset + Int64(bytes.byteCount))
  }

  private func writeHeld() throws(MemberNotice) {
    try put(UnsafeRawBufferPointer(rebasing: held[..<heldCount]), at: 0)
    heldCount = 0
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(MemberNotice) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw sink.failure(member, "write", count < 0 ? errno : ENOSPC) }
      written += count
    }
  }

  func commit() throws(MemberNotice) -> [MemberNotice] { try finish(size: member.size, isAskedFor: true) }

  func commitUnasked() throws(MemberNotice) -> [MemberNotice] { try finish(size: member.size, isAskedFor: false) }

  func keepDamaged(size: Int64) throws(MemberNotice) -> [UInt8]? {
    guard !isEmpty else {
      discard()
      return nil
    }
    leaf += HostSink.damagedSuffix
    member.path += HostSink.damagedSuffix
    // Nobody vouches for what it would run, as whom.
    member.mode &= 0o1777
    member.securityContext = []
    member.extendedAttributes.removeAll { $0.name.starts(with: "security.".utf8) }
    for notice in try finish(size: size, isAskedFor: true) { sink.notify(notice) }
    return member.path
  }

  private func finish(size: Int64, isAskedFor: Bool) throws(MemberNotice) -> [MemberNotice] {
    do throws(MemberNotice) { try writeHeld() } catch {
      discard()
      throw error
    }
    // Past the data, or short of it when the last bytes are a hole.
    if size != end, ftruncate(descriptor, off_t(size)) != 0 { throw broken("truncate", errno) }
    if let notices = try overwrite(size: size) { return notices }
    let notices = sink.restorer.restore(member, onNew: descriptor, mode: firstMode, in: directory.made)
    var status = stat()
    let isKnown = isAskedFor && fstat(descriptor, &status) == 0
    let backup: [UInt8]?
    do throws(MemberNotice) { backup = try sink.backUp(member, leaf, in: directory) } catch {
      discard()
      throw error
    }
    do throws(MemberNotice) { try giveName() } catch {
      sink.undoBackUp(backup, of: member, leaf, in: directory)
      throw error
    }
    if isKnown { restored = RestoredFile(path: member.path, status) }
    return notices
  }

  /// Closes the file and gives it its name. What has the name keeps it until its successor is closed: that can be what fails.
  private func giveName() throws(MemberNotice) {
    var isNamed = false
    if temporary == nil {
      var code = NamelessFiles.link(descriptor, leaf, in: directory)
      isNamed = code == 0
      if code == EEXIST, sink.options.oldFiles.replacesFiles {
        (temporary, code) = sink.withTemporaryName(for: leaf) { NamelessFiles.link(descriptor, $0, in: directory) }
      }
      if code != 0 { throw broken("open", code) }
    }
    let closed = close(descriptor)
    let code = errno
    descriptor = -1
    if closed != 0 {
      if isNamed { temporary = leaf }
      throw broken("close", code)
    }
    if !isNamed, let temporary {
      let code = sink.rename(temporary, to: leaf, in: directory)
      if code != 0 { throw broken("open", code) }
    }
  }

  /// Copies the content, whole by now, into the file that has the member's name, if that is to keep its identity.
  /// - Returns: nil when there is no such file.
  private func overwrite(size: Int64) throws(MemberNotice) -> [MemberNotice]? {
    guard sink.options.oldFiles == .overwrite, sink.options.backup == nil,
      let old = sink.status(leaf, in: directory), old.st_mode & Glibc.S_IFMT == Glibc.S_IFREG
    else { return nil }
    let flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let target = withCString(leaf) { openat(directory.descriptor, $0, flags) }
    if target < 0 { throw broken("open", errno) }
    var status = stat()
    var code: Int32 = 0
    var notices: [MemberNotice] = []
    // It may be another one by now: a device takes no content.
    if fstat(target, &status) != 0 || status.st_mode & Glibc.S_IFMT != Glibc.S_IFREG {
      code = EEXIST
    } else {
      code = FileCopy.copy(from: descriptor, to: target, size: size)
      if code == 0 { notices = sink.restorer.restore(member, on: target) }
    }
    let isKnown = fstat(target, &status) == 0
    if close(target) != 0, code == 0 { code = errno }
    if code != 0 { throw broken("write", code) }
    discard()
    if isKnown { restored = RestoredFile(path: member.path, status) }
    return notices
  }

  func discard() {
    if descriptor >= 0 {
      // Its bytes are not wanted.
      _ = close(descriptor)
      descriptor = -1
    }
    // A temporary name that is gone already is as good.
    if let temporary { _ = withCString(temporary) { unlinkat(directory.descriptor, $0, 0) } }
  }

  private func broken(_ what: String, _ code: Int32) -> MemberNotice {
    discard()
    return sink.failure(member, what, code)
  }
}
