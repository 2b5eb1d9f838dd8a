import ArchiveOperations
import HostFiles

/// Which options go together.
extension TarCommandBuilder {
  static func check(_ command: TarCommand) throws(UsageError) {
    let writes = command.writes
    if writes, command.stream != nil, !command.operands.isEmpty {
      throw UsageError(message: "--stream archives standard input: it takes no file names", pointsAtHelp: false)
    }
    if command.mode == .create, command.operands.isEmpty, command.stream == nil {
      throw UsageError(message: "Cowardly refusing to create an empty archive")
    }
    if writes, command.stream != nil, command.source.removesFiles {
      throw UsageError(
        message: "--remove-files is for files: what --stream archives cannot be removed", pointsAtHelp: false)
    }
    if !writes, command.source.removesFiles { throw onlyFor("--remove-files", "-c and -r") }
    if writes, command.source.removesFiles, command.source.followsLinks {
      throw UsageError(
        message: "--remove-files removes what was archived: it does not go with -h", pointsAtHelp: false)
    }
    if writes, command.source.removesFiles, command.source.accessTime == .replaced {
      throw UsageError(
        message: "--remove-files does not go with --atime-preserve=replace, which changes the files",
        pointsAtHelp: false)
    }
    if command.source.overrides.clampsTimes, command.source.overrides.modified == nil {
      throw UsageError(message: "--clamp-mtime needs a date specified using --mtime")
    }
    if writes, command.namesAreInOrder {
      throw UsageError(message: "'--same-order' cannot be used with '\(command.mode == .create ? "-c" : "-r")'")
    }
    if command.needsNames, command.operands.isEmpty {
      throw UsageError(message: "--occurrence is meaningless without a file list")
    }
    if !writes, command.verifies { throw onlyFor("-W", "-c and -r") }
    if !writes, command.packLimit != nil { throw onlyFor("--pack", "-c and -r") }
    if !writes, command.stream != nil { throw onlyFor("--stream", "-c and -r") }
    if command.keepsDamaged, command.mode != .extract || command.writesToStandardOutput {
      throw onlyFor("--keep-damaged", "-x without -O")
    }
    if command.intent.erase != nil, command.mode != .create { throw onlyFor("--erase-volume", "-c") }
    if command.intent.erasesTail, command.mode != .append { throw onlyFor("--erase-tail", "-r") }
    if !command.archive.usesIndex, command.archive.indexDatabase != nil {
      throw UsageError(message: "--no-index and --index-db exclude each other", pointsAtHelp: false)
    }
    if command.archive.capacity != nil || command.archive.compression != nil, !writes {
      throw onlyFor("--capacity and --compression", "-c and -r, when they make a virtual cartridge")
    }
  }

  private static func onlyFor(_ option: String, _ modes: String) -> UsageError {
    UsageError(message: "\(option) is for \(modes)", pointsAtHelp: false)
  }
}
