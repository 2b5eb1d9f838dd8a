/// The members of an archive that is read from its beginning to its end.
public protocol ArchiveReader: AnyObject {
  /// The next member; nil at the end. What is left of the content of the one before is passed over.
  /// - Throws: ``VolumeError`` when the archive cannot be read on.
  func next() throws(VolumeError) -> Member?

  /// The stored content of the member given last: the bytes of its ``Member/dataExtents`` one after another, of a file
  /// that is not sparse all of them. Empty at its end.
  var content: any UserFileBytes { get }
}
