public import ArchiveFormat
internal import CArchive
internal import Glibc

/// A file or pipe read through libarchive: what it is compressed with is found by its content, and so is its format
/// unless that is tar's, which this program reads itself.
final class LibraryInput {
  let handle: OpaquePointer
  private let input: FileInput
  private var failure: VolumeError?
  /// The first entry: libarchive knows filters and format only when it has read its header. Nil when there is none.
  private(set) var entry: OpaquePointer?

  /// Whether it is a stream of bytes, decompressed, of no format known here: a tar, or nothing we can read.
  var isRaw: Bool { archive_format(handle) == Int32(ARCHIVE_FORMAT_RAW) }

  /// Whether it is compressed.
  var isFiltered: Bool { archive_filter_count(handle) > 1 }

  /// - Parameter program: a command that decompresses, instead of looking at the content; it is split at spaces.
  init(_ input: FileInput, program: String?) throws(VolumeError) {
    self.input = input
    if let why = ArchiveLibrary.load() {
      throw .unavailable(why, hint: "it reads what is compressed, and formats other than tar's")
    }
    guard let handle = archive_read_new() else { fatalError("out of memory") }  // as Swift's own allocations do
    self.handle = handle
    if let program {
      try check(archive_read_append_filter_program(handle, program))
    } else {
      // Some filters run a program, which libarchive calls a warning.
      _ = archive_read_support_filter_all(handle)
    }
    for support in [
      archive_read_support_format_7zip, archive_read_support_format_ar, archive_read_support_format_cab,
      archive_read_support_format_cpio, archive_read_support_format_empty, archive_read_support_format_iso9660,
      archive_read_support_format_lha, archive_read_support_format_rar,
      archive_read_support_format_rar5, archive_read_support_format_raw, archive_read_support_format_warc,
      archive_read_support_format_xar, archive_read_support_format_zip,
    ] { _ = support(handle) }
    // Most texts look like mtree's without its signature.
    if input.position == 0, try input.peek(6) == Array("#mtree".utf8) { _ = archive_read_support_format_mtree(handle) }
    let context = Unmanaged.passUnretained(self).toOpaque()
    archive_read_set_callback_data(handle, context)
    archive_read_set_read_callback(handle) { _, context, buffer in
      Unmanaged<LibraryInput>.fromOpaque(context!).takeUnretainedValue().read(buffer)  // the context set above
    }
    archive_read_set_skip_callback(handle) { _, context, count in
      Unmanaged<LibraryInput>.fromOpaque(context!).takeUnretainedValue().skip(count)  // the context set above
    }
    if input.size != nil {
      archive_read_set_seek_callback(handle) { _, context, offset, whence in
        Unmanaged<LibraryInput>.fromOpaque(context!).takeUnretainedValue().seek(offset, whence)  // the same
      }
    }
    try check(archive_read_open1(handle))
    try nextEntry()
  }

  deinit { archive_read_free(handle) }

  /// Goes to the next entry; ``entry`` is nil at the end.
  func nextEntry() throws(VolumeError) {
    var found: OpaquePointer?
    let code = archive_read_next_header(handle, &found)
    entry = code == ARCHIVE_EOF ? nil : found
    if code != ARCHIVE_EOF { try check(code) }
  }

  /// The next bytes of the entry's content and where they belong; nil at its end.
  func nextBlock() throws(VolumeError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
    var base: UnsafeRawPointer?
    var count = 0
    var offset: Int64 = 0
    let code = archive_read_data_block(handle, &base, &count, &offset)
    if code == ARCHIVE_EOF { return nil }
    try check(code)
    return (UnsafeRawBufferPointer(start: base, count: count), offset)
  }

  private func check(_ code: Int32) throws(VolumeError) {
    if let failure { throw failure }
    guard code < ARCHIVE_WARN else { return }
    let why = archive_error_string(handle).map { String(cString: $0) } ?? "unknown error"
    throw .malformed(what: input.name, why: why)
  }

  // MARK: What libarchive asks for

  private func read(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
    do {
      let part = try input.next(1 << 20)
      buffer?.pointee = part.baseAddress
      return part.count
    } catch {
      failure = error
      return -1
    }
  }

  private func skip(_ count: Int64) -> Int64 {
    do { return try input.skip(count) } catch {
      failure = error
      return -30  // ARCHIVE_FATAL
    }
  }

  private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    let target =
      switch whence {
      case SEEK_SET: offset
      case SEEK_CUR: input.position + offset
      default: (input.size ?? 0) + offset
      }
    return input.seek(to: target) ? target : -30
  }
}

/// What a file or pipe holds, decompressed.
public final class DecompressedInput: UserFileBytes {
  private let library: LibraryInput
  private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
  private var kept: [UInt8] = []
  private var keptOffset = 0

  init(_ library: LibraryInput) { self.library = library }

  /// The first bytes, at most `count`, without taking them.
  func peek(_ count: Int) throws(VolumeError) -> [UInt8] {
    while kept.count < count {
      guard let (bytes, _) = try library.nextBlock() else { break }
      kept += bytes
    }
    return Array(kept.prefix(count))
  }

  public func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    if rest.isEmpty, keptOffset < kept.count {
      // What peek() read; it stays where it is until the end of this object.
      keptBytes = kept.withUnsafeBytes { bytes in
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        copy.copyMemory(from: bytes)
        return copy
      }
      rest = UnsafeRawBufferPointer(keptBytes)
      keptOffset = kept.count
    }
    while rest.isEmpty {
      guard let (bytes, _) = try library.nextBlock() else { return UnsafeRawBufferPointer(start: nil, count: 0) }
      rest = bytes
    }
    let part = UnsafeRawBufferPointer(rebasing: rest.prefix(limit))
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(limit))
    return part
  }
  private var keptBytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  deinit { keptBytes.deallocate() }
}
