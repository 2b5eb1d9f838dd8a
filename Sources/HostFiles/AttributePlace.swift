import ArchiveFormat
import CACL
import CLinux
import Glibc

/// Where the extended attributes of one file are reached: an open descriptor, or a name that is not followed.
enum AttributePlace {
  case descriptor(Int32)
  /// A name relative to an open directory.
  case entry(directory: Int32, name: [UInt8])

  /// The name under which /proc shows it: the calls without a descriptor know no directory to start from.
  var path: [UInt8] {
    switch self {
    case .descriptor(let descriptor): Array("/proc/self/fd/\(descriptor)".utf8)
    case .entry(AT_FDCWD, let name): name
    case .entry(let directory, let name): Array("/proc/self/fd/\(directory)/".utf8) + name
    }
  }
}

extension AttributePlace {
  /// All extended attributes that can be read, ordered by name, but not those that hold an ACL when `withoutACLs`.
  /// - Throws: errno of the list; an attribute that vanished or is not for us is left out, as in GNU tar.
  func extendedAttributes(withoutACLs: Bool) throws(ErrnoFailure) -> [ExtendedAttribute] {
    guard let list = try value({ list($0, $1) }, size: 1024), !list.isEmpty else { return [] }
    var result: [ExtendedAttribute] = []
    for name in list.split(separator: 0) {
      if withoutACLs && name.starts(with: "system.posix_acl_".utf8) { continue }
      let name = Array(name)
      do throws(ErrnoFailure) {
        if let value = try value({ get(name, $0, $1) }, size: 256) {
          result.append(ExtendedAttribute(name: name, value: value))
        }
      } catch {
        if error.code == EPERM || error.code == EACCES { continue }
        throw error
      }
    }
    return result.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// Sets one attribute; returns errno, 0 for success.
  func set(_ attribute: ExtendedAttribute) -> Int32 {
    let status = withCString(attribute.name) { name in
      attribute.value.withUnsafeBytes { value in
        switch self {
        case .descriptor(let descriptor): clinux_fsetxattr(descriptor, name, value.baseAddress, value.count)
        case .entry: withCString(path) { clinux_lsetxattr($0, name, value.baseAddress, value.count) }
        }
      }
    }
    return status == 0 ? 0 : errno
  }

  /// The SELinux context, empty when it has none or where the kernel knows none.
  func securityContext() throws(ErrnoFailure) -> [UInt8] {
    let value = try value({ get(Self.contextName, $0, $1) }, size: 256) ?? []
    // As libselinux has it, with a NUL behind it.
    return Array(value.prefix { $0 != 0 })
  }

  /// Sets the SELinux context; returns errno, 0 for success.
  func setSecurityContext(_ context: [UInt8]) -> Int32 {
    set(ExtendedAttribute(name: Self.contextName, value: context + [0]))
  }

  private static let contextName = Array("security.selinux".utf8)

  /// The access or default ACL as text, empty when there is none beside the mode.
  func accessControlList(isDefault: Bool, numericOnly: Bool) throws(ErrnoFailure) -> [UInt8] {
    // One cheap look for most files have none: libacl makes one up from the mode otherwise.
    let name = Array((isDefault ? "system.posix_acl_default" : "system.posix_acl_access").utf8)
    if get(name, nil, 0) <= 0 { return [] }
    let list = withCString(path) { acl_get_file($0, acl_type_t(isDefault ? ACL_TYPE_DEFAULT : ACL_TYPE_ACCESS)) }
    guard let list else { throw ErrnoFailure(code: errno) }
    defer { acl_free(UnsafeMutableRawPointer(list)) }
    let options = TEXT_SOME_EFFECTIVE | (numericOnly ? TEXT_NUMERIC_IDS : 0)
    guard let text = acl_to_any_text(list, nil, CChar(bitPattern: UInt8(ascii: "\n")), Int32(options)) else {
      throw ErrnoFailure(code: errno)
    }
    defer { acl_free(UnsafeMutableRawPointer(text)) }
    return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  /// Sets an ACL from its text; returns errno, 0 for success.
  func setAccessControlList(_ text: [UInt8], isDefault: Bool) -> Int32 {
    guard let list = withCString(text, { acl_from_text($0) }) else { return errno }
    defer { acl_free(UnsafeMutableRawPointer(list)) }
    let status =
      if case .descriptor(let descriptor) = self, !isDefault {
        acl_set_fd(descriptor, list)
      } else {
        withCString(path) { acl_set_file($0, acl_type_t(isDefault ? ACL_TYPE_DEFAULT : ACL_TYPE_ACCESS), list) }
      }
    return status == 0 ? 0 : errno
  }

  /// Leaves only what the mode says; returns errno, 0 for success.
  func removeAccessControlList(isDefault: Bool, mode: UInt32) -> Int32 {
    if isDefault { return withCString(path) { acl_delete_def_file($0) } == 0 ? 0 : errno }
    guard let list = acl_from_mode(mode) else { return errno }
    defer { acl_free(UnsafeMutableRawPointer(list)) }
    return withCString(path) { acl_set_file($0, acl_type_t(ACL_TYPE_ACCESS), list) } == 0 ? 0 : errno
  }

  private func list(_ buffer: UnsafeMutableRawPointer?, _ size: Int) -> Int {
    let characters = buffer?.assumingMemoryBound(to: CChar.self)
    return switch self {
    case .descriptor(let descriptor): clinux_flistxattr(descriptor, characters, size)
    case .entry: withCString(path) { clinux_llistxattr($0, characters, size) }
    }
  }

  private func get(_ name: [UInt8], _ buffer: UnsafeMutableRawPointer?, _ size: Int) -> Int {
    withCString(name) { name in
      switch self {
      case .descriptor(let descriptor): clinux_fgetxattr(descriptor, name, buffer, size)
      case .entry: withCString(path) { clinux_lgetxattr($0, name, buffer, size) }
      }
    }
  }

  /// Calls with a growing buffer; nil when there is no such thing, or the file system has none at all.
  private func value(
    _ call: (UnsafeMutableRawPointer?, Int) -> Int, size first: Int
  ) throws(ErrnoFailure) -> [UInt8]? {
    // The kernel's limit for names and for values is 64 KiB.
    var size = first
    while true {
      var code: Int32 = 0
      let bytes: [UInt8]? = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
        let count = call(buffer.baseAddress, size)
        if count < 0 { code = errno; return nil }
        return count == 0 ? [] : Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
      if let bytes { return bytes }
      switch code {
      case ERANGE where size < 1 << 17: size = 1 << 17
      case ENODATA, ENOTSUP, ENOSYS: return nil
      default: throw ErrnoFailure(code: code)
      }
    }
  }
}

/// What a system call said, on its way to a notice.
struct ErrnoFailure: Error {
  let code: Int32
}
