import Glibc

/// A file whose presence says that its directory is not worth archiving (`--exclude-tag` and `--exclude-caches`).
public struct ExclusionTag: Sendable, Equatable {
  /// How much of the directory is left out.
  public enum Extent: Sendable {
    /// What is in it, but for the tag.
    case contents
    /// Everything in it.
    case under
    /// The directory too.
    case all
  }

  /// The tag's name.
  public var name: [UInt8]
  /// What it leaves out.
  public var extent: Extent
  /// What the file must begin with; empty for anything.
  public var signature: [UInt8]

  /// Describes a tag.
  public init(_ name: [UInt8], _ extent: Extent, signature: [UInt8] = []) {
    self.name = name
    self.extent = extent
    self.signature = signature
  }

  /// A cache directory's tag (https://bford.info/cachedir).
  public static func cache(_ extent: Extent) -> ExclusionTag {
    ExclusionTag(
      Array("CACHEDIR.TAG".utf8), extent, signature: Array("Signature: 8a477f597d28d172789f06886806bc55".utf8))
  }

  /// Whether the open directory has the tag. One that cannot be opened is none, as in GNU tar.
  func marks(_ directory: Int32) -> Bool {
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let descriptor = withCString(name) { openat(directory, $0, flags) }
    guard descriptor >= 0 else { return false }
    // Nothing was written: closing it loses nothing.
    defer { _ = close(descriptor) }
    var start = [UInt8](repeating: 0, count: signature.count)
    return read(descriptor, &start, start.count) == signature.count && start == signature
  }
}
