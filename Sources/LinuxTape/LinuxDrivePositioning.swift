import CLinuxTape
import Glibc
public import TapeIO

extension LinuxDrive {
  /// SPACE has a count of 24 bits with a sign.
  private static let longestSpace = 0x7F_FFFF

  public func rewind() throws(DriveError) {
    let operation = "rewind"
    try beginMoving(operation)
    if let errno = descriptor.operate(cltape_MTREW) {
      counted = nil
      throw error(errno, operation)
    }
    established(at: 0)
  }

  /// The position is known anew: writing may go on.
  private func established(at position: UInt64?) {
    counted = position
    isBroken = false
    descriptor.metNoSpace = false
    isFull = false
  }

  public func locate(to target: BlockID) throws(DriveError) {
    let operation = "locate"
    try beginMoving(operation)
    guard let wanted = Int32(exactly: target.rawValue) else {
      throw error(
        .unusable(reason: "the driver cannot locate behind object 2147483647", hint: nil), operation,
        at: target.rawValue)
    }
    if let errno = descriptor.operate(cltape_MTSEEK, Int(wanted)) {
      // Behind end of data, or a failure? End of data knows.
      counted = nil
      try spaceToEndOfData()
      guard try askPosition(operation) < target.rawValue else { throw error(errno, operation, at: target.rawValue) }
      throw error(.noSuchBlock, operation, at: target.rawValue)
    }
    guard try askPosition(operation) == target.rawValue else {
      if descriptor.has(cltape_GMT_EOD) { throw error(.noSuchBlock, operation, at: target.rawValue) }
      throw error(.positionLost, operation, at: target.rawValue)
    }
    established(at: target.rawValue)
  }

  public func spaceToEndOfData() throws(DriveError) {
    let operation = "space to end of data"
    try beginMoving(operation)
    if let errno = descriptor.operate(cltape_MTEOM) {
      counted = nil
      throw error(errno, operation)
    }
    established(at: try askPosition(operation))
  }

  public func space(filemarks count: Int) throws(DriveError) -> SpaceOutcome {
    let operation = "space over filemarks"
    try beginMoving(operation)
    if count == 0 { return .done }
    let isForward = count > 0
    var remaining = abs(count)
    var reached = try askPosition(operation)
    var step = min(remaining, LinuxDrive.longestSpace)
    while remaining > 0 {
      step = min(step, remaining)
      let errno = descriptor.operate(isForward ? cltape_MTFSF : cltape_MTBSF, step)
      let isAtEnd = isForward && descriptor.has(cltape_GMT_EOD)
      let now = try askPosition(operation)
      guard let errno else {
        remaining -= step
        reached = now
        continue
      }
      guard isAtEnd || (!isForward && now == 0) else { throw error(errno, operation, at: now) }
      if step == 1 {
        isFull = false
        return isForward ? .endOfData(remaining: remaining) : .beginningOfTape(remaining: remaining)
      }
      // How many were passed the drive does not say: back to where it was, with smaller steps.
      try locate(to: BlockID(reached))
      step /= 2
    }
    isFull = false
    return .done
  }

  public func space(blocks count: Int) throws(DriveError) -> SpaceOutcome {
    let operation = "space over blocks"
    try beginMoving(operation)
    let isForward = count > 0
    var remaining = abs(count)
    while remaining > 0 {
      let step = min(remaining, LinuxDrive.longestSpace)
      let start = try askPosition(operation)
      let errno = descriptor.operate(isForward ? cltape_MTFSR : cltape_MTBSR, step)
      let isAtEnd = isForward && descriptor.has(cltape_GMT_EOD)
      let now = try askPosition(operation)
      isFull = false
      guard let errno else {
        remaining -= step
        continue
      }
      guard errno.code == EIO else { throw error(errno, operation, at: now) }
      let passed = isForward ? Int(now - start) : Int(start - now)
      if isAtEnd { return .endOfData(remaining: remaining - passed) }
      if !isForward, now == 0, try !isFilemarkFirst() { return .beginningOfTape(remaining: remaining - passed) }
      guard passed > 0 else { throw error(errno, operation, at: now) }
      // One of the objects passed is the filemark that stopped it.
      return .filemark(remaining: remaining - passed + 1)
    }
    return .done
  }

  /// At beginning of tape: whether the first object is a filemark. Comes back there.
  private func isFilemarkFirst() throws(DriveError) -> Bool {
    let isFilemark = descriptor.operate(cltape_MTFSR) != nil && !descriptor.has(cltape_GMT_EOD)
    try rewind()
    return isFilemark
  }
}
