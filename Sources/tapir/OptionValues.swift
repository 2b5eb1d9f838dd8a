import ArchiveFormat
import ArchiveOperations
import TapeIndex
import TapeLabels

/// What the arguments of options mean.
extension TarCommandBuilder {
  mutating func blockSize(_ asked: Int64, _ option: String) throws(UsageError) {
    let sizes = VolumeDescriptor.blockSizes
    guard asked % 512 == 0, asked <= Int64(sizes.upperBound) else {
      throw UsageError(
        message: "\(option): blocks are multiples of 512 bytes, at most \(sizes.upperBound)", pointsAtHelp: false)
    }
    let raised = max(Int(asked), sizes.lowerBound)
    if raised != Int(asked) {
      command.volumeNotes.append("blocks of \(asked) bytes are too short for tape: using \(raised)")
    }
    command.intent.blockSize = raised
  }

  func vsn(_ value: [UInt8]) throws(UsageError) -> VSN {
    do { return try VSN(String(decoding: value, as: UTF8.self)) } catch {
      throw UsageError(
        message: "'\(String(decoding: value, as: UTF8.self))' is not a VSN: six characters of A-Z and 0-9",
        pointsAtHelp: false)
    }
  }

  func size(_ value: [UInt8], _ option: String, minimum: Int64) throws(UsageError) -> Int64 {
    guard let bytes = Sizes.bytes(value), bytes >= minimum else {
      throw invalid(value, option, "a size such as 512k, 64G or 12TB")
    }
    return bytes
  }

  /// `OFFSET` or `OFFSET:LENGTH`, in bytes.
  func range(_ value: [UInt8]) throws(UsageError) -> (offset: Int64, length: Int64?) {
    let parts = value.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
      Sizes.bytes(Array($0))
    }
    guard (1...2).contains(parts.count), let offset = parts[0], parts.count == 1 || parts[1] != nil else {
      throw invalid(value, "--range", "an offset, or an offset and a length such as 2G:64k")
    }
    return (offset, parts.count == 2 ? parts[1] : nil)
  }

  /// `HIGH` or `LOW-HIGH`, in bytes per second.
  func rates(_ value: [UInt8]) throws(UsageError) -> (lowest: Int64?, highest: Int64) {
    let what = "a rate such as 140M, or two such as 112M-300M"
    let parts = value.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map {
      Sizes.bytes(Array($0))
    }
    guard (1...2).contains(parts.count), let highest = parts.last ?? nil, highest > 0 else {
      throw invalid(value, "--drive-rate", what)
    }
    if parts.count == 1 { return (nil, highest) }
    guard let lowest = parts[0], lowest > 0, lowest <= highest else { throw invalid(value, "--drive-rate", what) }
    return (lowest, highest)
  }

  func number(_ value: [UInt8], _ option: String, _ range: ClosedRange<Int64>) throws(UsageError) -> Int64 {
    guard let number = Sizes.number(value), range.contains(number) else {
      throw invalid(value, option, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func sample(_ value: [UInt8]) throws(UsageError) -> MemberQuery.Sample {
    let invalid = invalid(value, "--sample", "a number of members, or a share such as 5% or 0.25%")
    guard value.last == UInt8(ascii: "%") else {
      guard let count = Sizes.number(value), count > 0 else { throw invalid }
      return .count(count)
    }
    let parts = value.dropLast().split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
    // A millionth is the least part: four decimals of a percent.
    guard (1...4).contains(decimals.count), let whole = Sizes.number(Array(parts[0])), whole <= 100,
      let rest = Sizes.number(decimals + Array(repeating: UInt8(ascii: "0"), count: 4 - decimals.count)),
      (1...1_000_000).contains(whole * 10_000 + rest)
    else { throw invalid }
    return .millionths(whole * 10_000 + rest)
  }

  /// One of a few words, which may be abbreviated.
  func choice<Value>(
    _ value: [UInt8], _ option: String, _ words: [(name: String, value: Value)]
  ) throws(UsageError) -> Value {
    let text = String(decoding: value, as: UTF8.self)
    let matches = words.filter { $0.name == text || (!text.isEmpty && $0.name.hasPrefix(text)) }
    guard matches.count == 1 else {
      let problem = matches.isEmpty ? "invalid" : "ambiguous"
      throw UsageError(
        message: "\(problem) argument '\(text)' for '\(option)'\nValid arguments are:"
          + words.map { "\n  - '\($0.name)'" }.joined(), pointsAtHelp: false)
    }
    return matches[0].value
  }

  func invalid(_ value: [UInt8], _ option: String, _ wanted: String) -> UsageError {
    UsageError(
      message: "\(option) takes \(wanted), not '\(String(decoding: value, as: UTF8.self))'", pointsAtHelp: false)
  }
}
