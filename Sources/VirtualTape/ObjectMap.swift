import TapeIO

/// Where each object and each filemark lies in `data` (docs/virtual-tape-format.md, section 6).
struct ObjectMap {
  /// One entry of `map`.
  struct Entry: Equatable {
    /// Nil: the object's header was damaged when the map was made anew.
    var kind: FrameHeader.Kind?
    var offset: UInt64
    var length: UInt32
    var filemarks: UInt32
  }

  static let entrySize = 16
  static let markSize = 8

  let objects: EntryStream
  let marks: EntryStream

  /// Objects it has entries for.
  var count: Int { objects.count }
  /// Filemarks it has entries for.
  var markCount: Int { marks.count }

  /// The entry of object `number`.
  func entry(_ number: UInt64) -> Entry? {
    objects.withEntry(Int(clamping: number)) { ObjectMap.entry($0) }.flatMap { $0 }
  }

  /// Parses an entry; nil when it cannot be one.
  static func entry(_ bytes: UnsafeRawPointer) -> Entry? {
    let place = bytes.integer(at: 0, UInt64.self)
    let bits = UInt8(place & 7)
    guard bits <= 2, place >= UInt64(DataHeader.byteCount) else { return nil }
    return Entry(
      kind: FrameHeader.Kind(rawValue: bits), offset: place & ~7, length: bytes.integer(at: 8, UInt32.self),
      filemarks: bytes.integer(at: 12, UInt32.self))
  }

  /// The offset of filemark `index`; nil when it is not known.
  func mark(_ index: UInt64) -> UInt64? {
    let offset = marks.withEntry(Int(clamping: index)) { $0.integer(at: 0, UInt64.self) }
    return offset == 0 ? nil : offset
  }

  /// Adds the object with this header.
  func append(_ kind: FrameHeader.Kind, at place: Place, length: UInt32) {
    objects.append { bytes in
      bytes.store(place.offset | UInt64(kind.rawValue), at: 0)
      bytes.store(length, at: 8)
      bytes.store(UInt32(truncatingIfNeeded: place.filemarks), at: 12)
    }
    if kind == .filemark { marks.append { $0.store(place.offset, at: 0) } }
  }

  /// Adds objects whose headers are lost, up to but without `number`.
  func appendUnknown(upTo number: UInt64, at offset: UInt64, filemarks: UInt64) {
    while count < number {
      objects.append { bytes in
        bytes.store(offset, at: 0)
        bytes.store(UInt32(0), at: 8)
        bytes.store(UInt32(truncatingIfNeeded: filemarks), at: 12)
      }
    }
  }

  /// Adds filemarks whose places are lost, up to but without `number`; the last one's is known from a later header.
  func appendUnknownMarks(upTo number: UInt64, last: UInt64) {
    while marks.count < number {
      let offset = UInt64(marks.count) + 1 == number ? last : 0
      marks.append { $0.store(offset, at: 0) }
    }
  }

  /// Forgets everything from `place` on.
  func truncate(to place: Place) {
    objects.truncate(to: Int(clamping: place.number))
    marks.truncate(to: Int(clamping: place.filemarks))
  }

  /// Brings what is in memory to the files.
  func write() {
    objects.write()
    marks.write()
  }

  /// The same, on disk; whether that succeeded.
  func sync() -> Bool {
    let first = objects.sync()
    return marks.sync() && first
  }
}
