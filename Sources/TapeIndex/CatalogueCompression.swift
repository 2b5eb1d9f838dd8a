internal import CLZ4

/// LZ4 frames with a content size and a content checksum (lz4 frame format 1.6), as `lz4 -d` reads them.
enum CatalogueCompression {
  /// The longest database that is believed, in bytes.
  static let longestDatabase = 16 << 30

  /// LZ4 makes no byte of more than 255: what a frame can hold follows from its length.
  private static let mostTimesSmaller: UInt64 = 255

  static func compress(_ bytes: UnsafeRawBufferPointer) throws(IndexError) -> [UInt8] {
    var preferences = LZ4F_preferences_t()
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
    preferences.frameInfo.contentSize = UInt64(bytes.count)
    var size = 0
    let result = [UInt8](unsafeUninitializedCapacity: LZ4F_compressFrameBound(bytes.count, &preferences)) {
      buffer, count in
      size = LZ4F_compressFrame(buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count, &preferences)
      count = LZ4F_isError(size) == 0 ? size : 0
    }
    if LZ4F_isError(size) != 0 { throw .badCatalogue(why: "LZ4: " + String(cString: LZ4F_getErrorName(size))) }
    return result
  }

  /// The content of a frame, in memory of SQLite's allocator, which the caller owns.
  static func decompress(
    _ frame: [UInt8], allocate: (Int) -> UnsafeMutableRawPointer?, free: (UnsafeMutableRawPointer) -> Void
  ) throws(IndexError) -> UnsafeMutableRawBufferPointer {
    var context: OpaquePointer?
    guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else {
      throw .badCatalogue(why: "LZ4: out of memory")
    }
    defer { LZ4F_freeDecompressionContext(context) }
    return try frame.withUnsafeBufferPointer { (bytes) throws(IndexError) -> UnsafeMutableRawBufferPointer in
      let source = UnsafeRawBufferPointer(bytes)
      var info = LZ4F_frameInfo_t()
      var used = source.count
      let hint = LZ4F_getFrameInfo(context, &info, source.baseAddress, &used)
      guard LZ4F_isError(hint) == 0, info.contentSize > 0, info.contentSize <= UInt64(longestDatabase) else {
        throw .badCatalogue(why: "it is no LZ4 frame with a size")
      }
      guard info.contentSize / mostTimesSmaller <= UInt64(frame.count) else {
        throw .badCatalogue(why: "its LZ4 frame says that it holds more than it can")
      }
      let size = Int(info.contentSize)
      guard let base = allocate(size) else { throw .badCatalogue(why: "out of memory") }
      var done = 0
      while true {
        var produced = size - done
        var consumed = source.count - used
        let code = LZ4F_decompress(
          context, base + done, &produced, source.baseAddress.map { $0 + used }, &consumed, nil)
        done += produced
        used += consumed
        if LZ4F_isError(code) != 0 {
          free(base)
          throw .badCatalogue(why: "LZ4: " + String(cString: LZ4F_getErrorName(code)))
        }
        if code == 0 { break }
        if produced == 0, consumed == 0 {
          free(base)
          throw .badCatalogue(why: "its LZ4 frame is cut off")
        }
      }
      guard done == size, used == source.count else {
        free(base)
        throw .badCatalogue(why: "its LZ4 frame is of another length than it says")
      }
      return UnsafeMutableRawBufferPointer(start: base, count: size)
    }
  }
}
