internal import ArchiveFormat
internal import TapeIndex
internal import TapeLabels

extension WriteIntent {
  /// Refuses to erase a volume before its expiry, or when that is not known, unless that does not count.
  /// - Parameters:
  ///   - header: of catalogue 0, just read by ``VolumeReader/inspect()``.
  /// - Returns: the identity of the volume; nil when it cannot be told.
  func checkExpiry(
    _ vsn: VSN, _ reader: VolumeReader, _ header: VolumeReader.Header
  ) throws(OperationError) -> UniqueID? {
    let old: Catalogue
    do { old = try VolumeSync.identify(reader, behind: header) } catch {
      if erasesUnexpired { return nil }
      throw .refused(
        "cannot tell whether volume \(vsn) has expired: \(error)", hint: "--erase-unexpired insists on erasing it")
    }
    if let expires = old.volume.expires, expires > .now(), !erasesUnexpired {
      throw .refused(
        "volume \(vsn) is kept until \(expires.dateAndTime) UTC: not erased", hint: "--erase-unexpired insists")
    }
    return old.volume.id
  }
}
