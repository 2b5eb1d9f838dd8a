import ArchiveFormat
import HostFiles

/// Snapshots and lists of incremental archives: refused, or the same when they are written and read.
func fuzzSnapshot(_ input: [UInt8]) {
  if let found = try? Snapshot(parsing: input), found.time != nil, found.directories.allSatisfy({ $0.contents != nil })
  {
    precondition((try? Snapshot(parsing: found.bytes)) == found)
  }
  let list = DumpDirectory(input)
  let entries = DumpDirectory(list.entries)
  precondition(entries.entries == list.entries && entries.bytes.last == 0)
  if list.fault == nil, list.entries.count == entries.entries.count {
    _ = entries.mappingPaths { Array($0.dropFirst()) }
  }
}
