public import TapeIO

extension ImageDrive {
  public func rewind() throws(DriveError) {
    try begin("rewind", positions: true)
    here = Position()
  }

  public func locate(to target: BlockID) throws(DriveError) {
    try begin("locate", positions: true)
    guard try walk(upTo: { $0.number == target.rawValue }, from: { $0.number <= target.rawValue }) else {
      throw error(.noSuchBlock, "locate", at: target.rawValue)
    }
  }

  public func spaceToEndOfData() throws(DriveError) {
    try begin("space to end of data", positions: true)
    try goToEnd()
  }

  private func goToEnd() throws(DriveError) {
    if let end {
      here = end
      return
    }
    _ = try walk(upTo: { _ in false }, from: { _ in true })
  }

  /// Goes forward, from the last place that is known to be suitable, to the first position that is wanted; false at end of
  /// data, which is where it then stands.
  /// - Parameter from: whether the position wanted can come behind a position.
  private func walk(
    upTo isWanted: (Position) -> Bool, from isBefore: (Position) -> Bool
  ) throws(DriveError) -> Bool {
    let known = passed.last(where: isBefore) ?? Position()
    if !isBefore(here) || known.number > here.number { here = known }
    while !isWanted(here) {
      let entry = try image.entry(at: here.place)
      if entry.kind == .endOfData {
        end = here
        return false
      }
      pass(entry)
    }
    return true
  }

  /// Goes to the front of the filemark that has `index` filemarks before it.
  private func goTo(filemark index: UInt64) throws(DriveError) {
    // Behind it, and then one object back.
    _ = try walk(upTo: { $0.filemarks == index + 1 }, from: { $0.filemarks <= index })
    let number = here.number - 1
    _ = try walk(upTo: { $0.number == number }, from: { $0.number <= number })
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin("space over filemarks")
    if count == 0 { return .done }
    let before = here.filemarks
    if count > 0 {
      let wanted = before + UInt64(count)
      guard try walk(upTo: { $0.filemarks == wanted }, from: { $0.filemarks < wanted }) else {
        return .endOfData(remaining: Int(wanted - here.filemarks))
      }
      return .done
    }
    guard UInt64(-count) <= before else {
      here = Position()
      return .beginningOfTape(remaining: -count - Int(before))
    }
    try goTo(filemark: before - UInt64(-count))
    return .done
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    try begin("space over blocks")
    if count == 0 { return .done }
    let start = here
    if count > 0 {
      let wanted = start.number + UInt64(count)
      let isDone = try walk(
        upTo: { $0.number == wanted || $0.filemarks > start.filemarks }, from: { $0.number <= start.number })
      guard isDone else { return .endOfData(remaining: Int(wanted - here.number)) }
      guard here.filemarks > start.filemarks else { return .done }
      // The filemark is passed and counts as none of the blocks.
      return .filemark(remaining: Int(wanted - here.number) + 1)
    }
    let wanted = UInt64(-count)
    var first: UInt64 = 0
    var mark: Position?
    if start.filemarks > 0 {
      try goTo(filemark: start.filemarks - 1)
      mark = here
      first = here.number + 1
    }
    let blocks = start.number - first
    if wanted <= blocks {
      let target = start.number - wanted
      _ = try walk(upTo: { $0.number == target }, from: { $0.number <= target })
      return .done
    }
    here = mark ?? Position()
    return mark == nil
      ? .beginningOfTape(remaining: Int(wanted - blocks)) : .filemark(remaining: Int(wanted - blocks))
  }
}
