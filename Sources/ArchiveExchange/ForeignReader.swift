public import ArchiveFormat
internal import CArchive
internal import Glibc

/// Members of an archive in a format of others, through libarchive: zip, cpio, 7-Zip, ISO 9660, ar, cab, rar, xar, ...
public final class ForeignReader: ArchiveReader {
  private let library: LibraryInput
  private let entryBytes: EntryBytes
  private var isFirst = true

  /// Name of the format, such as `ZIP 2.0 (deflation)`; known when the first member has been read.
  public var formatName: String { archive_format_name(library.handle).map { String(cString: $0) } ?? "unknown" }

  init(_ library: LibraryInput) {
    self.library = library
    entryBytes = EntryBytes(library)
  }

  public var content: any UserFileBytes { entryBytes }

  public func next() throws(VolumeError) -> Member? {
    // The first entry was read to know the format.
    if !isFirst { try library.nextEntry() }
    isFirst = false
    guard let entry = library.entry else { return nil }
    let member = try Self.member(entry)
    entryBytes.begin(member)
    return member
  }

  private static func member(_ entry: OpaquePointer) throws(VolumeError) -> Member {
    func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
      guard let text else { return [] }
      return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
    var path = bytes(archive_entry_pathname(entry))
    guard !path.isEmpty else { throw .malformed(what: "an archive's entry", why: "it has no name") }
    while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
    let link = bytes(archive_entry_hardlink(entry))
    let kind: Member.Kind
    switch archive_entry_filetype(entry) {  // AE_IFLNK and so on: macros that Swift cannot import
    case _ where !link.isEmpty: kind = .hardLink
    case 0o120000: kind = .symbolicLink
    case 0o020000: kind = .characterDevice
    case 0o060000: kind = .blockDevice
    case 0o040000: kind = .directory
    case 0o010000: kind = .fifo
    default: kind = .regular  // formats without types have nothing but files
    }
    var member = Member(
      path: path, kind: kind, mode: archive_entry_perm(entry) & 0o7777,
      ownership: Ownership(
        user: UInt32(truncatingIfNeeded: archive_entry_uid(entry)),
        group: UInt32(truncatingIfNeeded: archive_entry_gid(entry)), userName: bytes(archive_entry_uname(entry)),
        groupName: bytes(archive_entry_gname(entry))),
      size: kind == .regular ? max(0, archive_entry_size(entry)) : 0,
      modified: Timestamp(
        seconds: Int64(archive_entry_mtime(entry)),
        nanoseconds: Int32(truncatingIfNeeded: archive_entry_mtime_nsec(entry))))
    member.linkTarget = kind == .hardLink ? link : bytes(archive_entry_symlink(entry))
    if kind == .characterDevice || kind == .blockDevice {
      member.deviceNumber = DeviceNumber(
        major: UInt32(truncatingIfNeeded: archive_entry_rdevmajor(entry)),
        minor: UInt32(truncatingIfNeeded: archive_entry_rdevminor(entry)))
    }
    archive_entry_xattr_reset(entry)
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    var attributes: [ExtendedAttribute] = []
    while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK {
      attributes.append(
        ExtendedAttribute(name: bytes(name), value: Array(UnsafeRawBufferPointer(start: value, count: size))))
    }
    member.extendedAttributes = attributes
    return member
  }

  /// Whether the size of the member given last is known: zip archives made by a pipe do not say it.
  public var isSizeKnown: Bool { library.entry.map { archive_entry_size_is_set($0) != 0 } ?? true }
}

/// The content of the entry under libarchive's head, holes as zeros.
private final class EntryBytes: UserFileBytes {
  private let library: LibraryInput
  private var position: Int64 = 0
  private var size: Int64 = 0
  private var block: (bytes: UnsafeRawBufferPointer, offset: Int64)?
  private var isAtEnd = true
  private let zeros: UnsafeMutableRawBufferPointer

  init(_ library: LibraryInput) {
    self.library = library
    zeros = .allocate(byteCount: 65536, alignment: 16)
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { zeros.deallocate() }

  func begin(_ member: Member) {
    position = 0
    size = member.size
    block = nil
    isAtEnd = member.kind != .regular
  }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    while true {
      if let (bytes, offset) = block {
        if position < offset { return take(zeros: offset - position, limit) }
        if !bytes.isEmpty {
          let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(limit))
          block = (UnsafeRawBufferPointer(rebasing: bytes.dropFirst(limit)), offset + Int64(part.count))
          position += Int64(part.count)
          return part
        }
      }
      if isAtEnd {
        // A hole at the end.
        return position < size ? take(zeros: size - position, limit) : UnsafeRawBufferPointer(start: nil, count: 0)
      }
      block = try library.nextBlock()
      isAtEnd = block == nil
    }
  }

  private func take(zeros count: Int64, _ limit: Int) -> UnsafeRawBufferPointer {
    let part = min(Int(min(count, Int64(limit))), zeros.count)
    position += Int64(part)
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(zeros)[..<part])
  }
}
