/// Writes a tar archive.
public final class TarWriter: ArchiveWriter {
  private var encoder: TarEncoder
  private let sink: any ArchiveByteSink
  private let notify: (MemberNotice) -> Void
  private var headers: [UInt8] = []
  private var padding = 0
  private static let zeros = [UInt8](repeating: 0, count: max(tarRecordSize, TarEncoder.endOfArchiveSize))

  /// - Parameters:
  ///   - label: of the volume (`-V`); it comes first.
  ///   - continues: whether it goes on with an archive that is there: then it has its beginning already.
  ///   - notify: is told what the format cannot say of a member that is stored all the same.
  public init(
    _ encoder: TarEncoder, to sink: any ArchiveByteSink, label: [UInt8]? = nil, continues: Bool = false,
    notify: @escaping (MemberNotice) -> Void
  ) throws(ArchiveWriteError) {
    self.encoder = encoder
    self.sink = sink
    self.notify = notify
    guard !continues else { return }
    do throws(MemberNotice) { try self.encoder.appendBeginning(label: label, to: &headers) } catch {
      throw .output(error.message)
    }
    try put(headers)
  }

  public func begin(_ member: Member) throws(ArchiveWriteError) -> [Extent] {
    headers.removeAll(keepingCapacity: true)
    do throws(MemberNotice) {
      if let notice = try encoder.append(member, to: &headers) { notify(notice) }
    } catch { throw .member(error) }
    try put(headers)
    padding = encoder.paddingSize(of: member)
    if member.kind == .regular {
      sink.begins(MemberPart(name: member.path, total: member.size, left: encoder.storedSize(of: member)))
    }
    return encoder.storedExtents(of: member)
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveWriteError) { try sink.write(bytes) }

  public func end() throws(ArchiveWriteError) {
    try put(Self.zeros.prefix(padding))
    padding = 0
  }

  public func finish() throws(ArchiveWriteError) {
    try put(Self.zeros.prefix(TarEncoder.endOfArchiveSize))
    try sink.finish()
  }

  private func put(_ bytes: some Collection<UInt8>) throws(ArchiveWriteError) {
    let bytes = Array(bytes)
    var failure: ArchiveWriteError?
    bytes.withUnsafeBytes { do throws(ArchiveWriteError) { try sink.write($0) } catch { failure = error } }
    if let failure { throw failure }
  }
}
