internal import TapeIO
public import TapeLabels

/// What a cartridge holds, as its beginning tells.
public enum VolumeContents: Sendable {
  /// Nothing: the drive reports end of data at beginning of tape.
  case blank
  /// One of ours; the header is that of catalogue 0.
  case tapir(VolumeLabel, VolumeReader.Header)
  /// Labelled by CASTOR or CTA and not written yet: VOL1 and a bare prelabel.
  case prelabelled(VolumeLabel)
  /// One of ours whose labelling was cut off: it holds nothing that was ever committed.
  case unfinished(VolumeLabel)
  /// Labelled by another program.
  case labelled(VolumeLabel, HeaderFound?)
  /// Something without a label.
  case unlabelled

  /// What follows VOL1 on another program's volume.
  public struct HeaderFound: Sendable {
    /// System code of HDR1: which program wrote it.
    public let systemCode: String
  }
}

extension VolumeReader {
  /// Rewinds and looks at the beginning of the tape: VOL1 and the header behind it.
  ///
  /// A tape is blank only if the drive says so: a block that is too long, a medium error or another label never pass for
  /// blank.
  public func inspect() throws(VolumeError) -> VolumeContents {
    try rewind()
    let first: LabelBlock
    switch try readLabel() {
    case .endOfData: return .blank
    case .filemark, .notALabel: return .unlabelled
    case .label(let label): first = label
    }
    guard first.isLabel("VOL1") else { return .unlabelled }
    let volume: VolumeLabel
    do { volume = try VolumeLabel(parsing: first) } catch {
      throw .mismatch(
        what: "the volume label", expected: "VOL1", found: error.description, at: .beginningOfTape,
        device: drive.identity.name)
    }
    let header: Header
    do { header = try readHeader() } catch {
      // Whatever follows VOL1, if it is not a header the volume is not ours: only a failing drive is an error here.
      if case .drive = error { throw error }
      if volume.owner == VolumeDescriptor.defaultOwner, try holdsNothingCommitted() { return .unfinished(volume) }
      return .labelled(volume, nil)
    }
    if header.first.fileIdentifier == "PRELABEL" { return .prelabelled(volume) }
    if header.identifier == .catalogue(batch: 0), header.sequence == 1, header.first.systemCode.hasPrefix("TAPIR") {
      return .tapir(volume, header)
    }
    return .labelled(volume, .init(systemCode: header.first.systemCode))
  }

  /// Whether end of data comes before a first AUL file is complete: nothing on a volume of ours was committed then.
  /// Moves the tape.
  public func holdsNothingCommitted() throws(VolumeError) -> Bool {
    forgetPosition()
    try driving { () throws(DriveError) in try drive.spaceToEndOfData() }
    return try driving { () throws(DriveError) in try drive.space(filemarks: -3) } != .done
  }
}
