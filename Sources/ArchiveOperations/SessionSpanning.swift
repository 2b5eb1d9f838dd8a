internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// Going from volume to volume.
extension SessionWriter {
  /// The longest file that is read back as a whole, when it is not the last one: for longer ones digests are kept.
  static let longestGivenBack: Int64 = 128 << 20

  /// Writes a block where further volumes may follow.
  /// - Parameter again: is called before anything is put in front of the block, when it has to come again.
  /// - Returns: false when it was not written, and has to come again.
  func span(_ block: WriteRing.Block, isLast: Bool, again: () -> Void) throws(OperationError) -> Bool {
    while isFull { try nextVolume(for: suspended?.begin.path ?? block.begin?.path ?? []) }
    if let orphan = orphan(block) {
      orphans.append(orphan)
      return true
    }
    if waitsForEnd {
      waitsForEnd = false
      if block.byteCount > 0 {
        again()
        try closeVolume()
        return false
      }
    }
    if let begin = block.begin, change?.splitsMembers == false, try !hasRoom(for: begin) {
      again()
      try closeVolume()
      return false
    }
    guard try beginFile(block) else {
      again()
      try closeVolume()
      return false
    }
    if open?.layout == .pack, isLast, case .members(let boundary) = block.end {
      try endPack(in: block, at: boundary, isFull: false)
      return true
    }
    if block.byteCount > 0 {
      observer.report(.passed(bytes: Int64(block.byteCount)))
      do { try writer.write(block.bytes.bytes) } catch {
        guard case .endOfMedium = error else { throw .volume(error) }
        again()
        // Its end is where the block before it ended.
        try onVolume { () throws(VolumeError) in try writer.cut(to: writer.blockCount) }
        try closeVolume()
        return false
      }
      rateLimit?.pass(block.byteCount)
      open?.digests?.add(block.bytes)
    }
    open?.ends[writer.blockCount - 1] = block.end
    switch block.end {
    case .file(let file):
      try end(file)
      return true
    case .members(let boundary): open?.members += boundary.file.members
    case nil: break
    }
    if writer.isNearEnd {
      // Of a stream nothing may follow but its end, and no piece may be empty.
      if open?.begin.isStream == true { waitsForEnd = true } else { try closeVolume() }
    }
    return true
  }

  /// Writes the header of the file that begins or goes on with a block; false when the volume ends in it.
  func beginFile(_ block: WriteRing.Block) throws(OperationError) -> Bool {
    if let begin = block.begin {
      suspended = nil
      open = OpenFile(begin: begin)
    } else if open == nil {
      open = suspended
    } else {
      return true
    }
    guard var file = open else { preconditionFailure("a block of no file") }
    if batchBegan == nil { batchBegan = steadySeconds() }
    file.ordinal = UInt32(writer.nextSequence - firstSequence + 1)
    file.digests = file.layout == .pack ? nil : PieceDigests()
    open = file
    do {
      try writer.begin(identifier(of: file), section: file.section, now: .now())
      return !writer.isNearEnd
    } catch {
      guard case .endOfMedium = error else { throw .volume(error) }
      return false
    }
  }

  func identifier(of file: OpenFile) -> FileIdentifier {
    .members(batch: batchNumber, layout: file.layout, ordinal: file.ordinal)
  }

  /// Ends the volume: what is open goes on on the next one, with what the end of the volume has to give back for its
  /// catalogue. Everything else is safe then.
  /// - Parameter givingBack: whether it is known that there is too little room.
  func closeVolume(givingBack: Bool = false) throws(OperationError) {
    var needsRoom = givingBack
    if open != nil, writer.blockCount == 0 {
      try takeBackHeader()
    } else if let file = open, file.layout == .pack || change?.splitsMembers == false {
      guard Int64(writer.blockCount) * Int64(writer.descriptor.blockSize) <= Self.longestGivenBack else {
        try giveUpOpenFile()
        try writeCatalogue(.volumeFull)
        throw .refused(
          "\(String(decoding: file.begin.path, as: UTF8.self)) does not fit on what is left of volume"
            + " \(writer.descriptor.vsn), and the drive does not say how much that is",
          hint: "the \(summary.members) members before it are safe; without --no-span it goes on on the next volume")
      }
      try giveBackWhole()
      needsRoom = false
    }
    while true {
      if needsRoom, try !giveBack() { break }
      do {
        try finishVolume()
        break
      } catch {
        guard case .volume(.endOfMedium) = error, !volume.isWORM else { throw error }
        needsRoom = true
      }
    }
    isFull = true
  }

  /// Ends the open file as a piece, and the batch with the volume.
  func finishVolume() throws(OperationError) {
    guard var file = open, let digests = file.digests else {
      try writeCatalogue(.volumeFull)
      return
    }
    let placed = try onVolume { () throws(VolumeError) in
      let placed = try writer.end(continues: true)
      try writer.flush()
      return placed
    }
    let piece = FilePlacement(
      sequence: placed.sequence, header: placed.header, blockCount: placed.blockCount, byteCount: digests.byteCount,
      layout: file.layout, digest: digests.digest)
    try onIndex { () throws(IndexError) in try catalogue.add(piece, openSection: file.section) }
    verifier?.add(piece, file.begin.path, isContinued: true)
    let before = batchBytes
    batchBytes += piece.byteCount
    let damaged: Set<UInt64>
    do { damaged = try writeCatalogue(.volumeFull) } catch {
      batchBytes = before
      verifier?.removeLast()
      if case .volume(.endOfMedium) = error, !volume.isWORM {
        writer.reopen(identifier(of: file), section: file.section, placed: placed)
      }
      throw error
    }
    file.pieces.append(
      (
        place: writer.descriptor.sequenceInSet,
        piece: PiecePlacement(section: file.section, volumesBefore: 0, file: piece)
      ))
    file.isDamaged = file.isDamaged || damaged.contains(piece.sequence)
    file.section += 1
    file.ends = [:]
    file.digests = nil
    suspended = file
    open = nil
  }

  /// Makes room at the end of the volume: takes back the last block of the open file, or reopens the one before it.
  /// - Returns: false when nothing of the batch is left.
  func giveBack() throws(OperationError) -> Bool {
    if let file = open {
      let last = writer.blockCount - 1
      try giveBack(last, of: file)
      if last == 0 {
        try takeBackHeader()
      } else {
        guard file.digests?.removeLast() == true else {
          throw .volume(.endOfMedium(device: volume.drive.identity.name))
        }
        try onVolume { () throws(VolumeError) in try writer.cut(to: last) }
      }
      return true
    }
    guard let last = written.popLast() else { return false }
    unconfirmed.removeLast(last.records.count)
    sources.removeAll { $0.sequence == last.placement.sequence }
    verifier?.removeLast()
    batchBytes -= last.placement.byteCount
    try gatherAgain()
    let placement = last.placement
    writer.reopen(
      identifier(of: last.file), section: last.file.section,
      placed: (placement.sequence, placement.header, placement.blockCount))
    open = last.file
    let isSplit = last.file.layout != .pack && change?.splitsMembers != false
    if isSplit, placement.blockCount > 1, last.file.digests != nil { return try giveBack() }
    guard placement.byteCount <= Self.longestGivenBack else {
      throw .volume(.endOfMedium(device: volume.drive.identity.name))
    }
    for number in (0..<placement.blockCount).reversed() { try giveBack(number, of: last.file) }
    try takeBackHeader()
    return true
  }

  func giveBack(_ number: UInt64, of file: OpenFile) throws(OperationError) {
    let bytes = try onVolume { () throws(VolumeError) in try writer.readBack(number) }
    returned.putFirst(
      bytes, capacity: writer.descriptor.blockSize, begin: number == 0 && file.section == 1 ? file.begin : nil,
      end: file.ends[number])
  }

  /// Whether the drive says that there is too little room for a file that is to be on one volume.
  func hasRoom(for begin: FileBegin) throws(OperationError) -> Bool {
    let medium: MediumState
    do { medium = try volume.drive.medium() } catch { throw .volume(.drive(error)) }
    guard let capacity = medium.capacity, let used = medium.used, let size = begin.contentSize else { return true }
    // Labels, headers and what a medium keeps of each block; and the catalogue, at 100 bytes a member.
    let blocks = size / Int64(writer.descriptor.blockSize) + 1
    let beside = blocks * 64 + 32_768 + Int64(catalogue.memberCount) * 100
    if size + beside > Int64(clamping: capacity) {
      try commit(.sessionEnd)
      throw .refused(
        "\(String(decoding: begin.path, as: UTF8.self)) is bigger than volume \(writer.descriptor.vsn)",
        hint: "the \(summary.members) members before it are safe; without --no-span it goes on on the next volume")
    }
    return size + beside <= Int64(clamping: capacity) - Int64(clamping: used)
  }

  /// What has to be on one volume begins again on the next one.
  func giveBackWhole() throws(OperationError) {
    guard let file = open else { return }
    var blocks: [[UInt8]] = []
    // Forwards, as the tape then stands behind the last one, where a WORM medium goes on.
    for number in 0..<writer.blockCount {
      blocks.append(try onVolume { () throws(VolumeError) in try writer.readBack(number) })
    }
    for (number, bytes) in blocks.enumerated().reversed() {
      returned.putFirst(
        bytes, capacity: writer.descriptor.blockSize, begin: number == 0 ? file.begin : nil,
        end: file.ends[UInt64(number)])
    }
    try takeBackHeader()
  }

  /// Takes the open file off the volume, of which nothing is to be kept there.
  func takeBackHeader() throws(OperationError) {
    suspended = open.flatMap { $0.section > 1 ? $0 : nil }
    open = nil
    if volume.isWORM {
      _ = try onVolume { () throws(VolumeError) in try writer.end() }
    } else {
      try onVolume { () throws(VolumeError) in try writer.rollBack() }
    }
  }

  /// Goes to the volume that follows.
  func nextVolume(for path: [UInt8]) throws(OperationError) {
    guard let change else { preconditionFailure("no volume follows") }
    let full = writer.descriptor
    guard hasProgress else {
      throw .refused(
        "volume \(full.vsn) is too small: it has no room for any of \(String(decoding: path, as: UTF8.self))",
        hint:
          "the \(summary.members) members before it are safe; use volumes that hold more, or a smaller block size (-b)")
    }
    do { (volume, verifier) = try change.open(after: volume, appends: isFirstChange) } catch {
      let name = String(decoding: path, as: UTF8.self)
      guard case .refused(let why, let hint) = error else { throw error }
      throw .refused(
        "volume \(full.vsn) is full: \(name) and what follows it were not archived: \(why)",
        hint: "the \(summary.members) members before it are safe" + (hint.map { "; \($0)" } ?? ""))
    }
    change.count.add()
    preceding.append(full)
    summary.volume = writer.descriptor
    summary.volumeCount += 1
    isFull = volume.isFull
    // A session that has written nothing yet may go past what is full.
    if !isFull { isFirstChange = false }
    hasProgress = isFull
    linked = [:]
    catalogues = volume.catalogues
    batchNumber = volume.nextBatch
    lastCommit = max(lastCommit, volume.lastCommit)
    firstSequence = volume.firstSequence
  }
}
