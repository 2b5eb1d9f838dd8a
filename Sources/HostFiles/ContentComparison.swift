import ArchiveFormat
import Glibc

/// Compares the bytes of one file with those that are "written" to it.
final class ContentComparison: FileWriter {
  private let member: Member
  private var descriptor: Int32
  private var notices: [MemberNotice]
  private var differs = false
  private var position: Int64 = 0
  private var buffer: [UInt8] = []

  /// Takes over an open file; below 0 nothing is compared, and `notices` say why.
  init(_ member: Member, _ descriptor: Int32, _ notices: [MemberNotice]) {
    self.member = member
    self.descriptor = descriptor
    self.notices = notices
  }

  deinit { discard() }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    checkHole(upTo: offset)
    compare(count: bytes.byteCount) { start, part in
      bytes.withUnsafeBytes { whole in
        guard let expected = whole.baseAddress, let found = part.baseAddress else { return part.isEmpty }
        return memcmp(expected + start, found, part.count) == 0
      }
    }
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    checkHole(upTo: member.size)
    discard()
    return differs ? notices + [MemberNotice(member.path, "Contents differ", .difference, isFinding: true)] : notices
  }

  func discard() {
    // Opened for reading only.
    if descriptor >= 0 { _ = close(descriptor) }
    descriptor = -1
  }

  private func checkHole(upTo end: Int64) {
    while position < end && !differs && descriptor >= 0 {
      compare(count: Int(min(end - position, 1 << 18))) { _, part in part.allSatisfy { $0 == 0 } }
    }
  }

  /// Reads on and asks whether what was read is what it should be.
  private func compare(count: Int, _ isSame: (Int, UnsafeRawBufferPointer) -> Bool) {
    guard !differs && descriptor >= 0 else { return }
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 1 << 18) }
    var done = 0
    while done < count {
      let wanted = min(count - done, buffer.count)
      let got = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, wanted, off_t(position)) }
      if got < 0 {
        if errno == EINTR { continue }
        let text = "Read error at byte \(position), while reading \(wanted) bytes: \(errorText(errno))"
        notices.append(MemberNotice(member.path, text, .failure))
        discard()
        return
      }
      let same = buffer.withUnsafeBytes { isSame(done, UnsafeRawBufferPointer(rebasing: $0[..<got])) }
      if got == 0 || !same {
        differs = true
        return
      }
      done += got
      position += Int64(got)
    }
  }
}
