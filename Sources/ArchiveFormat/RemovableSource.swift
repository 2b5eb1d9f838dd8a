/// The source of a member, to be removed once the member is safe (`--remove-files`).
///
/// It knows what was read, not what became of it: who writes the member knows when it may go.
public protocol RemovableSource: AnyObject, Sendable {
  /// Its name for the user.
  var shownPath: [UInt8] { get }

  /// Removes it, if it is still the very file that was read. A directory waits for
  /// ``MemberSource/removeDirectories()``. One that is gone already is as good.
  ///
  /// Called once, by one thread for all sources, a file's first name before its others.
  /// - Returns: why it stays; nil when it does not.
  func remove() -> MemberNotice?
}
