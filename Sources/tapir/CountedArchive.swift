import ArchiveFormat

/// The bytes of an archive on their way in, counted.
final class CountedBytes: UserFileBytes {
  private let bytes: any UserFileBytes
  private let passed: (Int64) -> Void

  init(_ bytes: any UserFileBytes, passed: @escaping (Int64) -> Void) {
    self.bytes = bytes
    self.passed = passed
  }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    let part = try bytes.next(limit)
    passed(Int64(part.count))
    return part
  }

  func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    let skipped = try bytes.skip(count)
    passed(skipped)
    return skipped
  }

  func passGap() -> Int64 { bytes.passGap() }
}

/// The bytes of an archive on their way out, counted.
final class CountedOutput: ArchiveByteSink {
  private let sink: any ArchiveByteSink
  private let passed: (Int64) -> Void
  /// Bytes so far.
  private(set) var count: Int64 = 0

  init(_ sink: any ArchiveByteSink, passed: @escaping (Int64) -> Void) {
    self.sink = sink
    self.passed = passed
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) {
    try sink.write(bytes)
    count += Int64(bytes.count)
    passed(Int64(bytes.count))
  }

  func begins(_ part: MemberPart) { sink.begins(part) }

  func finish() throws(ArchiveWriteError) { try sink.finish() }
}
