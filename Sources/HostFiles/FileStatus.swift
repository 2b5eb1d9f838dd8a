import ArchiveFormat
import CLinux
import Glibc

extension Member {
  /// What stat(2) says about a file; nil for what no archive holds (sockets).
  init?(path: [UInt8], status: stat, owners: OwnerNames) {
    let kind: Kind
    switch status.st_mode & Glibc.S_IFMT {
    case Glibc.S_IFREG: kind = .regular
    case Glibc.S_IFDIR: kind = .directory
    case Glibc.S_IFLNK: kind = .symbolicLink
    case Glibc.S_IFCHR: kind = .characterDevice
    case Glibc.S_IFBLK: kind = .blockDevice
    case Glibc.S_IFIFO: kind = .fifo
    default: return nil
    }
    self.init(
      path: path, kind: kind, mode: status.st_mode & 0o7777,
      ownership: owners.ownership(user: status.st_uid, group: status.st_gid),
      size: kind == .regular ? Int64(status.st_size) : 0,
      modified: Timestamp(status.st_mtim), changed: Timestamp(status.st_ctim))
    if kind == .characterDevice || kind == .blockDevice {
      deviceNumber = DeviceNumber(
        major: clinux_major(UInt64(status.st_rdev)), minor: clinux_minor(UInt64(status.st_rdev)))
    }
    accessed = Timestamp(status.st_atim)
    sourceFile = SourceFile(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), linkCount: UInt64(status.st_nlink))
  }
}

extension RestoredFile {
  init(path: [UInt8], _ status: stat) {
    self.init(
      path: path, device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Timestamp(status.st_mtim))
  }
}

extension Timestamp {
  init(_ time: timespec) {
    self.init(seconds: Int64(time.tv_sec), nanoseconds: Int32(truncatingIfNeeded: time.tv_nsec))
  }

  /// As the system wants it; nanoseconds out of range, which an archive may hold, become 0.
  var timespec: Glibc.timespec {
    Glibc.timespec(tv_sec: Int(seconds), tv_nsec: (0..<1_000_000_000).contains(nanoseconds) ? Int(nanoseconds) : 0)
  }
}

/// Which file of the file system it is.
public struct FileIdentity: Hashable, Sendable {
  /// st_dev.
  public var device: UInt64
  /// st_ino.
  public var inode: UInt64

  /// Creates an identity.
  public init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  init(_ status: stat) { self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) }
}
