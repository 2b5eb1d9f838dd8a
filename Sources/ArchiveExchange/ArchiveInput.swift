public import ArchiveFormat
internal import CArchive

/// What a file, a pipe or any descriptor holds.
public enum ArchiveInput {
  /// Something that may be a tar archive: its bytes, decompressed where it was compressed.
  case bytes(any UserFileBytes, isCompressed: Bool)
  /// An archive in another format.
  case foreign(ForeignReader)

  /// Finds out what `medium` holds, from where it stands: by content, never by name.
  /// - Parameters:
  ///   - program: a command that decompresses it, instead of looking at the content.
  ///   - looksLikeTar: whether its first bytes (512 at most) are a tar's.
  /// - Throws: ``VolumeError/malformed(what:why:)`` when it cannot be read.
  public static func open(
    _ medium: any ArchiveMedium, program: String?, looksLikeTar: ([UInt8]) -> Bool
  ) throws(VolumeError) -> ArchiveInput {
    let file = FileInput(medium)
    if program == nil {
      let head = try file.peek(512)
      let isImage = try isImage(file)
      if head.isEmpty || (looksLikeTar(head) && !isImage) { return .bytes(file, isCompressed: false) }
    }
    let library = try LibraryInput(file, program: program)
    guard library.entry != nil else { return .bytes(MemoryBytes(.init(start: nil, count: 0)), isCompressed: true) }
    guard library.isRaw else { return .foreign(ForeignReader(library)) }
    return .bytes(DecompressedInput(library), isCompressed: library.isFiltered)
  }

  /// Whether it is a file system of ISO 9660, which begins with 32 KiB of zeros as an empty tar archive does.
  private static func isImage(_ file: FileInput) throws(VolumeError) -> Bool {
    let start = 32_768
    return try file.peek(start + 6).dropFirst(start).dropFirst() == Array("CD001".utf8)[...]
  }
}
