public import ArchiveFormat
import CLinux
import Glibc

/// Standard input as one member of unknown length (`--stream NAME`).
public final class StandardInputSource: MemberSource {
  private var member: StreamMember?

  /// Makes the source of a member called `name`, owned by the caller, of the present time, as far as `options` do not say
  /// otherwise.
  public init(name: [UInt8], options: SourceOptions = SourceOptions()) {
    let owners = OwnerNames(numericOnly: options.numericOwner)
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var stream = Member(
      path: options.transform.transformed(name, .member), kind: .regular, mode: 0o644,
      ownership: owners.ownership(user: getuid(), group: getgid()),
      modified: Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec)))
    options.overrides.apply(to: &stream, owners)
    member = StreamMember(member: stream)
  }

  public func next() -> SourceItem? {
    defer { member = nil }
    return member.map { .member($0) }
  }

  private struct StreamMember: SourceMember {
    let member: Member
    func open() throws(MemberNotice) -> OpenedMember {
      OpenedMember(member: member, content: StandardInputContent(name: member.path), isStream: true)
    }
  }
}

/// The bytes of standard input.
private final class StandardInputContent: MemberContent {
  private let name: [UInt8]

  init(name: [UInt8]) { self.name = name }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(MemberNotice) -> Int {
    while true {
      let count = Glibc.read(0, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno == EINTR { continue }
      throw MemberNotice(
        name, "Read error at byte \(offset) of standard input: \(String(cString: strerror(errno)))", .failure)
    }
  }

  func close() -> MemberNotice? { nil }
}
