import ArchiveFormat
import CLinux
import Glibc

/// Where an open file holds data, by SEEK_DATA and SEEK_HOLE; nil when it has no holes or they cannot be told.
func dataExtents(of descriptor: Int32, size: Int64, blocks: Int64) -> [Extent]? {
  // As GNU tar: only a file with fewer blocks than its size needs is looked at closer.
  guard size > 0, blocks < size / 512 + (size % 512 == 0 ? 0 : 1) else { return nil }
  var extents: [Extent] = []
  var position: Int64 = 0
  while position < size {
    let start = lseek(descriptor, off_t(position), clinux_SEEK_DATA)
    if start < 0 {
      // No data from here on; anything else means that the file system cannot tell.
      if errno == ENXIO { break }
      return nil
    }
    if start >= size { break }
    var end = lseek(descriptor, start, clinux_SEEK_HOLE)
    if end < 0 || end > size { end = off_t(size) }
    // The file was cut in between: what it now has is found when it is read.
    if end <= start { break }
    extents.append(Extent(offset: Int64(start), length: Int64(end - start)))
    position = Int64(end)
  }
  return extents == [Extent(offset: 0, length: size)] ? nil : extents
}

/// Where an open file holds anything but zeros, found by reading it in tar's records; nil when it has no such holes.
func nonzeroExtents(of descriptor: Int32, size: Int64) -> [Extent]? {
  let record = 512
  var extents: [Extent] = []
  var position: Int64 = 0
  withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
    while position < size {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(position))
      if count < 0, errno == EINTR { continue }
      // What cannot be read now is data: reading it for the archive will say what is wrong.
      let isKnown = count > 0
      let found = isKnown ? Int64(count) : size - position
      for start in stride(from: 0, to: isKnown ? count : 1, by: record) {
        let length = isKnown ? Int64(min(record, count - start)) : found
        if isKnown, buffer[start..<start + Int(length)].allSatisfy({ $0 == 0 }) { continue }
        let offset = position + Int64(start)
        if let last = extents.last, last.offset + last.length == offset {
          extents[extents.count - 1].length += length
        } else {
          extents.append(Extent(offset: offset, length: length))
        }
      }
      position += found
    }
  }
  return extents == [Extent(offset: 0, length: size)] || size == 0 ? nil : extents
}
