import ArchiveFormat
import CLinux
import Glibc
import Synchronization

/// A file that the walk found.
///
/// It holds its directory open, so that it can be opened whatever happens to the names above.
final class HostMember: SourceMember {
  let member: Member
  /// Where it is opened from; for a directory the directory itself.
  private let directory: DirectoryHandle
  /// The directory that the user's names are relative to; empty for the working directory.
  private let baseDirectory: [UInt8]
  /// The name given by the user; nil for what was found below one.
  private let operandName: [UInt8]?
  /// What stands before the last component of its name in messages: the path as the user wrote it.
  private let shownPrefix: [UInt8]
  private let context: SourceContext
  /// It, opened when it was found; nil when it was not.
  private let ahead = Mutex<Ahead?>(nil)

  init(
    _ member: Member, in directory: DirectoryHandle, baseDirectory: [UInt8], operandName: [UInt8]?,
    shownPrefix: [UInt8], context: SourceContext
  ) {
    self.member = member
    self.directory = directory
    self.baseDirectory = baseDirectory
    self.operandName = operandName
    self.shownPrefix = shownPrefix
    self.context = context
  }

  deinit {
    // Nobody wanted it. Nothing was written.
    if let ahead = takeAhead() { _ = Glibc.close(ahead.descriptor) }
  }

  /// A file that was opened before its turn.
  private struct Ahead {
    let descriptor: Int32
    /// What fstat said then.
    let status: stat
    /// When that was, in milliseconds.
    let time: Int64

    static var now: Int64 {
      var now = timespec()
      // It cannot fail with this clock.
      _ = clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
      return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
  }

  /// Opens a small file already now and has the system read it, while those before it are archived: many are read at once so,
  /// as far as the disk can. Whatever fails is found out again when it is its turn.
  func openAhead() {
    guard member.kind == .regular, (1...Self.largestAhead).contains(member.size), let file = member.sourceFile,
      !mayHaveOtherNames(file.linkCount), context.remover == nil,
      context.openedAhead.load(ordering: .relaxed) < context.mostOpenedAhead,
      !context.options.index.contains(FileIdentity(device: file.device, inode: file.inode))
    else { return }
    context.closeRead()
    let time = Ahead.now
    let descriptor = withCString(name) { openat(directory.descriptor, $0, context.openFlags) }
    guard descriptor >= 0 else { return }
    // A hint.
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      // Nothing was written.
      _ = Glibc.close(descriptor)
      return
    }
    context.openedAhead.add(1, ordering: .relaxed)
    ahead.withLock { $0 = Ahead(descriptor: descriptor, status: status, time: time) }
  }

  /// Bytes of the largest file that is opened ahead: the system reads that much at once.
  private static let largestAhead: Int64 = 128 << 10

  private func takeAhead() -> Ahead? {
    let taken = ahead.withLock { ahead in
      defer { ahead = nil }
      return ahead
    }
    if taken != nil { context.openedAhead.subtract(1, ordering: .relaxed) }
    return taken
  }

  /// The file that was opened ahead. If that was a while ago, as it is now, and only if it still has the name; else nil.
  private func contentAhead() -> HostContent? {
    guard let ahead = takeAhead() else { return nil }
    if Ahead.now - ahead.time < context.options.freshness {
      return HostContent(ahead.descriptor, ahead.status, name: self, closesIn: context)
    }
    let content = HostContent(ahead.descriptor, name: self)
    var now = stat()
    let isThere = withCString(name) { fstatat(directory.descriptor, $0, &now, context.statusFlags) } == 0
    return isThere && FileIdentity(now) == FileIdentity(content.opened) ? content : nil
  }

  func open() throws(MemberNotice) -> OpenedMember { try settled(openedAsItIs()) }

  func openContent() throws(MemberNotice) -> OpenedMember? {
    member.kind == .directory ? nil : try settled(openedItself())
  }

  func again() -> (any SourceMember)? {
    guard member.kind != .directory else { return nil }
    return HostMemberAgain(
      member: member, location: SourceLocation(base: baseDirectory, shownPath: shownPath), parent: parentIdentity(),
      baseDirectory: baseDirectory, shownPrefix: shownDirectory, context: context)
  }

  private func settled(_ found: OpenedMember) -> OpenedMember {
    var opened = found
    context.options.overrides.apply(to: &opened.member, context.owners)
    opened.member.path = context.options.transform.transformed(opened.member.path, .member)
    if opened.member.kind == .symbolicLink {
      opened.member.linkTarget = context.options.transform.transformed(opened.member.linkTarget, .symbolicLink)
    }
    // What links lead to has more names than its file system counts.
    if context.options.followsLinks, let file = opened.member.sourceFile {
      opened.member.sourceFile?.linkCount = max(2, file.linkCount)
    }
    if !context.options.showsStoredNames { opened.shownPath = shownPath }
    return opened
  }

  private func openedAsItIs() throws(MemberNotice) -> OpenedMember {
    if member.kind == .directory { return try openedDirectory() }
    if let link = try hardLink() { return link }
    return try openedItself()
  }

  private func openedItself() throws(MemberNotice) -> OpenedMember {
    member.kind == .regular ? try openedFile() : try lookedAt()
  }

  /// Its name below ``directory``.
  private var name: ArraySlice<UInt8> {
    if let operandName { return operandName[...] }
    let start = member.path.lastIndex(of: slash).map { $0 + 1 } ?? 0
    return member.path[start...]
  }

  private var shownPath: [UInt8] { operandName ?? shownPrefix + name }

  /// What ``shownPath`` has before the last component.
  private var shownDirectory: [UInt8] {
    Array(shownPath[..<(shownPath.lastIndex(of: slash).map { $0 + 1 } ?? 0)])
  }

  /// GNU tar's words and severity for a file that cannot be used: gone is no failure below an operand.
  private func failure(_ what: String, _ code: Int32) -> MemberNotice {
    if code == ENOENT && operandName == nil {
      context.unsaved?.add(shownPath)
      return MemberNotice(shownPath, "File removed before we read it", .difference)
    }
    return context.failure(shownPath, "Cannot \(what): \(errorText(code))")
  }

  private func status() throws(MemberNotice) -> stat {
    var status = stat()
    let result = withCString(name) { fstatat(directory.descriptor, $0, &status, context.statusFlags) }
    guard result == 0 else { throw failure("stat", errno) }
    return status
  }

  /// Another name of a file that was archived; nil for a first name.
  private func hardLink() throws(MemberNotice) -> OpenedMember? {
    // Where files are removed, the last name of one may be a link to a name that is gone.
    guard let file = member.sourceFile, mayHaveOtherNames(file.linkCount) || context.remover != nil else { return nil }
    let identity = FileIdentity(device: file.device, inode: file.inode)
    guard let first = context.links.first(of: identity) else { return nil }
    let status = try status()
    // The name, or the inode's number, was given to another file since: that one is to be archived.
    guard FileIdentity(status) == identity,
      mayHaveOtherNames(UInt64(status.st_nlink)) || FileState(status).hasContent(of: first.state),
      var link = Member(path: member.path, status: status, owners: context.owners)
    else { return nil }
    link.kind = .hardLink
    link.linkTarget = first.path
    link.size = 0
    return OpenedMember(member: link, content: nil, removable: removable(status, isLink: true))
  }

  private func remember(_ status: stat) {
    guard mayHaveOtherNames(UInt64(status.st_nlink)), !context.options.separatesHardLinks else { return }
    context.links.record(FileState(status), as: context.options.transform.transformed(member.path, .hardLink))
  }

  /// Symbolic links that are followed are names too.
  private func mayHaveOtherNames(_ linkCount: UInt64) -> Bool { linkCount > 1 || context.options.followsLinks }

  /// What is to be removed when the member is safe.
  private func removable(_ status: stat, isLink: Bool = false) -> HostRemovable? {
    guard let remover = context.remover else { return nil }
    let location = SourceLocation(base: baseDirectory, shownPath: shownPath)
    let parent = member.kind == .directory ? nil : parentIdentity()
    return HostRemovable(location, in: parent, status, isLink: isLink, remover: remover)
  }

  /// The directory that it lies in; nil, which is none, when that cannot be looked at.
  private func parentIdentity() -> FileIdentity? {
    var up: [UInt8] = [dot]
    if let name = operandName, let cut = name.lastIndex(of: slash) { up = cut == 0 ? [slash] : Array(name[..<cut]) }
    var status = stat()
    guard withCString(up, { fstatat(directory.descriptor, $0, &status, 0) }) == 0 else { return nil }
    return FileIdentity(status)
  }

  private func openedDirectory() throws(MemberNotice) -> OpenedMember {
    var status = stat()
    guard fstat(directory.descriptor, &status) == 0 else { throw failure("stat", errno) }
    guard var opened = Member(path: member.path, status: status, owners: context.owners) else {
      throw failure("stat", ENOTDIR)
    }
    opened.dumpDirectory = member.dumpDirectory
    try readAttributes(.descriptor(directory.descriptor), into: &opened)
    return OpenedMember(member: opened, content: nil, removable: removable(status))
  }

  private func openedContent() throws(MemberNotice) -> HostContent {
    let descriptor = withCString(name) { openat(directory.descriptor, $0, context.openFlags) }
    // A symbolic link has taken its place.
    guard descriptor >= 0 else { throw failure("open", errno == ELOOP ? ENOENT : errno) }
    return HostContent(descriptor, name: self)
  }

  private func openedFile() throws(MemberNotice) -> OpenedMember {
    let content: HostContent
    if let ahead = contentAhead() { content = ahead } else { content = try openedContent() }
    let status = content.opened
    if context.options.index.contains(FileIdentity(status)) { content.staysOpen = true }
    guard status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG,
      var opened = Member(path: member.path, status: status, owners: context.owners)
    else { throw failure("open", ENOENT) }
    try readAttributes(.descriptor(content.descriptor), into: &opened)
    if context.options.detectsHoles {
      opened.dataExtents = extents(of: content.descriptor, opened.size, status)
    }
    remember(status)
    context.remover?.waitPast(FileState(status).changed)
    return OpenedMember(
      member: opened, content: opened.size > 0 ? content : nil, removable: removable(status))
  }

  private func extents(of descriptor: Int32, _ size: Int64, _ status: stat) -> [Extent]? {
    switch context.options.holeDetection {
    case .seek: dataExtents(of: descriptor, size: size, blocks: Int64(status.st_blocks))
    case .raw: nonzeroExtents(of: descriptor, size: size)
    }
  }

  /// Links, devices and FIFOs are never opened.
  private func lookedAt() throws(MemberNotice) -> OpenedMember {
    let status = try status()
    guard var seen = Member(path: member.path, status: status, owners: context.owners) else {
      throw failure("stat", ENOENT)
    }
    // A file or directory that took its place was not walked nor opened.
    if seen.kind == .regular || seen.kind == .directory { throw failure("stat", ENOENT) }
    if seen.kind == .symbolicLink { seen.linkTarget = try linkTarget(lengthHint: Int(status.st_size)) }
    try readAttributes(.entry(directory: directory.descriptor, name: Array(name)), into: &seen)
    remember(status)
    return OpenedMember(member: seen, content: nil, removable: removable(status))
  }

  private func linkTarget(lengthHint: Int) throws(MemberNotice) -> [UInt8] {
    var capacity = max(lengthHint + 1, 64)
    while true {
      let room = capacity
      var count = 0
      let target = [UInt8](unsafeUninitializedCapacity: room) { buffer, used in
        count = withCString(name) { name in
          buffer.withMemoryRebound(to: CChar.self) {
            // There is room, so there is an address.
            readlinkat(directory.descriptor, name, $0.baseAddress!, room)
          }
        }
        used = max(count, 0)
      }
      guard count >= 0 else { throw failure("readlink", errno) }
      if count < room { return target }
      capacity *= 2
    }
  }

  private func readAttributes(_ place: AttributePlace, into member: inout Member) throws(MemberNotice) {
    let options = context.options
    do throws(ErrnoFailure) {
      if options.extendedAttributes {
        member.extendedAttributes = try place.extendedAttributes(withoutACLs: options.accessControlLists)
          .filter { options.attributeFilter.passes($0.name) }
      }
      if options.accessControlLists && member.kind != .symbolicLink {
        member.accessACL = try place.accessControlList(isDefault: false, numericOnly: options.numericOwner)
        if member.kind == .directory {
          member.defaultACL = try place.accessControlList(isDefault: true, numericOnly: options.numericOwner)
        }
      }
      if options.securityContexts { member.securityContext = try place.securityContext() }
    } catch {
      throw failure("read extended attributes", error.code)
    }
  }

  /// A failure to read its content.
  func readFailure(_ text: String) -> MemberNotice { context.failure(shownPath, text) }

  /// Whether it has only lost names that were removed here.
  func hasOnlyLostNames(_ now: FileState, since read: FileState) -> Bool {
    context.remover?.hasOnlyLostNames(now, since: read) ?? false
  }

  /// Sets the time of its last access back, if that is asked for.
  func restoreAccessTime(_ status: stat, of descriptor: Int32) -> MemberNotice? {
    context.restoreAccessTime(status, of: descriptor, shownPath)
  }

  /// A notice about it.
  func notice(_ message: String, _ severity: MemberNotice.Severity) -> MemberNotice {
    MemberNotice(shownPath, message, severity)
  }
}
