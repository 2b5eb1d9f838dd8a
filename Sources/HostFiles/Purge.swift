import ArchiveFormat
import CLinux
import Glibc

/// What an incremental archive takes away again: directories that had another name get their new one, and what was not
/// in a directory when it was archived goes.
extension HostSink {
  /// Makes what is in a directory what its list says; does nothing where there is no directory yet.
  func purge(_ member: Member, _ leaf: [UInt8], in directory: DirectoryHandle) {
    guard options.isIncremental, let bytes = member.dumpDirectory else { return }
    let list = DumpDirectory(bytes)
    guard let opened = openDirectory(leaf, in: directory) else { return }
    if let fault = list.fault { return notify(MemberNotice([], fault, .failure)) }
    if list.hasUnusedTemporary {
      notify(MemberNotice([], "Malformed dumpdir: 'X' never used", .information))
    }
    guard makeRenames(of: list) else { return }
    // The renames may have moved it.
    guard let names = DirectoryListing.names(in: opened.descriptor) else {
      return notify(MemberNotice(member.path, "Cannot savedir: \(errorText(errno))", .failure))
    }
    var kept: [[UInt8]: DumpDirectory.Code] = [:]
    for entry in list.entries where entry.code.isContent { kept[entry.name] = entry.code }
    let prefix = member.path.last == slash ? member.path : member.path + [slash]
    for name in names {
      guard let status = status(name, in: opened) else {
        if errno != ENOENT {
          let path = prefix + name
          notify(MemberNotice(path, "Cannot stat: \(errorText(errno))", .failure))
          notify(MemberNotice(path, "Not purging directory: unable to stat", .information))
        }
        continue
      }
      let isDirectory = status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR
      switch kept[name] {
      case .directory where isDirectory, .archived where !isDirectory, .notArchived: continue
      default: remove(name, prefix + name, status, in: opened)
      }
    }
  }

  private func openDirectory(_ leaf: [UInt8], in directory: DirectoryHandle) -> DirectoryHandle? {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let descriptor = withCString(leaf) { openat(directory.descriptor, $0, flags) }
    return descriptor >= 0 ? DirectoryHandle(owning: descriptor) : nil
  }

  private func remove(_ name: [UInt8], _ path: [UInt8], _ status: stat, in directory: DirectoryHandle) {
    if options.oneFileSystem, let device = rootDevice, device != UInt64(status.st_dev) {
      return notify(MemberNotice(path, "directory is on a different device: not purging", .information))
    }
    if let confirms = options.confirmsDeletion, !confirms(path) { return }
    deleted?(path)
    guard !removeAnything(name, in: directory) else { return }
    notify(MemberNotice(path, "Cannot remove: \(errorText(errno))", .failure))
  }

  /// Removes a file, or a directory with all that is in it, but nothing that is mounted there.
  private func removeAnything(_ name: [UInt8], in directory: DirectoryHandle) -> Bool {
    if withCString(name, { unlinkat(directory.descriptor, $0, 0) }) == 0 { return true }
    guard errno == EISDIR || errno == EPERM else { return false }
    tree.forget()
    hasRemovedDirectories = true
    if withCString(name, { unlinkat(directory.descriptor, $0, AT_REMOVEDIR) }) == 0 { return true }
    guard errno == ENOTEMPTY || errno == EEXIST else { return false }
    var status = stat()
    guard fstat(directory.descriptor, &status) == 0 else { return false }
    return Self.removeTree(name, in: directory.descriptor, stayingOn: UInt64(status.st_dev))
  }

  // MARK: Renames

  /// Gives directories the names that they had when the archive was made; false when one cannot be given.
  private func makeRenames(of list: DumpDirectory) -> Bool {
    var temporary: [UInt8] = []
    var from: [UInt8] = []
    for entry in list.entries {
      switch entry.code {
      case .temporary:
        guard let made = makeTemporary(in: entry.name) else { return false }
        temporary = made
      case .renamedFrom: from = entry.name.isEmpty ? temporary : entry.name
      case .renamedTo: if !rename(from, to: entry.name.isEmpty ? temporary : entry.name) { return false }
      case .archived, .notArchived, .directory: break
      }
    }
    return true
  }

  /// A place in the target.
  private func locate(
    _ path: [UInt8], making: Bool
  ) throws(ErrnoFailure) -> (directory: DirectoryHandle, leaf: [UInt8]) {
    guard options.keepsAbsoluteNames || !MemberName.containsParentComponent(path), !path.contains(0) else {
      throw ErrnoFailure(code: EXDEV)
    }
    let name = MemberName.withoutTrailingSlashes(path)
    return try tree.parent(
      of: options.keepsAbsoluteNames ? name : Array(name.drop { $0 == slash }), making: making)
  }

  /// Makes an empty directory for a name in between; nil and a notice when that fails.
  private func makeTemporary(in folder: [UInt8]) -> [UInt8]? {
    let path = folder + Array("/.tapir-\(temporaryNumber())".utf8)
    do throws(ErrnoFailure) {
      let place = try locate(path, making: false)
      guard withCString(place.leaf, { mkdirat(place.directory.descriptor, $0, 0o700) }) == 0 else {
        throw ErrnoFailure(code: errno)
      }
      return path
    } catch {
      let text = "Cannot create temporary directory using template \(quoted(path)): \(errorText(error.code))"
      notify(MemberNotice([], text, .failure))
      return nil
    }
  }

  private func rename(_ from: [UInt8], to path: [UInt8]) -> Bool {
    do throws(ErrnoFailure) {
      let source = try locate(from, making: false)
      let target = try locate(path, making: true)
      let status = withCString(source.leaf) { from in
        withCString(target.leaf) { renameat(source.directory.descriptor, from, target.directory.descriptor, $0) }
      }
      guard status == 0 else { throw ErrnoFailure(code: errno) }
      tree.forget()
      // What was to be set of it last finds another directory under the old name, or none.
      hasRemovedDirectories = true
      return true
    } catch {
      let text = "Cannot rename \(quoted(from)) to \(quoted(path)): \(errorText(error.code))"
      notify(MemberNotice([], text, .failure))
      return false
    }
  }
}
