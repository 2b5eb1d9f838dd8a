import ArchiveExchange
import ArchiveFormat
import ArchiveOperations

/// Takes members out of an archive where it is, as there is no place for another beside it: what stays moves to the front.
///
/// Until it is done the archive is neither the old one nor the new one.
struct MovedMembers {
  private let medium: any ArchiveMedium
  private let recordSize: Int

  /// - Parameter recordSize: the archive is padded with zeros to a multiple of it.
  init(_ medium: any ArchiveMedium, recordSize: Int) {
    self.medium = medium
    self.recordSize = recordSize
  }

  /// Keeps these bytes, in their order, and ends the archive behind them.
  func keep(_ kept: [Range<Int64>]) throws(OperationError) {
    // A drive goes nowhere: nothing has been written then.
    do { try medium.seek(to: 0) } catch { throw .medium(medium.name, "Cannot seek", error) }
    do throws(MediumError) {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
      defer { buffer.deallocate() }
      var end: Int64 = 0
      for range in kept {
        var start = range.lowerBound
        // What comes before the first member that goes is where it was.
        if start == end { (start, end) = (range.upperBound, range.upperBound) }
        while start < range.upperBound {
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(min(range.upperBound - start, 1 << 20))))
          try medium.seek(to: start)
          let count = try medium.read(into: part)
          guard count > 0 else { throw MediumError(code: 0, text: "it has become shorter") }
          try medium.seek(to: end)
          try write(UnsafeRawBufferPointer(rebasing: part[..<count]))
          start += Int64(count)
          end += Int64(count)
        }
      }
      let size =
        Int((end + Int64(TarEncoder.endOfArchiveSize) + Int64(recordSize) - 1) / Int64(recordSize)) * recordSize
      var left = size - Int(end)
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      try medium.seek(to: end)
      while left > 0 {
        try write(UnsafeRawBufferPointer(rebasing: buffer.prefix(left)))
        left -= min(left, buffer.count)
      }
      try medium.truncate(to: Int64(size))
    } catch {
      throw .refused(
        "\(medium.name): Cannot write: \(error.text)",
        hint: "members were being taken out where it is: the archive may be damaged now")
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(MediumError) {
    guard try medium.write(bytes) == bytes.count else { throw MediumError(code: 0, text: "No space left on device") }
  }
}
