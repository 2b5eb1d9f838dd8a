public import ArchiveFormat
import Glibc

/// Writes the contents of regular files one after the other to a descriptor, holes as zeros (`-O`).
public final class StandardOutputSink: MemberSink {
  private let descriptor: Int32

  /// Writes to a descriptor, 1 for standard output, which stays open.
  public init(descriptor: Int32 = 1) { self.descriptor = descriptor }

  public func create(_ member: Member) throws(MemberNotice) {}

  public func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
    SequentialWriter(member, descriptor)
  }

  public func finish() -> [MemberNotice] { [] }
}

private final class SequentialWriter: FileWriter {
  private let member: Member
  private let descriptor: Int32
  private var position: Int64 = 0

  init(_ member: Member, _ descriptor: Int32) {
    self.member = member
    self.descriptor = descriptor
  }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    try fill(to: offset)
    try put(bytes)
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    try fill(to: member.size)
    return []
  }

  /// What was written is out.
  func discard() {}

  private func fill(to offset: Int64) throws(MemberNotice) {
    if position >= offset { return }
    let zeros = [UInt8](repeating: 0, count: Int(min(offset - position, 1 << 18)))
    while position < offset {
      let count = Int(min(Int64(zeros.count), offset - position))
      try put(zeros.span.bytes.extracting(first: count))
    }
  }

  private func put(_ bytes: RawSpan) throws(MemberNotice) {
    var code: Int32 = 0
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          code = count < 0 ? errno : ENOSPC
          return
        }
        written += count
      }
    }
    position += Int64(bytes.byteCount)
    if code != 0 { throw MemberNotice(member.path, "Cannot write: \(errorText(code))", .failure) }
  }
}
