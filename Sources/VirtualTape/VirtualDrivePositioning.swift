public import TapeIO

extension VirtualDrive {
  public func rewind() throws(DriveError) {
    try beginReading("rewind")
    here = .beginning
    isBroken = false
  }

  public func locate(to target: BlockID) throws(DriveError) {
    try beginReading("locate")
    isBroken = false
    guard target.rawValue <= tape.end.number else {
      here = tape.end
      throw DriveError(.noSuchBlock, operation: "locate", device: device, position: target)
    }
    go(to: target.rawValue)
  }

  public func spaceToEndOfData() throws(DriveError) {
    try beginReading("space to end of data")
    isBroken = false
    here = tape.end
  }

  /// Goes to the object `number`, which is not behind end of data.
  private func go(to number: UInt64) {
    here = number == tape.end.number ? tape.end : number == 0 ? .beginning : tape.place(of: number)
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    try beginReading("space over filemarks")
    if count == 0 { return .done }
    settle()
    let before = Int(here.filemarks)
    if count > 0 {
      let after = Int(tape.end.filemarks) - before
      guard count <= after else {
        here = tape.end
        return .endOfData(remaining: count - after)
      }
      var place = try filemark(UInt64(before + count - 1))
      place.pass(.filemark, frameSize: UInt64(FrameHeader.byteCount))
      here = place
    } else {
      guard -count <= before else {
        here = .beginning
        return .beginningOfTape(remaining: -count - before)
      }
      here = try filemark(UInt64(before + count))
    }
    return .done
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    try beginReading("space over blocks")
    if count == 0 { return .done }
    settle()
    if count > 0 {
      let next = here.filemarks < tape.end.filemarks ? try filemark(here.filemarks) : nil
      let blocks = Int((next?.number ?? tape.end.number) - here.number)
      if count <= blocks {
        go(to: here.number + UInt64(count))
        return .done
      }
      guard var place = next else {
        here = tape.end
        return .endOfData(remaining: count - blocks)
      }
      place.pass(.filemark, frameSize: UInt64(FrameHeader.byteCount))
      here = place
      return .filemark(remaining: count - blocks)
    }
    let last = here.filemarks > 0 ? try filemark(here.filemarks - 1) : nil
    let blocks = Int(here.number - (last.map { $0.number + 1 } ?? 0))
    if -count <= blocks {
      go(to: here.number - UInt64(-count))
      return .done
    }
    guard let last else {
      here = .beginning
      return .beginningOfTape(remaining: -count - blocks)
    }
    here = last
    return .filemark(remaining: -count - blocks)
  }

  /// Makes sure that `here` counts the filemarks before it rightly, also behind a damaged object.
  private func settle() {
    go(to: here.number)
  }

  private func filemark(_ index: UInt64) throws(DriveError) -> Place {
    guard let place = tape.filemark(index) else {
      throw DriveError(
        .mediumError(detail: "filemark \(index) cannot be found"), operation: "space over filemarks", device: device,
        position: BlockID(here.number))
    }
    return place
  }
}
