import ArchiveOperations
import Glibc
import HostFiles
import TapeIndex
import VirtualTape

/// Where the index is: `--index-db`, `$TAPIR_INDEX`, where the configuration says, in a virtual library or cartridge or beside an image, or the system's or
/// user's own.
enum IndexLocation {
  /// The path of the index for `target`; nil target is for questions without an archive.
  static func path(_ options: ArchiveOptions, _ target: ArchiveTarget?) -> [UInt8] {
    if let named = options.indexDatabase { return named }
    if let named = getenv("TAPIR_INDEX").map({ OptionScanner.bytes($0) }), !named.isEmpty { return named }
    switch target {
    case .cartridge(let path): return (Library.around(cartridge: path) ?? path) + Array("/index.sqlite".utf8)
    case .library(let path), .newCartridge(let path): return path + Array("/index.sqlite".utf8)
    case .image(let path, _): return path + Array(".index.sqlite".utf8)
    case .device, .remoteVolume, .file, .remote, .standardStream, nil: break
    }
    if geteuid() == 0 { return Array("/var/lib/tapir/index.sqlite".utf8) }
    let home = getenv("HOME").map { OptionScanner.bytes($0) } ?? []
    // An empty variable counts as none (XDG Base Directory Specification).
    let named = getenv("XDG_STATE_HOME").map { OptionScanner.bytes($0) } ?? []
    let state = named.isEmpty ? home + Array("/.local/state".utf8) : named
    return state + Array("/tapir/index.sqlite".utf8)
  }

  /// The index for writing; made, with its folder, when it is not there. Nil with `--no-index`.
  static func openForWriting(_ options: ArchiveOptions, _ target: ArchiveTarget) throws(OperationError) -> IndexFile? {
    guard options.usesIndex else { return nil }
    let path = path(options, target)
    makeFolders(of: path)
    do { return try IndexFile(path: path, access: .readWrite) } catch { throw .index(error) }
  }

  /// The index for reading; nil when there is none, or with `--no-index`.
  static func openForReading(_ options: ArchiveOptions, _ target: ArchiveTarget?) throws(OperationError) -> IndexFile? {
    guard options.usesIndex else { return nil }
    let path = path(options, target)
    guard ArchiveTarget.withCString(path, { access($0, F_OK) }) == 0 else {
      // One that was named must be there.
      guard options.indexDatabase == nil || options.hasDefaultIndex else {
        throw .refused(
          "cannot open index \(String(decoding: path, as: UTF8.self)): \(String(cString: strerror(errno)))",
          hint: "'tapir index rebuild' makes one from a volume; without --index-db its own is used")
      }
      return nil
    }
    do { return try IndexFile(path: path, access: .readOnly) } catch { throw .index(error) }
  }

  /// The files of the index that is open for writing.
  static func identities(_ options: ArchiveOptions, _ target: ArchiveTarget) -> [FileIdentity] {
    ["", "-wal", "-shm"].compactMap { suffix in
      var status = stat()
      let path = path(options, target) + Array(suffix.utf8)
      guard ArchiveTarget.withCString(path, { stat($0, &status) }) == 0 else { return nil }
      return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
  }

  /// Makes the folders above `path`; what cannot be made shows when the index is opened.
  private static func makeFolders(of path: [UInt8]) {
    for (offset, byte) in path.enumerated() where byte == UInt8(ascii: "/") && offset > 0 {
      _ = ArchiveTarget.withCString(Array(path[..<offset])) { mkdir($0, 0o755) }
    }
  }
}
