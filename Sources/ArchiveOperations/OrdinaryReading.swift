public import ArchiveFormat

/// Reads an ordinary archive from its beginning to its end, as tar does: each member as it comes, the last of a name
/// winning. Lists, restores or compares.
public struct OrdinaryReading {
  /// Where a member goes: the number of a sink; nil when it is not wanted. Asked once for each, in their order.
  public var place: (Member) -> Int?
  /// How members are restored.
  public var options: RestoreOptions

  /// Describes a reading.
  public init(options: RestoreOptions, place: @escaping (Member) -> Int?) {
    self.options = options
    self.place = place
  }

  /// Restores every wanted member to its sink, or without sinks only hands its metadata to `listed`.
  /// - Throws: ``OperationError/refused(_:hint:)`` when the archive cannot be read on; what was restored before stays.
  public func run(
    _ reader: any ArchiveReader, sinks: [any MemberSink], observer: any OperationObserver,
    listed: (Member) -> Void
  ) throws(OperationError) {
    let restorers = sinks.map { MemberRestorer(sink: $0, options: options, observer: observer) }
    // Also when the archive ends badly: what was restored so far gets what is set last.
    defer { for restorer in restorers { restorer.finish() } }
    do throws(VolumeError) {
      while let member = try next(reader, observer) {
        guard let place = place(member) else { continue }
        listed(member)
        if !restorers.isEmpty { restorers[place].restore(member, record: nil, from: reader.content) }
      }
    } catch { throw .volume(error) }
  }

  /// The next member; what is no tar is said, and searched for one, as GNU tar does.
  private func next(
    _ reader: any ArchiveReader, _ observer: any OperationObserver
  ) throws(VolumeError) -> Member? {
    do { return try reader.next() } catch {
      guard case .notTar = error else { throw error }
      observer.report(.notice(MemberNotice([], error.description, .failure)))
      return try reader.next()
    }
  }
}
