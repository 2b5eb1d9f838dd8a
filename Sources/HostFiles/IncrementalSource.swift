public import ArchiveFormat
import CLinux
import Glibc

/// The local file system as a source of an incremental archive (`--listed-incremental`, `--incremental`): first all
/// directories, sorted, each with the list of what is in it, then the files that are new or changed.
///
/// It looks into every directory before it hands out the first, and keeps all names in memory, as GNU tar does: which
/// directories have another name than before stands in the first list. One thread calls ``next()``; the members it
/// returned may be opened by another.
public final class IncrementalSource: MemberSource {
  private let operands: [SourceOperand]
  private let incremental: SourceOptions.Incremental
  private let context: SourceContext
  private let filter: SourceFilter
  private var memberPrefixes: PrefixStripper
  private var linkPrefixes: PrefixStripper
  private var linkCount = LinkCount()
  /// One for each directory that names are relative to: `-C` may come again where no snapshot is kept.
  private var scans: [(base: [UInt8], handle: DirectoryHandle, scan: IncrementalScan)] = []
  private var pending: ArraySlice<SourceItem> = []
  private var nextOperand = 0
  /// Everything that is archived under its own name, sorted; nil while directories are still looked into.
  private var items: [(scan: Int, item: IncrementalScan.Item)]?
  private var nextDirectory = 0
  private var nextFiles = 0
  /// The directory whose files are handed out.
  private var open:
    (item: IncrementalScan.Item, scan: Int, handle: DirectoryHandle, contents: DirectoryContents, next: Int)?

  /// Prepares; nothing is looked at yet.
  /// - Parameter options: with ``SourceOptions/incremental``.
  public init(operands: [SourceOperand], options: SourceOptions, _ incremental: SourceOptions.Incremental) {
    self.operands = operands
    self.incremental = incremental
    context = SourceContext(options)
    filter = SourceFilter(options: options)
    memberPrefixes = PrefixStripper(.members, keepsAbsoluteNames: options.keepsAbsoluteNames)
    linkPrefixes = PrefixStripper(.hardLinks, keepsAbsoluteNames: options.keepsAbsoluteNames)
  }

  public func next() -> SourceItem? {
    while true {
      if let item = pending.popFirst() { return item }
      if items == nil {
        search()
      } else if let found = items, nextDirectory < found.count {
        nextDirectory += 1
        let (scan, item) = found[nextDirectory - 1]
        if item.directory == nil { findFile(item, scan) } else { findDirectory(item, scan) }
      } else if open != nil {
        findNextFile()
      } else if let found = items, nextFiles < found.count {
        nextFiles += 1
        enter(found[nextFiles - 1].item, found[nextFiles - 1].scan)
      } else {
        pending = linkCount.notices().map { .notice($0) }[...]
        if pending.isEmpty { return nil }
      }
    }
  }

  public func removeDirectories() -> [MemberNotice] { context.remover?.removeDirectories() ?? [] }

  /// What the next archive is made against, when everything that was handed out has been archived. What could not be read
  /// is not in it, so that it is archived then.
  /// - Returns: nil when a file that was named could not be archived: no snapshot can say that.
  public func snapshot() -> Snapshot? {
    var directories: [[UInt8]: IncrementalDirectory] = [:]
    for (_, item) in items ?? [] { if let directory = item.directory { directories[item.name] = directory } }
    for name in (context.unsaved?.all ?? []) {
      if let directory = directories[name] {
        directory.isFound = false
      } else if let cut = name.lastIndex(of: slash), let above = directories[Array(name[..<max(cut, 1)])] {
        above.unsaved.insert(Array(name[(cut + 1)...]))
      } else {
        return nil
      }
    }
    return scans.first?.scan.table.snapshot(time: incremental.start)
  }

  // MARK: Directories

  /// Looks into the next directory, or begins with the next operand.
  private func search() {
    defer { for entry in scans { pending += entry.scan.takeNotices().map { .notice($0) } } }
    for entry in scans where entry.scan.step() { return }
    guard nextOperand < operands.count else { return sort() }
    nextOperand += 1
    let operand = operands[nextOperand - 1]
    guard let scan = scan(of: operand.baseDirectory) else {
      let text = "Cannot open: \(errorText(errno))"
      context.unsaved?.add(operand.name)
      return pending.append(.notice(MemberNotice(operand.baseDirectory, text, .failure)))
    }
    scan.begin(operand)
  }

  private func scan(of base: [UInt8]) -> IncrementalScan? {
    if let known = scans.first(where: { $0.base == base }) { return known.scan }
    let handle: DirectoryHandle
    if base.isEmpty {
      handle = DirectoryHandle(owning: AT_FDCWD)
    } else {
      let descriptor = withCString(base) { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
      guard descriptor >= 0 else { return nil }
      handle = DirectoryHandle(owning: descriptor)
    }
    guard let absolute = absolute(base) else { return nil }
    let table = IncrementalTable(
      incremental.snapshot ?? Snapshot(), base: absolute, checksDevice: incremental.checksDevice)
    let threshold = incremental.snapshot.map { snapshot in
      snapshot.time.map { SourceOptions.Threshold($0, countsChanges: true) }
    }
    let scan = IncrementalScan(
      table, threshold: threshold ?? context.options.newerThan, base: absolute, handle: handle, context: context,
      filter: filter)
    scans.append((base, handle, scan))
    return scan
  }

  private func absolute(_ base: [UInt8]) -> [UInt8]? {
    if base.first == slash { return base }
    guard let working = getcwd(nil, 0) else { return nil }
    defer { free(working) }
    var path: [UInt8] = []
    var index = 0
    while working[index] != 0 {
      path.append(UInt8(bitPattern: working[index]))
      index += 1
    }
    return path + [slash] + base
  }

  /// Puts everything in the order in which it is archived, names that lead to one directory once.
  private func sort() {
    var all = scans.indices.flatMap { scan in scans[scan].scan.items.map { (scan: scan, item: $0) } }
    all.sort { $0.item.name.lexicographicallyPrecedes($1.item.name) }
    var named: Set<[UInt8]> = []
    let operands = Set(all.filter(\.item.isOperand).map { canonical($0) })
    all = all.filter { entry in
      let name = canonical(entry)
      if !entry.item.isOperand, operands.contains(name) { return false }
      return named.insert(name).inserted
    }
    items = all
    if incremental.snapshot != nil, let first = all.firstIndex(where: { $0.item.directory?.wasScanned == true }) {
      firstWithList = first
    }
  }
  /// The directory whose list has the renames.
  private var firstWithList: Int?

  private func canonical(_ entry: (scan: Int, item: IncrementalScan.Item)) -> [UInt8] {
    entry.item.directory?.canonicalName
      ?? IncrementalTable.canonical(entry.item.name, in: absolute(scans[entry.scan].base) ?? [])
  }

  private func findDirectory(_ item: IncrementalScan.Item, _ scan: Int) {
    guard let directory = item.directory else { return }
    // One that is not among the names asked for may hold some that are.
    if item.operand.exclusions.omits(item.name) { return }
    guard isConfirmed(item.name) else { return }
    guard let handle = openAgain(item, directory, scan) else { return }
    var status = stat()
    let path = stripped(item.name)
    guard fstat(handle.descriptor, &status) == 0,
      var member = Member(path: path, status: status, owners: context.owners)
    else { return pending.append(.notice(context.failure(item.name, "Cannot stat: \(errorText(errno))"))) }
    if directory.wasScanned, let contents = directory.contents {
      var list = contents.bytes
      if nextDirectory - 1 == firstWithList {
        list += scans[scan].scan.table.renames(keepingAbsoluteNames: context.options.keepsAbsoluteNames)
      }
      // A list that no reader takes would make the member worthless.
      if list.count < DumpDirectory.longest {
        member.dumpDirectory = list + [0]
      } else {
        let text = "Cannot archive the list of its contents: it is longer than \(DumpDirectory.longest) bytes"
        pending.append(.notice(context.failure(item.name, text)))
      }
    }
    hand(out: member, item.name, isOperand: item.isOperand, in: handle, item.operand)
  }

  /// Opens a directory that was looked into before, if it is still that one.
  private func openAgain(
    _ item: IncrementalScan.Item, _ directory: IncrementalDirectory, _ scan: Int
  ) -> DirectoryHandle? {
    context.budget.wait()
    let descriptor = openDirectory(item.name, from: scans[scan].handle.descriptor, context.openFlags)
    var code = errno
    if descriptor >= 0 {
      let handle = DirectoryHandle(owning: descriptor, budget: context.budget)
      var status = stat()
      if fstat(descriptor, &status) == 0, UInt64(status.st_ino) == directory.identity.inode { return handle }
      code = ENOENT
    }
    if code == ENOENT, !item.isOperand {
      context.unsaved?.add(item.name)
      pending.append(.notice(MemberNotice(item.name, "File removed before we read it", .difference)))
    } else {
      pending.append(.notice(context.failure(item.name, "Cannot open: \(errorText(code))")))
    }
    return nil
  }

  // MARK: Files

  /// Goes on with the files of a directory.
  private func enter(_ item: IncrementalScan.Item, _ scan: Int) {
    guard let directory = item.directory, directory.wasScanned, let contents = directory.contents,
      (0..<contents.count).contains(where: { contents[$0] == DumpDirectory.Code.archived.rawValue }),
      let handle = openAgain(item, directory, scan)
    else { return }
    var status = stat()
    if fstat(handle.descriptor, &status) == 0 { directory.modified = Timestamp(status.st_mtim) }
    open = (item, scan, handle, contents, 0)
  }

  private func findNextFile() {
    guard var directory = open else { return }
    while directory.next < directory.contents.count,
      directory.contents[directory.next] != DumpDirectory.Code.archived.rawValue
    { directory.next += 1 }
    guard directory.next < directory.contents.count else {
      open = nil
      return
    }
    let leaf = Array(directory.contents.name(directory.next))
    directory.next += 1
    open = directory
    let item = directory.item
    let name = item.name + (item.name.last == slash ? [] : [slash]) + leaf
    find(name, leaf, isOperand: false, in: directory.handle, item.operand)
  }

  private func findFile(_ item: IncrementalScan.Item, _ scan: Int) {
    find(item.name, item.name, isOperand: true, in: scans[scan].handle, item.operand, scans[scan].scan)
  }

  /// - Parameter scan: leaves out what has not changed, where the list of its directory does not say that.
  private func find(
    _ name: [UInt8], _ leaf: [UInt8], isOperand: Bool, in directory: DirectoryHandle, _ operand: SourceOperand,
    _ scan: IncrementalScan? = nil
  ) {
    guard !operand.exclusions.omits(name), isConfirmed(name) else {
      context.unsaved?.add(name)
      return
    }
    var status = stat()
    guard withCString(leaf, { fstatat(directory.descriptor, $0, &status, context.statusFlags) }) == 0 else {
      if errno == ENOENT, !isOperand {
        context.unsaved?.add(name)
        return pending.append(.notice(MemberNotice(name, "File removed before we read it", .difference)))
      }
      return pending.append(.notice(context.failure(name, "Cannot stat: \(errorText(errno))")))
    }
    if scan?.isOlder(status) == true { return }
    if let notice = filter.archiveItself(name, status) { return pending.append(.notice(notice)) }
    guard let member = Member(path: stripped(name), status: status, owners: context.owners) else {
      return pending.append(.notice(filter.unusable(name, status)))
    }
    guard member.kind != .directory else {
      // It was a file when its directory was looked into.
      context.unsaved?.add(name)
      return pending.append(.notice(MemberNotice(name, "File removed before we read it", .difference)))
    }
    noteLinks(name, member, status)
    hand(out: member, name, isOperand: isOperand, in: directory, operand)
  }

  private func noteLinks(_ name: [UInt8], _ member: Member, _ status: stat) {
    let options = context.options
    if member.kind == .regular || member.kind == .symbolicLink, !options.keepsAbsoluteNames,
      operands.count > 1 || options.followsLinks || status.st_nlink > 1
    {
      linkPrefixes.note(prefix: name[..<MemberName.unsafePrefixLength(name)]) { pending.append(.notice($0)) }
    }
    if status.st_nlink > 1, options.reportsMissingLinks {
      linkCount.add(status, options.transform.transformed(member.path, .hardLink))
    }
  }

  // MARK: Members

  private func isConfirmed(_ name: [UInt8]) -> Bool {
    guard let confirms = context.options.confirms, !confirms(name) else { return true }
    context.unsaved?.add(name)
    return false
  }

  private func stripped(_ name: [UInt8]) -> [UInt8] { memberPrefixes.strip(name) { pending.append(.notice($0)) } }

  private func hand(
    out member: Member, _ name: [UInt8], isOperand: Bool, in directory: DirectoryHandle, _ operand: SourceOperand
  ) {
    let cut = name.lastIndex(of: slash).map { $0 + 1 } ?? 0
    pending.append(
      .member(
        HostMember(
          member, in: directory, baseDirectory: operand.baseDirectory, operandName: isOperand ? name : nil,
          shownPrefix: Array(name[..<cut]), context: context)))
  }
}
