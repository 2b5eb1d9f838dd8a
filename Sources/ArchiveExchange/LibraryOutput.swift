internal import ArchiveFormat
internal import CArchive

/// Takes what libarchive writes to a medium, and keeps why that failed.
final class LibraryOutput {
  private let medium: any ArchiveMedium
  private var failure: String?

  /// What `handle` writes goes to `medium`, which stays open; both outlive the writing.
  init(_ medium: any ArchiveMedium) { self.medium = medium }

  /// Opens `handle` with this as where it writes to.
  /// - Returns: libarchive's status.
  func open(_ handle: OpaquePointer) -> Int32 {
    let context = Unmanaged.passUnretained(self).toOpaque()
    return archive_write_open2(
      handle, context, nil,
      { _, context, bytes, count in
        // The context given here.
        Unmanaged<LibraryOutput>.fromOpaque(context!).takeUnretainedValue()
          .write(UnsafeRawBufferPointer(start: bytes, count: count))
      }, nil, nil)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    do throws(ArchiveWriteError) {
      try medium.writeAll(bytes)
      return bytes.count
    } catch {
      if case .output(let text) = error { failure = text }
      return -1
    }
  }

  /// Why `handle` could not go on.
  func error(of handle: OpaquePointer) -> ArchiveWriteError {
    let why = archive_error_string(handle).map { String(cString: $0) } ?? "unknown error"
    return .output(failure ?? "\(medium.name): Cannot write: \(why)")
  }
}

extension ArchiveMedium {
  /// Writes all of it.
  /// - Throws: ``ArchiveWriteError/output(_:)`` also when the medium is full.
  func writeAll(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) {
    let count: Int
    do { count = try write(bytes) } catch { throw .output("\(name): Cannot write: \(error.text)") }
    guard count == bytes.count else { throw .output("\(name): Cannot write: No space left on device") }
  }
}
