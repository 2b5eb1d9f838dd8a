public import ArchiveFormat
import CLinux
import Glibc

/// The file that keeps a ``Snapshot`` (`--listed-incremental=FILE`), held while an archive is made.
///
/// It changes only when the archive is complete: a new one is written beside it and takes its name. Two archives at once
/// would each take what the other saved for saved, so the file is locked meanwhile (flock(2)).
public final class SnapshotFile {
  /// What was in it.
  public let snapshot: Snapshot
  /// When it was opened: what changes from here on is archived the next time. The clock is that of files' times.
  public let start: Timestamp
  private let path: [UInt8]
  private let handle: DirectoryHandle
  private let status: stat
  /// Whether there was no such file before.
  private let isNew: Bool
  private var isFinished = false

  /// It cannot be used: what is to be said.
  public struct Failure: Error {
    /// In GNU tar's words where it has some.
    public let message: String
    /// What to do about it.
    public let hint: String?
  }

  /// Opens and locks the file, and reads it; makes it when there is none.
  /// - Parameter startsAfresh: what is in it does not count (`--level=0`).
  public init(at path: [UInt8], startsAfresh: Bool) throws(Failure) {
    var now = timespec()
    guard clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 else { throw Self.failure(path, "Cannot read the clock") }
    start = Timestamp(now)
    var isNew = false
    let handle = try Self.locked(path, isNew: &isNew)
    var status = stat()
    guard fstat(handle.descriptor, &status) == 0 else { throw Self.failure(path, "Cannot stat") }
    self.handle = handle
    self.status = status
    self.isNew = isNew
    // A symbolic link stays one. It is there, so it has a resolved name.
    if status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG {
      guard let resolved = withCString(path, { realpath($0, nil) }) else { throw Self.failure(path, "Cannot open") }
      defer { free(resolved) }
      self.path = Array(String(cString: resolved).utf8)
    } else {
      self.path = path
    }
    // Better now than behind the archive.
    if status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG,
      withCString(Self.folder(of: self.path), { access($0, W_OK) }) != 0
    {
      throw Failure(
        message: "\(Self.shown(path)): Cannot open: its directory cannot be written to: \(errorText(errno))",
        hint: "a new file takes its place when the archive is complete")
    }
    let bytes = startsAfresh ? [] : try Self.contents(of: handle, path)
    do throws(Snapshot.Failure) { snapshot = try Snapshot(parsing: bytes) } catch {
      throw Failure(
        message: error.standsAlone ? error.reason : "\(Self.shown(path))\(error.place): \(error.reason)",
        hint: "--level=0 begins anew")
    }
  }

  /// Opens the file and locks it: the one that has its name when the lock is there.
  private static func locked(_ path: [UInt8], isNew: inout Bool) throws(Failure) -> DirectoryHandle {
    while true {
      // O_EXCL says whether it was there; whoever makes it first is waited for by nobody.
      var descriptor = withCString(path) { open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0o666) }
      isNew = descriptor >= 0
      if descriptor < 0, errno == EEXIST {
        descriptor = withCString(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o666) }
      }
      guard descriptor >= 0 else { throw failure(path, "Cannot open") }
      let handle = DirectoryHandle(owning: descriptor)
      var status = stat()
      var named = stat()
      guard fstat(descriptor, &status) == 0 else { throw failure(path, "Cannot stat") }
      // Devices, /dev/null above all, keep nothing: anybody may use them at once.
      guard status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG else { return handle }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        guard errno == EWOULDBLOCK else { throw failure(path, "Cannot lock") }
        throw Failure(
          message: "\(shown(path)): Cannot open: another archive is being made with it",
          hint: "wait for the end of that one")
      }
      // Another one may have given its name to a new file before the lock was free.
      guard withCString(path, { stat($0, &named) }) == 0 else { continue }
      if FileIdentity(named) == FileIdentity(status) { return handle }
    }
  }

  private static func contents(of handle: DirectoryHandle, _ path: [UInt8]) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    let capacity = 1 << 20
    while true {
      var count = 0
      let part = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, used in
        count = read(handle.descriptor, buffer.baseAddress, capacity)
        used = max(count, 0)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, "Read error at byte \(bytes.count)") }
      if count == 0 { return bytes }
      bytes += part
    }
  }

  /// Replaces what is in the file: the archive is complete.
  public func write(_ snapshot: Snapshot) throws(Failure) {
    let bytes = snapshot.bytes
    guard status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG else {
      // Nothing can take the name of a device, nor of a pipe.
      return try put(bytes, into: handle.descriptor, path)
    }
    let temporary = path + Array(".tapir-\(getpid())".utf8)
    let descriptor = withCString(temporary) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard descriptor >= 0 else { throw Self.failure(temporary, "Cannot open") }
    do throws(Failure) {
      try put(bytes, into: descriptor, temporary)
      // Whoever could read the old one reads the new one, if the owner may be set at all.
      let hasOwner = fchown(descriptor, status.st_uid, status.st_gid) == 0 || errno == EPERM
      guard hasOwner, fchmod(descriptor, status.st_mode & 0o7777) == 0, fsync(descriptor) == 0 else {
        throw Self.failure(temporary, "Cannot write")
      }
      let renamed = withCString(temporary) { from in withCString(path) { rename(from, $0) } }
      guard renamed == 0 else { throw Self.failure(path, "Cannot rename") }
    } catch {
      // The old one is there still; this is of no use, and closing it says nothing new.
      _ = withCString(temporary) { unlink($0) }
      _ = close(descriptor)
      throw error
    }
    isFinished = true
    guard close(descriptor) == 0 else { throw Self.failure(path, "Cannot close") }
    try bringOutName()
  }

  private func put(_ bytes: [UInt8], into descriptor: Int32, _ name: [UInt8]) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(name, "Cannot write") }
      done += count
    }
  }

  /// Brings the new name to the disk.
  private func bringOutName() throws(Failure) {
    let folder = Self.folder(of: path)
    let descriptor = withCString(folder) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw Self.failure(folder, "Cannot open") }
    let handle = DirectoryHandle(owning: descriptor)
    // Some file systems cannot: then the name is as safe as they make it.
    guard fsync(handle.descriptor) == 0 || errno == EINVAL else { throw Self.failure(folder, "Cannot write") }
  }

  private static func folder(of path: [UInt8]) -> [UInt8] {
    path.lastIndex(of: slash).map { Array(path[..<max($0, 1)]) } ?? [dot]
  }

  private static func shown(_ path: [UInt8]) -> String {
    String(decoding: NameQuoting().quoted(path, colons: true), as: UTF8.self)
  }

  private static func failure(_ path: [UInt8], _ what: String) -> Failure {
    let reason = errorText(errno)
    return Failure(message: "\(shown(path)): \(what): \(reason)", hint: nil)
  }

  deinit {
    // Nothing was archived: the empty file that was made for the lock says nothing.
    if isNew, !isFinished { _ = withCString(path) { unlink($0) } }
  }
}
