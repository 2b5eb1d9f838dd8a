internal import ArchiveFormat
public import TapeIO
internal import TapeIndex
internal import TapeLabels

extension VolumeSync {
  /// Whether a session may begin on the cartridge in `drive` without being told to erase anything: it is blank, or nothing
  /// but catalogue 0 was ever committed on it. Moves the tape.
  public static func holdsNothing(
    _ drive: any TapeDrive, observer: any OperationObserver
  ) throws(OperationError) -> Bool {
    let reader = VolumeReader(drive: drive)
    switch try onVolume({ () throws(VolumeError) in try reader.inspect() }) {
    case .blank, .prelabelled, .unfinished: return true
    case .labelled, .unlabelled: return false
    case .tapir(let label, let header):
      guard let vsn = try? VSN(label.serial) else { return false }  // try?: one with another name is not ours to take
      do throws(OperationError) {
        // try?: a damaged catalogue 0 stops nothing: every later one says which volume it is.
        let first = try? identify(reader, behind: header)
        return try bringUpToDate(nil, reader: reader, vsn: vsn, expecting: first?.volume.id, observer: observer)
          .last.number == 0
      } catch {
        return try onVolume { () throws(VolumeError) in try reader.holdsNothingCommitted() }
      }
    }
  }
}
