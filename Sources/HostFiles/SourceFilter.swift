import ArchiveFormat
import Glibc

/// Which of the files that the walk comes upon are archived.
struct SourceFilter {
  enum Verdict {
    case archive
    /// Left out, and what is to be said about that.
    case leaveOut(MemberNotice?)
  }

  let options: SourceOptions

  /// What becomes of a file that no pattern excludes.
  func verdict(_ path: [UInt8], _ status: stat) -> Verdict {
    let isDirectory = status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR
    if !isDirectory, let newest = options.newerThan, Timestamp(status.st_mtim) < newest.time,
      !newest.countsChanges || Timestamp(status.st_ctim) < newest.time
    {
      return .leaveOut(ifAsked(path, "file is unchanged; not dumped"))
    }
    return archiveItself(path, status).map { .leaveOut($0) } ?? .archive
  }

  /// What is said of a file that is the archive, or part of it; nil for others.
  func archiveItself(_ path: [UInt8], _ status: stat) -> MemberNotice? {
    guard !options.archives.isEmpty, options.archives.contains(FileIdentity(status)) else { return nil }
    return MemberNotice(path, "file is the archive; not dumped", .information)
  }

  /// What is said of a file of a kind that no archive holds.
  func unusable(_ path: [UInt8], _ status: stat) -> MemberNotice {
    status.st_mode & Glibc.S_IFMT == Glibc.S_IFSOCK
      ? MemberNotice(path, "socket ignored", .information)
      : MemberNotice(path, "Unknown file type; file ignored", .failure)
  }

  /// What a tag in an open directory leaves out; nil when there is none.
  func tag(in directory: Int32, _ exclusions: ExclusionList) -> ExclusionTag? {
    exclusions.tags.last { $0.marks(directory) }
  }

  /// What is said about a directory with a tag.
  /// - Parameter path: as GNU tar has it there, with or without a slash behind it.
  func notice(of tag: ExclusionTag, in path: [UInt8]) -> MemberNotice? {
    let what = tag.extent == .all ? "directory not dumped" : "contents not dumped"
    let name = String(decoding: tag.name, as: UTF8.self)
    return ifAsked(path, "contains a cache directory tag \(name); \(what)")
  }

  /// A notice that only those want who want to know everything.
  func ifAsked(_ path: [UInt8], _ text: String) -> MemberNotice? {
    options.saysWhatIsLeftOut ? MemberNotice(path, text, .information) : nil
  }
}

/// Counts the names of files that have several, to say in the end which of them were not archived.
struct LinkCount {
  private var missing: [FileIdentity: (first: [UInt8], count: UInt64)] = [:]
  private var order: [FileIdentity] = []

  /// Counts a name.
  mutating func add(_ status: stat, _ path: [UInt8]) {
    let file = FileIdentity(status)
    if missing[file] == nil {
      missing[file] = (path, UInt64(status.st_nlink))
      order.append(file)
    }
    missing[file]?.count &-= 1
  }

  /// What is to be said in the end.
  mutating func notices() -> [MemberNotice] {
    defer { order = [] }
    return order.compactMap { file in
      guard let found = missing[file], found.count > 0 else { return nil }
      return MemberNotice([], "Missing links to \(quoted(found.first)).", .information)
    }
  }
}
