/// Takes an input apart into the numbers and bytes that a target asks for; zeros when it is used up.
struct Input {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A number of `width` bytes, the least significant first.
  mutating func number(_ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for place in 0..<width { value |= UInt64(byte()) << UInt64(8 * place) }
    return value
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// As many bytes as the next one says.
  mutating func text() -> [UInt8] { bytes(Int(byte())) }

  /// Everything left.
  mutating func remainder() -> [UInt8] { bytes(rest.count) }
}

/// A change to bytes that are good without it.
struct Edit {
  /// Where.
  var offset: Int
  /// What is done there.
  var change: Change

  enum Change {
    /// These bytes in place of those.
    case replace([UInt8])
    /// These bits turned over.
    case flip(UInt8)
    /// A run of bytes in place of those: copied from another offset.
    case copy(from: Int, count: Int)
    /// The end comes here.
    case cut
  }

  /// The next edit of an input: a byte that says what, an offset, and what it takes.
  init(_ input: inout Input) {
    let kind = input.byte()
    offset = Int(input.number(3))
    switch kind & 7 {
    case 0: change = .flip(input.byte())
    case 1: change = .copy(from: Int(input.number(3)), count: Int(input.number(2)))
    case 2: change = kind < 16 ? .cut : .flip(1)
    default: change = .replace(input.bytes(1 + Int(kind >> 3)))
    }
  }

  func apply(to bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let start = offset % bytes.count
    switch change {
    case .replace(let new):
      for (place, byte) in new.enumerated() where start + place < bytes.count { bytes[start + place] = byte }
    case .flip(let bits): bytes[start] ^= bits
    case .copy(let from, let count):
      let source = bytes[(from % bytes.count)...].prefix(count)
      for (place, byte) in source.enumerated() where start + place < bytes.count { bytes[start + place] = byte }
    case .cut: bytes.removeSubrange(start...)
    }
  }
}

/// Gives the tar header at `record` the checksum that its bytes have.
func sealTarRecord(_ archive: inout [UInt8], at record: Int) {
  guard archive[record..<record + 512].contains(where: { $0 != 0 }) else { return }
  for place in 148..<156 { archive[record + place] = 0x20 }
  let sum = archive[record..<record + 512].reduce(0) { $0 + Int($1) }
  let digits = Array(String(sum, radix: 8).utf8)
  archive.replaceSubrange(record + 154 - digits.count..<record + 154, with: digits)
  archive[record + 154] = 0
}
