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
  private let output: DescriptorWriter

  init(_ member: Member, _ descriptor: Int32) {
    self.member = member
    output = DescriptorWriter(descriptor)
  }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    output.fill(to: offset)
    output.put(bytes)
    try check()
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    output.fill(to: member.size)
    try check()
    return []
  }

  /// What was written is out.
  func discard() {}

  private func check() throws(MemberNotice) {
    if output.code != 0 { throw MemberNotice(member.path, "Cannot write: \(errorText(output.code))", .failure) }
  }
}
