internal import ArchiveFormat
internal import TapeIndex
internal import TapeLabels

extension WriteIntent {
  /// Refuses to erase a volume before its expiry, or when that is not known, unless that does not count. Every session may
  /// have set a later one, so it is that of the last catalogue; moves the tape to its end.
  /// - Parameter header: of catalogue 0, just read by ``VolumeReader/inspect()``.
  /// - Returns: the identity of the volume; nil when it cannot be told.
  func checkExpiry(
    _ vsn: VSN, _ reader: VolumeReader, _ header: VolumeReader.Header, _ observer: any OperationObserver
  ) throws(OperationError) -> UniqueID? {
    // A damaged catalogue 0 stops nothing: every later one says which volume it is.
    let first = try? VolumeSync.identify(reader, behind: header)
    if erasesUnexpired { return first?.volume.id }
    let chain: VolumeChain
    do throws(OperationError) {
      chain = try VolumeChain(
        reader: reader, vsn: vsn, expecting: first?.volume.id, knowing: nil, VolumeChain.Reading(), observer: observer)
    } catch {
      if try onVolume({ () throws(VolumeError) in try reader.holdsNothingCommitted() }) { return first?.volume.id }
      throw Self.unknownExpiry(vsn, "\(error)")
    }
    if case .unclear(let why) = chain.tail { throw Self.unknownExpiry(vsn, why) }
    if let expires = chain.descriptor.expires, expires > .now() {
      throw .refused(
        "volume \(vsn) is kept until \(expires.dateAndTime) UTC: not erased", hint: "--erase-unexpired insists")
    }
    return chain.descriptor.id
  }

  private static func unknownExpiry(_ vsn: VSN, _ why: String) -> OperationError {
    .refused("cannot tell whether volume \(vsn) has expired: \(why)", hint: "--erase-unexpired insists on erasing it")
  }
}
