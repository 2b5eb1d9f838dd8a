import ArchiveFormat
import HostFiles

extension Event {
  /// A member, as `member` and `version` have it.
  /// - Parameter marks: which kinds of attributes are told.
  func set(_ member: Member, _ special: ListingFormat.Special? = nil, marks: ListingFormat.Marks = .init()) {
    set(path: member.path)
    if case .unknownType(let letter) = special {
      set("type", "unknown")
      set("type_letter", [letter], exact: "type_letter_b64")
    } else {
      set("type", Self.name(member.kind))
    }
    set("mode", Self.octal(member.mode))
    set("uid", Int64(member.ownership.user))
    set("gid", Int64(member.ownership.group))
    if !member.ownership.userName.isEmpty { set("user", member.ownership.userName, exact: "user_b64") }
    if !member.ownership.groupName.isEmpty { set("group", member.ownership.groupName, exact: "group_b64") }
    set("size", member.size)
    set("mtime", member.modified)
    switch member.kind {
    case .symbolicLink, .hardLink: set("target", member.linkTarget, exact: "target_b64")
    case .characterDevice, .blockDevice:
      set("major", Int64(member.deviceNumber.major))
      set("minor", Int64(member.deviceNumber.minor))
    case .regular, .directory, .fifo: break
    }
    if case .continuation(let offset) = special { set("offset", offset) }
    if !marks.isEmpty { setAttributes(of: member, marks) }
  }

  private func setAttributes(of member: Member, _ marks: ListingFormat.Marks) {
    if marks.securityContexts, !member.securityContext.isEmpty {
      set("selinux", member.securityContext, exact: "selinux_b64")
    }
    if marks.accessControlLists, !member.accessACL.isEmpty { set("acl", member.accessACL, exact: "acl_b64") }
    if marks.accessControlLists, !member.defaultACL.isEmpty {
      set("default_acl", member.defaultACL, exact: "default_acl_b64")
    }
    guard let filter = marks.extendedAttributes else { return }
    let attributes = member.extendedAttributes.filter { filter.passes($0.name) }
    if attributes.isEmpty { return }
    set(
      "xattrs",
      attributes.map { attribute in
        let shown = Event()
        shown.set("name", attribute.name, exact: "name_b64")
        shown.set("size", attribute.value.count)
        return shown
      })
  }

  /// What was in a directory of an incremental archive.
  func set(contents: [UInt8]) {
    set(
      "contents",
      contents.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { entry in
        let shown = Event()
        let code = entry.first.flatMap(DumpDirectory.Code.init)
        if let code { shown.set("code", String(decoding: [code.rawValue], as: UTF8.self)) }
        shown.set("name", Array(code == nil ? entry : entry.dropFirst()), exact: "name_b64")
        return shown
      })
  }

  private static func name(_ kind: Member.Kind) -> String {
    switch kind {
    case .regular: "file"
    case .hardLink: "hardlink"
    case .symbolicLink: "symlink"
    case .characterDevice: "character_device"
    case .blockDevice: "block_device"
    case .directory: "directory"
    case .fifo: "fifo"
    }
  }

  /// Four octal digits.
  private static func octal(_ mode: UInt32) -> String {
    func digit(_ shift: UInt32) -> Character { Character(Unicode.Scalar(UInt8(mode >> shift & 7) + 0x30)) }
    return String([digit(9), digit(6), digit(3), digit(0)])
  }
}
