import ArchiveFormat

/// The one directory that everything is restored below (`--one-top-level`).
struct TopLevel {
  /// Its name.
  let directory: [UInt8]

  /// The directory named, or the archive's name without what says how it is packed; nil when that says nothing.
  init?(_ named: [UInt8], archive: [UInt8]?) {
    if !named.isEmpty {
      directory = named
      return
    }
    guard var name = archive?.split(separator: UInt8(ascii: "/")).last.map(Array.init),
      let suffix = Self.suffixes.first(where: {
        name.count > $0.utf8.count && name.suffix($0.utf8.count) == Array($0.utf8)[...]
      })
    else { return nil }
    name.removeLast(suffix.utf8.count)
    let tar = Array(".tar".utf8)
    if !suffix.hasPrefix(".t"), name.count > tar.count, name.suffix(tar.count) == tar[...] {
      name.removeLast(tar.count)
    }
    directory = name
  }

  private static let suffixes = [
    ".tar", ".gz", ".tgz", ".taz", ".Z", ".taZ", ".bz2", ".tbz", ".tbz2", ".tz2", ".lz", ".lzma", ".tlz", ".lzo", ".xz",
    ".txz", ".zst", ".tzst", ".lz4", ".vtl",
  ]

  /// The member where it goes to; a hard link's target, a member too, goes there as well.
  func placed(_ member: Member) -> Member {
    var member = member
    member.path = placed(member.path)
    member.dumpDirectory = member.dumpDirectory.map { DumpDirectory($0).mappingPaths { placed($0) }.bytes }
    if member.kind == .hardLink { member.linkTarget = placed(member.linkTarget) }
    return member
  }

  private func placed(_ path: [UInt8]) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    let name = path.drop { $0 == slash || $0 == UInt8(ascii: ".") }
    if name.isEmpty { return directory }
    if name.starts(with: directory), name.count == directory.count || name.dropFirst(directory.count).first == slash {
      return path
    }
    // Without the `./` that names often begin with.
    let isDotted = path.starts(with: "./".utf8)
    return directory + [slash] + path.dropFirst(isDotted ? 2 : 0)
  }
}
