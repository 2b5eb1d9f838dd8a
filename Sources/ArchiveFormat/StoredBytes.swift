/// The bytes of a tar archive, of which it gives the content of one member at a time.
final class StoredBytes: UserFileBytes {
  private var source: any UserFileBytes
  private var contentLeft: Int64 = 0
  private var skipLeft: Int64 = 0
  private var padding: Int64 = 0

  /// Bytes of the archive passed so far.
  private(set) var position: Int64 = 0

  /// Is asked for the bytes that go on where these end; nil where they end for good.
  var continued: () throws(VolumeError) -> (bytes: any UserFileBytes, headerSize: Int64)? = { () throws(VolumeError) in
    nil
  }
  /// Where in the archive the volume began that is read now.
  private(set) var volumeOffset: Int64 = 0

  init(_ source: any UserFileBytes) { self.source = source }

  /// Bytes that are left of what was begun last, padding not counted.
  var left: Int64 { contentLeft + skipLeft }

  /// Goes on in the next volume; false where there is none.
  private func goOn() throws(VolumeError) -> Bool {
    guard let next = try continued() else { return false }
    source = next.bytes
    volumeOffset = position
    position += next.headerSize
    return true
  }

  /// The next whole record; nil at the end. Fewer bytes than a record are none, as for GNU tar.
  func record() throws(VolumeError) -> [UInt8]? {
    var record: [UInt8] = []
    record.reserveCapacity(tarRecordSize)
    while record.count < tarRecordSize {
      let part = try source.next(tarRecordSize - record.count)
      if part.isEmpty {
        guard record.isEmpty, try goOn() else { return nil }
        continue
      }
      record += part
    }
    position += Int64(tarRecordSize)
    return record
  }

  /// Gives back what ``record()`` gave last.
  func giveBack(_ record: [UInt8]) {
    source = ReplayedBytes(record, source)
    position -= Int64(record.count)
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
    defer { (contentLeft, skipLeft, padding) = (0, 0, 0) }
    (contentLeft, skipLeft) = (0, left)
    while skipLeft > 0 || padding > 0 {
      let count = skipLeft > 0 ? skipLeft : padding
      let passed = try source.skip(count)
      position += passed
      if skipLeft > 0 { skipLeft -= passed } else { padding -= passed }
      if passed < count { try goOnOrThrow() }
    }
  }

  private func goOnOrThrow() throws(VolumeError) { if try !goOn() { throw .unexpectedEnd } }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    guard contentLeft > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    var part = try source.next(Int(min(Int64(limit), contentLeft)))
    while part.isEmpty {
      try goOnOrThrow()
      part = try source.next(Int(min(Int64(limit), contentLeft)))
    }
    contentLeft -= Int64(part.count)
    position += Int64(part.count)
    return part
  }

  func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    let wanted = min(count, contentLeft)
    var passed: Int64 = 0
    while passed < wanted {
      let part = try source.skip(wanted - passed)
      contentLeft -= part
      position += part
      passed += part
      if passed < wanted { try goOnOrThrow() }
    }
    return passed
  }
}
