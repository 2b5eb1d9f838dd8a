internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// Finds out where a copy begins: at beginning of tape, or where an earlier one ended.
struct CopyStart {
  let source: any TapeDrive
  let target: any TapeDrive
  let intent: WriteIntent

  struct Found {
    /// The volume that is copied; nil for one of another program.
    let volume: VolumeDescriptor?
    /// Bytes in the longest block.
    let blockSize: Int
    /// The first object that is copied.
    var start: BlockID
    /// End of data of the source.
    let end: BlockID
    /// The volume that is written over, where that can be told.
    var replaced: UniqueID?
  }

  /// Objects at the end of an earlier copy that are compared before it is gone on with.
  static let overlap: UInt64 = 16
  /// Bytes of the longest block expected on a volume that does not say.
  static let longestBlock = 8 << 20

  /// Looks at both cartridges; writes nothing.
  func find(_ observer: any OperationObserver) throws(OperationError) -> Found {
    let reader = VolumeReader(drive: source)
    let contents = try onVolume { () throws(VolumeError) in try reader.inspect() }
    var volume: VolumeDescriptor?
    var blockSize = Self.longestBlock
    switch contents {
    case .blank: throw .refused("the cartridge in \(source.identity.name) is blank", hint: nil)
    case .tapir(let label, let header):
      // Of catalogue 0, or of the last one where that is damaged.
      volume = try descriptor(label, header, reader, observer)
      blockSize = volume?.blockSize ?? blockSize
    case .prelabelled, .unfinished, .labelled, .unlabelled: break
    }
    let longest = try onDrive { () throws(DriveError) in try source.medium() }.maximumBlockSize
    let end = try onDrive { () throws(DriveError) in
      try source.spaceToEndOfData()
      return try source.position()
    }
    var found = Found(volume: volume, blockSize: min(blockSize, longest), start: .beginningOfTape, end: end)
    try checkRoom()
    (found.start, found.replaced) = try start(found, observer)
    return found
  }

  private func descriptor(
    _ label: VolumeLabel, _ header: VolumeReader.Header, _ reader: VolumeReader, _ observer: any OperationObserver
  ) throws(OperationError) -> VolumeDescriptor {
    guard let vsn = try? VSN(label.serial) else {  // try?: what is wrong with it is that it is no VSN
      throw .refused(
        "volume '\(label.serial)' in \(source.identity.name) has a VSN that is none of ours", hint: nil)
    }
    do { return try VolumeSync.identify(reader, behind: header).volume } catch {
      return try VolumeChain(
        reader: reader, vsn: vsn, expecting: nil, knowing: nil, .init(recovers: true), observer: observer
      ).descriptor
    }
  }

  private func checkRoom() throws(OperationError) {
    let (from, to) = try onDrive { () throws(DriveError) in (try source.medium(), try target.medium()) }
    if to.isWriteProtected {
      throw .volume(.drive(DriveError(.writeProtected, operation: "write on", device: target.identity.name)))
    }
    guard let used = from.used, let capacity = to.capacity, used > capacity else { return }
    throw .refused(
      "the cartridge in \(target.identity.name) is too small: it takes \(capacity) bytes, and \(used) are used of"
        + " \(source.identity.name)", hint: "copy to a larger one")
  }

  private func start(_ found: Found, _ observer: any OperationObserver) throws(OperationError) -> (BlockID, UniqueID?) {
    let reader = VolumeReader(drive: target)
    let contents = try onVolume { () throws(VolumeError) in try reader.inspect() }
    if case .blank = contents { return (.beginningOfTape, nil) }
    try onDrive { () throws(DriveError) in try target.spaceToEndOfData() }
    let there = try onDrive { () throws(DriveError) in try target.position() }
    // The labels and catalogue 0 have the volume's UUID; what was cut off before its end has less.
    if try agreement(from: 0, upTo: min(there.rawValue, found.end.rawValue, Self.overlap), found) > 0 {
      return (try resumption(there, found, observer), nil)
    }
    return (.beginningOfTape, try erasure(contents, reader, observer))
  }

  /// Where an earlier copy, which has `there` objects, is gone on with.
  private func resumption(
    _ there: BlockID, _ found: Found, _ observer: any OperationObserver
  ) throws(OperationError) -> BlockID {
    let common = min(there, found.end).rawValue
    let head = min(common, Self.overlap)
    let name = target.identity.name
    let first = common > Self.overlap ? common - Self.overlap : 0
    var agreed = try agreement(from: 0, upTo: head, found)
    if agreed == head, first > 0 { agreed = try agreement(from: first, upTo: common, found) }
    if agreed < common {
      // A drive that is closed in the middle of a file puts a filemark behind it.
      guard agreed == common - 1, agreed == there.rawValue - 1, try isFilemark(at: agreed) else {
        throw .refused(
          "the cartridge in \(name) holds something else than \(source.identity.name) from block \(agreed) on:"
            + " not overwritten",
          hint: "if it is a copy of the same volume, both were written to since: one of them has to be given up")
      }
    }
    guard there <= found.end else {
      throw .refused(
        "the cartridge in \(name) holds all of \(source.identity.name) and more: not overwritten",
        hint: "copy the other way round")
    }
    if agreed == found.end.rawValue {
      observer.report(.information("\(name) holds all of \(source.identity.name) already"))
    } else {
      observer.report(.information("going on at block \(agreed) of \(found.end)"))
    }
    return BlockID(agreed)
  }

  /// Block ID of the first object, from `first` to `end`, that the two do not have in common; `end` for none.
  private func agreement(from first: UInt64, upTo end: UInt64, _ found: Found) throws(OperationError) -> UInt64 {
    try onDrive { () throws(DriveError) in
      try source.locate(to: BlockID(first))
      try target.locate(to: BlockID(first))
    }
    var left = ObjectReading(source, blockSize: found.blockSize)
    var right = ObjectReading(target, blockSize: Self.longestBlock)
    for number in first..<end {
      var (one, other): ([UInt8]?, [UInt8]?) = (nil, nil)
      let isThere = try left.next { one = $0.map { Array($0) } }
      let isThereToo = try right.next { other = $0.map { Array($0) } }
      if !isThere || !isThereToo || one != other { return number }
    }
    return end
  }

  private func isFilemark(at number: UInt64) throws(OperationError) -> Bool {
    try onDrive { () throws(DriveError) in try target.locate(to: BlockID(number)) }
    var reading = ObjectReading(target, blockSize: Self.longestBlock)
    var isMark = false
    return try reading.next { isMark = $0 == nil } && isMark
  }

  /// Refuses to give up what the target holds, unless it was named.
  /// - Returns: which volume that is, where it can be told.
  private func erasure(
    _ contents: VolumeContents, _ reader: VolumeReader, _ observer: any OperationObserver
  ) throws(OperationError) -> UniqueID? {
    let name = target.identity.name
    switch contents {
    case .blank, .prelabelled, .unfinished: return nil
    case .unlabelled:
      if intent.erase == .unlabelled { return nil }
      throw .refused(
        "the cartridge in \(name) holds data without a label: not overwritten",
        hint: "use another cartridge; --erase-volume=unlabelled gives up what is on it")
    case .labelled(let label, _):
      if case .volume(let vsn) = intent.erase, vsn.text == label.serial { return nil }
      throw refusal(label)
    case .tapir(let label, _):
      guard case .volume(let vsn) = intent.erase, vsn.text == label.serial else {
        if try onVolume({ () throws(VolumeError) in try reader.holdsNothingCommitted() }) { return nil }
        throw refusal(label)
      }
      // The tape has moved since.
      guard case .tapir(_, let again) = try onVolume({ () throws(VolumeError) in try reader.inspect() }) else {
        throw refusal(label)
      }
      return try intent.checkExpiry(vsn, reader, again, observer)
    }
  }

  private func refusal(_ label: VolumeLabel) -> OperationError {
    .refused(
      "the cartridge in \(target.identity.name) holds volume \(label.serial): not overwritten",
      hint: "use another cartridge; --erase-volume=\(label.serial) gives up what is on it")
  }
}
