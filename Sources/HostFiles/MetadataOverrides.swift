public import ArchiveFormat
internal import Glibc

/// What is stored of files instead of what they have: `--owner`, `--mode`, `--mtime` and their like.
public struct MetadataOverrides: Sendable {
  /// Another owner or group.
  public struct Owner: Sendable, Equatable {
    /// Its number; nil for the file's own.
    public var id: UInt32?
    /// Its name; nil for that of its number.
    public var name: [UInt8]?

    /// Describes one.
    public init(id: UInt32?, name: [UInt8]?) {
      self.id = id
      self.name = name
    }
  }

  /// The owner of all files that ``users`` does not have.
  public var user: Owner?
  /// The group of all files that ``groups`` does not have.
  public var group: Owner?
  /// Owners by the number of the file's own (`--owner-map`).
  public var users: [UInt32: Owner] = [:]
  /// Groups by the number of the file's own (`--group-map`).
  public var groups: [UInt32: Owner] = [:]
  /// How modes change.
  public var mode: ModeChange?
  /// When everything was modified.
  public var modified: Timestamp?
  /// Only what was modified later gets that time (`--clamp-mtime`).
  public var clampsTimes = false

  /// Whether files keep what they have.
  public var isEmpty: Bool {
    user == nil && group == nil && users.isEmpty && groups.isEmpty && mode == nil && modified == nil
  }

  /// Files keep what they have.
  public init() {}

  func apply(to member: inout Member, _ names: OwnerNames) {
    if let mode { member.mode = mode.applied(to: member.mode, isDirectory: member.kind == .directory) }
    if let modified, !clampsTimes || member.modified > modified { member.modified = modified }
    let owner = member.ownership
    let newUser = users[owner.user] ?? user
    let newGroup = groups[owner.group] ?? group
    guard newUser != nil || newGroup != nil else { return }
    member.ownership = names.ownership(user: newUser?.id ?? owner.user, group: newGroup?.id ?? owner.group)
    if names.numericOnly { return }
    if let name = newUser?.name { member.ownership.userName = name }
    if let name = newGroup?.name { member.ownership.groupName = name }
  }
}

extension MetadataOverrides {
  /// A file of this process's, made at no time, as it would be stored: what parts of members are written as.
  public func author(numericOwner: Bool) -> Member {
    let names = OwnerNames(numericOnly: numericOwner)
    let never = Timestamp(seconds: 0)
    var member = Member(
      path: [], kind: .regular, mode: 0o644, ownership: names.ownership(user: getuid(), group: getgid()),
      modified: never)
    (member.accessed, member.changed) = (never, never)
    apply(to: &member, names)
    return member
  }
}
