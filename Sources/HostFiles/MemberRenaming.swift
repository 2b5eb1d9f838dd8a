public import ArchiveFormat

/// How members are called when they leave an archive: `--transform` and `--strip-components`.
public struct MemberRenaming: Sendable {
  /// Substitutions, made first.
  public var transform = NameTransform()
  /// Path components taken off the front of each name.
  public var stripComponents = 0

  /// Changes nothing.
  public init() {}

  /// The member under its new name, which is empty when nothing of it is left.
  public func renamed(_ member: Member) -> Member {
    if transform.isEmpty && stripComponents == 0 { return member }
    var renamed = member
    renamed.path = stripped(transform.transformed(member.path, .member))
    renamed.dumpDirectory = member.dumpDirectory.map {
      DumpDirectory($0).mappingPaths { stripped(transform.transformed($0, .member)) }.bytes
    }
    switch member.kind {
    // A hard link's target is a member's name too; a symbolic link's is not.
    case .hardLink:
      let target = stripped(transform.transformed(member.linkTarget, .hardLink))
      // What it leads to is not restored when nothing is left of its name: then the message should tell its old one.
      if !target.isEmpty { renamed.linkTarget = target }
    case .symbolicLink: renamed.linkTarget = transform.transformed(member.linkTarget, .symbolicLink)
    default: break
    }
    return renamed
  }

  private func stripped(_ path: [UInt8]) -> [UInt8] {
    if stripComponents == 0 { return path }
    var rest = path.drop { $0 == slash }
    for _ in 0..<stripComponents {
      guard let end = rest.firstIndex(of: slash) else { return [] }
      rest = rest[end...].drop { $0 == slash }
    }
    return Array(rest)
  }
}
