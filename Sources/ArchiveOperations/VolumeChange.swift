internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex

/// Opens the next volume of a set for a session.
struct VolumeChange {
  let supply: any VolumeSupply
  let index: IndexFile?
  let intent: WriteIntent
  let identity: WriterIdentity
  let session: SessionRecord
  let verifies: Bool
  let observer: any OperationObserver

  /// Gives up the drive of the volume that is full, and labels the one that follows.
  /// - Throws: ``OperationError/refused(_:hint:)`` when there is none, or it holds something.
  func open(after full: OpenVolume) throws(OperationError) -> (volume: OpenVolume, verifier: BatchVerifier?) {
    let before = full.writer.descriptor
    try close(full)
    let supplied = try supply.nextForWriting(after: before)
    var intent = WriteIntent(
      appends: false, vsn: supplied.vsn, erasesUnexpired: intent.erasesUnexpired, text: before.text,
      blockSize: before.blockSize)
    intent.barcode = supplied.barcode
    let volume = try WriteTarget(
      drive: supplied.drive, index: index, intent: intent, identity: identity, session: session, observer: observer,
      continuing: before
    ).open()
    observer.report(.information("going on on volume \(volume.writer.descriptor.vsn)"))
    return (volume, verifies ? BatchVerifier(drive: supplied.drive, observer: observer) : nil)
  }

  /// Ends the use of a volume's drive.
  func close(_ volume: OpenVolume) throws(OperationError) {
    do { try volume.drive.close() } catch { throw .volume(.drive(error)) }
  }
}
