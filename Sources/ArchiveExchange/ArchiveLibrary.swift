internal import CArchive

/// libarchive, which is loaded only for an archive that needs it: starting with it takes longer than all else that a look
/// at one member does.
enum ArchiveLibrary {
  /// Loads it.
  /// - Returns: why it cannot be used, in a sentence; nil when it can.
  static func load() -> String? { carchive_load().map { String(cString: $0) } }
}
