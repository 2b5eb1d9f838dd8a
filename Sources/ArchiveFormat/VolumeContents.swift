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
  /// Labelled by another program, or by one of ours that was cut off before it wrote catalogue 0.
  case labelled(VolumeLabel, HeaderFound?)
  /// Something without a label; the length of its first block in bytes, nil when it begins with a filemark or a block
  /// longer than a label.
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
    guard first.description.hasPrefix("VOL1") else { return .unlabelled }
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
      return .labelled(volume, nil)
    }
    if header.first.fileIdentifier == "PRELABEL" { return .prelabelled(volume) }
    if header.identifier == .catalogue(batch: 0), header.sequence == 1, header.first.systemCode.hasPrefix("TAPIR") {
      return .tapir(volume, header)
    }
    return .labelled(volume, .init(systemCode: header.first.systemCode))
  }
}
