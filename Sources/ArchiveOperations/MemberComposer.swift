internal import ArchiveFormat

/// Turns members into user files: reads content straight into the blocks that go to tape, digesting it as it passes.
/// Runs on the reading thread.
final class MemberComposer {
  private let ring: WriteRing
  private let layout: Layout
  private let observer: any OperationObserver
  private var encoder = PaxEncoder()
  private var header: [UInt8] = []
  private var fileDigest = Digester()
  private var contentDigest = ContentDigester()

  private var block: WriteRing.Block?
  private var fileBytes: Int64 = 0

  /// The drive's side has gone: there is nobody to compose for.
  struct Stopped: Error {}

  init(ring: WriteRing, layout: Layout, observer: any OperationObserver) {
    self.ring = ring
    self.layout = layout
    self.observer = observer
  }

  /// Reads a member and hands its user file on. A member that cannot be opened is reported and left out.
  func compose(_ source: any SourceMember) throws(Stopped) {
    let opened: OpenedMember
    do { opened = try source.open() } catch {
      observer.report(.notice(error))
      return
    }
    observer.report(.member(opened.shown))
    if opened.isStream {
      try composeStream(opened)
    } else if layout == .raw, opened.member.kind == .regular, opened.member.size > 0 {
      try composeRaw(opened)
    } else {
      try composePax(opened)
    }
  }

  // MARK: Layouts

  private func composePax(_ opened: OpenedMember, isIncomplete wasCut: Bool = false) throws(Stopped) {
    var member = opened.member
    member.dataExtents = member.dataExtents.map { PaxEncoder.aligned($0, size: member.size) }
    begin(FileBegin(layout: .pax, path: member.path))
    header.removeAll(keepingCapacity: true)
    encoder.append(member, to: &header)
    try append(header)
    var isIncomplete = wasCut
    if member.kind == .regular {
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
    try appendZeros(paddedToTarRecord(stored) - stored + Int64(PaxEncoder.endOfArchiveSize))
    try end(.pax, member, opened, contentOffset: Int64(header.count), isIncomplete: isIncomplete)
  }

  private func composeRaw(_ opened: OpenedMember) throws(Stopped) {
    begin(FileBegin(layout: .raw, path: opened.member.path))
    // The file's own bytes, holes too: there is no map in this layout.
    var member = opened.member
    member.dataExtents = nil
    let isWhole = try read(opened, Extent(offset: 0, length: member.size))
    try end(.raw, member, opened, contentOffset: 0, isIncomplete: !isWhole)
  }

  /// Content of unknown length: raw, as a tar header would have to know it; pax when there turns out to be none.
  private func composeStream(_ opened: OpenedMember) throws(Stopped) {
    guard let content = opened.content else { return try composePax(opened) }
    var member = opened.member
    var isIncomplete = false
    begin(FileBegin(layout: .raw, path: member.path))
    member.size = 0
    while true {
      let space = try room()
      let count: Int
      do { count = try content.read(into: space, at: member.size) } catch {
        observer.report(.notice(error))
        isIncomplete = true
        break
      }
      if count == 0 { break }
      take(count, of: space, isContent: true)
      member.size += Int64(count)
    }
    if member.size == 0 {
      block?.begin = nil
      return try composePax(OpenedMember(member: member, content: content), isIncomplete: isIncomplete)
    }
    try end(.raw, member, opened, contentOffset: 0, isIncomplete: isIncomplete)
  }

  /// Reads `extent` of the content. What the source does not give is made up with zeros; false then.
  private func read(_ opened: OpenedMember, _ extent: Extent) throws(Stopped) -> Bool {
    var position = extent.offset
    let end = extent.offset + extent.length
    while position < end {
      let space = try room()
      let wanted = Int(min(Int64(space.count), end - position))
      let part = UnsafeMutableRawBufferPointer(rebasing: space[..<wanted])
      var count = 0
      do { count = try opened.content?.read(into: part, at: position) ?? 0 } catch {
        observer.report(.notice(error))
        try appendZeros(end - position, isContent: true)
        return false
      }
      guard count > 0 else {
        let missing = end - position
        observer.report(
          .notice(
            MemberNotice(
              opened.member.path,
              "File shrank by \(missing) byte\(missing == 1 ? "" : "s"); padding with zeros", .difference)))
        try appendZeros(missing, isContent: true)
        return false
      }
      take(count, of: part, isContent: true)
      position += Int64(count)
    }
    return true
  }

  // MARK: Blocks

  private func begin(_ file: FileBegin) {
    fileBytes = 0
    pendingBegin = file
  }
  private var pendingBegin: FileBegin?

  /// Room in the block at hand, or in a fresh one.
  private func room() throws(Stopped) -> UnsafeMutableRawBufferPointer {
    if let full = block, full.byteCount == ring.blockSize {
      ring.publish(full)
      block = nil
    }
    if block == nil {
      guard var fresh = ring.acquire() else { throw Stopped() }
      fresh.begin = pendingBegin
      pendingBegin = nil
      block = fresh
    } else if let file = pendingBegin {
      block?.begin = file
      pendingBegin = nil
    }
    guard let block else { throw Stopped() }
    return UnsafeMutableRawBufferPointer(rebasing: block.memory[block.byteCount...])
  }

  private func take(_ count: Int, of space: UnsafeMutableRawBufferPointer, isContent: Bool) {
    let bytes = UnsafeRawBufferPointer(rebasing: space[..<count])
    fileDigest.update(bytes)
    if isContent { contentDigest.update(bytes) }
    fileBytes += Int64(count)
    block?.byteCount += count
  }

  private func append(_ bytes: [UInt8]) throws(Stopped) {
    var done = 0
    while done < bytes.count {
      let space = try room()
      let count = min(space.count, bytes.count - done)
      bytes.withUnsafeBytes { space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[done..<done + count])) }
      take(count, of: space, isContent: false)
      done += count
    }
  }

  private func appendZeros(_ total: Int64, isContent: Bool = false) throws(Stopped) {
    var left = total
    while left > 0 {
      let space = try room()
      let count = Int(min(Int64(space.count), left))
      UnsafeMutableRawBufferPointer(rebasing: space[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
      take(count, of: space, isContent: isContent)
      left -= Int64(count)
    }
  }

  private func end(
    _ layout: Layout, _ member: Member, _ opened: OpenedMember, contentOffset: Int64, isIncomplete: Bool
  ) throws(Stopped) {
    let (digest, chunks) = contentDigest.finish()
    let change = opened.content?.close()
    if let change { observer.report(.notice(change)) }
    let isAsRead = change == nil && !isIncomplete
    if let source = opened.removable, !isAsRead {
      let text = "Not removed: it changed or could not be read to its end"
      observer.report(.notice(MemberNotice(source.shownPath, text, .failure)))
    }
    let record = MemberRecord(
      member: member, offset: 0, contentOffset: contentOffset, digest: member.kind == .regular ? digest : nil,
      chunks: chunks, isIncomplete: isIncomplete)
    block?.end = ComposedFile(
      layout: layout, byteCount: fileBytes, digest: fileDigest.finish(), records: [record],
      sources: isAsRead ? opened.removable.map { [$0] } ?? [] : [])
    if let block { ring.publish(block) }
    block = nil
  }
}
