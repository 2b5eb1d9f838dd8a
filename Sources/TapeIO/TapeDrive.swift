/// A tape drive with a cartridge in it, in variable-block mode: one write is one block, one read is one block.
///
/// Every call blocks until the drive answers, and a drive belongs to one thread at a time: the one that opened it, or
/// the one it was handed to. What every implementation must do is pinned by the conformance suite in `TapeTestSupport`.
///
/// What is expected (a filemark, end of data, early warning) is a result; what failed is a ``DriveError``. After an
/// error in a write, a filemark or a flush, everything written since the last successful ``flush()`` is unconfirmed, and
/// all further writes fail with ``DriveError/Cause/broken`` until the position is established anew by ``rewind()``,
/// ``locate(to:)`` or ``spaceToEndOfData()``. What is refused before anything was written (`writeProtected`,
/// `writeOnce`, `blockTooLarge`, an empty block) breaks nothing: the position is as it was, and writing may go on.
public protocol TapeDrive: AnyObject {
  /// Which drive this is; goes into the UHL1 and UTL1 labels. Does not move the tape.
  var identity: DriveIdentity { get }

  /// What the drive and the loaded cartridge can do and hold. Does not move the tape.
  func medium() throws(DriveError) -> MediumState

  /// The block ID of the object that comes next. Does not move the tape (READ POSITION).
  func position() throws(DriveError) -> BlockID

  /// Reads the next object.
  ///
  /// After `.block` and `.filemark` the position is behind that object; at `.endOfData` it does not change.
  /// - Throws: ``DriveError/Cause/bufferTooSmall`` when the block is longer than `buffer`: the position is then behind
  ///   the block, as with Linux's `st`. ``DriveError/Cause/mediumError`` for a damaged block: the position is behind the
  ///   block, so that reading can go on (a drive that cannot say where it is gives `positionLost` for what follows).
  func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome

  /// Writes one block of 1 byte or more at the position; whatever lay there and behind it is gone.
  ///
  /// `.earlyWarning` means that the block was written and that the end of the medium is near: only what closes the
  /// volume should follow. `.endOfMedium` means that nothing was written, and that nothing more will be, however short,
  /// until the tape is moved back and something is overwritten.
  /// - Throws: also what an earlier write met (a deferred error); ``DriveError/Cause/diskFull`` for the file system under
  ///   a virtual cartridge, which is not the end of the medium.
  func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome

  /// Writes one filemark in immediate mode: it goes to the drive's buffer in its turn and nothing waits for the medium.
  func writeFilemark() throws(DriveError) -> WriteOutcome

  /// Brings everything written so far onto the medium, and returns only then (a synchronous WRITE FILEMARKS of count 0).
  ///
  /// Adds no object and does not move the tape. With nothing written since the last one it does nothing, and succeeds on
  /// write-protected cartridges too.
  func flush() throws(DriveError)

  /// Goes to beginning of tape.
  func rewind() throws(DriveError)

  /// Goes to the object `target`; behind the last object is allowed (end of data).
  /// - Throws: ``DriveError/Cause/noSuchBlock`` beyond end of data; the position is then at end of data.
  func locate(to target: BlockID) throws(DriveError)

  /// Spaces over `count` filemarks: forward when positive, ending behind the last one; backward when negative, ending
  /// in front of (on the beginning-of-tape side of) the last one. 0 does nothing.
  func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome

  /// Spaces over `count` blocks; stops behind a filemark met going forward and in front of one met going backward.
  func space(blocks count: Int) throws(DriveError) -> SpaceOutcome

  /// Goes to end of data.
  func spaceToEndOfData() throws(DriveError)

  /// Ends the use of the drive: the last chance of an error to surface. The position stays where it is.
  ///
  /// Nothing is flushed: what was written after the last ``flush()`` is unconfirmed. No object is added either. Every
  /// later call fails.
  func close() throws(DriveError)
}
