public import ArchiveFormat
import CLinux
import Glibc

/// The local file system as a source of members: walks the operands as GNU tar does, parents before their contents, in
/// the order in which the directories list them.
///
/// One thread calls ``next()``; the members it returned may be opened by another.
public final class HostSource: MemberSource {
  private let operands: [SourceOperand]
  private let context: SourceContext
  private let filter: SourceFilter
  private var linkCount = LinkCount()
  private var nextOperand = 0
  private var walk: [OpenDirectory] = []
  /// What was found but not yet handed out; last in, last out.
  private var pending: [SourceItem] = []
  private var memberPrefixes: PrefixStripper
  private var linkPrefixes: PrefixStripper
  private var base: (path: [UInt8], handle: DirectoryHandle)?
  /// For reading directories; one that is larger takes several calls.
  private let listingBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

  /// Directories at the end of the walk that stay open; those above are opened again by way of `..`.
  static let openDepth = 128

  /// Prepares a walk; nothing is looked at yet.
  public init(operands: [SourceOperand], options: SourceOptions) {
    self.operands = operands
    context = SourceContext(options)
    filter = SourceFilter(options: options)
    memberPrefixes = PrefixStripper(.members, keepsAbsoluteNames: options.keepsAbsoluteNames)
    linkPrefixes = PrefixStripper(.hardLinks, keepsAbsoluteNames: options.keepsAbsoluteNames)
  }

  deinit { listingBuffer.deallocate() }

  public func next() -> SourceItem? {
    while true {
      if !pending.isEmpty { return pending.removeFirst() }
      if !walk.isEmpty {
        if let item = step() { return item }
      } else if nextOperand < operands.count {
        nextOperand += 1
        if let item = begin(operands[nextOperand - 1]) { return item }
      } else {
        pending = linkCount.notices().map { .notice($0) }
        if pending.isEmpty { return nil }
      }
    }
  }

  public func removeDirectories() -> [MemberNotice] { context.remover?.removeDirectories() ?? [] }

  /// Hands out `item` behind what is to be said before it.
  private func afterPending(_ item: SourceItem?) -> SourceItem? {
    guard !pending.isEmpty else { return item }
    if let item { pending.append(item) }
    return nil
  }

  private func say(_ path: [UInt8], _ message: String, _ severity: MemberNotice.Severity) {
    pending.append(.notice(MemberNotice(path, message, severity)))
  }

  private func begin(_ operand: SourceOperand) -> SourceItem? {
    let name = MemberName.withoutTrailingSlashes(operand.name)
    if operand.exclusions.excludes(name) { return nil }
    guard let directory = baseDirectory(operand.baseDirectory) else {
      say(operand.baseDirectory, "Cannot open: \(errorText(errno))", .failure)
      return nil
    }
    var status = stat()
    let result = withCString(name) { fstatat(directory.descriptor, $0, &status, context.statusFlags) }
    let code = errno
    let path = memberPrefixes.strip(name) { pending.append(.notice($0)) }
    guard result == 0 else {
      pending.append(.notice(context.failure(name, "Cannot stat: \(errorText(code))")))
      return nil
    }
    let found = Found(path: path, operand: operand, operandName: name, shownPrefix: [], parentDevice: nil)
    return afterPending(visit(found, status, in: directory))
  }

  private func baseDirectory(_ path: [UInt8]) -> DirectoryHandle? {
    if let base, base.path == path { return base.handle }
    let handle: DirectoryHandle
    if path.isEmpty {
      handle = DirectoryHandle(owning: AT_FDCWD)
    } else {
      let descriptor = withCString(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
      guard descriptor >= 0 else { return nil }
      handle = DirectoryHandle(owning: descriptor, budget: context.budget)
    }
    base = (path, handle)
    return handle
  }

  /// Goes on in the innermost directory.
  private func step() -> SourceItem? {
    let last = walk.count - 1
    guard let directory = walk[last].handle else { return nil }
    var status = stat()
    var failure: Int32 = 0
    let found: Found?? = walk[last].nextEntry { level, name in
      if level.excludes(name) { return nil }
      let path = level.memberPath(name)
      // The listing keeps a NUL behind each name.
      let result = UnsafeRawPointer(name.baseAddress).map {
        fstatat(directory.descriptor, $0.assumingMemoryBound(to: CChar.self), &status, context.statusFlags)
      }
      if result != 0 { failure = errno }
      return Found(
        path: path, operand: level.operand, operandName: nil, shownPrefix: level.shownPrefix,
        parentDevice: level.identity.device)
    }
    guard let found else {
      leaveDirectory()
      return nil
    }
    // Excluded.
    guard let found else { return nil }
    if let prefix = walk[last].unsaidPrefix {
      memberPrefixes.note(prefix: prefix) { pending.append(.notice($0)) }
      walk[last].unsaidPrefix = nil
    }
    switch failure {
    case 0: return afterPending(visit(found, status, in: directory))
    case ENOENT: say(found.shownPath, "File removed before we read it", .difference)
    default: pending.append(.notice(context.failure(found.shownPath, "Cannot stat: \(errorText(failure))")))
    }
    return nil
  }

  private func visit(_ found: Found, _ status: stat, in directory: DirectoryHandle) -> SourceItem? {
    if let confirms = context.options.confirms, !confirms(found.shownPath) { return nil }
    if case .leaveOut(let notice) = filter.verdict(found.shownPath, status) {
      if let notice { pending.append(.notice(notice)) }
      return nil
    }
    guard let member = Member(path: found.path, status: status, owners: context.owners) else {
      return .notice(filter.unusable(found.shownPath, status))
    }
    if member.kind == .directory { return enter(found, in: directory) }
    if found.operand.exclusions.omits(found.shownPath) { return nil }
    noteLinkPrefix(of: found, member)
    if status.st_nlink > 1, context.options.reportsMissingLinks {
      linkCount.add(status, context.options.transform.transformed(found.path, .hardLink))
    }
    let file = HostMember(
      member, in: directory, baseDirectory: found.operand.baseDirectory, operandName: found.operandName,
      shownPrefix: found.shownPrefix, context: context)
    file.openAhead()
    return .member(file)
  }

  /// Says what is removed from link targets, when a file is seen that others may be links to. As in GNU tar, with several
  /// operands that may be any.
  private func noteLinkPrefix(of found: Found, _ member: Member) {
    guard member.kind == .regular || member.kind == .symbolicLink, !context.options.keepsAbsoluteNames,
      operands.count > 1 || context.options.followsLinks || member.sourceFile.map({ $0.linkCount > 1 }) ?? false
    else { return }
    let length = MemberName.unsafePrefixLength(found.shownPath)
    linkPrefixes.note(prefix: found.shownPath[..<length]) { pending.append(.notice($0)) }
  }

  private func enter(_ found: Found, in parent: DirectoryHandle) -> SourceItem? {
    context.budget.wait()
    let descriptor = withCString(found.name) { openat(parent.descriptor, $0, context.openFlags | O_DIRECTORY) }
    guard descriptor >= 0 else {
      let gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP
      if gone && found.operandName == nil {
        say(found.shownPath, "File removed before we read it", .difference)
      } else {
        pending.append(.notice(context.failure(found.shownPath, "Cannot open: \(errorText(errno))")))
      }
      return nil
    }
    let handle = DirectoryHandle(owning: descriptor, budget: context.budget)
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      let member = Member(path: found.path, status: status, owners: context.owners)
    else {
      say(found.shownPath, "Cannot stat: \(errorText(errno))", .failure)
      return nil
    }
    if context.options.followsLinks, walk.contains(where: { $0.identity == FileIdentity(status) }) {
      say(found.shownPath, "Symbolic link leads back to a directory above it; not dumped", .difference)
      return nil
    }
    let tag = filter.tag(in: descriptor, found.operand.exclusions)
    let tagNotice = tag.flatMap { filter.notice(of: $0, in: found.shownPath + [slash]) }
    if tag?.extent == .all { return tagNotice.map { .notice($0) } }
    // One that is not among the names asked for may hold some that are.
    if !found.operand.exclusions.omits(found.shownPath) {
      pending.append(
        .member(
          HostMember(
            member, in: handle, baseDirectory: found.operand.baseDirectory, operandName: found.operandName,
            shownPrefix: found.shownPrefix, context: context)))
    }
    guard found.operand.recursive else { return nil }
    let isElsewhere = found.parentDevice.map { $0 != UInt64(status.st_dev) } ?? false
    if context.options.oneFileSystem && isElsewhere {
      let notice = filter.ifAsked(found.shownPath + [slash], "file is on a different filesystem; not dumped")
      if let notice { pending.append(.notice(notice)) }
      return nil
    }
    if let tagNotice { pending.append(.notice(tagNotice)) }
    walkInto(found, handle, status, tag)
    return nil
  }

  private func walkInto(_ found: Found, _ handle: DirectoryHandle, _ status: stat, _ tag: ExclusionTag?) {
    if tag?.extent == .under { return }
    let listing =
      tag.map { DirectoryListing(only: $0.name) }
      ?? DirectoryListing(of: handle.descriptor, through: listingBuffer, order: context.options.order)
    guard let listing else {
      pending.append(.notice(context.failure(found.shownPath, "Cannot savedir: \(errorText(errno))")))
      return
    }
    var ignored = walk.last?.ignored.filter(\.isRecursive) ?? []
    for file in found.operand.exclusions.ignoreFiles {
      do throws(ErrnoFailure) {
        if let patterns = try file.patterns(in: handle.descriptor) { ignored.append(patterns) }
      } catch {
        say(file.name, "Cannot open: \(errorText(error.code))", .failure)
      }
    }
    walk.append(
      OpenDirectory(
        found, handle, status, listing, ignored: ignored, keepsAbsoluteNames: context.options.keepsAbsoluteNames))
    // There is no way back up by `..` from where a symbolic link leads.
    if walk.count > Self.openDepth, !context.options.followsLinks {
      walk[walk.count - 1 - Self.openDepth].handle = nil
    }
  }

  /// Goes back to the directory above, which may have to be opened again.
  private func leaveDirectory() {
    let left = walk.removeLast()
    guard let handle = left.handle else { return }
    var status = stat()
    // One that files are removed from changes by that.
    if !context.options.removesFiles && fstat(handle.descriptor, &status) == 0
      && Timestamp(status.st_ctim) != left.changed
    {
      say(left.shownPath, "file changed as we read it", .difference)
    }
    if let notice = context.restoreAccessTime(left.opened, of: handle.descriptor, left.shownPath) {
      pending.append(.notice(notice))
    }
    guard let above = walk.last, above.handle == nil else { return }
    let descriptor = openat(handle.descriptor, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    let code = errno
    if descriptor >= 0 {
      let reopened = DirectoryHandle(owning: descriptor, budget: context.budget)
      if fstat(descriptor, &status) == 0 && FileIdentity(status) == above.identity {
        walk[walk.count - 1].handle = reopened
        return
      }
    }
    // Moved while it was walked: there is no way back up. The other operands are still archived.
    say(
      above.shownPath, "Cannot open: \(descriptor < 0 ? errorText(code) : "directory moved while it was read")",
      .failure)
    walk = []
  }
}
