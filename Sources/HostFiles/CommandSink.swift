public import ArchiveFormat
import CLinux
import Glibc

/// Gives the content of each regular file to a command of its own (`--to-command`), which knows the member from its
/// environment.
public final class CommandSink: MemberSink {
  /// What commands are told beside the member.
  public struct Surroundings: Sendable {
    /// The version of this program.
    public var version: String
    /// The archive as `-f` names it.
    public var archive: [UInt8]
    /// 512-byte units of a record.
    public var blockingFactor: Int
    /// The archive's format as GNU tar names it.
    public var format: String

    /// Describes surroundings.
    public init(version: String, archive: [UInt8], blockingFactor: Int, format: String) {
      (self.version, self.archive) = (version, archive)
      (self.blockingFactor, self.format) = (blockingFactor, format)
    }

    /// As variables that every command of GNU tar gets.
    public var variables: [ShellCommand.Variable] {
      [
        ("TAR_VERSION", Array(version.utf8)), ("TAR_ARCHIVE", archive), ("TAR_VOLUME", Array("1".utf8)),
        ("TAR_BLOCKING_FACTOR", Array(String(blockingFactor).utf8)), ("TAR_FORMAT", Array(format.utf8)),
      ]
    }
  }

  private let command: [UInt8]
  private let ignoresFailure: Bool
  private let surroundings: () -> Surroundings

  /// Prepares to run `command` for each file.
  /// - Parameters:
  ///   - ignoresFailure: whether a command may fail (`--ignore-command-error`).
  ///   - surroundings: asked when a command is run.
  public init(_ command: [UInt8], ignoresFailure: Bool, surroundings: @escaping () -> Surroundings) {
    self.command = command
    self.ignoresFailure = ignoresFailure
    self.surroundings = surroundings
  }

  public func create(_ member: Member) throws(MemberNotice) {}

  public func beginFile(_ member: Member) throws(MemberNotice) -> (any FileWriter)? {
    do throws(ErrnoFailure) {
      let running = try ShellCommand.start(command, adding: surroundings().variables + Self.variables(of: member))
      return CommandWriter(member, running, ignoresFailure: ignoresFailure)
    } catch {
      throw MemberNotice(member.path, "Cannot run command: \(errorText(error.code))", .failure)
    }
  }

  public func finish() -> [MemberNotice] { [] }

  private static func variables(of member: Member) -> [ShellCommand.Variable] {
    let mode = String(member.mode, radix: 8)
    let texts: [(String, String)] = [
      ("TAR_FILETYPE", "f"), ("TAR_MODE", "0" + mode), ("TAR_SIZE", String(member.size)),
      ("TAR_UID", String(member.ownership.user)), ("TAR_GID", String(member.ownership.group)),
      ("TAR_MTIME", TimeText.decimal(member.modified)),
      // A time that the archive has not is that of the last change.
      ("TAR_ATIME", TimeText.decimal(member.accessed ?? member.modified)),
      ("TAR_CTIME", TimeText.decimal(member.changed ?? member.modified)),
    ]
    return texts.map { ($0.0, Array($0.1.utf8)) } + [
      ("TAR_FILENAME", member.path), ("TAR_REALNAME", member.path), ("TAR_UNAME", member.ownership.userName),
      ("TAR_GNAME", member.ownership.groupName),
    ]
  }
}

/// One file on its way to its command.
private final class CommandWriter: FileWriter {
  private let member: Member
  private let command: ShellCommand
  private let output: DescriptorWriter
  private let ignoresFailure: Bool

  init(_ member: Member, _ command: ShellCommand, ignoresFailure: Bool) {
    self.member = member
    self.command = command
    self.ignoresFailure = ignoresFailure
    output = DescriptorWriter(command.input)
  }

  deinit { _ = command.finish() }

  func write(_ bytes: RawSpan, at offset: Int64) throws(MemberNotice) {
    // A command that reads no more wants no more.
    guard output.code != EPIPE else { return }
    output.fill(to: offset)
    output.put(bytes)
    try check()
  }

  func commit() throws(MemberNotice) -> [MemberNotice] {
    if output.code != EPIPE {
      output.fill(to: member.size)
      try check()
    }
    switch command.finish() {
    case .exited(let status) where status != 0 && !ignoresFailure:
      return [MemberNotice([], "\(command.process): Child returned status \(status)", .failure)]
    case .signalled(let signal):
      return [MemberNotice([], "\(command.process): Child terminated on signal \(signal)", .information)]
    case .exited: return []
    }
  }

  /// What was written is out; the command has to make do with it.
  func discard() { _ = command.finish() }

  private func check() throws(MemberNotice) {
    if output.code != 0, output.code != EPIPE {
      throw MemberNotice(member.path, "Cannot write: \(errorText(output.code))", .failure)
    }
  }
}
