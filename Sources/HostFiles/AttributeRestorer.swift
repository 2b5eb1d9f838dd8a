import ArchiveFormat
import CLinux
import Glibc

/// Gives a restored file its owner, attributes, mode and times, in the order in which they do not undo each other.
struct AttributeRestorer {
  let options: SinkOptions
  let owners: OwnerNames
  let umask: mode_t

  init(_ options: SinkOptions) {
    self.options = options
    owners = OwnerNames(numericOnly: options.numericOwner)
    // There is no call that only reads it.
    umask = Glibc.umask(0)
    _ = Glibc.umask(umask)
  }

  /// What mode a member gets.
  func mode(of member: Member) -> mode_t {
    options.preservesPermissions ? member.mode & 0o7777 : member.mode & 0o777 & ~umask
  }

  /// The mode that a file is made with where nobody can open it yet: its own, if nothing is set on it that needs more.
  func firstMode(of member: Member) -> mode_t {
    member.extendedAttributes.isEmpty && member.accessACL.isEmpty ? mode(of: member) & 0o777 : 0o600
  }

  /// As ``restore(_:on:)``, for a file just made: what it has already is not set again.
  /// - Parameters:
  ///   - mode: what it was made with.
  ///   - made: the directory that it was made in.
  func restore(
    _ member: Member, onNew descriptor: Int32, mode: mode_t, in made: MadeDirectory?
  ) -> [MemberNotice] {
    // ACLs and attributes change the mode too.
    guard !options.accessControlLists, member.extendedAttributes.isEmpty else { return restore(member, on: descriptor) }
    var status = made?.newFile(mode: mode)
    if status == nil {
      var found = stat()
      if fstat(descriptor, &found) == 0 {
        status = found
        made?.note(newFile: found, mode: mode)
      }
    }
    return restore(member, on: descriptor, having: status)
  }

  /// Restores all but content.
  /// - Parameters:
  ///   - descriptor: the file, opened for more than its path.
  ///   - status: its owner and mode where they are known and need not be set again.
  func restore(_ member: Member, on descriptor: Int32, having status: stat? = nil) -> [MemberNotice] {
    var notices: [MemberNotice] = []
    let ownerStays = keepsOwner(member, status)
    let ownerIsRight = ownerStays || restoreOwner(member, descriptor, &notices)
    // chown drops capabilities, and a mode without write permission would forbid attributes: they come in between.
    restoreAttributes(member, .descriptor(descriptor), &notices)
    var mode = mode(of: member)
    // Never a set-user-ID program of somebody else than the archive said.
    if !ownerIsRight { mode &= 0o1777 }
    // A change of owner may take bits of the mode.
    let modeStays = ownerStays && status.map { $0.st_mode & 0o7777 == mode } ?? false
    if !modeStays, fchmod(descriptor, mode) != 0 { notices.append(modeNotice(member, mode, errno)) }
    restoreTimes(member, descriptor, &notices)
    return notices
  }

  /// The same for what is never opened: links, nodes and FIFOs.
  /// - Parameters:
  ///   - descriptor: opened with O_PATH and without following a link.
  func restore(_ member: Member, onPath descriptor: Int32, in directory: Int32, name: [UInt8]) -> [MemberNotice] {
    var notices: [MemberNotice] = []
    let ownerIsRight = restoreOwner(member, descriptor, &notices)
    restoreAttributes(member, .entry(directory: directory, name: name), &notices)
    if member.kind != .symbolicLink {
      let mode = ownerIsRight ? mode(of: member) : mode(of: member) & 0o1777
      if chmod("/proc/self/fd/\(descriptor)", mode) != 0 { notices.append(modeNotice(member, mode, errno)) }
    }
    restoreTimes(member, descriptor, isPath: true, &notices)
    return notices
  }

  /// Whether a file with this status has the owner already that it is to have.
  private func keepsOwner(_ member: Member, _ status: stat?) -> Bool {
    guard options.sameOwner else { return true }
    guard let status else { return false }
    return owners.numbers(of: member.ownership) == (status.st_uid, status.st_gid)
  }

  private func restoreOwner(_ member: Member, _ descriptor: Int32, _ notices: inout [MemberNotice]) -> Bool {
    guard options.sameOwner else { return true }
    let (user, group) = owners.numbers(of: member.ownership)
    if fchownat(descriptor, "", user, group, clinux_AT_EMPTY_PATH) == 0 { return true }
    let text = "Cannot change ownership to uid \(user), gid \(group): \(errorText(errno))"
    notices.append(MemberNotice(member.path, text, .failure))
    return false
  }

  private func restoreAttributes(_ member: Member, _ place: AttributePlace, _ notices: inout [MemberNotice]) {
    // GNU tar warns of these two in words of its own and does not let them touch the exit status.
    if options.extendedAttributes {
      for attribute in member.extendedAttributes where options.attributeFilter.passes(attribute.name) {
        // An ACL comes from its text when ACLs are restored.
        if options.accessControlLists && attribute.name.starts(with: "system.posix_acl_".utf8) { continue }
        let code = place.set(attribute)
        if code == 0 { continue }
        let text =
          "setxattrat: Cannot set \(quoted(attribute.name)) extended attribute for file \(quoted(member.path)): "
          + errorText(code)
        notices.append(MemberNotice([], text, .information))
      }
    }
    if options.securityContexts, !member.securityContext.isEmpty {
      let code = place.setSecurityContext(member.securityContext)
      if code != 0 {
        let text =
          "setfileconat: Cannot set SELinux context for file \(quoted(member.path)): \(errorText(code))"
        notices.append(MemberNotice([], text, .information))
      }
    }
    guard options.accessControlLists && member.kind != .symbolicLink else { return }
    restoreACL(member.accessACL, member, place, isDefault: false, &notices)
    if member.kind == .directory { restoreACL(member.defaultACL, member, place, isDefault: true, &notices) }
  }

  private func restoreACL(
    _ text: [UInt8], _ member: Member, _ place: AttributePlace, isDefault: Bool, _ notices: inout [MemberNotice]
  ) {
    var code: Int32 = 0
    if !text.isEmpty {
      code = place.setAccessControlList(text, isDefault: isDefault)
    } else if place.hasAccessControlList(isDefault: isDefault) {
      // Inherited from the default ACL of the directory that it was created in: the archive has none.
      code = place.removeAccessControlList(isDefault: isDefault, mode: member.mode)
    }
    if code != 0 {
      let text = "acl_set_file_at: Cannot set POSIX ACLs for file \(quoted(member.path)): \(errorText(code))"
      notices.append(MemberNotice([], text, .information))
    }
  }

  private func restoreTimes(
    _ member: Member, _ descriptor: Int32, isPath: Bool = false, _ notices: inout [MemberNotice]
  ) {
    guard options.restoresTimes else { return }
    // UTIME_OMIT, a macro: the time of the last access is not archived.
    let times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2), member.modified.timespec]
    let isSet = isPath ? utimensat(descriptor, "", times, clinux_AT_EMPTY_PATH) : futimens(descriptor, times)
    if isSet != 0 {
      notices.append(MemberNotice(member.path, "Cannot utime: \(errorText(errno))", .failure))
    } else if let text = implausible(member.modified) {
      notices.append(MemberNotice(member.path, text, .information))
    }
  }

  /// What is strange about a time; nil for most.
  private func implausible(_ time: Timestamp) -> String? {
    func shown() -> String {
      String(decoding: TimeText.text(time, isFull: true, isUTC: options.usesUTC), as: UTF8.self)
    }
    if time.seconds < 0 { return "implausibly old time stamp \(shown())" }
    var now = timespec()
    guard clock_gettime(CLOCK_REALTIME, &now) == 0, Timestamp(now) < time else { return nil }
    var ahead = Timestamp(
      seconds: time.seconds - Int64(now.tv_sec), nanoseconds: time.nanoseconds - Int32(truncatingIfNeeded: now.tv_nsec))
    if ahead.nanoseconds < 0 {
      ahead = Timestamp(seconds: ahead.seconds - 1, nanoseconds: ahead.nanoseconds + 1_000_000_000)
    }
    return "time stamp \(shown()) is \(TimeText.decimal(ahead)) s in the future"
  }

  private func modeNotice(_ member: Member, _ mode: mode_t, _ code: Int32) -> MemberNotice {
    var text = ""
    for shift in [6, 3, 0] as [mode_t] {
      let bits = mode >> shift & 7
      let special = mode >> (9 + shift / 3) & 1 == 1
      let letters: (set: String, unset: String) = shift == 0 ? ("t", "T") : ("s", "S")
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      text += special ? (bits & 1 != 0 ? letters.set : letters.unset) : (bits & 1 != 0 ? "x" : "-")
    }
    return MemberNotice(member.path, "Cannot change mode to \(text): \(errorText(code))", .failure)
  }
}

extension AttributePlace {
  func hasAccessControlList(isDefault: Bool) -> Bool {
    withCString(Array((isDefault ? "system.posix_acl_default" : "system.posix_acl_access").utf8)) { name in
      switch self {
      case .descriptor(let descriptor): clinux_fgetxattr(descriptor, name, nil, 0) > 0
      case .entry: withCString(path) { clinux_lgetxattr($0, name, nil, 0) > 0 }
      }
    }
  }
}
