public import ArchiveFormat

/// Which members are meant.
public struct MemberQuery {
  /// One name on the command line.
  public enum Operand: Sendable {
    /// This very name and everything below it.
    case literal([UInt8])
    /// Every name that a pattern matches.
    case pattern(@Sendable ([UInt8]) -> Bool)
  }

  /// A part of the members found, each as likely to be in it as any other.
  public enum Sample: Equatable, Sendable {
    /// This many members; all when there are no more.
    case count(Int64)
    /// This many of a million members, rounded up.
    case millionths(Int64)
  }

  /// Which deletions, renames and vanished names count: those that the volumes looked at have, no others.
  public enum View: Equatable, Sendable {
    /// All of them: members that are there still, by their present names.
    case current
    /// Those up to a time, and members committed by then: what ``current`` was at that time.
    case asOf(Timestamp)
    /// None: whatever lies on the volumes, by the names there.
    case stored
  }

  /// What is asked for; nothing asks for everything.
  public var operands: [Operand]
  /// Whether only the newest version of each path counts.
  public var newestOnly: Bool
  /// Names to leave out; nil for none.
  public var isExcluded: (@Sendable ([UInt8]) -> Bool)?
  /// Asked about each member that all else chose, in tape order; nil for all of them.
  public var isWanted: ((Member) -> Bool)?
  /// Which of them are there, and what they are called. ``View/current`` with ``newestOnly`` gives the live members:
  /// the newest version of each path that is not deleted, vanished or renamed away.
  public var view: View
  /// The only session that counts, by its number among those of the volumes (``IndexFile/sessions(of:)``), with what
  /// happened to names up to its end; nil for all.
  public var session: Int?
  /// What is taken of the members found; nil for all.
  public var sample: Sample?

  /// Asks for members.
  public init(
    operands: [Operand] = [], newestOnly: Bool, view: View = .current,
    isExcluded: (@Sendable ([UInt8]) -> Bool)? = nil
  ) {
    self.view = view
    self.operands = operands
    self.newestOnly = newestOnly
    self.isExcluded = isExcluded
  }
}
