import ArchiveFormat
import TapeTestSupport
import Testing

/// Vectors made by xxhsum 0.8.1 (`-H2` and, for each 4 MiB, `-H3`) from bytes that count from 0 to 250 over and over.
struct DigestTests {
  private static let vectors: [(Int, String, [UInt64])] = [
    (0, "99aa06d3014798d86001c324468d497f", []),
    (1, "a6cd5e9392000f6ac44bdff4074eecdb", []),
    (16, "72950631827607e2842812cc870dcae2", []),
    (240, "65b5be86da5540e7c92b68e16f83bbb6", []),
    (241, "1da1cb61bcb8a2a102e8cd95421c6d02", []),
    (512, "5884ea91ad7102d75c021aac13954143", []),
    (65536, "f5e7bc5d3d8675bfaaae63800707a868", []),
    (4194303, "5c0f2e7bfa4fe68ca39ade43c20102fe", []),
    (4194304, "731ed6b5c61ad3fde747d2a342fb4555", []),
    (4194305, "f41bf15d0fc6b458101c2cdd9b96e8e8", [0xe747d2a342fb4555, 0x9129c939cd682f36]),
    (8388607, "701827f2e5f0a83ad921b40d7a538d52", [0xe747d2a342fb4555, 0xe02f75123494bc2e]),
    (8388608, "0bf4ab5a606dc48828f323b4c7075cbf", [0xe747d2a342fb4555, 0x3ed00d59a6462821]),
    (8388609, "39e2f6971c50f7a4b88b8c53e5df31ae", [0xe747d2a342fb4555, 0x3ed00d59a6462821, 0x58d67c52d2b05b30]),
    (
      12582929, "179bc17cf6b7f101cab550c224b21885",
      [0xe747d2a342fb4555, 0x3ed00d59a6462821, 0x016d0769f9818906, 0x9cf5cea8c9ec681e]
    ),
  ]

  private func content(_ count: Int) -> [UInt8] {
    let period = (0...250).map { UInt8($0) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 251)
    while bytes.count < count { bytes += period }
    return Array(bytes.prefix(count))
  }

  @Test(arguments: vectors.indices)
  func digestsAreThoseOfXxhsum(_ index: Int) {
    let (count, digest, chunks) = Self.vectors[index]
    let bytes = content(count)
    #expect(Digester.digest(of: bytes).description == "xxh128:" + digest)
    for step in [count, 1 << 20, 262_144 + 1] where step > 0 {
      var content = ContentDigester()
      var file = Digester()
      for start in stride(from: 0, to: count, by: step) {
        bytes.withUnsafeBytes { memory in
          let part = UnsafeRawBufferPointer(rebasing: memory[start..<min(start + step, count)])
          content.update(part)
          file.update(part)
        }
      }
      #expect(content.byteCount == count)
      let found = content.finish()
      #expect(found.digest.description == "xxh128:" + digest)
      #expect(found.chunks == chunks)
      #expect(file.finish() == found.digest)
    }
    if let first = chunks.first {
      bytes.withUnsafeBytes {
        let chunk = UnsafeRawBufferPointer(rebasing: $0[..<ContentDigester.chunkSize])
        #expect(ContentDigester.digest(ofChunk: chunk) == first)
      }
    }
  }

  @Test func holesCountAsZeros() {
    let (count, digest, chunks): (Int, String, [UInt64]) =
      (5242883, "15fca74bdfe29d5330acb6f3632282d1", [0x73c750971c36baa1, 0x4ca171d4b42e153d])
    let bytes = content(count)
    var digester = ContentDigester()
    bytes.withUnsafeBytes { digester.update(UnsafeRawBufferPointer(rebasing: $0[..<(1 << 20)])) }
    digester.updateZeros((9 << 20) / 2 - (1 << 20))
    bytes.withUnsafeBytes { digester.update(UnsafeRawBufferPointer(rebasing: $0[((9 << 20) / 2)...])) }
    let found = digester.finish()
    #expect(found.digest.description == "xxh128:" + digest)
    #expect(found.chunks == chunks)
  }

  @Test func aDigesterStartsAfreshWhenItIsFinished() {
    var digester = ContentDigester()
    [1, 2, 3].withUnsafeBytes { digester.update($0) }
    _ = digester.finish()
    let empty = digester.finish()
    #expect(empty.digest.description == "xxh128:" + Self.vectors[0].1 && empty.chunks.isEmpty)
  }

  @Test func aDigestComesBackFromItsBytes() {
    let digest = Digester.digest(of: [1, 2, 3])
    #expect(Digest(bytes: digest.bytes) == digest)
    #expect(Digest(bytes: Array(digest.bytes.dropLast())) == nil)
  }
}
