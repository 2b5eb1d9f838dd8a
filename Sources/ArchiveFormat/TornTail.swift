public import TapeIO
internal import TapeLabels

/// The end of a WORM volume behind which files lie that were never committed. They stay for ever; what is left open there
/// is closed, so that the next AUL file begins behind whole filemarks.
public struct TornTail {
  /// fseq that the next AUL file gets once the tail is closed.
  public let nextSequence: UInt64
  private let last: VolumeReader.Header
  /// Filemarks behind the last header: of its user file, and of its trailer.
  private let filemarks: Int
  private let end: BlockID
  private let endsInHeader: Bool
  private let endsInTrailer: Bool

  /// Looks at the last AUL file. Leaves the tape at end of data.
  /// - Throws: ``VolumeError`` also when the tail is damaged, not only torn.
  public init(of reader: VolumeReader) throws(VolumeError) {
    let drive = reader.drive
    reader.forgetPosition()
    try driving { () throws(DriveError) in try drive.spaceToEndOfData() }
    end = try reader.here()
    guard let last = try reader.headerBefore(end) else {
      throw .malformed(what: "the end of the volume", why: "no header can be read there")
    }
    self.last = last
    var behind = last.userFile
    var filemarks = 0
    while filemarks < 3, try reader.passFilemark() {
      behind = try reader.here()
      filemarks += 1
    }
    guard filemarks < 3 else {
      throw .malformed(what: "the end of the volume", why: "the header of file \(last.sequence + 1) cannot be read")
    }
    self.filemarks = filemarks
    // The last header may lack its filemark; or behind the last whole file there are labels of another.
    let isOpenHeader = last.userFile.rawValue > end.rawValue
    let isNextHeader = filemarks == 2 && behind != end
    endsInHeader = isOpenHeader || isNextHeader
    endsInTrailer = filemarks == 1 && behind != end
    nextSequence = last.sequence + (isNextHeader ? 2 : 1)
    try driving { () throws(DriveError) in try drive.spaceToEndOfData() }
    reader.forgetPosition()
  }

  /// Writes the filemarks and labels that are missing; the drive must stand at end of data.
  /// - Returns: where the next header goes.
  public func close(_ drive: any TapeDrive) throws(VolumeError) -> BlockID {
    func filemark() throws(VolumeError) {
      if try driving({ () throws(DriveError) in try drive.writeFilemark() }) == .endOfMedium {
        throw .endOfMedium(device: drive.identity.name)
      }
    }
    if endsInHeader {
      for _ in 0..<3 { try filemark() }
    } else if filemarks < 2 {
      if filemarks == 0 { try filemark() }
      if !endsInTrailer { try writeTrailer(drive) }
      try filemark()
    }
    return try driving { () throws(DriveError) in try drive.position() }
  }

  private func writeTrailer(_ drive: any TapeDrive) throws(VolumeError) {
    guard var user = last.user else { return }
    var first = last.first
    first.group = .endOfFile
    first.fileSequence = user.fileSequence
    // Behind the header's filemark lie blocks, and the filemark of the user file where it was written.
    first.blockCount = end.rawValue - min(end.rawValue, last.userFile.rawValue + UInt64(filemarks))
    user.isTrailer = true
    let labels: [LabelBlock]
    do {
      labels = [
        try first.serialized(),
        try FileLabel2(.endOfFile, blockSize: user.blockSize, isCompressed: false).serialized(), try user.serialized(),
      ]
    } catch { throw .label(error, volume: last.first.fileSet) }
    for label in labels {
      let outcome = try driving { () throws(DriveError) in
        try label.withBytes { (bytes) throws(DriveError) in try drive.write(bytes) }
      }
      if outcome == .endOfMedium { throw .endOfMedium(device: drive.identity.name) }
    }
  }
}
