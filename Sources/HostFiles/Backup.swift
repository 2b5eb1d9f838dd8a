import ArchiveFormat
import CLinux
import Glibc

/// The name of a file whose place a member takes (GNU tar manual, *backup*).
public struct BackupNaming: Sendable, Equatable {
  /// Which names are given.
  public enum Control: Sendable {
    /// The suffix, whatever has that name.
    case simple
    /// Numbers, if the file has numbered backups already, else the suffix.
    case existing
    /// `.~1~`, `.~2~`, ...
    case numbered
  }

  /// Which names are given.
  public var control: Control
  /// What stands behind a simple backup's name.
  public var suffix: [UInt8]

  /// Describes a naming.
  public init(_ control: Control, suffix: [UInt8] = Array("~".utf8)) {
    self.control = control
    self.suffix = suffix
  }

  /// The backup's name for `leaf` in a directory with these names.
  public func name(for leaf: [UInt8], among names: [[UInt8]]) -> [UInt8] {
    guard control != .simple else { return leaf + suffix }
    let prefix = leaf + Array(".~".utf8)
    let highest = names.compactMap { name -> Int? in
      guard name.count > prefix.count + 1, name.starts(with: prefix), name.last == UInt8(ascii: "~") else { return nil }
      let digits = name.dropFirst(prefix.count).dropLast()
      guard digits.first != UInt8(ascii: "0"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int(String(decoding: digits, as: UTF8.self))
    }.max()
    if highest == nil, control == .existing { return leaf + suffix }
    return prefix + Array(String((highest ?? 0) &+ 1).utf8) + Array("~".utf8)
  }

  /// The backup's name for `leaf` in the folder with this path.
  public func name(for leaf: [UInt8], inFolder path: [UInt8]) -> [UInt8] {
    let descriptor = withCString(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    // One that cannot be read gets no backup either: renaming says why.
    guard descriptor >= 0 else { return leaf + suffix }
    let folder = DirectoryHandle(owning: descriptor)
    return name(for: leaf, among: DirectoryListing.names(in: folder.descriptor) ?? [])
  }
}

extension HostSink {
  /// Gives what has the name of a member another one; a directory keeps its own.
  /// - Returns: that name; nil when nothing was renamed.
  func backUp(_ member: Member, _ leaf: [UInt8], in directory: DirectoryHandle) throws(MemberNotice) -> [UInt8]? {
    guard let naming = options.backup, let old = status(leaf, in: directory),
      old.st_mode & Glibc.S_IFMT != Glibc.S_IFDIR
    else { return nil }
    func refused(_ name: [UInt8], _ code: Int32) -> MemberNotice {
      notify(
        MemberNotice(member.path, "Cannot rename to \(quoted(shown(name, member))): \(errorText(code))", .failure))
      return failure(member, saying: "Was unable to backup this file", code)
    }
    var names: [[UInt8]] = []
    if naming.control != .simple {
      let descriptor = openat(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw refused(leaf, errno) }
      let listing = DirectoryHandle(owning: descriptor)
      names = DirectoryListing.names(in: listing.descriptor) ?? []
    }
    let name = naming.name(for: leaf, among: names)
    // A suffix with a slash would name another directory, which may be outside of the target.
    guard !name.contains(slash) else { throw refused(name, ENOENT) }
    let code = withCString(leaf) { from in
      withCString(name) { renameat(directory.descriptor, from, directory.descriptor, $0) } == 0 ? 0 : errno
    }
    guard code == 0 else { throw refused(name, code) }
    say("Renaming \(quoted(member.path)) to \(quoted(shown(name, member)))")
    return name
  }

  /// Gives a file its name back, as no member took its place.
  func undoBackUp(_ backup: [UInt8]?, of member: Member, _ leaf: [UInt8], in directory: DirectoryHandle) {
    guard let backup else { return }
    let isBack = withCString(backup) { from in
      withCString(leaf) { clinux_rename_noreplace(directory.descriptor, from, directory.descriptor, $0) } == 0
    }
    if isBack {
      say("Renaming \(quoted(shown(backup, member))) back to \(quoted(member.path))")
    } else {
      let text = "Cannot rename to \(quoted(member.path)): \(errorText(errno))"
      notify(MemberNotice(shown(backup, member), text, .failure))
    }
  }

  private func say(_ text: String) {
    if options.saysBackups { notify(MemberNotice([], text, .information, isFinding: true)) }
  }

  /// A name beside a member's, as the user knows it.
  private func shown(_ name: [UInt8], _ member: Member) -> [UInt8] {
    let path = MemberName.withoutTrailingSlashes(member.path)
    guard let cut = path.lastIndex(of: slash) else { return name }
    return path[...cut] + name
  }
}
