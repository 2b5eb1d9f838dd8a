/// The list of a sparse file's extents as it stands in archives.
enum SparseMap {
  /// The longest list that is believed.
  static let mostExtents = 16 << 20

  /// As GNU tar lists them: a hole at the end is an extent of no length there. When it asked the file system where the
  /// holes are, that stands `always` behind the data.
  static func listed(_ extents: [Extent], size: Int64, always: Bool) -> [Extent] {
    let end = extents.last.map { $0.offset + $0.length }
    return always || end ?? -1 < size ? extents + [Extent(offset: size, length: 0)] : extents
  }

  /// Format 1.0 (GNU tar manual, *Storing Sparse Files*): the number of extents, then offset and length of each, a decimal
  /// number a line, padded to whole records.
  static func text(_ listed: [Extent]) -> [UInt8] {
    var text = Array("\(listed.count)\n".utf8)
    for extent in listed { text += "\(extent.offset)\n\(extent.length)\n".utf8 }
    return text + TarBlock.padding(text.count)
  }

  /// Reads a list of format 1.0.
  /// - Parameter record: gives the next record of the member's content.
  /// - Throws: `malformed` of what is wrong with it, and what `record` throws.
  static func read(
    malformed: (String) -> VolumeError, _ record: () throws(VolumeError) -> [UInt8]
  ) throws(VolumeError) -> [Extent] {
    var rest: ArraySlice<UInt8> = []
    func line() throws(VolumeError) -> Int64 {
      var digits: [UInt8] = []
      while true {
        guard let byte = rest.popFirst() else {
          rest = try record()[...]
          continue
        }
        if byte == UInt8(ascii: "\n") { break }
        digits.append(byte)
        guard digits.count < 20 else { throw malformed("its sparse map is not numbers") }
      }
      guard let value = PaxRecords.decimal(digits) else { throw malformed("its sparse map is not numbers") }
      return value
    }
    let count = try line()
    guard count <= mostExtents else { throw malformed("its sparse map has \(count) entries") }
    var extents: [Extent] = []
    for _ in 0..<count { extents.append(Extent(offset: try line(), length: try line())) }
    return extents
  }

  /// The extents that hold data; nil unless they ascend apart within a file of `size` bytes and add up to `storedSize`.
  static func checked(_ listed: [Extent], size: Int64, storedSize: Int64) -> [Extent]? {
    var end: Int64 = 0
    var stored: Int64 = 0
    for extent in listed {
      guard extent.offset >= end, extent.length >= 0, extent.offset <= size, extent.length <= size - extent.offset
      else { return nil }
      end = extent.offset + extent.length
      stored += extent.length
    }
    return stored == storedSize ? listed.filter { $0.length > 0 } : nil
  }
}
