public import ArchiveFormat
public import DriveTiming

/// What archiving a set of files comes to.
public struct Plan: Sendable {
  /// Members that would be archived.
  public var members = 0
  /// Bytes of their contents.
  public var contentBytes: Int64 = 0
  /// Bytes on the cartridges, after the drive's compression.
  public var tapeBytes: Double = 0
  /// Cartridges that are needed.
  public var cartridges = 0
  /// Batches that are committed; the labels of the cartridges are not counted.
  public var batches = 0
  /// Where the time goes; also filemarks, flushes, repositions.
  public var drive: ModelledDrive
}

/// Looks at what a session would archive and tells what it would take, on a modelled drive. Opens each file to know it as
/// the session would; reads none, and writes nothing.
///
/// The order is that of ``CreateOperation``: label, catalogue 0, flush, then batch by batch members, catalogue, flush. A
/// member that a cartridge has no room for is taken back, and written whole to the next one; a pack ends before it. What a
/// catalogue takes is estimated.
public struct PlanOperation {
  /// How members are laid down.
  public var layout: Layout
  /// Bytes of the largest member that goes into a pack; nil for no packs.
  public var packLimit: Int64?
  /// When batches end.
  public var limits: BatchLimits
  /// Bytes a second that the source gives; nil for as many as the drive takes.
  public var sourceRate: Double?

  /// Describes a session.
  public init(
    layout: Layout = .pax, packLimit: Int64? = nil, limits: BatchLimits = BatchLimits(), sourceRate: Double? = nil
  ) {
    self.layout = layout
    self.packLimit = packLimit
    self.limits = limits
    self.sourceRate = sourceRate
  }

  /// Goes through `source` to its end, and reports what cannot be archived.
  public func run(
    from source: any MemberSource, on drive: ModelledDrive, observer: any OperationObserver
  ) -> Plan {
    var session = PlannedSession(self, drive)
    while let item = source.next() {
      switch item {
      case .notice(let notice): observer.report(.notice(notice))
      case .member(let found):
        let opened: OpenedMember
        do { opened = try found.open() } catch {
          observer.report(.notice(error))
          continue
        }
        observer.report(.member(opened.shown))
        // Nothing was read: what changed meanwhile, the session will see.
        _ = opened.content?.close()
        if !session.add(opened.member) {
          observer.report(
            .notice(MemberNotice(opened.shown.path, "Cannot archive: larger than a cartridge", .failure)))
        }
      }
    }
    return session.finish()
  }
}
