internal import TapeIO
public import TapeLabels

/// What the end of a volume of ours looks like: where the next session appends.
public enum VolumeTail: Sendable {
  /// The last AUL file is a whole catalogue, with nothing behind it.
  case catalogue(batch: UInt32, VolumeReader.Header)
  /// Behind the last catalogue lie files that were never committed.
  case uncommitted(batch: UInt32, VolumeReader.Header)
  /// Behind this catalogue, the last that can be read, lies what cannot be: it may have been committed.
  case unreadable(batch: UInt32, VolumeReader.Header, VolumeError)
  /// The volume was closed with EOV labels: it is full.
  case endOfVolume
}

extension VolumeReader {
  /// Goes to end of data and back to the last catalogue; reads its header and stands behind that.
  ///
  /// An uncommitted tail is told by the file identifiers: each says how many AUL files of its batch lie before it, and
  /// so where the catalogue is that ended the batch before (docs/tape-format.md, *Finding the last catalogue*).
  public func findTail(vsn: VSN) throws(VolumeError) -> VolumeTail {
    forgetPosition()
    try driving { () throws(DriveError) in try drive.spaceToEndOfData() }
    let end = try here()
    let (found, damage) = try headerBefore(end)
    guard let last = found else {
      throw damage ?? .malformed(what: "volume \(vsn)", why: "no header is found before its end of data")
    }
    func ending(_ batch: UInt32, _ header: Header) -> VolumeTail {
      damage.map { .unreadable(batch: batch, header, $0) } ?? .uncommitted(batch: batch, header)
    }
    if try spaceToTrailer() {
      let labels = try trailingGroup(of: last)
      if labels == .endOfVolume { return .endOfVolume }
      if labels == .endOfFile, case .catalogue(let batch) = last.identifier {
        // What lies behind a whole catalogue is less than a header: it is the catalogue that counts, not the one before.
        let isClean = try here() == end
        let header = try openFile(at: last.block, sequence: last.sequence, vsn: vsn)
        return isClean ? .catalogue(batch: batch, header) : ending(batch, header)
      }
    }
    let (batch, header) = try lastCatalogue(before: last, vsn: vsn)
    return ending(batch, header)
  }

  /// Passes over a user file; false when the volume ends in it.
  private func spaceToTrailer() throws(VolumeError) -> Bool {
    forgetPosition()
    return try driving { () throws(DriveError) in try drive.space(filemarks: 1) } == .done
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
  /// And what could not be read on the way: a header behind this one, for all that is known.
  private func headerBefore(_ end: BlockID) throws(VolumeError) -> (Header?, damage: VolumeError?) {
    var damage: VolumeError?
    for back in 1...7 {
      forgetPosition()
      try driving { () throws(DriveError) in try drive.locate(to: end) }
      let outcome = try driving { () throws(DriveError) in try drive.space(filemarks: -back) }
      switch outcome {
      case .done: _ = try driving { () throws(DriveError) in try drive.space(filemarks: 1) }
      default: try driving { () throws(DriveError) in try drive.locate(to: .beginningOfTape.advanced(by: 1)) }
      }
      if try here() < end, let header = try headerHere(&damage) { return (header, damage) }
      if outcome != .done { break }
    }
    return (nil, damage)
  }

  /// A header with a user label under the head; nil when something else is there, or what is there cannot be read.
  private func headerHere(_ damage: inout VolumeError?) throws(VolumeError) -> Header? {
    do {
      let header = try readHeader()
      return header.user == nil ? nil : header
    } catch {
      guard case .drive(let cause) = error else { return nil }
      guard case .mediumError = cause.cause else { throw error }
      damage = error
      return nil
    }
  }

  /// Which group of labels follows; nil when none does.
  private func trailingGroup(of header: Header) throws(VolumeError) -> LabelGroup? {
    guard case .label(let label) = try readLabel(), let first = try? FileLabel1(parsing: label),
      // try?: whatever is wrong with the label, there is then no trailer.
      first.fileIdentifier == header.first.fileIdentifier
    else { return nil }
    _ = try readLabel()
    _ = try readLabel()
    return try readLabel() == .filemark ? first.group : nil
  }
}
