public import ArchiveFormat

/// Reads an ordinary archive from its beginning to its end, as tar does: each member as it comes, the last of a name
/// winning. Lists, restores or compares.
public struct OrdinaryReading {
  /// Which members are wanted; asked once for each, in their order.
  public var isWanted: (Member) -> Bool
  /// How members are restored.
  public var options: RestoreOptions

  /// Describes a reading.
  public init(options: RestoreOptions, isWanted: @escaping (Member) -> Bool) {
    self.options = options
    self.isWanted = isWanted
  }

  /// Restores every wanted member to `sink`, or with nil only hands its metadata to `listed`.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the archive cannot be read on; what was restored before stays.
  public func run(
    _ reader: any ArchiveReader, sink: (any MemberSink)?, observer: any OperationObserver,
    listed: (Member) -> Void
  ) throws(OperationError) {
    let restorer = sink.map { MemberRestorer(sink: $0, options: options, observer: observer) }
    // Also when the archive ends badly: what was restored so far gets what is set last.
    defer { restorer?.finish() }
    do throws(VolumeError) {
      while let member = try reader.next() {
        guard isWanted(member) else { continue }
        listed(member)
        restorer?.restore(member, record: nil, from: reader.content)
      }
    } catch {
      throw .volume(error)
    }
  }
}
