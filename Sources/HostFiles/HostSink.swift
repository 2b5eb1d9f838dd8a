public import ArchiveFormat
import CLinux
import Glibc
import Synchronization

/// The local file system as a sink of members: restores below one directory, and nowhere else whatever the archive says.
///
/// One thread uses it, and where it ``commitsBeside`` another one to commit files.
public final class HostSink: MemberSink {
  let options: SinkOptions
  let restorer: AttributeRestorer
  let tree: TargetTree
  let notify: (MemberNotice) -> Void
  var namelessFiles = NamelessFiles()
  /// Is told the path and mode of each directory that is made in passing; nil for nobody.
  public var madeDirectory: ((_ path: [UInt8], _ mode: UInt32) -> Void)? {
    didSet {
      let mode = 0o777 & ~UInt32(restorer.umask)
      tree.made = madeDirectory.map { tell in { tell($0, mode) } }
    }
  }
  /// Is told the name of each file or directory that an incremental archive deletes; nil for nobody.
  public var deleted: ((_ path: [UInt8]) -> Void)?
  /// The device of the target; nil when that is not known.
  let rootDevice: UInt64?
  private let deferred = DeferredDirectories()
  /// Where temporary names begin. A guess of the next one helps nobody: they are created exclusively.
  private let lastTemporaryNumber = Atomic(UInt64.random(in: 0..<1 << 40))
  /// Directories whose metadata was set, where one may come again: the archive may have it twice.
  private var finished: Set<FileIdentity> = []
  /// Whether a directory was there already, from before or from the archive.
  private var mayRepeat = false
  /// Whether a directory gave way to a later member: its metadata then has nowhere to go, and nobody misses it.
  var hasRemovedDirectories = false
  private var memberPrefixes: PrefixStripper
  private var linkPrefixes: PrefixStripper

  /// Prepares to restore.
  /// - Parameters:
  ///   - target: an open directory, taken over; `AT_FDCWD` for the working directory.
  ///   - notify: takes what is to be said without a member failing.
  public init(target: Int32, options: SinkOptions, notify: @escaping (MemberNotice) -> Void) {
    self.options = options
    var status = stat()
    rootDevice = fstatat(target, ".", &status, 0) == 0 ? UInt64(status.st_dev) : nil
    restorer = AttributeRestorer(options)
    let tree = TargetTree(
      root: DirectoryHandle(owning: target), confined: !options.keepsAbsoluteNames,
      knowsMade: options.commitsBeside && !options.isIncremental)
    self.tree = tree
    self.notify = { notice in
      tree.settle?()
      notify(notice)
    }
    memberPrefixes = PrefixStripper(.members, keepsAbsoluteNames: options.keepsAbsoluteNames)
    linkPrefixes = PrefixStripper(.hardLinks, keepsAbsoluteNames: options.keepsAbsoluteNames)
  }

  public func create(_ member: Member) throws(MemberNotice) {
    switch member.kind {
    case .regular:
      guard let writer = try beginFile(member) else { return }
      for notice in try writer.commit() { notify(notice) }
    case .directory: try makeDirectory(member)
    case .hardLink: try makeHardLink(member)
    case .symbolicLink:
      let target = member.linkTarget
      try makeNode(member, "create symlink to \(quoted(target))") { directory, name in
        withCString(target) { symlinkat($0, directory, name) }
      }
    case .fifo: try makeNode(member, "mkfifo") { mkfifoat($0, $1, 0o600) }
    case .characterDevice, .blockDevice:
      let device = clinux_makedev(member.deviceNumber.major, member.deviceNumber.minor)
      let type = member.kind == .blockDevice ? Glibc.S_IFBLK : Glibc.S_IFCHR
      try makeNode(member, "mknod") { mknodat($0, $1, type | 0o600, dev_t(device)) }
    }
  }

  public func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
    let (directory, leaf) = try place(member)
    guard try admits(member, leaf, in: directory) else { return nil }
    if options.oldFiles == .keep, options.backup == nil, exists(leaf, in: directory) {
      throw failure(member, "open", EEXIST)
    }
    if options.oldFiles == .overwrite, isDirectory(leaf, in: directory) { throw failure(member, "open", EISDIR) }
    // Such a name is refused; better before anything is made.
    if options.backup?.suffix.contains(slash) == true { _ = try backUp(member, leaf, in: directory) }
    return try HostFileWriter(member, in: directory, leaf: leaf, sink: self)
  }

  public var commitsBeside: Bool { options.commitsBeside }

  // A directory that is made in passing may have the name of a file that still waits for it. What is said comes behind what is
  // said of that.
  public func settles(_ wait: @escaping () -> Void) { tree.settle = wait }

  public func finish() -> [MemberNotice] {
    var notices: [MemberNotice] = []
    do throws(ErrnoFailure) {
      try deferred.drain { notices += finishDirectory($0) }
    } catch {
      let text = "Cannot read back the directories' metadata: \(errorText(error.code))"
      notices.append(MemberNotice([], text, .failure))
    }
    return notices
  }

  /// What stands behind the name of a damaged file.
  static let damagedSuffix = Array(".damaged".utf8)

  public func setAside(_ file: RestoredFile, keeps: Bool) -> [UInt8]? {
    let name = file.path + Self.damagedSuffix
    func refused(_ why: String) -> [UInt8]? {
      let what = keeps ? "rename to \(quoted(name))" : "remove what was restored of it"
      notify(MemberNotice(file.path, "Cannot \(what): \(why)", .failure))
      return nil
    }
    do throws(ErrnoFailure) {
      let (directory, leaf) = try tree.parent(of: memberPrefixes.strip(file.path, notify), making: false)
      let flags = clinux_O_PATH | O_NOFOLLOW | O_CLOEXEC
      let descriptor = withCString(leaf) { openat(directory.descriptor, $0, flags) }
      guard descriptor >= 0 else { throw ErrnoFailure(code: errno) }
      let opened = DirectoryHandle(owning: descriptor)
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw ErrnoFailure(code: errno) }
      guard RestoredFile(path: file.path, status) == file else { return refused("another file has its name now") }
      if !keeps {
        guard withCString(leaf, { unlinkat(directory.descriptor, $0, 0) }) == 0 else { throw ErrnoFailure(code: errno) }
        return nil
      }
      if status.st_mode & 0o6000 != 0, chmod("/proc/self/fd/\(opened.descriptor)", status.st_mode & 0o1777) != 0 {
        throw ErrnoFailure(code: errno)
      }
      let code = rename(leaf, to: leaf + Self.damagedSuffix, in: directory)
      guard code == 0 else { throw ErrnoFailure(code: code) }
      return name
    } catch { return refused(errorText(error.code)) }
  }

  /// Gives a file its name; returns errno, 0 for success.
  func rename(_ from: [UInt8], to leaf: [UInt8], in directory: DirectoryHandle) -> Int32 {
    func attempt() -> Int32 {
      let status = withCString(from) { from in
        withCString(leaf) { to in
          !options.oldFiles.replacesFiles
            ? clinux_rename_noreplace(directory.descriptor, from, directory.descriptor, to)
            : renameat(directory.descriptor, from, directory.descriptor, to)
        }
      }
      return status == 0 ? 0 : errno
    }
    let code = attempt()
    guard code == EISDIR || code == ENOTEMPTY, options.oldFiles.replacesFiles else { return code }
    return removeObstacle(leaf, in: directory) ? attempt() : EEXIST
  }

  /// A number for a temporary name; drawing each at random costs a system call.
  func temporaryNumber() -> UInt64 {
    lastTemporaryNumber.wrappingAdd(1, ordering: .relaxed).newValue
  }

  /// A failure in GNU tar's words.
  func failure(_ member: Member, _ what: String, _ code: Int32) -> MemberNotice {
    failure(member, saying: "Cannot " + what, code)
  }

  func failure(_ member: Member, saying what: String, _ code: Int32) -> MemberNotice {
    MemberNotice(member.path, "\(what): \(errorText(code))", .failure)
  }

  /// Where a member goes; directories above are made.
  private func place(_ member: Member) throws(MemberNotice) -> (directory: DirectoryHandle, leaf: [UInt8]) {
    if member.path.contains(0) { throw failure(member, "open", EINVAL) }
    let name = MemberName.withoutTrailingSlashes(member.path)
    if !options.keepsAbsoluteNames && MemberName.containsParentComponent(name) {
      throw MemberNotice(member.path, "Member name contains '..'", .failure)
    }
    do throws(ErrnoFailure) {
      return try tree.parent(of: memberPrefixes.strip(name, notify), making: true)
    } catch {
      let what = member.kind == .directory ? "mkdir" : "open"
      // RESOLVE_BENEATH says EXDEV, whose usual text would only puzzle.
      if error.code == EXDEV {
        throw MemberNotice(
          member.path, "Cannot \(what): A symbolic link in its path leads out of the target directory", .failure)
      }
      throw failure(member, what, error.code)
    }
  }

  private func exists(_ leaf: [UInt8], in directory: DirectoryHandle) -> Bool { status(leaf, in: directory) != nil }

  private func isDirectory(_ leaf: [UInt8], in directory: DirectoryHandle, following: Bool = false) -> Bool {
    status(leaf, in: directory, following: following).map { $0.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR } ?? false
  }

  private func makeNode(
    _ member: Member, _ what: String, _ make: (Int32, UnsafePointer<CChar>) -> Int32
  ) throws(MemberNotice) {
    let (directory, leaf) = try place(member)
    guard try admits(member, leaf, in: directory) else { return }
    let backup = try backUp(member, leaf, in: directory)
    directory.made?.note(leaf)
    func attempt() -> Int32 { withCString(leaf) { make(directory.descriptor, $0) } == 0 ? 0 : errno }
    var code = attempt()
    if code == EEXIST, options.oldFiles.replacesFiles {
      // A directory may only look empty: files that wait for their names lie in it.
      tree.settle?()
      if removeObstacle(leaf, in: directory) { code = attempt() }
    }
    guard code == 0 else {
      undoBackUp(backup, of: member, leaf, in: directory)
      throw failure(member, what, code)
    }
    let flags = clinux_O_PATH | O_NOFOLLOW | O_CLOEXEC
    let descriptor = withCString(leaf) { openat(directory.descriptor, $0, flags) }
    guard descriptor >= 0 else { throw failure(member, "open", errno) }
    let node = DirectoryHandle(owning: descriptor)
    var status = stat()
    // Somebody else may write to this directory: nobody's owner or mode is changed but that of what was just made.
    guard fstat(descriptor, &status) == 0,
      Member(path: member.path, status: status, owners: restorer.owners)?.kind == member.kind
    else { throw failure(member, what, EEXIST) }
    for notice in restorer.restore(member, onPath: node.descriptor, in: directory.descriptor, name: leaf) {
      notify(notice)
    }
  }

  private func makeHardLink(_ member: Member) throws(MemberNotice) {
    let (directory, leaf) = try place(member)
    let what = "hard link to \(quoted(member.linkTarget))"
    if member.linkTarget.contains(0) { throw failure(member, what, EINVAL) }
    let source: (directory: DirectoryHandle, leaf: [UInt8])
    do throws(ErrnoFailure) {
      source = try tree.parent(of: linkPrefixes.strip(member.linkTarget, notify), making: false)
    } catch {
      throw failure(member, what, error.code)
    }
    // The archive may hold a name twice, or it was linked before.
    let isSame = {
      guard let old = self.status(leaf, in: directory), let target = self.status(source.leaf, in: source.directory)
      else { return false }
      return FileIdentity(old) == FileIdentity(target)
    }
    if options.backup == nil, isSame() { return }
    guard try admits(member, leaf, in: directory) else { return }
    let backup = try backUp(member, leaf, in: directory)
    directory.made?.note(leaf)
    func attempt() -> Int32 {
      withCString(source.leaf) { from in
        // Without AT_SYMLINK_FOLLOW: the link itself, not what it points to.
        withCString(leaf) { linkat(source.directory.descriptor, from, directory.descriptor, $0, 0) }
      } == 0 ? 0 : errno
    }
    var code = attempt()
    if code == EEXIST, options.oldFiles == .skip {
      return notify(MemberNotice(member.path, "skipping existing file", .information))
    }
    if code == EEXIST, options.oldFiles.replacesFiles, exists(source.leaf, in: source.directory),
      removeObstacle(leaf, in: directory)
    {
      code = attempt()
    }
    guard code == 0 else {
      undoBackUp(backup, of: member, leaf, in: directory)
      throw failure(member, what, code)
    }
  }

  private func makeDirectory(_ member: Member) throws(MemberNotice) {
    var (directory, leaf) = try place(member)
    if options.isIncremental, member.dumpDirectory != nil {
      purge(member, leaf, in: directory)
      // Renames may have moved what is above it.
      (directory, leaf) = try place(member)
    }
    guard try admits(member, leaf, in: directory) else { return }
    let backup = try backUp(member, leaf, in: directory)
    // The owner can work in it until its own mode is set.
    func attempt() -> Int32 { withCString(leaf) { mkdirat(directory.descriptor, $0, 0o700) } == 0 ? 0 : errno }
    var isNew = true
    directory.made?.note(leaf)
    var code = attempt()
    if code == EEXIST {
      if isDirectory(leaf, in: directory, following: options.keepsDirectorySymlinks) {
        if options.oldFiles == .keepNewer, leaf != [dot],
          withCString(leaf, { unlinkat(directory.descriptor, $0, AT_REMOVEDIR) }) == 0
        {
          // GNU tar has an empty one made anew.
          tree.forget()
          code = attempt()
        } else {
          guard options.oldFiles.updatesDirectories, isDirectory(leaf, in: directory) else { return }
          mayRepeat = true
          isNew = false
          code = 0
        }
      } else if options.oldFiles.replacesFiles {
        tree.settle?()
        if removeObstacle(leaf, in: directory) { code = attempt() }
      }
    }
    guard code == 0 else {
      undoBackUp(backup, of: member, leaf, in: directory)
      throw failure(member, "mkdir", code)
    }
    guard let made = status(leaf, in: directory) else { throw failure(member, "stat", errno) }
    if isNew { tree.noteMade(FileIdentity(made)) }
    deferred.append(DeferredDirectories.Entry(member: member, identity: FileIdentity(made)))
  }

  private func finishDirectory(_ entry: DeferredDirectories.Entry) -> [MemberNotice] {
    let name = MemberName.withoutTrailingSlashes(entry.member.path)
    do throws(ErrnoFailure) {
      let (directory, leaf) = try tree.parent(of: memberPrefixes.strip(name, notify), making: false)
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      let descriptor = withCString(leaf) { openat(directory.descriptor, $0, flags) }
      guard descriptor >= 0 else { throw ErrnoFailure(code: errno) }
      let opened = DirectoryHandle(owning: descriptor)
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw ErrnoFailure(code: errno) }
      guard FileIdentity(status) == entry.identity else {
        if hasRemovedDirectories { return [] }
        let text = "Directory renamed before its status could be extracted"
        return [MemberNotice(entry.member.path, text, .failure)]
      }
      // They come back in reverse: of a directory that the archive has twice the later one counts.
      if mayRepeat || hasRemovedDirectories || options.isIncremental, !finished.insert(entry.identity).inserted {
        return []
      }
      return restorer.restore(entry.member, on: opened.descriptor)
    } catch {
      // A later member of the archive took its place.
      if error.code == ENOENT || error.code == ENOTDIR || error.code == ELOOP { return [] }
      return [failure(entry.member, "open", error.code)]
    }
  }
}
