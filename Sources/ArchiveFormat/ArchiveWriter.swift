/// Takes members one after another and makes an archive of them.
///
/// For each: ``begin(_:)``, ``write(_:)`` until the content that is stored is complete, ``end()``.
public protocol ArchiveWriter: AnyObject {
  /// Writes what stands before a member's content.
  /// - Returns: the parts of its content that are to be written, one after another.
  /// - Throws: ``ArchiveWriteError/member(_:)`` when the format cannot say what the member is: it is left out, and the
  ///   next one may follow.
  func begin(_ member: Member) throws(ArchiveWriteError) -> [Extent]

  /// Writes the next bytes of its content.
  func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError)

  /// Ends the member.
  func end() throws(ArchiveWriteError)

  /// Ends the archive.
  func finish() throws(ArchiveWriteError)
}

/// An archive cannot be written on, or not with this member.
public enum ArchiveWriteError: Error {
  /// The member cannot be stored in this format.
  case member(MemberNotice)
  /// The archive itself cannot be written: what failed, on what, and why.
  case output(String)
}

/// Takes the bytes of an archive.
public protocol ArchiveByteSink: AnyObject {
  /// Learns that the content of a member comes next: its headers were written.
  func begins(_ part: MemberPart)

  /// Takes bytes.
  /// - Throws: ``ArchiveWriteError/output(_:)``.
  func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError)

  /// Writes what is left and pads it as the medium wants it.
  func finish() throws(ArchiveWriteError)
}

extension ArchiveByteSink {
  /// Most need not know.
  public func begins(_ part: MemberPart) {}
}
