internal import CArchive  // which brings struct stat
internal import Glibc

/// A file, a pipe or a device of this machine.
public final class LocalMedium: ArchiveMedium {
  public let name: String
  private let descriptor: Int32
  private var isClosed = false
  /// Where a file stood that was opened by somebody else: the archive's byte 0.
  private let origin: Int64

  /// Begins where `descriptor` stands, and closes it in the end.
  public init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    // What cannot say where it stands is not sought in either.
    origin = max(0, Int64(lseek(descriptor, 0, SEEK_CUR)))
  }

  /// Opens a file.
  /// - Parameter flags: as of open(2).
  public convenience init(path: [UInt8], flags: Int32, name: String) throws(MediumError) {
    let descriptor = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        // An array that holds at least its NUL has an address.
        open(text.baseAddress!, flags | O_CLOEXEC, 0o666)
      }
    }
    guard descriptor >= 0 else { throw Self.failure() }
    self.init(descriptor: descriptor, name: name)
  }

  deinit {
    // Whoever gave it up unclosed has said why.
    if !isClosed { _ = Glibc.close(descriptor) }
  }

  private var status: stat? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status : nil
  }

  private var isFile: Bool { status.map { $0.st_mode & S_IFMT == S_IFREG } ?? false }

  /// Whether it is a tape drive or another device of characters.
  public var isCharacterDevice: Bool { status.map { $0.st_mode & S_IFMT == S_IFCHR } ?? false }

  public var size: Int64? { isFile ? status.map { max(0, Int64($0.st_size) - origin) } : nil }
  public var isSeekable: Bool { isFile }
  public var takesSingleRecords: Bool { !isFile }

  /// st_dev and st_ino of a file, by which it is known among those that are archived; nil when it is none.
  public var identity: (device: UInt64, inode: UInt64)? {
    isFile ? status.map { (UInt64($0.st_dev), UInt64($0.st_ino)) } : nil
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(MediumError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR { throw Self.failure() }
    }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(MediumError) -> Int {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count > 0 {
        done += count
      } else if count == 0 || errno == ENOSPC {
        break
      } else if errno != EINTR {
        throw Self.failure()
      }
    }
    return done
  }

  public func seek(to offset: Int64) throws(MediumError) {
    guard lseek(descriptor, off_t(origin + offset), SEEK_SET) == off_t(origin + offset) else { throw Self.failure() }
  }

  public func truncate(to size: Int64) throws(MediumError) {
    if isFile, ftruncate(descriptor, off_t(origin + size)) != 0 { throw Self.failure() }
  }

  public func synchronize() throws(MediumError) {
    // A pipe has nothing to bring out.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw Self.failure() }
  }

  public func close() throws(MediumError) {
    guard !isClosed else { return }
    isClosed = true
    guard Glibc.close(descriptor) == 0 else { throw Self.failure() }
  }

  private static func failure() -> MediumError {
    MediumError(code: errno, text: String(cString: strerror(errno)))
  }
}
