internal import ArchiveFormat

/// How members that were found become user files: what every ring of a session is filled by.
struct Composing: Sendable {
  let layout: Layout
  let packLimit: Int64?
  let packSize: Int64
  let limits: BatchLimits
  let changes: VolumeCount?
  let observer: any OperationObserver

  /// Composes what `next` gives, until it gives nil, and ends the ring.
  /// - Parameter whenStopped: is called when the drive's side wants no more: `next` is to come to its end.
  func run(into ring: WriteRing, _ next: () -> SourceItem?, whenStopped stop: () -> Void) {
    let composer = MemberComposer(
      ring: ring, layout: layout, packLimit: packLimit, packSize: packSize, limits: limits, changes: changes,
      observer: observer)
    while let item = next() {
      switch item {
      case .notice(let notice): observer.report(.notice(notice))
      case .member(let member):
        // The drive's side has stopped and says why.
        do { try composer.compose(member) } catch { stop() }
      }
    }
    // When the drive's side has stopped there is nothing to finish.
    do { try composer.finish() } catch {}
    ring.finish()
  }
}
