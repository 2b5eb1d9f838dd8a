import ArchiveFormat
import Glibc
import HostFiles

/// Where the events of a command line go.
extension EventStream {
  /// - Parameter listingDescriptor: where members would be listed as text.
  /// - Throws: ``UsageError`` when the archive is standard output under another name, which events would get into.
  static func make(for command: TarCommand, listingDescriptor: Int32) throws(UsageError) -> EventStream {
    let place: Place =
      if command.output.indexFile != nil {
        .file(listingDescriptor)
      } else if command.usesStandardOutput || command.restoring.command != nil
        || command.writes && command.archive.furtherNames.contains([UInt8(ascii: "-")])
      {
        .standardError
      } else {
        .standardOutput
      }
    if case .standardOutput = place, command.mode != .list, let name = command.archive.effectiveName,
      isStandardOutput(name)
    {
      throw UsageError(
        message:
          "\(String(decoding: name, as: UTF8.self)) is standard output, where the events of --json go: say '-f -'",
        pointsAtHelp: false)
    }
    return EventStream(place, command: command.mode == .version ? "--version" : command.progressSubject.mode)
  }

  /// For a command line that was not understood: if `--json` is in it, somebody waits for events.
  static func forUsageError(_ arguments: [[UInt8]]) -> EventStream? {
    let words = arguments.prefix { $0 != Array("--".utf8) } + (environmentWords() ?? [])
    guard words.contains(Array("--json".utf8)) else { return nil }
    return EventStream(.standardOutput, command: "")
  }

  private static func environmentWords() -> [[UInt8]]? {
    getenv("TAR_OPTIONS").flatMap { WordSplitter.words(OptionScanner.bytes($0)) }
  }

  private static func isStandardOutput(_ name: [UInt8]) -> Bool {
    var (named, output) = (stat(), stat())
    guard ArchiveTarget.withCString(name, { stat($0, &named) }) == 0, fstat(STDOUT_FILENO, &output) == 0 else {
      return false
    }
    let holdsData = [S_IFREG, S_IFIFO].contains(named.st_mode & S_IFMT)
    return holdsData && named.st_dev == output.st_dev && named.st_ino == output.st_ino
  }
}
