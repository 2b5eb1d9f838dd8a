import ArchiveFormat
import Testing

@testable import HostFiles

@Suite struct DeferredDirectoriesTests {
  private func entry(_ number: Int) -> DeferredDirectories.Entry {
    var member = Member(
      path: Array("dir/\(number)".utf8), kind: .directory, mode: UInt32(number % 4096),
      ownership: Ownership(user: UInt32(number), group: .max, userName: [0xff], groupName: [1, 2]),
      modified: Timestamp(seconds: Int64(-number), nanoseconds: 999_999_999))
    member.accessACL = Array("user::rwx\n".utf8)
    member.extendedAttributes = [ExtendedAttribute(name: Array("user.a".utf8), value: [0, 1, 2])]
    return DeferredDirectories.Entry(member: member, identity: FileIdentity(device: .max, inode: UInt64(number)))
  }

  @Test(arguments: [1, 100, 5_000, 1 << 20]) func entriesComeBackWholeInReverse(spillSize: Int) throws {
    let directories = DeferredDirectories(spillingBeyond: spillSize)
    for number in 0..<300 { directories.append(entry(number)) }
    var back: [DeferredDirectories.Entry] = []
    try directories.drain { back.append($0) }
    #expect(back == (0..<300).reversed().map(entry))
  }

  @Test func whatWasHandedBackIsForgotten() throws {
    let directories = DeferredDirectories(spillingBeyond: 10)
    directories.append(entry(1))
    var count = 0
    try directories.drain { _ in count += 1 }
    try directories.drain { _ in count += 1 }
    #expect(count == 1)
  }
}
