internal import TapeIO
public import TapeLabels

/// What the end of a volume of ours looks like: where the next session appends.
public enum VolumeTail: Sendable {
  /// The last AUL file is a catalogue, with nothing behind it.
  case catalogue(batch: UInt32, VolumeReader.Header)
  /// Behind the last catalogue lie files that were never committed.
  case uncommitted(batch: UInt32, VolumeReader.Header)
  /// Behind the last catalogue lies a file with EOV labels, which was never committed here: the volume is full.
  case endOfVolume(batch: UInt32, VolumeReader.Header)
  /// The last catalogue that was found, and why it is not known whether anything was committed behind it.
  case unclear(batch: UInt32, VolumeReader.Header, why: String)
}

extension VolumeReader {
  /// Goes to end of data and back to the last catalogue; reads its header and stands behind that.
  ///
  /// An uncommitted tail is told by the file identifiers: each says how many AUL files of its batch lie before it, and
  /// so where the catalogue is that ended the batch before (docs/tape-format.md, *Finding the last catalogue*).
  /// - Parameters:
  ///   - known: a catalogue known to be on the volume: where a walk begins when the end cannot be read.
  ///   - walks: whether to go through all files from the beginning instead.
  public func findTail(
    vsn: VSN, knowing known: CataloguePlacement? = nil, byWalking walks: Bool = false
  ) throws(VolumeError) -> VolumeTail {
    if walks { return try walkToLastCatalogue(vsn: vsn, from: nil, why: nil) }
    forgetPosition()
    do { try drive.spaceToEndOfData() } catch {
      // A power cut while the drive was writing leaves a tape without an end-of-data mark.
      guard error.isOfMedium else { throw .drive(error) }
      return try walkToLastCatalogue(vsn: vsn, from: known, why: "its end of data cannot be found: \(error.reason)")
    }
    let end = try here()
    guard let last = try headerBefore(end) else {
      return try walkToLastCatalogue(vsn: vsn, from: known, why: "no header can be read before its end of data")
    }
    // The header was just read: its user file comes next.
    if let labels = try passFileCountingLabels() {
      let behind = try here()
      // A whole header behind the last one that can be read: whether it is that of a catalogue is not known. Fewer labels
      // are a header that was never finished: a driver writes a filemark behind it when the program ends.
      if behind != end, try passFilemark() {
        let next = try here()
        guard next == end, next.rawValue < behind.rawValue + 4 else {
          return try walkToLastCatalogue(
            vsn: vsn, from: known, why: "the header of file \(last.sequence + 1) cannot be read")
        }
      }
      // Whatever else is wrong with the trailer, it does not say that the volume goes on elsewhere.
      if let trailer = try trailer(before: behind), trailer.group == .endOfVolume,
        trailer.fileIdentifier == last.first.fileIdentifier
      {
        return try fullVolume(behind: last, vsn: vsn, knowing: known)
      }
      // A trailer that was never finished: what it ends was not flushed.
      if case .catalogue(let batch) = last.identifier, labels >= 3 {
        let header = try openFile(at: last.block, sequence: last.sequence, vsn: vsn)
        return behind == end ? .catalogue(batch: batch, header) : .uncommitted(batch: batch, header)
      }
    }
    // A catalogue that was cut off behind a piece: the volume is full all the same.
    if case .catalogue = last.identifier, try trailer(before: last.block)?.group == .endOfVolume {
      return try fullVolume(behind: last, vsn: vsn, knowing: known)
    }
    do {
      let (batch, header) = try lastCatalogue(before: last, vsn: vsn)
      return .uncommitted(batch: batch, header)
    } catch { return try walkToLastCatalogue(vsn: vsn, from: known, why: error.description) }
  }

  private func fullVolume(
    behind last: Header, vsn: VSN, knowing known: CataloguePlacement?
  ) throws(VolumeError) -> VolumeTail {
    do {
      let (batch, header) = try lastCatalogue(before: last, vsn: vsn)
      return .endOfVolume(batch: batch, header)
    } catch { return try walkToLastCatalogue(vsn: vsn, from: known, why: error.description) }
  }

  /// Goes from file to file to the last catalogue that is whole, and stands behind its header.
  /// - Parameter why: why the end of the volume could not tell; nil when it was not asked.
  private func walkToLastCatalogue(
    vsn: VSN, from known: CataloguePlacement?, why: String?
  ) throws(VolumeError) -> VolumeTail {
    var walk = FileWalk(
      reader: self, vsn: vsn, sequence: known?.sequence ?? 1, block: known?.header ?? .beginningOfTape.advanced(by: 1))
    var last: (batch: UInt32, header: Header)?
    var isBehind = false
    var unreadable: String?
    while let step = walk.next() {
      switch step {
      case .file(let header):
        guard walk.pass(header) else {
          isBehind = true
          break
        }
        if case .catalogue(let batch) = header.identifier, walk.trailerLabels >= 3 {
          last = (batch, header)
          isBehind = false
          // It names all catalogues before it.
          unreadable = nil
        } else {
          isBehind = true
        }
      case .unreadable(let sequence, _, _):
        isBehind = true
        unreadable = unreadable ?? "the header of file \(sequence) cannot be read"
      }
    }
    let problem = why ?? unreadable ?? walk.failure?.description
    guard let last else {
      throw .malformed(what: "volume \(vsn)", why: problem ?? "it has no catalogue")
    }
    let header = try openFile(at: last.header.block, sequence: last.header.sequence, vsn: vsn)
    if let problem { return .unclear(batch: last.batch, header, why: problem) }
    return isBehind ? .uncommitted(batch: last.batch, header) : .catalogue(batch: last.batch, header)
  }

  /// Finds the newest catalogue that lies before the AUL file of `header`, by the file identifiers, and stands behind its
  /// header. Moves the tape.
  public func lastCatalogue(before header: Header, vsn: VSN) throws(VolumeError) -> (batch: UInt32, Header) {
    var header = header
    while true {
      let sequence: UInt64
      switch header.identifier {
      case .members(_, _, let ordinal), .void(_, let ordinal):
        sequence = header.sequence - min(UInt64(ordinal), header.sequence)
      case .catalogue: sequence = header.sequence - 1
      case nil: throw .malformed(what: "volume \(vsn)", why: "file '\(header.first.fileIdentifier)' is not ours")
      }
      guard sequence >= 1 else { throw .malformed(what: "volume \(vsn)", why: "it has no catalogue") }
      header = try openFile(sequence: sequence, vsn: vsn)
      if case .catalogue(let batch) = header.identifier { return (batch, header) }
    }
  }

  /// Goes to an AUL file by counting filemarks from beginning of tape, and reads its header.
  public func openFile(sequence: UInt64, vsn: VSN) throws(VolumeError) -> Header {
    guard try space(toFile: sequence) else {
      throw .malformed(what: "volume \(vsn)", why: "file \(sequence) is not on it")
    }
    return try openFile(at: try here(), sequence: sequence, vsn: vsn)
  }

  /// Goes to where the header of an AUL file must begin, by counting filemarks from beginning of tape; false when the
  /// volume ends before that.
  public func space(toFile sequence: UInt64) throws(VolumeError) -> Bool {
    try rewind()
    if sequence == 1 {
      try go(to: .beginningOfTape.advanced(by: 1))
      return true
    }
    forgetPosition()
    return try driving { () throws(DriveError) in try drive.space(filemarks: 3 * Int(sequence - 1)) } == .done
  }

  /// The last whole header before `end`: tape file by tape file backwards, four at most for a file that was cut off.
  func headerBefore(_ end: BlockID) throws(VolumeError) -> Header? {
    for back in 1...7 {
      forgetPosition()
      try driving { () throws(DriveError) in try drive.locate(to: end) }
      let outcome = try driving { () throws(DriveError) in try drive.space(filemarks: -back) }
      switch outcome {
      case .done: _ = try driving { () throws(DriveError) in try drive.space(filemarks: 1) }
      default: try driving { () throws(DriveError) in try drive.locate(to: .beginningOfTape.advanced(by: 1)) }
      }
      if try here() < end, let header = try headerHere() { return header }
      if outcome != .done { break }
    }
    return nil
  }

  /// A header with a user label under the head; nil when something else is there, or what is there cannot be read.
  private func headerHere() throws(VolumeError) -> Header? {
    do {
      let header = try readHeader()
      return header.user == nil ? nil : header
    } catch {
      if case .drive(let cause) = error, cause.isOfMedium { return nil }
      if case .drive = error { throw error }
      return nil
    }
  }

  /// EOF1 or EOV1 of the trailer that ends before `end`; nil when there is none that can be read.
  func trailer(before end: BlockID) throws(VolumeError) -> FileLabel1? {
    // Three labels and a filemark; a header and a user file before them.
    guard end.rawValue > 9 else { return nil }
    try go(to: BlockID(end.rawValue - 4))
    do {
      guard case .label(let label) = try readLabel() else { return nil }
      let found = try FileLabel1(parsing: label)
      return found.group == .header ? nil : found
    } catch {
      forgetPosition()
      return nil
    }
  }
}
