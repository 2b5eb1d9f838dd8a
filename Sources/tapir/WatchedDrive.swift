import TapeIO

/// A drive that says on the board what is being waited for: what moves the tape far, or waits for the medium.
final class WatchedDrive: TapeDrive {
  private let drive: any TapeDrive
  private let board: ProgressBoard

  init(_ drive: any TapeDrive, _ board: ProgressBoard) {
    self.drive = drive
    self.board = board
  }

  private func waiting<Result>(
    _ what: String, _ body: () throws(DriveError) -> Result
  ) throws(DriveError) -> Result {
    board.wait(for: what)
    defer { board.wait(for: nil) }
    return try body()
  }

  var identity: DriveIdentity { drive.identity }
  func medium() throws(DriveError) -> MediumState { try drive.medium() }
  func position() throws(DriveError) -> BlockID { try drive.position() }
  func read(into buffer: inout MutableRawSpan) throws(DriveError) -> ReadOutcome { try drive.read(into: &buffer) }
  func write(_ block: RawSpan) throws(DriveError) -> WriteOutcome { try drive.write(block) }
  func writeFilemark() throws(DriveError) -> WriteOutcome { try drive.writeFilemark() }

  func flush() throws(DriveError) {
    try waiting("flushing the drive's buffer") { () throws(DriveError) in try drive.flush() }
  }

  func rewind() throws(DriveError) { try waiting("rewinding") { () throws(DriveError) in try drive.rewind() } }

  func locate(to target: BlockID) throws(DriveError) {
    try waiting("locating block \(target)") { () throws(DriveError) in try drive.locate(to: target) }
  }

  func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    try waiting("spacing over filemarks") { () throws(DriveError) in try drive.space(filemarks: count) }
  }

  func space(blocks count: Int) throws(DriveError) -> SpaceOutcome { try drive.space(blocks: count) }

  func spaceToEndOfData() throws(DriveError) {
    try waiting("going to end of data") { () throws(DriveError) in try drive.spaceToEndOfData() }
  }

  func close() throws(DriveError) {
    try waiting("closing the drive") { () throws(DriveError) in try drive.close() }
  }
}
