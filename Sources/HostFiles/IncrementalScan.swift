import ArchiveFormat
import CLinux
import Glibc

/// Looks into all directories of an incremental archive before any of them is archived: which files are new or changed,
/// and which directories have another name, is known only then. The rules are GNU tar's.
final class IncrementalScan {
  /// A directory or a file that will be archived under its own name.
  struct Item {
    /// As the user named it, or below that.
    var name: [UInt8]
    var operand: SourceOperand
    var isOperand: Bool
    /// nil for a file.
    var directory: IncrementalDirectory?
    /// Patterns of ignore files here and above.
    var ignored: [IgnorePatterns] = []
  }

  let table: IncrementalTable
  /// What was found so far.
  private(set) var items: [Item] = []
  private let context: SourceContext
  private let filter: SourceFilter
  private let base: [UInt8]
  private let handle: DirectoryHandle
  /// Files that changed before are not archived again; nil: all are.
  private let threshold: SourceOptions.Threshold?
  /// What is still to be looked into, the next one last.
  private var waiting: [Item] = []
  private(set) var notices: [MemberNotice] = []

  init(
    _ table: IncrementalTable, threshold: SourceOptions.Threshold?, base: [UInt8], handle: DirectoryHandle,
    context: SourceContext,
    filter: SourceFilter
  ) {
    self.table = table
    self.threshold = threshold
    self.base = base
    self.handle = handle
    self.context = context
    self.filter = filter
  }

  func takeNotices() -> [MemberNotice] {
    defer { notices = [] }
    return notices
  }

  /// Begins with an operand.
  func begin(_ operand: SourceOperand) {
    let name = MemberName.withoutTrailingSlashes(operand.name)
    if operand.exclusions.excludes(name) { return }
    var item = Item(name: name, operand: operand, isOperand: true)
    var status = stat()
    guard withCString(name, { fstatat(handle.descriptor, $0, &status, context.statusFlags) }) == 0 else {
      return notices.append(context.failure(name, "Cannot stat: \(errorText(errno))"))
    }
    guard status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR else { return items.append(item) }
    guard let opened = open(name, "open") else { return }
    guard fstat(opened.descriptor, &status) == 0 else {
      return notices.append(context.failure(name, "Cannot stat: \(errorText(errno))"))
    }
    if let known = table.directory(name, in: base), known.wasVisited {
      // Another operand has led here; it is looked into once.
      item.directory = known
      items.append(item)
      return
    }
    let visited = visit(name, opened, status, operand, parent: nil, forced: nil)
    // The whole directory is left out for a tag in it.
    if visited.isLeftOut { return }
    item.directory = visited.directory
    waiting.append(item)
  }

  /// Looks into the next directory; false when there is none.
  func step() -> Bool {
    guard let item = waiting.popLast() else { return false }
    items.append(item)
    guard let directory = item.directory, !directory.wasScanned else { return true }
    scan(item, directory)
    return true
  }

  /// Opens a directory by its name; nil and a notice when that fails.
  private func open(_ name: [UInt8], _ what: String) -> DirectoryHandle? {
    let descriptor = openDirectory(name, from: handle.descriptor, context.openFlags)
    guard descriptor >= 0 else {
      notices.append(context.failure(name, "Cannot \(what): \(errorText(errno))"))
      return nil
    }
    return DirectoryHandle(owning: descriptor)
  }

  // MARK: One directory

  private func scan(_ item: Item, _ directory: IncrementalDirectory) {
    guard directory.children != .none || directory.tagName != nil else { return }
    guard let opened = open(item.name, "open") else { return }
    var status = stat()
    guard fstat(opened.descriptor, &status) == 0, let names = DirectoryListing.names(in: opened.descriptor) else {
      return notices.append(context.failure(item.name, "Cannot savedir: \(errorText(errno))"))
    }
    let sorted = names.sorted { $0.lexicographicallyPrecedes($1) }
    var contents = DirectoryContents(names: sorted)
    let before =
      directory.children == .all
      ? nil : (directory.origin.map { $0.contentsBefore ?? $0.contents } ?? directory.contents)
    let ignored = item.ignored.filter(\.isRecursive) + ignorePatterns(item.operand, in: opened)
    var below: [Item] = []
    for index in 0..<contents.count {
      let name = Array(contents.name(index))
      let path = item.name + (item.name.last == slash ? [] : [slash]) + name
      let isNew = before.map { !$0.contains(name) } ?? true
      if let tag = directory.tagName {
        let isTag = directory.children == .none && name == tag
        contents[index] = (isTag ? DumpDirectory.Code.archived : .notArchived).rawValue
        if !isTag { directory.unsaved.insert(name) }
        continue
      }
      if item.operand.exclusions.excludes(path) || ignored.contains(where: { $0.excludes(path) }) {
        contents[index] = DumpDirectory.Code.notArchived.rawValue
        directory.unsaved.insert(name)
        continue
      }
      let found = look(at: name, path, in: opened, status, item, directory, isNew: isNew)
      contents[index] = found.code.rawValue
      if !found.isKnown { directory.unsaved.insert(name) }
      if let subdirectory = found.directory, found.code == .directory {
        below.append(
          Item(name: path, operand: item.operand, isOperand: false, directory: subdirectory, ignored: ignored))
      }
    }
    directory.contentsBefore = directory.contents
    directory.contents = contents
    directory.wasScanned = true
    waiting += below.reversed()
  }

  private func ignorePatterns(_ operand: SourceOperand, in directory: DirectoryHandle) -> [IgnorePatterns] {
    operand.exclusions.ignoreFiles.compactMap { file in
      do throws(ErrnoFailure) { return try file.patterns(in: directory.descriptor) } catch {
        notices.append(MemberNotice(file.name, "Cannot open: \(errorText(error.code))", .failure))
        return nil
      }
    }
  }

  /// What becomes of one entry.
  private struct Look {
    var code: DumpDirectory.Code
    /// Whether the next archive may take it for saved when it does not change.
    var isKnown = true
    var directory: IncrementalDirectory?
  }

  private func look(
    at name: [UInt8], _ path: [UInt8], in parent: DirectoryHandle, _ parentStatus: stat, _ item: Item,
    _ directory: IncrementalDirectory, isNew: Bool
  ) -> Look {
    var status = stat()
    guard withCString(name, { fstatat(parent.descriptor, $0, &status, context.statusFlags) }) == 0 else {
      return missing(path, "stat", errno)
    }
    let options = context.options
    if status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR {
      let descriptor = withCString(name) { openat(parent.descriptor, $0, context.openFlags | O_DIRECTORY) }
      guard descriptor >= 0 else { return missing(path, "open", errno) }
      let opened = DirectoryHandle(owning: descriptor)
      guard fstat(descriptor, &status) == 0 else { return missing(path, "stat", errno) }
      if let notice = filter.archiveItself(path, status) {
        notices.append(notice)
        return Look(code: .notArchived, isKnown: false)
      }
      if context.options.followsLinks, isAbove(status, path) {
        notices.append(
          MemberNotice(path, "Symbolic link leads back to a directory above it; not dumped", .difference))
        return Look(code: .notArchived, isKnown: false)
      }
      let forced: IncrementalDirectory.Children? =
        !item.operand.recursive ? IncrementalDirectory.Children.none : directory.children == .all ? .all : nil
      let visited = visit(path, opened, status, item.operand, parent: parentStatus, forced: forced)
      return Look(
        code: visited.isLeftOut ? .notArchived : .directory, directory: visited.directory)
    }
    if options.oneFileSystem, status.st_dev != parentStatus.st_dev { return Look(code: .notArchived, isKnown: false) }
    return Look(code: isNew || !isOlder(status) ? .archived : .notArchived)
  }

  /// Whether a directory is one of those above it, which links that are followed make possible.
  private func isAbove(_ status: stat, _ path: [UInt8]) -> Bool {
    var up = path
    while let cut = up.lastIndex(of: slash), cut > 0 {
      up = Array(up[..<cut])
      guard let above = table.directory(up, in: base), above.wasVisited else { continue }
      if above.identity == FileIdentity(status) { return true }
    }
    return false
  }

  private func missing(_ path: [UInt8], _ what: String, _ code: Int32) -> Look {
    if code == ENOENT {
      notices.append(MemberNotice(path, "File removed before we read it", .difference))
    } else {
      notices.append(context.failure(path, "Cannot \(what): \(errorText(code))"))
    }
    return Look(code: .notArchived, isKnown: false)
  }

  /// Whether nothing about a file has changed since the snapshot.
  func isOlder(_ status: stat) -> Bool {
    guard let threshold, Timestamp(status.st_mtim) < threshold.time else { return false }
    return !threshold.countsChanges || Timestamp(status.st_ctim) < threshold.time
  }

  // MARK: Directories

  /// Takes in a directory.
  /// - Parameters:
  ///   - parent: what the directory above is; nil for an operand.
  ///   - forced: what is archived of it whatever became of it.
  /// - Returns: it, and whether it is not archived.
  private func visit(
    _ name: [UInt8], _ opened: DirectoryHandle, _ status: stat, _ operand: SourceOperand, parent: stat?,
    forced: IncrementalDirectory.Children?
  ) -> (directory: IncrementalDirectory, isLeftOut: Bool) {
    // Two names lead to it: it is archived under the first.
    if let known = table.directory(name, in: base), known.wasVisited { return (known, true) }
    let (directory, change) = table.visit(name, status, in: base) { before in
      var there = stat()
      return withCString(before.name, { fstatat(handle.descriptor, $0, &there, context.statusFlags) }) == 0
        && FileIdentity(there) == FileIdentity(status)
    }
    directory.wasVisited = true
    var isLeftOut = false
    if case .renamed(let old) = change { say(name, "Directory has been renamed from \(quoted(old))") }
    if change == .new { say(name, "Directory is new") }
    if context.options.oneFileSystem, let parent, parent.st_dev != status.st_dev {
      say(name, "directory is on a different filesystem; not dumped")
      directory.children = .none
    } else {
      if let forced { directory.children = forced }
      if forced == IncrementalDirectory.Children.none { isLeftOut = true }
      if change == .perhapsRenamed { say(name, "Directory has been renamed") }
    }
    guard directory.children != .none, let tag = filter.tag(in: opened.descriptor, operand.exclusions) else {
      return (directory, isLeftOut)
    }
    if let notice = filter.notice(of: tag, in: name) { notices.append(notice) }
    switch tag.extent {
    case .all:
      directory.children = .none
      isLeftOut = true
    case .contents:
      directory.children = .none
      directory.tagName = tag.name
    case .under: directory.tagName = tag.name
    }
    return (directory, isLeftOut)
  }

  private func say(_ name: [UInt8], _ text: String) { notices.append(MemberNotice(name, text, .information)) }
}

/// Opens a directory by a path of any length, whose last component is no link unless `flags` allow it; -1 and errno when
/// that fails.
func openDirectory(_ path: [UInt8], from start: Int32, _ flags: Int32) -> Int32 {
  var rest = path[...]
  var above: DirectoryHandle?
  // What one call takes: PATH_MAX is 4096 with its NUL.
  while rest.count > 4000, let cut = rest.prefix(4000).lastIndex(of: slash), cut > rest.startIndex {
    let part = rest[..<cut]
    let descriptor = withCString(part) {
      openat(above?.descriptor ?? start, $0, clinux_O_PATH | O_DIRECTORY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return -1 }
    above = DirectoryHandle(owning: descriptor)
    rest = rest[cut...].drop { $0 == slash }
  }
  return withCString(rest) { openat(above?.descriptor ?? start, $0, flags | O_DIRECTORY) }
}
