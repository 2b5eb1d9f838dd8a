import Glibc

/// Whether what was archived under an operand is still at the source. Only below directories that can be listed is
/// anything known to be gone.
public struct SourcePresence {
  private enum Verdict {
    case listable, gone, unknown
  }

  /// What members of the operand are called: its name as they have it; empty for all of the file system.
  public let memberPrefix: [UInt8]
  private let file: [UInt8]
  private let flags: Int32
  private var verdicts: [[UInt8]: Verdict] = [:]

  /// Prepares to look; nil for an operand of which nothing can be told from names of members.
  public init?(_ operand: SourceOperand, options: SourceOptions) {
    let name = MemberName.withoutTrailingSlashes(operand.name)
    let length = options.keepsAbsoluteNames ? 0 : MemberName.unsafePrefixLength(name)
    guard operand.recursive, length < name.count || name == [slash] else { return nil }
    memberPrefix = name == [slash] ? [] : Array(name[length...])
    let base = operand.baseDirectory
    file = (base.isEmpty || name.first == slash ? [] : base + [slash]) + name
    flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (options.followsLinks ? 0 : O_NOFOLLOW)
  }

  /// Whether a member of this name was archived under the operand.
  public func covers(_ path: [UInt8]) -> Bool {
    memberPrefix.isEmpty
      || path.starts(with: memberPrefix) && (path.count == memberPrefix.count || path[memberPrefix.count] == slash)
  }

  /// Whether there is nothing of this name any more; false when that cannot be told.
  public mutating func isGone(_ path: [UInt8]) -> Bool {
    // The operand itself was named: that it is not there is an error, and says nothing about it.
    guard path != memberPrefix, path != [dot], let end = path.lastIndex(of: slash) ?? (memberPrefix.isEmpty ? 0 : nil)
    else { return false }
    guard covers(path) else { return false }
    switch verdict(Array(path[..<end])) {
    case .unknown: return false
    case .gone: return true
    case .listable:
      var status = stat()
      return withCString(place(path)) { fstatat(AT_FDCWD, $0, &status, AT_SYMLINK_NOFOLLOW) } != 0
        && (errno == ENOENT || errno == ENOTDIR)
    }
  }

  private func place(_ path: [UInt8]) -> [UInt8] {
    memberPrefix.isEmpty ? [slash] + path : file + path.dropFirst(memberPrefix.count)
  }

  private mutating func verdict(_ directory: [UInt8]) -> Verdict {
    if let known = verdicts[directory] { return known }
    let isTop = directory == memberPrefix
    if !isTop {
      let end = directory.lastIndex(of: slash) ?? 0
      let above = verdict(Array(directory[..<end]))
      guard above == .listable else { return above }
    }
    // What was named may be a link to a directory.
    let descriptor = withCString(place(directory)) { open($0, isTop ? flags & ~O_NOFOLLOW : flags) }
    let isMissing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP
    if descriptor >= 0 { close(descriptor) }
    let found: Verdict = descriptor >= 0 ? .listable : isMissing && !isTop ? .gone : .unknown
    if verdicts.count >= 100_000 { verdicts = [:] }
    verdicts[directory] = found
    return found
  }
}
