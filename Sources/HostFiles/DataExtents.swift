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
