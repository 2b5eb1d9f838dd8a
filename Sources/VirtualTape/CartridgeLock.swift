import CLinux
import Glibc
import TapeIO

/// One writer or many readers: an advisory lock on `data`, which goes with the open file.
enum CartridgeLock {
  /// Takes the lock, or says at once who has it.
  static func take(_ file: File, exclusive: Bool) throws(DriveError) {
    while flock(file.descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { throw systemError(errno, "lock", file.device) }
      throw DriveError(.busy(holder: holder(of: file)), operation: "open", device: file.device)
    }
  }

  /// Gives the lock up. Closing the file is not enough: a child process that another thread is starting has a copy of the
  /// descriptor until it runs its program.
  static func release(_ file: File) {
    // It cannot fail on a file that is open; on one that is closed there is no lock to give up.
    _ = flock(file.descriptor, LOCK_UN)
  }

  /// Who holds a lock on the file, as the kernel's list of locks tells: `process 1234 (tapir)`.
  private static func holder(of file: File) -> String? {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { return nil }
    // `1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`; the device is in hexadecimal.
    for line in text(of: "/proc/locks").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[1] == "FLOCK", let process = Int32(words[4]), process > 0 else { continue }
      let parts = words[5].split(separator: ":")
      guard parts.count == 3, UInt32(parts[0], radix: 16) == clinux_major(UInt64(status.st_dev)),
        UInt32(parts[1], radix: 16) == clinux_minor(UInt64(status.st_dev)), parts[2] == String(status.st_ino)
      else { continue }
      let name = text(of: "/proc/\(process)/comm").split(separator: "\n").first
      return "process \(process)" + (name.map { " (\($0))" } ?? "")
    }
    return nil
  }

  /// A small file of the kernel's; empty when it cannot be read: the holder is then just not named.
  private static func text(of path: String) -> String {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { _ = Glibc.close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let got = Glibc.read(descriptor, &chunk, chunk.count)
      guard got > 0 else { break }
      bytes += chunk.prefix(got)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
