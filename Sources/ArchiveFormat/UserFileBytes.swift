/// The bytes of a user file, one after another, wherever they come from.
public protocol UserFileBytes: AnyObject {
  /// The next bytes, at most `limit` (1 or more) of them; empty only at the end of the user file.
  ///
  /// What is returned stays valid until the next call.
  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer

  /// Passes over `count` bytes; returns how many there were.
  @discardableResult
  func skip(_ count: Int64) throws(VolumeError) -> Int64

  /// Accepts that bytes are missing where ``next(_:)`` has just thrown, which then goes on behind them.
  /// - Returns: how many; 0 when it cannot go on.
  func passGap() -> Int64
}

extension UserFileBytes {
  /// Most come to an end with the first error.
  public func passGap() -> Int64 { 0 }
}

extension UserFileBytes {
  /// Exactly `count` bytes.
  /// - Throws: ``VolumeError/malformed(what:why:)`` when the user file ends before.
  public func take(_ count: Int, of what: String) throws(VolumeError) -> [UInt8] {
    var bytes: [UInt8] = []
    // What is asked for may be what damaged bytes claim: memory comes with what is there.
    bytes.reserveCapacity(min(count, 1 << 20))
    while bytes.count < count {
      let part = try next(count - bytes.count)
      guard !part.isEmpty else { throw .malformed(what: what, why: "its user file ends after \(bytes.count) bytes") }
      bytes += part
    }
    return bytes
  }

  /// Reads them and forgets them.
  @discardableResult
  public func skip(_ count: Int64) throws(VolumeError) -> Int64 {
    var passed: Int64 = 0
    while passed < count {
      let part = try next(Int(min(count - passed, 1 << 30)))
      if part.isEmpty { break }
      passed += Int64(part.count)
    }
    return passed
  }
}

/// Bytes in memory as a user file.
public final class MemoryBytes: UserFileBytes {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  /// Lends `bytes`, which must outlive this object.
  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  public func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    let count = min(limit, bytes.count - offset)
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }
}
