internal import ArchiveFormat

/// The bytes of a user file, over all of its pieces.
final class PieceBytes: UserFileBytes {
  private(set) var piece: DrivenBytes
  private(set) var header: VolumeReader.Header
  private(set) var isFirst = true
  private var isOver = false
  private var failure: VolumeError?
  /// Bytes of the pieces before.
  private var before: Int64 = 0
  /// Reads the trailer of a piece, and brings the next one.
  var goesOn: (PieceBytes) throws(VolumeError) -> (bytes: DrivenBytes, header: VolumeReader.Header)? = { _ in nil }
  /// What is wrong with a trailer.
  var trailerProblem: String?

  init(_ piece: DrivenBytes, _ header: VolumeReader.Header) {
    self.piece = piece
    self.header = header
  }

  /// Bytes given out so far.
  var byteCount: Int64 { before + piece.byteCount }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    while true {
      let part = try piece.next(limit)
      if !part.isEmpty || isOver { return part }
      if let failure { throw failure }
      let following: (bytes: DrivenBytes, header: VolumeReader.Header)?
      do { following = try goesOn(self) } catch {
        failure = error
        throw error
      }
      guard let next = following else {
        isOver = true
        return part
      }
      before += piece.byteCount
      (piece, header) = next
      isFirst = false
    }
  }
}
