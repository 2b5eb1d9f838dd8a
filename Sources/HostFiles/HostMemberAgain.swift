import ArchiveFormat
import Glibc

/// A file that was found and may have to be read again, however much later: it holds no directory open.
struct HostMemberAgain: SourceMember {
  let member: Member
  let location: SourceLocation
  /// The directory that it was found in.
  let parent: FileIdentity?
  let baseDirectory: [UInt8]
  let shownPrefix: [UInt8]
  let context: SourceContext

  func open() throws(MemberNotice) -> OpenedMember { try found().open() }

  func openContent() throws(MemberNotice) -> OpenedMember? { try found().openContent() }

  func again() -> (any SourceMember)? { self }

  /// The file, if its directory is still the one that it was found in: whatever became of the names above, no other is read.
  private func found() throws(MemberNotice) -> HostMember {
    let directory: DirectoryHandle
    do throws(ErrnoFailure) {
      let tree = TargetTree(root: DirectoryHandle(owning: AT_FDCWD), confined: false)
      directory = try tree.parent(of: location.path, making: false).directory
    } catch { throw failure(errorText(error.code)) }
    var status = stat()
    guard withCString([dot], { fstatat(directory.descriptor, $0, &status, 0) }) == 0 else {
      throw failure(errorText(errno))
    }
    guard FileIdentity(status) == parent else { throw failure("its directory is another one now") }
    return HostMember(
      member, in: directory, baseDirectory: baseDirectory, operandName: nil, shownPrefix: shownPrefix,
      context: context)
  }

  private func failure(_ why: String) -> MemberNotice {
    context.failure(location.shownPath, "Cannot open: \(why)")
  }
}
