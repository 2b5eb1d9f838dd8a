/// Page-aligned memory for one block, owned by whoever holds it.
@safe public struct BlockBuffer: ~Copyable, @unchecked Sendable {
  // Sendable: the memory has one owner and no alias outlives the closures below.
  private let storage: UnsafeMutableRawBufferPointer

  /// Allocates `byteCount` bytes, aligned to 4096.
  public init(byteCount: Int) {
    unsafe storage = .allocate(byteCount: byteCount, alignment: 4096)
  }

  deinit { unsafe storage.deallocate() }

  /// Bytes it holds.
  public var byteCount: Int { unsafe storage.count }

  /// Lends the first `count` bytes for reading.
  public func withBytes<Result, Failure: Error>(
    first count: Int, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe UnsafeRawBufferPointer(rebasing: storage[..<count]).bytes)
  }

  /// Lends all bytes for writing.
  public mutating func withMutableBytes<Result, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var span = unsafe storage.mutableBytes
    return try body(&span)
  }
}
