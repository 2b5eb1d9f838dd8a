public import ArchiveFormat
import CLinux
import Glibc

/// Compares members with the file system (`-d`).
///
/// It is a sink, so that the restoring pipeline feeds it; it changes nothing.
public final class Comparison: MemberSink {
  private let tree: TargetTree
  private let owners: OwnerNames
  private let keepsAbsoluteNames: Bool
  private let notify: (MemberNotice) -> Void
  private var memberPrefixes: PrefixStripper
  private var linkPrefixes: PrefixStripper

  /// Prepares to compare.
  /// - Parameters:
  ///   - target: an open directory, taken over; `AT_FDCWD` for the working directory.
  ///   - notify: takes the differences of what has no content, and other notices; those of files come from `commit()`.
  public init(
    target: Int32, keepsAbsoluteNames: Bool = false, numericOwner: Bool = false,
    notify: @escaping (MemberNotice) -> Void
  ) {
    self.keepsAbsoluteNames = keepsAbsoluteNames
    self.notify = notify
    tree = TargetTree(root: DirectoryHandle(owning: target), confined: !keepsAbsoluteNames)
    owners = OwnerNames(numericOnly: numericOwner)
    memberPrefixes = PrefixStripper(.members, keepsAbsoluteNames: keepsAbsoluteNames)
    linkPrefixes = PrefixStripper(.hardLinks, keepsAbsoluteNames: keepsAbsoluteNames)
  }

  public func create(_ member: Member) throws(MemberNotice) {
    switch member.kind {
    case .regular:
      guard let writer = try beginFile(member) else { return }
      for notice in try writer.commit() { notify(notice) }
    case .hardLink: try compareLink(member)
    case .symbolicLink: try compareSymbolicLink(member)
    case .directory, .fifo, .characterDevice, .blockDevice: try compareNode(member)
    }
  }

  public func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
    let file = try locate(member.path, &memberPrefixes)
    let status = try status(file, member.path)
    guard status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG else {
      throw difference(member, "File type differs")
    }
    var notices: [MemberNotice] = []
    if status.st_mode & 0o7777 != member.mode { notices.append(difference(member, "Mode differs")) }
    let (user, group) = owners.numbers(of: member.ownership)
    if status.st_uid != user { notices.append(difference(member, "Uid differs")) }
    if status.st_gid != group { notices.append(difference(member, "Gid differs")) }
    let time = Timestamp(status.st_mtim)
    // Formats with whole seconds only leave no fraction to compare.
    let sameTime = member.modified.nanoseconds == 0 ? time.seconds == member.modified.seconds : time == member.modified
    if !sameTime { notices.append(difference(member, "Mod time differs")) }
    if Int64(status.st_size) != member.size {
      return ContentComparison(member, -1, notices + [difference(member, "Size differs")])
    }
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let descriptor = withCString(file.leaf) { openat(file.directory.descriptor, $0, flags) }
    if descriptor < 0 {
      notices.append(MemberNotice(member.path, "Cannot open: \(errorText(errno))", .failure))
    }
    return ContentComparison(member, descriptor, notices)
  }

  public func finish() -> [MemberNotice] { [] }

  private typealias Place = (directory: DirectoryHandle, leaf: [UInt8])

  private func difference(_ member: Member, _ text: String) -> MemberNotice {
    MemberNotice(member.path, text, .difference, isFinding: true)
  }

  private func locate(
    _ path: [UInt8], _ prefixes: inout PrefixStripper, for what: String = "stat"
  ) throws(MemberNotice) -> Place {
    if path.contains(0) { throw unseen(path, what, EINVAL) }
    do throws(ErrnoFailure) {
      let name = MemberName.withoutTrailingSlashes(path)
      return try tree.parent(of: prefixes.strip(name, notify), making: false)
    } catch {
      throw unseen(path, what, error.code)
    }
  }

  /// GNU tar: what is missing is a difference, what cannot be looked at a failure.
  private func unseen(_ path: [UInt8], _ what: String, _ code: Int32) -> MemberNotice {
    let text = "Cannot \(what): \(errorText(code))"
    return code == ENOENT ? MemberNotice(path, "Warning: " + text, .difference) : MemberNotice(path, text, .failure)
  }

  private func status(_ place: Place, _ path: [UInt8]) throws(MemberNotice) -> stat {
    var status = stat()
    let result = withCString(place.leaf) {
      fstatat(place.directory.descriptor, $0, &status, AT_SYMLINK_NOFOLLOW)
    }
    guard result == 0 else { throw unseen(path, "stat", errno) }
    return status
  }

  private func compareLink(_ member: Member) throws(MemberNotice) {
    let name = try status(locate(member.path, &memberPrefixes), member.path)
    let target = try status(locate(member.linkTarget, &linkPrefixes), member.linkTarget)
    if FileIdentity(name) != FileIdentity(target) {
      throw difference(member, "Not linked to \(String(decoding: member.linkTarget, as: UTF8.self))")
    }
  }

  private func compareSymbolicLink(_ member: Member) throws(MemberNotice) {
    let place = try locate(member.path, &memberPrefixes, for: "readlink")
    // One more than is wanted: a longer target differs too.
    let capacity = member.linkTarget.count + 1
    var count = 0
    let target = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, used in
      count = withCString(place.leaf) { name in
        // There is at least one byte, so there is an address.
        buffer.withMemoryRebound(to: CChar.self) {
          readlinkat(place.directory.descriptor, name, $0.baseAddress!, capacity)
        }
      }
      used = max(count, 0)
    }
    if count < 0 { throw unseen(member.path, "readlink", errno) }
    if target != member.linkTarget { throw difference(member, "Symlink differs") }
  }

  /// Compares what is in a directory with the list of an incremental archive, as GNU tar does: names, and which of them are
  /// directories.
  private func compareContents(_ list: [UInt8], _ member: Member) throws(MemberNotice) {
    let place = try locate(member.path, &memberPrefixes)
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let descriptor = withCString(place.leaf) { openat(place.directory.descriptor, $0, flags) }
    guard descriptor >= 0 else {
      // That it is gone, or no directory, is found out next.
      if errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return }
      throw unseen(member.path, "open", errno)
    }
    let opened = DirectoryHandle(owning: descriptor)
    guard let names = DirectoryListing.names(in: descriptor) else { throw unseen(member.path, "savedir", errno) }
    var expected: [[UInt8]: Bool] = [:]
    for entry in DumpDirectory(list).entries where entry.code.isContent {
      expected[entry.name] = entry.code == .directory
    }
    var isSame = names.count == expected.count
    for name in names where isSame {
      var status = stat()
      guard withCString(name, { fstatat(opened.descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
        isSame = false
        continue
      }
      isSame = expected[name] == (status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR)
    }
    if !isSame { notify(difference(member, "Contents differ")) }
  }

  private func compareNode(_ member: Member) throws(MemberNotice) {
    if let list = member.dumpDirectory { try compareContents(list, member) }
    let status = try status(locate(member.path, &memberPrefixes), member.path)
    guard let there = Member(path: member.path, status: status, owners: owners), there.kind == member.kind else {
      throw difference(member, "File type differs")
    }
    if there.deviceNumber != member.deviceNumber { throw difference(member, "Device number differs") }
    if there.mode != member.mode { throw difference(member, "Mode differs") }
  }
}
