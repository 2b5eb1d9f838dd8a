import Glibc
import TapeIO

/// One open file or folder; closed when nobody holds it any more.
final class File {
  private(set) var descriptor: Int32
  /// The cartridge it belongs to, for messages.
  let device: String
  /// Told of every change; nil but in tests.
  let witness: (any FileWitness)?
  /// Where it was opened, for the witness; empty without one.
  private let path: [UInt8]

  init(descriptor: Int32, device: String, path: [UInt8], witness: (any FileWitness)?) {
    self.descriptor = descriptor
    self.device = device
    self.path = witness == nil ? [] : path
    self.witness = witness
  }

  /// Gives up a file nobody closed. Nothing is lost by a failure here: what was confirmed was synced before.
  deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

  /// Opens the folder `path`.
  static func folder(
    _ path: [UInt8], device: String, operation: String, witness: (any FileWitness)? = nil
  ) throws(DriveError) -> File {
    let descriptor = withPath(path) { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw systemError(errno, operation, device) }
    return File(descriptor: descriptor, device: device, path: path, witness: witness)
  }

  /// Makes the folder `path`; returns errno, 0 when it was made.
  static func makeFolder(_ path: [UInt8], witness: (any FileWitness)?) -> Int32 {
    guard withPath(path, { mkdir($0, 0o777) }) == 0 else { return errno }
    witness?.saw(.makeFolder, of: path)
    return 0
  }

  /// Renames a folder.
  static func rename(
    _ path: [UInt8], to target: [UInt8], device: String, operation: String, witness: (any FileWitness)?
  ) throws(DriveError) {
    guard withPath(path, { from in withPath(target) { Glibc.rename(from, $0) } }) == 0 else {
      throw systemError(errno, operation, device)
    }
    witness?.saw(.rename(to: target), of: path)
  }

  /// Renames `name` in this folder.
  func rename(_ name: String, to target: String, operation: String) throws(DriveError) {
    guard renameat(descriptor, name, descriptor, target) == 0 else { throw systemError(errno, operation, device) }
    witness?.saw(.rename(to: entry(target)), of: entry(name))
  }

  private func entry(_ name: String) -> [UInt8] { path + Array("/\(name)".utf8) }

  /// Opens `name` in this folder; nil when there is no such file.
  func open(_ name: String, _ flags: Int32, operation: String) throws(DriveError) -> File? {
    let opened = openat(descriptor, name, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
    if opened < 0 {
      if errno == ENOENT { return nil }
      throw systemError(errno, operation, device)
    }
    if flags & O_CREAT != 0 { witness?.saw(.create(truncates: flags & O_TRUNC != 0), of: entry(name)) }
    return File(descriptor: opened, device: device, path: witness == nil ? [] : entry(name), witness: witness)
  }

  /// Closes it; the last chance of a write error to surface.
  func close(operation: String) throws(DriveError) {
    let closing = descriptor
    descriptor = -1
    guard closing < 0 || Glibc.close(closing) == 0 else { throw systemError(errno, operation, device) }
  }

  /// Bytes in it.
  func size(operation: String) throws(DriveError) -> UInt64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(errno, operation, device) }
    return UInt64(status.st_size)
  }

  /// Has the system read what is soon asked for, without waiting for it: a hint. What is damaged may name any place.
  func expect(_ count: Int, at offset: UInt64) {
    _ = posix_fadvise(descriptor, off_t(clamping: offset), off_t(count), POSIX_FADV_WILLNEED)
  }

  /// Reads up to `count` bytes, fewer only at the end of the file.
  func read(into target: UnsafeMutableRawPointer, count: Int, at offset: UInt64) -> ReadResult {
    var done = 0
    while done < count {
      let got = pread(descriptor, target + done, count - done, off_t(offset) + off_t(done))
      if got < 0 && errno == EINTR { continue }
      if got < 0 { return ReadResult(count: done, errno: errno) }
      if got == 0 { break }
      done += got
    }
    return ReadResult(count: done, errno: 0)
  }

  /// What a read brought: bytes from the front, and why it stopped short (0 at the end of the file).
  struct ReadResult {
    let count: Int
    let errno: Int32
  }

  /// Writes `count` bytes; returns how many went out before an error, and the error.
  func write(_ source: UnsafeRawPointer, count: Int, at offset: UInt64) -> (count: Int, errno: Int32) {
    var done = 0
    while done < count {
      let put = pwrite(descriptor, source + done, count - done, off_t(offset) + off_t(done))
      if put < 0 && errno == EINTR { continue }
      if put <= 0 { return (done, put < 0 ? errno : EIO) }
      if let witness {
        let bytes = UnsafeRawBufferPointer(start: source + done, count: put)
        witness.saw(.write(offset: offset + UInt64(done), bytes: Array(bytes)), of: path)
      }
      done += put
    }
    return (done, 0)
  }

  /// Writes `parts` behind each other in one call; returns how many bytes went out, -1 with errno when none did.
  func write(_ parts: UnsafeBufferPointer<iovec>, at offset: UInt64) -> Int {
    let put = pwritev(descriptor, parts.baseAddress, Int32(parts.count), off_t(offset))
    if put > 0, let witness {
      let bytes = parts.reduce(into: [UInt8]()) { $0 += UnsafeRawBufferPointer(start: $1.iov_base, count: $1.iov_len) }
      witness.saw(.write(offset: offset, bytes: Array(bytes.prefix(put))), of: path)
    }
    return put
  }

  /// Cuts it to `size` bytes.
  func truncate(to size: UInt64, operation: String) throws(DriveError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw systemError(errno, operation, device) }
    witness?.saw(.truncate(size: size), of: path)
  }

  /// Returns when its data is on disk.
  func syncData(operation: String) throws(DriveError) {
    guard fdatasync(descriptor) == 0 else { throw systemError(errno, operation, device) }
    witness?.saw(.sync, of: path)
  }

  /// Finds out whether the file still has a name: what is written to one that was removed is nowhere.
  func checkIsThere(operation: String) throws(DriveError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(errno, operation, device) }
    guard status.st_nlink > 0 else {
      throw DriveError(
        .system(errno: ENOENT, message: "the cartridge was removed while it was written"), operation: operation,
        device: device)
    }
  }

  /// Returns when the file, or a folder's entries, are on disk.
  func sync(operation: String) throws(DriveError) {
    guard fsync(descriptor) == 0 else { throw systemError(errno, operation, device) }
    witness?.saw(.sync, of: path)
  }
}

/// Lends a path as a C string.
func withPath<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  (path + [0]).withUnsafeBufferPointer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { text in
      // Never empty: it has at least the terminator.
      body(text.baseAddress!)
    }
  }
}

/// What errno says, as a drive's error: a full disk is not the end of the medium.
func systemError(_ code: Int32, _ operation: String, _ device: String, position: BlockID? = nil) -> DriveError {
  let cause: DriveError.Cause =
    switch code {
    case ENOSPC, EDQUOT: .diskFull
    case EIO: .mediumError(detail: String(cString: strerror(code)))
    default: .system(errno: code, message: String(cString: strerror(code)))
    }
  return DriveError(cause, operation: operation, device: device, position: position)
}
