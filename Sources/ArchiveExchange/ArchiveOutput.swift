public import ArchiveFormat
internal import CArchive

/// How an archive is compressed.
public enum Compression: Equatable, Sendable {
  case none, gzip, bzip2, xz, zstd, lzma, lzip, lzop, lz4, compress
  /// By a command that reads standard input and writes standard output; it is split at spaces.
  case program(String)

  /// What the end of a file's name stands for (`-a`); nil when it stands for nothing.
  public init?(suffixOf name: String) {
    let suffixes: [(String, Compression)] = [
      (".tar", .none), (".gz", .gzip), (".tgz", .gzip), (".taz", .gzip), (".Z", .compress), (".taZ", .compress),
      (".bz2", .bzip2), (".tz2", .bzip2), (".tbz2", .bzip2), (".tbz", .bzip2), (".lz", .lzip), (".lzma", .lzma),
      (".tlz", .lzma), (".lzo", .lzop), (".xz", .xz), (".txz", .xz), (".zst", .zstd), (".tzst", .zstd), (".lz4", .lz4),
    ]
    guard let found = suffixes.first(where: { name.hasSuffix($0.0) }) else { return nil }
    self = found.1
  }
}

/// Takes the bytes of an archive, compresses them, and writes them to a medium in records.
public final class ArchiveOutput: ArchiveByteSink {
  private let medium: any ArchiveMedium
  private let recordSize: Int
  private let buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  private var handle: OpaquePointer?
  private let library: LibraryOutput
  /// Bytes of the archive so far: those that were there before and those taken.
  public private(set) var byteCount: Int64

  /// - Parameters:
  ///   - medium: stays open.
  ///   - recordSize: the archive is padded with zeros to a multiple of it; what is not compressed goes out in such writes.
  ///   - offset: bytes of the archive that are there already; the medium stands behind them.
  public init(
    _ medium: any ArchiveMedium, compression: Compression, recordSize: Int, offset: Int64 = 0
  ) throws(ArchiveWriteError) {
    byteCount = offset
    self.medium = medium
    library = LibraryOutput(medium)
    self.recordSize = recordSize
    // Whole records, about a megabyte of them; to a pipe or a device one at a time, as those who read there expect.
    let isSingle = medium.takesSingleRecords && compression == .none
    let count = isSingle ? 1 : max(1, (1 << 20) / recordSize)
    buffer = .allocate(byteCount: count * recordSize, alignment: 4096)
    if compression != .none { try compress(compression) }
  }

  deinit {
    buffer.deallocate()
    // An archive that was not finished is not whole, and whoever gave it up has said so.
    if let handle { archive_write_free(handle) }
  }

  /// Takes bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) {
    var rest = bytes
    byteCount += Int64(bytes.count)
    while !rest.isEmpty {
      let part = min(rest.count, buffer.count - used)
      UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + part])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<part]))
      used += part
      rest = UnsafeRawBufferPointer(rebasing: rest[part...])
      if used == buffer.count { try flush() }
    }
  }

  /// Pads the last record with zeros, writes what is left, ends the compression.
  public func finish() throws(ArchiveWriteError) {
    let padding = [UInt8](repeating: 0, count: (recordSize - Int(byteCount % Int64(recordSize))) % recordSize)
    var failure: ArchiveWriteError?
    padding.withUnsafeBytes { do throws(ArchiveWriteError) { try write($0) } catch { failure = error } }
    if let failure { throw failure }
    try flush()
    guard let handle else { return }
    try check(archive_write_close(handle))
    self.handle = nil
    archive_write_free(handle)
  }

  private func flush() throws(ArchiveWriteError) {
    var rest = UnsafeRawBufferPointer(rebasing: buffer[..<used])
    used = 0
    guard let handle else { return try medium.writeAll(UnsafeRawBufferPointer(rest)) }
    while !rest.isEmpty {
      let count = archive_write_data(handle, rest.baseAddress, rest.count)
      guard count > 0 else { throw library.error(of: handle) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  // MARK: Compression

  private func compress(_ compression: Compression) throws(ArchiveWriteError) {
    if let why = ArchiveLibrary.load() { throw .output(why) }
    guard let handle = archive_write_new() else { fatalError("out of memory") }  // as Swift's own allocations do
    self.handle = handle
    try check(archive_write_set_format_raw(handle))
    let code: Int32 =
      switch compression {
      case .none: 0
      case .gzip: archive_write_add_filter_gzip(handle)
      case .bzip2: archive_write_add_filter_bzip2(handle)
      case .xz: archive_write_add_filter_xz(handle)
      case .zstd: archive_write_add_filter_zstd(handle)
      case .lzma: archive_write_add_filter_lzma(handle)
      case .lzip: archive_write_add_filter_lzip(handle)
      case .lzop: archive_write_add_filter_lzop(handle)
      case .lz4: archive_write_add_filter_lz4(handle)
      case .compress: archive_write_add_filter_compress(handle)
      case .program(let command): archive_write_add_filter_program(handle, command)
      }
    // A warning says that a program does it instead of a library.
    try check(code)
    // The same input gives the same bytes.
    if compression == .gzip { try check(archive_write_set_filter_option(handle, "gzip", "timestamp", nil)) }
    try check(archive_write_set_bytes_in_last_block(handle, 1))
    try check(library.open(handle))
    guard let entry = archive_entry_new() else { fatalError("out of memory") }  // as Swift's own allocations do
    defer { archive_entry_free(entry) }
    archive_entry_set_filetype(entry, 0o100000)  // AE_IFREG, a macro that Swift cannot import
    archive_entry_set_pathname(entry, "data")
    try check(archive_write_header(handle, entry))
  }

  private func check(_ code: Int32) throws(ArchiveWriteError) {
    if let handle, code < ARCHIVE_WARN { throw library.error(of: handle) }
  }
}
