import ArchiveFormat
import Glibc
import Synchronization

/// User and group names by number and back, each asked of the system once.
public final class OwnerNames: Sendable {
  private struct Tables {
    var users: [UInt32: [UInt8]] = [:]
    var groups: [UInt32: [UInt8]] = [:]
    var userIDs: [[UInt8]: UInt32?] = [:]
    var groupIDs: [[UInt8]: UInt32?] = [:]
    var last = Ownership(user: .max, group: .max)
    var lastNumbers: (of: Ownership, user: UInt32, group: UInt32)?
  }
  /// Guards the tables: the scanning and the reading thread both ask.
  private let tables = Mutex(Tables())
  /// Whether names are left out and ignored.
  let numericOnly: Bool

  init(numericOnly: Bool) { self.numericOnly = numericOnly }

  /// The number of a user or group; nil when the system does not know the name.
  public static func number(of name: [UInt8], isGroup: Bool) -> UInt32? { isGroup ? groupID(name) : userID(name) }

  /// Owner and group with their names.
  func ownership(user: UInt32, group: UInt32) -> Ownership {
    if numericOnly { return Ownership(user: user, group: group) }
    return tables.withLock { tables in
      if tables.last.user == user && tables.last.group == group { return tables.last }
      let userName = tables.users[user] ?? Self.userName(user)
      let groupName = tables.groups[group] ?? Self.groupName(group)
      tables.users[user] = userName
      tables.groups[group] = groupName
      tables.last = Ownership(user: user, group: group, userName: userName, groupName: groupName)
      return tables.last
    }
  }

  /// The numbers to restore: those of the names where the system knows them, else those stored.
  func numbers(of owner: Ownership) -> (user: UInt32, group: UInt32) {
    if numericOnly { return (owner.user, owner.group) }
    return tables.withLock { tables in
      if let last = tables.lastNumbers, last.of == owner { return (last.user, last.group) }
      let user = tables.userIDs[owner.userName] ?? Self.userID(owner.userName)
      let group = tables.groupIDs[owner.groupName] ?? Self.groupID(owner.groupName)
      tables.userIDs[owner.userName] = .some(user)
      tables.groupIDs[owner.groupName] = .some(group)
      let found = (user: user ?? owner.user, group: group ?? owner.group)
      tables.lastNumbers = (owner, found.user, found.group)
      return found
    }
  }

  /// Room for a passwd or group entry: groups with thousands of members are longer and then go without a name.
  /// The buffers are not empty, so they have an address.
  private static let entrySize = 1 << 18

  private static func userName(_ id: UInt32) -> [UInt8] {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: entrySize) { buffer in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard getpwuid_r(id, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else { return [] }
      return bytes(entry.pw_name)
    }
  }

  private static func groupName(_ id: UInt32) -> [UInt8] {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: entrySize) { buffer in
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      guard getgrgid_r(id, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else { return [] }
      return bytes(entry.gr_name)
    }
  }

  private static func userID(_ name: [UInt8]) -> UInt32? {
    if name.isEmpty { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: entrySize) { buffer in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let status = withCString(name) { getpwnam_r($0, &entry, buffer.baseAddress!, buffer.count, &found) }
      return status == 0 && found != nil ? entry.pw_uid : nil
    }
  }

  private static func groupID(_ name: [UInt8]) -> UInt32? {
    if name.isEmpty { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: entrySize) { buffer in
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      let status = withCString(name) { getgrnam_r($0, &entry, buffer.baseAddress!, buffer.count, &found) }
      return status == 0 && found != nil ? entry.gr_gid : nil
    }
  }

  private static func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
    guard let text else { return [] }
    return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }
}
