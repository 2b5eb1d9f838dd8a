public import ArchiveFormat
internal import CArchive

/// Writes archives in formats of others, through libarchive.
public final class ForeignWriter: ArchiveWriter {
  /// A format that libarchive writes, by what it calls it.
  public enum Format: String, Sendable, CaseIterable {
    case zip
    case sevenZip = "7zip"
    case cpio = "newc"
    case ar = "arbsd"
    case iso = "iso9660"
    case shar
    case mtree

    /// What the end of a file's name stands for (`-a`); nil when it stands for none of these.
    public init?(suffixOf name: String) {
      let suffixes: [(String, Format)] = [
        (".zip", .zip), (".jar", .zip), (".7z", .sevenZip), (".cpio", .cpio), (".a", .ar), (".iso", .iso),
        (".shar", .shar), (".mtree", .mtree),
      ]
      guard let found = suffixes.first(where: { name.hasSuffix($0.0) }) else { return nil }
      self = found.1
    }
  }

  private let handle: OpaquePointer
  private let output: LibraryOutput

  /// - Parameter medium: where the archive goes; stays open.
  public init(_ medium: any ArchiveMedium, format: Format) throws(ArchiveWriteError) {
    if let why = ArchiveLibrary.load() { throw .output(why) }
    guard let handle = archive_write_new() else { fatalError("out of memory") }  // as Swift's own allocations do
    self.handle = handle
    output = LibraryOutput(medium)
    try check(archive_write_set_format_by_name(handle, format.rawValue))
    try check(archive_write_set_bytes_in_last_block(handle, 1))
    try check(output.open(handle))
  }

  deinit {
    // An archive that was not finished is not whole, and whoever gave it up has said so.
    archive_write_free(handle)
  }

  public func begin(_ member: Member) throws(ArchiveWriteError) -> [Extent] {
    guard let entry = archive_entry_new() else { fatalError("out of memory") }  // as Swift's own allocations do
    defer { archive_entry_free(entry) }
    Self.fill(entry, member)
    let code = archive_write_header(handle, entry)
    guard code > ARCHIVE_FAILED else {
      if code == ARCHIVE_FATAL { throw failure() }
      throw .member(MemberNotice(member.path, "Cannot archive: \(message)", .failure))
    }
    let size = member.kind == .regular ? member.size : 0
    // The formats here know no holes: they are stored as zeros.
    return size > 0 ? [Extent(offset: 0, length: size)] : []
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) {
    guard archive_write_data(handle, bytes.baseAddress, bytes.count) == bytes.count else { throw failure() }
  }

  public func end() throws(ArchiveWriteError) { try check(archive_write_finish_entry(handle)) }

  public func finish() throws(ArchiveWriteError) { try check(archive_write_close(handle)) }

  private static func fill(_ entry: OpaquePointer, _ member: Member) {
    func text(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Void) {
      (bytes + [0]).withUnsafeBufferPointer { buffer in
        // An array that holds at least its NUL has an address.
        buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
      }
    }
    text(member.path) { archive_entry_copy_pathname(entry, $0) }
    let types: [Member.Kind: UInt32] = [
      .regular: 0o100000, .hardLink: 0o100000, .symbolicLink: 0o120000, .characterDevice: 0o020000,
      .blockDevice: 0o060000, .directory: 0o040000, .fifo: 0o010000,
    ]  // AE_IFREG and so on: macros that Swift cannot import
    archive_entry_set_filetype(entry, types[member.kind] ?? 0o100000)
    archive_entry_set_perm(entry, member.mode)
    if member.kind == .hardLink { text(member.linkTarget) { archive_entry_copy_hardlink(entry, $0) } }
    if member.kind == .symbolicLink { text(member.linkTarget) { archive_entry_copy_symlink(entry, $0) } }
    archive_entry_set_uid(entry, Int64(member.ownership.user))
    archive_entry_set_gid(entry, Int64(member.ownership.group))
    text(member.ownership.userName) { archive_entry_copy_uname(entry, $0) }
    text(member.ownership.groupName) { archive_entry_copy_gname(entry, $0) }
    archive_entry_set_size(entry, member.kind == .regular ? member.size : 0)
    archive_entry_set_mtime(entry, Int(member.modified.seconds), Int(member.modified.nanoseconds))
    archive_entry_set_rdevmajor(entry, UInt(member.deviceNumber.major))
    archive_entry_set_rdevminor(entry, UInt(member.deviceNumber.minor))
    for attribute in member.extendedAttributes {
      text(attribute.name) { name in
        attribute.value.withUnsafeBytes { archive_entry_xattr_add_entry(entry, name, $0.baseAddress, $0.count) }
      }
    }
  }

  private var message: String { archive_error_string(handle).map { String(cString: $0) } ?? "unknown error" }
  private func failure() -> ArchiveWriteError { output.error(of: handle) }
  private func check(_ code: Int32) throws(ArchiveWriteError) {
    if code < ARCHIVE_WARN { throw failure() }
  }
}
