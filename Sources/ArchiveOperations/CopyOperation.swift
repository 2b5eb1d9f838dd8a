public import ArchiveFormat
public import TapeIO
public import TapeIndex
internal import TapeLabels

/// What came of a copy.
public struct CopySummary: Equatable, Sendable {
  /// What identifies the volume; nil for one of another program.
  public var volume: VolumeDescriptor?
  /// Block ID at which copying began: what was before it, was there already.
  public var start = BlockID.beginningOfTape
  /// Block ID behind the last object that the target has and that is safe there.
  public var end = BlockID.beginningOfTape
  /// Block ID behind the last object that was read from the target and compared.
  public var verified = BlockID.beginningOfTape
  /// Bytes of the blocks that were copied.
  public var bytes: Int64 = 0
  /// Whether the target has all that the source has.
  public var isComplete = false
}

/// Copies a volume block for block: the same objects, so the same volume.
///
/// A copy that was begun is gone on with, and one of a volume that was appended to since is brought up to date.
public struct CopyOperation {
  /// What of the target may be given up.
  public var intent: WriteIntent
  /// Whether the copy is read back and compared.
  public var verifies = true
  /// Where the target is, as an index of copies has it.
  public var place: [UInt8]
  /// Whether only one cartridge can be there. In a drive there are many: what an earlier run read back may be on another.
  public var isPlaceOfOne = true
  /// Bytes of blocks between the two drives.
  public var bufferSize: Int
  /// Bytes after which the target is flushed.
  public var syncBytes: Int64 = 64 << 30

  /// Describes a copy.
  public init(intent: WriteIntent, place: [UInt8], bufferSize: Int) {
    self.intent = intent
    self.place = place
    self.bufferSize = bufferSize
  }

  /// Copies the cartridge in `source` to the one in `target`. Moves both tapes.
  /// - Parameter index: the target's: what is given up is erased there. It does not learn of the copy.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the target holds something else, more, or has too little room;
  ///   then nothing on it was changed. Otherwise what was copied stays, and the next run goes on there.
  public func run(
    from source: any TapeDrive, to target: any TapeDrive, index: IndexFile?, observer: any OperationObserver,
    interruption: Interruption = Interruption()
  ) throws(OperationError) -> CopySummary {
    let copy = try CopyStart(source: source, target: target, intent: intent).find(observer)
    if let index { try giveUp(copy, in: index) }
    var summary = CopySummary()
    summary.volume = copy.volume
    summary.start = copy.start
    if copy.start == .beginningOfTape {
      let used = try onDrive { () throws(DriveError) in try source.medium() }.used
      observer.report(.expected(members: nil, bytes: used.map { Int64(clamping: $0) }))
    }
    let digests = try transfer(from: source, to: target, copy, &summary, observer, interruption)
    summary.isComplete = summary.end == copy.end
    guard verifies, !interruption.isRequested else { return summary }
    let known = try verifiedBefore(copy, index)
    if copy.start > known, try !compare(source, target, copy, from: known, observer, interruption) { return summary }
    if try confirm(target, digests, copy, upTo: summary.end, bytes: summary.bytes, observer, interruption) {
      summary.verified = summary.end
    }
    return summary
  }

  /// Marks what is written over as erased, before it is. A VSN is that of one volume only.
  private func giveUp(_ copy: CopyStart.Found, in index: IndexFile) throws(OperationError) {
    if copy.start == .beginningOfTape {
      try onIndex { () throws(IndexError) in
        if let gone = copy.replaced, let volume = try index.volume(gone) { try index.markErased(volume) }
        // What was read back there was on another cartridge, or is written over now.
        if let volume = copy.volume { try index.forgetCopy(of: volume.id, at: place) }
      }
    }
    guard let volume = copy.volume else { return }
    let others = try onIndex { () throws(IndexError) in try index.volumes(vsn: volume.vsn) }
      .filter { $0.descriptor.id != volume.id }
    guard others.isEmpty || intent.erase == .volume(volume.vsn) else {
      throw .refused(
        "the index knows another volume \(volume.vsn)",
        hint: "keep the copy in another index with --index-db; if that volume is gone, --erase-volume=\(volume.vsn)"
          + " gives it up")
    }
    try onIndex { () throws(IndexError) in for other in others { try index.markErased(other) } }
  }

  /// Block ID up to which an earlier run read the copy back: that is not read again.
  private func verifiedBefore(_ copy: CopyStart.Found, _ index: IndexFile?) throws(OperationError) -> BlockID {
    guard isPlaceOfOne, let index, let volume = copy.volume else { return .beginningOfTape }
    let known = try onIndex { () throws(IndexError) in try index.copies(of: volume.id) }.first { $0.place == place }
    // What ends before the known copy does, was put in its place.
    guard let known, copy.start >= known.end else { return .beginningOfTape }
    return known.verified
  }

  /// Copies what the target lacks.
  private func transfer(
    from source: any TapeDrive, to target: any TapeDrive, _ copy: CopyStart.Found, _ summary: inout CopySummary,
    _ observer: any OperationObserver, _ interruption: Interruption
  ) throws(OperationError) -> ObjectDigests {
    summary.end = copy.start
    var digests = ObjectDigests(from: copy.start.rawValue)
    guard copy.start < copy.end else { return digests }
    try onDrive { () throws(DriveError) in
      try source.locate(to: copy.start)
      try target.locate(to: copy.start)
    }
    let ring = BlockRing<Never, CopiedObject>(blockSize: copy.blockSize, byteCount: bufferSize)
    observer.report(.buffer(ring, isWriting: true))
    let reading = CopyReading(source, count: copy.end.rawValue - copy.start.rawValue, ring)
    let worker = try Worker { reading.run() }
    interruption.whenSet { ring.wake() }
    defer {
      ring.cancel()
      worker.join()
    }
    var digester = Digester()
    var number = copy.start
    var unflushed: Int64 = 0
    while let object = ring.next() {
      if case .failure(let error)? = object.end {
        try onDrive { () throws(DriveError) in try target.flush() }
        throw .volume(.drive(error))
      }
      let isMark = object.end == .filemark
      let outcome = try onDrive { () throws(DriveError) in
        isMark ? try target.writeFilemark() : try target.write(object.bytes.bytes)
      }
      if outcome == .endOfMedium {
        throw .refused(
          "the cartridge in \(target.identity.name) has too little room: \(number) of \(copy.end) objects are on it",
          hint: "copy to a larger one")
      }
      digests.add(isMark ? nil : object.bytes, &digester)
      observer.report(.passed(bytes: Int64(object.byteCount)))
      summary.bytes += Int64(object.byteCount)
      unflushed += Int64(object.byteCount)
      number = number.advanced(by: 1)
      ring.release()
      if unflushed >= syncBytes, isMark {
        unflushed = 0
        try onDrive { () throws(DriveError) in try target.flush() }
      }
    }
    digests.end(&digester)
    try onDrive { () throws(DriveError) in try target.flush() }
    let found = try onDrive { () throws(DriveError) in try target.position() }
    guard found == number else {
      throw .volume(.position(expected: number, found: found, device: target.identity.name))
    }
    summary.end = number
    return digests
  }

  /// Reads back what was copied.
  /// - Returns: false when it was interrupted.
  private func confirm(
    _ target: any TapeDrive, _ written: ObjectDigests, _ copy: CopyStart.Found, upTo end: BlockID, bytes: Int64,
    _ observer: any OperationObserver, _ interruption: Interruption
  ) throws(OperationError) -> Bool {
    guard copy.start < end else { return true }
    observer.report(.readingBack(bytes: bytes))
    try onDrive { () throws(DriveError) in try target.locate(to: copy.start) }
    var reading = ObjectReading(target, blockSize: copy.blockSize)
    var digester = Digester()
    var found = ObjectDigests(from: copy.start.rawValue)
    for _ in copy.start.rawValue..<end.rawValue {
      if interruption.isRequested { return false }
      let isThere = try reading.next { block in
        found.add(block, &digester)
        observer.report(.passed(bytes: Int64(block?.count ?? 0)))
      }
      if !isThere { break }
    }
    found.end(&digester)
    for (index, digest) in written.groups.enumerated()
    where index >= found.groups.count || found.groups[index] != digest {
      let (first, last) = written.range(ofGroup: index, upTo: end.rawValue)
      throw .refused(
        "the copy in \(target.identity.name) is not what was written, somewhere from block \(first) to \(last - 1)",
        hint: "do not rely on it; copy to another cartridge")
    }
    return true
  }

  /// Compares what an earlier run copied and nobody has compared yet.
  /// - Returns: false when it was interrupted.
  private func compare(
    _ source: any TapeDrive, _ target: any TapeDrive, _ copy: CopyStart.Found, from first: BlockID,
    _ observer: any OperationObserver, _ interruption: Interruption
  ) throws(OperationError) -> Bool {
    try onDrive { () throws(DriveError) in
      try source.locate(to: first)
      try target.locate(to: first)
    }
    var left = ObjectReading(source, blockSize: copy.blockSize)
    var right = ObjectReading(target, blockSize: copy.blockSize)
    var leftDigester = Digester()
    var rightDigester = Digester()
    for number in first.rawValue..<copy.start.rawValue {
      if interruption.isRequested { return false }
      var (one, other) = (ObjectDigests(from: number), ObjectDigests(from: number))
      let isThere = try left.next { one.add($0, &leftDigester) }
      let isThereToo = try right.next {
        other.add($0, &rightDigester)
        observer.report(.passed(bytes: Int64($0?.count ?? 0)))
      }
      one.end(&leftDigester)
      other.end(&rightDigester)
      guard isThere, isThereToo, one.groups == other.groups else {
        throw .refused(
          "the copy in \(target.identity.name) differs from \(source.identity.name) at block \(number)",
          hint: "do not rely on it; copy to another cartridge")
      }
    }
    return true
  }
}

/// What stands behind an object on its way to the copy; nil for a block.
enum CopiedObject: Equatable {
  case filemark
  /// The source could not be read further.
  case failure(DriveError)
}

/// Reads the source, on a thread of its own.
private final class CopyReading: @unchecked Sendable {
  // Sendable: the drive is this thread's until it ends.
  private let source: any TapeDrive
  private let count: UInt64
  private let ring: BlockRing<Never, CopiedObject>

  init(_ source: any TapeDrive, count: UInt64, _ ring: BlockRing<Never, CopiedObject>) {
    self.source = source
    self.count = count
    self.ring = ring
  }

  func run() {
    for _ in 0..<count {
      guard var block = ring.acquire() else { return }
      do throws(DriveError) {
        var space = block.memory.mutableBytes
        switch try source.read(into: &space) {
        case .block(let count): block.byteCount = count
        case .filemark: block.end = .filemark
        case .endOfData:
          let here = try source.position()
          throw DriveError(
            .mediumError(detail: "end of data came too soon"), operation: "read block", device: source.identity.name,
            position: here)
        }
      } catch { block.end = .failure(error) }
      let isLast = if case .failure? = block.end { true } else { false }
      ring.publish(block)
      if isLast { return }
    }
    ring.finish()
  }
}
