public import ArchiveFormat
internal import Synchronization
public import TapeIO
internal import TapeIndex
public import TapeLabels

/// How often a session has gone on on another volume. The drive's thread counts, the reading thread looks.
final class VolumeCount: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .acquiring) }
  func add() { count.add(1, ordering: .releasing) }
}

/// Opens the next volume of a set for a session.
struct VolumeChange {
  let supply: any VolumeSupply
  let index: IndexFile?
  let intent: WriteIntent
  let identity: WriterIdentity
  let session: SessionRecord
  let verifies: Bool
  let observer: any OperationObserver
  /// Whether a member may go on on another volume.
  var splitsMembers = true
  /// Changes so far.
  let count = VolumeCount()

  /// Gives up the drive of the volume that is full, and labels the one that follows.
  /// - Parameter appends: whether it may be one that continues the volume already, as where nothing has been written yet.
  /// - Throws: ``OperationError/refused(_:hint:)`` when there is none, or it holds something.
  func open(
    after full: OpenVolume, appends: Bool
  ) throws(OperationError) -> (volume: OpenVolume, verifier: BatchVerifier?) {
    let before = full.writer.descriptor
    try close(full)
    let supplied = try supply.nextForWriting(after: before)
    var intent = WriteIntent(
      appends: false, vsn: supplied.vsn, erasesUnexpired: intent.erasesUnexpired, text: before.text,
      blockSize: before.blockSize)
    intent.barcode = supplied.barcode
    intent.keptUntil = before.expires
    let volume: OpenVolume
    do { volume = try opened(supplied, intent, before, appends) } catch {
      // try?: why it cannot be used is what is to be said.
      try? supplied.drive.close()
      throw error
    }
    observer.report(.information("going on on volume \(volume.writer.descriptor.vsn)"))
    return (volume, verifies ? BatchVerifier(drive: supplied.drive, observer: observer) : nil)
  }

  private func opened(
    _ supplied: SuppliedVolume, _ intent: WriteIntent, _ before: VolumeDescriptor, _ appends: Bool
  ) throws(OperationError) -> OpenVolume {
    try WriteTarget(
      drive: supplied.drive, index: index, intent: intent, identity: identity, session: session, observer: observer,
      continuing: before, mayGoOn: appends, mayBeFull: appends
    ).open()
  }

  /// Ends the use of a volume's drive.
  func close(_ volume: OpenVolume) throws(OperationError) {
    do { try volume.drive.close() } catch { throw .volume(.drive(error)) }
  }
}

extension CreateOperation {
  /// Looks whether the cartridge in `drive` can continue a volume, as a session would, and writes nothing: whoever brings
  /// cartridges can ask for another one. Moves the tape.
  /// - Parameters:
  ///   - full: the volume that is full.
  ///   - vsn: the VSN that it has or is to get; nil for any.
  /// - Throws: ``OperationError/refused(_:hint:)`` when it holds something, or is another volume.
  public static func check(
    _ drive: any TapeDrive, continuing full: VolumeDescriptor, vsn: VSN?, identity: WriterIdentity,
    observer: any OperationObserver
  ) throws(OperationError) {
    let session = SessionRecord(
      id: .random(), started: .now(), host: identity.host, program: identity.program, series: [])
    try WriteTarget(
      drive: drive, index: nil, intent: WriteIntent(appends: false, vsn: vsn, blockSize: full.blockSize),
      identity: identity, session: session, observer: observer, continuing: full, mayGoOn: true, mayBeFull: true
    ).check()
  }
}
