internal import CXXHash

/// The digest of a member's content or of a user file's bytes.
public enum Digest: Hashable, Sendable {
  /// XXH3-128 in its canonical form: the high half first, big-endian.
  case xxh128(high: UInt64, low: UInt64)

  /// Takes the bytes that ``bytes`` gave; nil for a length that no algorithm has.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self = .xxh128(
      high: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// The canonical bytes: 16 for XXH3-128.
  public var bytes: [UInt8] {
    switch self {
    case .xxh128(let high, let low): bigEndianBytes(high) + bigEndianBytes(low)
    }
  }
}

extension Digest: CustomStringConvertible {
  /// `xxh128:` and 32 lower-case hexadecimal digits, as `xxhsum -H2` prints them.
  public var description: String { "xxh128:" + hexadecimal(bytes) }
}

/// Computes a ``Digest`` of bytes as they pass.
public struct Digester: ~Copyable {
  private let state: OpaquePointer

  /// Starts afresh.
  public init() {
    guard let state = XXH3_createState() else { fatalError("out of memory") }  // as Swift's own allocations do
    self.state = state
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  /// Takes in more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { _ = tapir_xxh3_128_update(state, base, bytes.count) }
  }

  /// The digest of all bytes since the last reset; starts afresh.
  public mutating func finish() -> Digest {
    let hash = XXH3_128bits_digest(state)
    XXH3_128bits_reset(state)
    return .xxh128(high: hash.high64, low: hash.low64)
  }

  /// The digest of all bytes since the last reset with `bytes` behind them, which are not taken in.
  public borrowing func digest(with bytes: [UInt8]) -> Digest {
    var copy = Digester()
    XXH3_copyState(copy.state, state)
    bytes.withUnsafeBytes { copy.update($0) }
    return copy.finish()
  }

  /// The digest of `bytes`.
  public static func digest(of bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { digest(of: $0) } }

  /// The digest of `bytes`.
  public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    let hash = tapir_xxh3_128(bytes.baseAddress, bytes.count)
    return .xxh128(high: hash.high64, low: hash.low64)
  }
}

/// Digests a member's content over its bytes as read, holes as zeros, and each 4 MiB of a longer one by itself, so that
/// a part of it can be verified alone.
public struct ContentDigester: ~Copyable {
  /// Bytes in a chunk.
  public static let chunkSize = 4 << 20

  private var whole = Digester()
  private let chunk: OpaquePointer
  private var inChunk = 0
  private var hasChunks = true
  /// XXH3-64 of each full chunk so far.
  public private(set) var chunks: [UInt64] = []
  /// Bytes so far.
  public private(set) var byteCount: Int64 = 0

  /// Starts afresh.
  public init() {
    guard let state = XXH3_createState() else { fatalError("out of memory") }  // as Swift's own allocations do
    chunk = state
    XXH3_64bits_reset(chunk)
  }

  deinit { XXH3_freeState(chunk) }

  /// Is told how many bytes will come: a content of one chunk needs no digest of that.
  public mutating func expect(_ size: Int64) { hasChunks = size > Int64(Self.chunkSize) }

  /// Takes in more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount += Int64(bytes.count)
    guard hasChunks else { return whole.update(bytes) }
    var rest = bytes
    while rest.count > 0, let base = rest.baseAddress {
      // In pieces that the processor still has at hand the second time.
      let part = min(rest.count, Self.chunkSize - inChunk, 16 << 10)
      whole.update(UnsafeRawBufferPointer(start: base, count: part))
      _ = tapir_xxh3_64_update(chunk, base, part)
      inChunk += part
      if inChunk == Self.chunkSize { endChunk() }
      rest = UnsafeRawBufferPointer(rebasing: rest[part...])
    }
  }

  /// Takes in `count` zero bytes: a hole.
  public mutating func updateZeros(_ count: Int64) {
    var left = count
    Self.zeros.withUnsafeBytes { zeros in
      while left > 0 {
        let part = Int(min(left, Int64(zeros.count)))
        update(UnsafeRawBufferPointer(rebasing: zeros[..<part]))
        left -= Int64(part)
      }
    }
  }

  /// The digest of all, and of each chunk when there is more than one; starts afresh.
  public mutating func finish() -> (digest: Digest, chunks: [UInt64]) {
    if inChunk > 0 { endChunk() }
    let result = (whole.finish(), chunks.count > 1 ? chunks : [])
    chunks = []
    byteCount = 0
    hasChunks = true
    return result
  }

  /// XXH3-64 of one chunk.
  public static func digest(ofChunk bytes: UnsafeRawBufferPointer) -> UInt64 {
    tapir_xxh3_64(bytes.baseAddress, bytes.count, 0)
  }

  private mutating func endChunk() {
    chunks.append(XXH3_64bits_digest(chunk))
    XXH3_64bits_reset(chunk)
    inChunk = 0
  }

  private static let zeros = [UInt8](repeating: 0, count: 65536)
}
