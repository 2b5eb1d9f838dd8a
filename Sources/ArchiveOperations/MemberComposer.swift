internal import ArchiveFormat

/// Turns members into user files: reads content straight into the blocks that go to tape, digesting it as it passes.
/// Runs on the reading thread.
final class MemberComposer {
  /// Bytes at which a pack is ended.
  static let packSize: Int64 = 64 << 20

  private let blocks: FileBlocks
  private let layout: Layout
  private let packLimit: Int64?
  private let packLength: Int64
  private let observer: any OperationObserver
  private var batch: BatchCount
  /// Members of the pack that is open; 0 when none is.
  private var packed = 0
  private var encoder = PaxEncoder()
  private var header: [UInt8] = []
  private var contentDigest = ContentDigester()
  private let changes: VolumeCount?
  /// On which volume the content of files with several names is, as far as is known here: what waits for the drive may
  /// still come to the next one.
  private var contents: [LinkKey: Int] = [:]
  /// The member that is composed, where it is a link that may have to be read again.
  private var again: (any SourceMember)?

  typealias Stopped = FileBlocks.Stopped

  /// - Parameters:
  ///   - layout: of members that get a user file of their own.
  ///   - packLimit: bytes of the largest member that goes into a pack; nil for no packs.
  ///   - packSize: bytes at which a pack is ended.
  ///   - limits: where packs end too, as batches end only between files.
  ///   - changes: counts the volumes, where there may be several.
  init(
    ring: WriteRing, layout: Layout, packLimit: Int64? = nil, packSize: Int64 = packSize,
    limits: BatchLimits = BatchLimits(), changes: VolumeCount? = nil, observer: any OperationObserver
  ) {
    blocks = FileBlocks(ring)
    self.layout = layout
    self.packLimit = packLimit
    packLength = packSize
    self.changes = changes
    batch = BatchCount(limits: limits)
    self.observer = observer
  }

  /// Reads a member and hands its user file on, or as much of a pack as is full. A member that cannot be opened is
  /// reported and left out.
  func compose(_ source: any SourceMember) throws(Stopped) {
    let opened: OpenedMember
    again = nil
    do {
      guard let found = try self.opened(source) else { return }
      opened = found
    } catch {
      observer.report(.notice(error))
      return
    }
    observer.report(.member(opened.shown))
    if let packLimit, !opened.isStream, opened.member.origin?.isRaw != true, opened.member.size <= packLimit {
      return try composePacked(opened)
    }
    // What lies on tape keeps the order in which it was found.
    try endPack()
    if opened.isStream {
      try composeStream(opened)
    } else if layout == .raw || opened.member.origin?.isRaw == true, opened.member.kind == .regular,
      opened.member.size > 0
    {
      try composeRaw(opened)
    } else {
      try composePax(opened)
    }
    batch.add(files: blocks.byteCount, members: 1)
  }

  /// A member as it is to be archived: a link to what lies on a volume that is full has its content.
  /// - Returns: nil for one that is taken over and has to wait, as its content has gone past.
  private func opened(_ source: any SourceMember) throws(MemberNotice) -> OpenedMember? {
    var opened = try source.open()
    let volume = changes?.value ?? 0
    if opened.member.kind == .hardLink, let key = opened.member.linkKey, contents[key] != volume {
      if opened.member.origin != nil { return nil }
      if changes != nil, let whole = try source.openContent() { opened = whole }
    } else if opened.member.kind == .hardLink, changes != nil {
      again = source.again()
    }
    if changes != nil || opened.member.origin != nil, opened.member.kind != .hardLink, let key = opened.member.linkKey {
      contents[key] = volume
    }
    return opened
  }

  /// Ends the pack that is open: no member follows.
  func finish() throws(Stopped) { try endPack() }

  // MARK: Layouts

  private func composePacked(_ opened: OpenedMember) throws(Stopped) {
    if packed == 0 { blocks.begin(FileBegin(layout: .pack, path: opened.member.path)) }
    try composeEntry(opened)
    packed += 1
    if batch.isReached(adding: blocks.byteCount, members: packed) {
      try endPack(endsBatch: true)
    } else if blocks.byteCount >= packLength {
      try endPack()
    }
  }

  private func endPack(endsBatch: Bool = false) throws(Stopped) {
    guard packed > 0 else { return }
    try blocks.appendZeros(Int64(PaxEncoder.endOfArchiveSize))
    blocks.end(endsBatch: endsBatch)
    if endsBatch { batch.reset() } else { batch.add(files: blocks.byteCount, members: packed) }
    packed = 0
  }

  private func composePax(_ opened: OpenedMember, isIncomplete: Bool = false) throws(Stopped) {
    blocks.begin(
      FileBegin(layout: .pax, path: opened.member.path, contentSize: PaxEncoder.storedSize(of: opened.member)))
    try composeEntry(opened, isIncomplete: isIncomplete)
    try blocks.appendZeros(Int64(PaxEncoder.endOfArchiveSize))
    blocks.end()
  }

  /// A member as it stands in a tar archive: headers, content, zeros up to a whole record.
  private func composeEntry(_ opened: OpenedMember, isIncomplete wasCut: Bool = false) throws(Stopped) {
    var member = opened.member
    member.dataExtents = member.dataExtents.map { PaxEncoder.aligned($0, size: member.size) }
    let offset = blocks.byteCount
    header.removeAll(keepingCapacity: true)
    encoder.append(member, to: &header)
    try blocks.append(header)
    var isIncomplete = wasCut
    if member.kind == .regular {
      contentDigest.expect(member.size)
      let extents = member.dataExtents ?? (member.size > 0 ? [Extent(offset: 0, length: member.size)] : [])
      var position: Int64 = 0
      for extent in extents {
        contentDigest.updateZeros(extent.offset - position)
        if try !read(opened, extent) { isIncomplete = true }
        position = extent.offset + extent.length
      }
      contentDigest.updateZeros(member.size - position)
    }
    let stored = PaxEncoder.storedSize(of: member)
    try blocks.appendZeros(paddedToTarRecord(stored) - stored)
    end(member, opened, at: offset, contentOffset: offset + Int64(header.count), isIncomplete: isIncomplete)
  }

  private func composeRaw(_ opened: OpenedMember) throws(Stopped) {
    blocks.begin(FileBegin(layout: .raw, path: opened.member.path, contentSize: opened.member.size))
    // The file's own bytes, holes too: there is no map in this layout.
    var member = opened.member
    member.dataExtents = nil
    let isWhole = try read(opened, Extent(offset: 0, length: member.size))
    end(member, opened, at: 0, contentOffset: 0, isIncomplete: !isWhole)
    blocks.end()
  }

  /// Content of unknown length: raw, as a tar header would have to know it; pax when there turns out to be none.
  private func composeStream(_ opened: OpenedMember) throws(Stopped) {
    guard let content = opened.content else { return try composePax(opened) }
    var member = opened.member
    var isIncomplete = false
    blocks.begin(FileBegin(layout: .raw, path: member.path, isStream: true))
    member.size = 0
    while true {
      let space = try blocks.room()
      let count: Int
      do { count = try content.read(into: space, at: member.size) } catch {
        observer.report(.notice(error))
        isIncomplete = true
        break
      }
      if count == 0 { break }
      takeContent(count, of: space)
      member.size += Int64(count)
    }
    if member.size == 0 {
      blocks.takeBack()
      return try composePax(OpenedMember(member: member, content: content), isIncomplete: isIncomplete)
    }
    end(member, opened, at: 0, contentOffset: 0, isIncomplete: isIncomplete)
    blocks.end()
  }

  /// Reads `extent` of the content. What the source does not give is made up with zeros; false then.
  private func read(_ opened: OpenedMember, _ extent: Extent) throws(Stopped) -> Bool {
    var position = extent.offset
    let end = extent.offset + extent.length
    while position < end {
      let space = try blocks.room()
      let wanted = Int(min(Int64(space.count), end - position))
      let part = UnsafeMutableRawBufferPointer(rebasing: space[..<wanted])
      var count = 0
      do { count = try opened.content?.read(into: part, at: position) ?? 0 } catch {
        observer.report(.notice(error))
        // What is withdrawn need not be made up.
        if opened.member.origin == nil || packed > 0 { try appendMissing(end - position) }
        return false
      }
      guard count > 0 else {
        let missing = end - position
        observer.report(
          .notice(
            MemberNotice(
              opened.member.path,
              "File shrank by \(missing) byte\(missing == 1 ? "" : "s"); padding with zeros", .difference)))
        try appendMissing(missing)
        return false
      }
      takeContent(count, of: part)
      position += Int64(count)
    }
    return true
  }

  private func takeContent(_ count: Int, of space: UnsafeMutableRawBufferPointer) {
    contentDigest.update(UnsafeRawBufferPointer(rebasing: space[..<count]))
    blocks.take(count)
  }

  private func appendMissing(_ count: Int64) throws(Stopped) {
    try blocks.appendZeros(count)
    contentDigest.updateZeros(count)
  }

  private func end(
    _ member: Member, _ opened: OpenedMember, at offset: Int64, contentOffset: Int64, isIncomplete: Bool
  ) {
    let (digest, chunks) = contentDigest.finish()
    let change = opened.content?.close()
    if let change { observer.report(.notice(change)) }
    let isAsRead = change == nil && !isIncomplete
    var (isIncomplete, isWithdrawn) = (isIncomplete, false)
    if let origin = member.origin {
      isWithdrawn = !isAsRead || member.kind == .regular && origin.digest != nil && origin.digest != digest
      isIncomplete = origin.isIncomplete
    }
    if let source = opened.removable, !isAsRead {
      let text = "Not removed: it changed or could not be read to its end"
      observer.report(.notice(MemberNotice(source.shownPath, text, .failure)))
    }
    let record = MemberRecord(
      member: member, offset: offset, contentOffset: contentOffset, digest: member.kind == .regular ? digest : nil,
      chunks: chunks, isIncomplete: isIncomplete)
    blocks.end(
      ComposedMember(
        record: record, source: isAsRead ? opened.removable : nil, again: again, isWithdrawn: isWithdrawn))
  }
}
