internal import ArchiveFormat
internal import TapeIO
internal import TapeLabels

/// Reads a batch back after its flush and compares every user file with the digest it was written with (`-W`).
final class BatchVerifier {
  private let drive: any TapeDrive
  private let observer: any OperationObserver
  private var files: [(placement: FilePlacement, path: [UInt8], isContinued: Bool)] = []

  init(drive: any TapeDrive, observer: any OperationObserver) {
    self.drive = drive
    self.observer = observer
  }

  /// Notes a file of the open batch, and the name of its first member.
  /// - Parameter isContinued: whether it is a piece that goes on on the next volume.
  func add(_ placement: FilePlacement, _ path: [UInt8], isContinued: Bool = false) {
    files.append((placement, path, isContinued))
  }

  /// Forgets the file that was noted last: it is not on the volume any more.
  func removeLast() { files.removeLast() }

  /// Reads the files noted since the last call, reports those that are not as they were written, and goes to `end`, where
  /// the next file begins.
  /// - Returns: the fseqs of the files reported.
  /// - Throws: only when the tape cannot be brought back there.
  func verify(vsn: VSN, blockSize: Int, end: BlockID) throws(VolumeError) -> Set<UInt64> {
    var damaged: Set<UInt64> = []
    let reader = VolumeReader(drive: drive)
    for file in files {
      do throws(VolumeError) {
        let header = try reader.openFile(at: file.placement.header, sequence: file.placement.sequence, vsn: vsn)
        let bytes = DrivenBytes(reader: reader, blockSize: blockSize)
        while try !bytes.next(blockSize).isEmpty {}
        let digest = bytes.finish()
        guard digest == file.placement.digest else {
          throw .malformed(what: "its user file", why: "its digest is \(digest), not \(file.placement.digest)")
        }
        if let problem = try reader.readTrailer(
          of: header, blockCount: bytes.blockCount, isContinued: file.isContinued)
        {
          throw .malformed(what: "its user file", why: problem)
        }
      } catch {
        reader.forgetPosition()
        damaged.insert(file.placement.sequence)
        let place = "in file \(file.placement.sequence) at block \(file.placement.header)"
        let what =
          file.placement.layout == .pack
          ? "The pack that begins with it is not as it was written" : "Not as it was written"
        observer.report(.notice(MemberNotice(file.path, "\(what) \(place): \(error)", .failure)))
      }
    }
    files = []
    reader.forgetPosition()
    try reader.go(to: end)
    return damaged
  }
}
