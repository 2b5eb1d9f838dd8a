/// The bytes of a tar archive, of which it gives the content of one member at a time.
final class StoredBytes: UserFileBytes {
  private let source: any UserFileBytes
  private var contentLeft: Int64 = 0
  private var skipLeft: Int64 = 0
  private var padding: Int64 = 0

  /// Bytes of the archive passed so far.
  private(set) var position: Int64 = 0

  init(_ source: any UserFileBytes) { self.source = source }

  /// The next whole record; nil at the end. Fewer bytes than a record are none, as for GNU tar.
  func record() throws(VolumeError) -> [UInt8]? {
    var record: [UInt8] = []
    record.reserveCapacity(tarRecordSize)
    while record.count < tarRecordSize {
      let part = try source.next(tarRecordSize - record.count)
      if part.isEmpty { return nil }
      record += part
    }
    position += Int64(tarRecordSize)
    return record
  }

  /// `size` bytes and their padding; nil when there are more of them than is believed: they are passed over.
  func take(_ size: Int64) throws(VolumeError) -> [UInt8]? {
    guard size <= TarReader.longestExtendedHeader else {
      begin(size, isContent: false)
      try finish()
      return nil
    }
    var bytes: [UInt8] = []
    for _ in 0..<paddedToTarRecord(size) / Int64(tarRecordSize) {
      guard let record = try record() else { throw .unexpectedEnd }
      bytes += record
    }
    bytes.removeLast(bytes.count - Int(size))
    return bytes
  }

  /// Begins the content of a member, which is given out, or bytes that belong to none.
  func begin(_ size: Int64, isContent: Bool) {
    contentLeft = isContent ? size : 0
    skipLeft = isContent ? 0 : size
    padding = Int64((tarRecordSize - Int(size % Int64(tarRecordSize))) % tarRecordSize)
  }

  /// Passes over what is left of it and its padding. After an error nothing is left either.
  func finish() throws(VolumeError) {
    let counts = [contentLeft, skipLeft, padding]
    (contentLeft, skipLeft, padding) = (0, 0, 0)
    for count in counts where count > 0 {
      guard try source.skip(count) == count else { throw .unexpectedEnd }
      position += count
    }
  }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    guard contentLeft > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let part = try source.next(Int(min(Int64(limit), contentLeft)))
    guard !part.isEmpty else { throw .unexpectedEnd }
    contentLeft -= Int64(part.count)
    position += Int64(part.count)
    return part
  }

  func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    let passed = try source.skip(min(count, contentLeft))
    guard passed == min(count, contentLeft) else { throw .unexpectedEnd }
    contentLeft -= passed
    position += passed
    return passed
  }
}
