/// One name that the user gave, with what was in force where it stood on the command line.
public struct SourceOperand: Sendable {
  /// The directory that the name is relative to; empty for the working directory.
  public var baseDirectory: [UInt8]
  /// The name as given.
  public var name: [UInt8]
  /// What is left out.
  public var exclusions: ExclusionList
  /// Whether a directory's contents are archived with it.
  public var recursive: Bool
  /// How it matches where it is the name of members in an archive.
  public var matching = NamePattern.Options.selection

  /// Describes an operand.
  public init(
    baseDirectory: [UInt8] = [], name: [UInt8], exclusions: ExclusionList = ExclusionList(), recursive: Bool = true
  ) {
    self.baseDirectory = baseDirectory
    self.name = name
    self.exclusions = exclusions
    self.recursive = recursive
  }
}
