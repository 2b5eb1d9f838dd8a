public import ArchiveFormat

/// Archives members into an ordinary archive.
public struct OrdinaryWriting {
  /// Bytes read at once.
  private static let bufferSize = 1 << 20

  /// Describes a writing.
  public init() {}

  /// Reads every member that `source` gives and that `isWanted`, and hands it to `writer`; does not end the archive.
  /// - Returns: what is to be removed once the archive is whole (`--remove-files`): sources read to their end, unchanged.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the archive cannot be written on.
  public func run(
    from source: any MemberSource, to writer: any ArchiveWriter, observer: any OperationObserver,
    interruption: Interruption = Interruption(), isWanted: (Member) -> Bool = { _ in true }
  ) throws(OperationError) -> [any RemovableSource] {
    var removable: [any RemovableSource] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 4096)
    defer { buffer.deallocate() }
    while !interruption.isRequested, let item = source.next() {
      switch item {
      case .notice(let notice): observer.report(.notice(notice))
      case .member(let found):
        guard isWanted(found.member) else { continue }
        do throws(ArchiveWriteError) {
          if let source = try write(found, to: writer, through: buffer, observer) { removable.append(source) }
        } catch {
          switch error {
          case .member(let notice): observer.report(.notice(notice))
          case .output(let message): throw .refused(message, hint: nil)
          }
        }
      }
    }
    return removable
  }

  /// Writes a member; returns its source when that is to be removed and was read whole and unchanged.
  private func write(
    _ found: any SourceMember, to writer: any ArchiveWriter, through buffer: UnsafeMutableRawBufferPointer,
    _ observer: any OperationObserver
  ) throws(ArchiveWriteError) -> (any RemovableSource)? {
    let opened: OpenedMember
    do { opened = try found.open() } catch { throw .member(error) }
    var member = opened.member
    var isAsRead = true
    if opened.isStream {
      throw .member(
        MemberNotice(member.path, "Cannot archive: an ordinary archive has to know the length first", .failure))
    }
    member.dataExtents = member.dataExtents.map { PaxEncoder.aligned($0, size: member.size) }
    let extents = try writer.begin(member)
    observer.report(.member(opened.shown))
    for extent in extents {
      if try !copy(extent, of: opened, to: writer, through: buffer, observer) { isAsRead = false }
    }
    try writer.end()
    if let notice = opened.content?.close() {
      observer.report(.notice(notice))
      isAsRead = false
    }
    guard let source = opened.removable else { return nil }
    if isAsRead { return source }
    observer.report(
      .notice(
        MemberNotice(source.shownPath, "Not removed: it changed or could not be read to its end", .failure)))
    return nil
  }

  /// Copies a part of the content; what the source does not give is made up with zeros, as its size was said before, and
  /// the result is false then.
  private func copy(
    _ extent: Extent, of opened: OpenedMember, to writer: any ArchiveWriter,
    through buffer: UnsafeMutableRawBufferPointer, _ observer: any OperationObserver
  ) throws(ArchiveWriteError) -> Bool {
    var position = extent.offset
    let end = extent.offset + extent.length
    var isMissing = false
    while position < end {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(Int64(buffer.count), end - position))])
      var count = 0
      if !isMissing {
        do { count = try opened.content?.read(into: part, at: position) ?? 0 } catch {
          observer.report(.notice(error))
          isMissing = true
        }
        if count == 0, !isMissing {
          let missing = end - position
          observer.report(
            .notice(
              MemberNotice(
                opened.member.path,
                "File shrank by \(missing) byte\(missing == 1 ? "" : "s"); padding with zeros", .difference)))
          isMissing = true
        }
      }
      if isMissing {
        part.initializeMemory(as: UInt8.self, repeating: 0)
        count = part.count
      }
      try writer.write(UnsafeRawBufferPointer(rebasing: part[..<count]))
      position += Int64(count)
    }
    return !isMissing
  }
}
