import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import HostFiles

/// Which options go together.
extension TarCommandBuilder {
  static func check(_ command: TarCommand) throws(UsageError) {
    let writes = command.writes
    try checkIncremental(command)
    try checkChanger(command)
    try checkJSON(command)
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
    if !command.splitsMembers {
      if !writes { throw onlyFor("--no-span", "-c and -r") }
      if command.stream != nil {
        throw UsageError(
          message: "--no-span has to know how long a member is: --stream cannot tell", pointsAtHelp: false)
      }
    }
    if command.keepsDamaged, command.mode != .extract || command.writesToStandardOutput {
      throw onlyFor("--keep-damaged", "-x without -O")
    }
    if command.range != nil {
      guard command.mode == .extract, command.writesToStandardOutput else { throw onlyFor("--range", "-x with -O") }
      guard command.operands.count == 1 else {
        throw UsageError(message: "--range takes a part of one member: name one", pointsAtHelp: false)
      }
      guard command.archive.usesIndex else {
        throw UsageError(message: "--range needs the index or the volume's catalogues", pointsAtHelp: false)
      }
    }
    if command.driveRate != nil, command.mode != .create, command.mode != .append {
      throw onlyFor("--drive-rate", "-c and -r")
    }
    if command.planning.model != nil, command.mode != .extract, command.mode != .compare {
      throw onlyFor("--drive-model", "-x and -d")
    }
    try checkVersions(command)
    if command.intent.keptUntil != nil, !writes, command.mode != .concatenate {
      throw onlyFor("--retain", "-c, -r, -u and -A")
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

  /// Versions of members are chosen by what the index knows, and told apart by it.
  private static func checkVersions(_ command: TarCommand) throws(UsageError) {
    let (versions, session) = (command.versions, command.verification.session)
    let reads = command.mode == .list || command.mode == .extract || command.mode == .compare
    if !reads, versions.asOf != nil || session != nil {
      throw onlyFor(versions.asOf != nil ? "--as-of" : "--session", "-t, -x and -d")
    }
    if versions.onlyNewest, command.mode != .list { throw onlyFor("--newest", "-t") }
    if versions.asOf != nil, session != nil {
      throw UsageError(message: "--as-of and --session exclude each other", pointsAtHelp: false)
    }
    if command.choosesVersions {
      let option = versions.asOf != nil ? "--as-of" : session != nil ? "--session" : "--newest"
      if !command.archive.usesIndex || command.listsContents {
        throw UsageError(message: "\(option) needs the index or the volume's catalogues", pointsAtHelp: false)
      }
      if command.range != nil, session != nil {
        throw UsageError(message: "--range does not go with --session", pointsAtHelp: false)
      }
    }
    if versions.series != nil, !command.writes { throw onlyFor("--series", "-c, -r and -u") }
    guard versions.onlyChanged else { return }
    guard command.mode == .append else { throw onlyFor("--changed", "-r") }
    if Set(command.operands.map(\.baseDirectory)).count > 1 {
      throw UsageError(message: "Only one -C option is allowed with --changed", pointsAtHelp: false)
    }
    let hasArchives = command.operands.contains { $0.name.first == UInt8(ascii: "@") && $0.name.count > 1 }
    if command.stream != nil || hasArchives || !command.renaming.transform.isEmpty || command.incremental.isWanted {
      throw UsageError(
        message: "--changed is for files by their own names: not with --stream, @ARCHIVE, --transform or -g",
        pointsAtHelp: false)
    }
  }

  /// Help texts are for people.
  static func checkText(_ command: TarCommand) throws(UsageError) {
    if command.output.isJSON {
      throw UsageError(message: "--json does not go with what prints a text alone", pointsAtHelp: false)
    }
  }

  /// What else would be said between events.
  private static func checkJSON(_ command: TarCommand) throws(UsageError) {
    guard command.output.isJSON else { return }
    if command.isInteractive {
      throw UsageError(message: "--json is for programs, which -w cannot ask", pointsAtHelp: false)
    }
    if command.output.checkpointActions.contains(.dot), command.output.interval != nil {
      throw UsageError(message: "--checkpoint-action=dot does not go with --json", pointsAtHelp: false)
    }
  }

  /// The parts of a library that are named go with it.
  private static func checkChanger(_ command: TarCommand) throws(UsageError) {
    if command.archive.changer == nil, command.archive.driveElement != 0 {
      throw UsageError(message: "--drive-element goes with --changer", pointsAtHelp: false)
    }
  }

  private static func checkIncremental(_ command: TarCommand) throws(UsageError) {
    let options = command.incremental
    guard options.isWanted else { return }
    // GNU tar takes them, and leaves out directories and their lists, or does nothing with them.
    let modes: [TarCommand.Mode: String] = [.update: "-u", .concatenate: "-A", .delete: "--delete"]
    if let mode = modes[command.mode] { throw UsageError(message: "'\(options.name)' cannot be used with '\(mode)'") }
    guard command.writes else { return }
    if command.stream != nil {
      throw UsageError(message: "--stream archives standard input: \(options.name) is for files", pointsAtHelp: false)
    }
    guard options.file != nil else { return }
    if command.source.newerThan != nil {
      throw UsageError(message: "'--listed-incremental' cannot be used with '--newer'")
    }
    let bases = Set(command.operands.map(\.baseDirectory))
    if bases.count > 1 {
      throw UsageError(
        message: bases.count == 2 && command.operands.first?.baseDirectory.isEmpty == true
          ? "Using -C option inside file list is not allowed with --listed-incremental"
          : "Only one -C option is allowed with --listed-incremental")
    }
  }

  /// What `-M` goes with; the format is settled.
  static func checkMultiVolume(_ command: TarCommand) throws(UsageError) {
    let options = command.multiVolume
    guard options.isOn else {
      if command.archive.furtherNames.isEmpty { return }
      throw UsageError(message: "Multiple archive files require '-M' option")
    }
    if command.ordinary.writtenFormat == .v7 || command.ordinary.writtenFormat == .ustar {
      throw UsageError(message: "GNU features wanted on incompatible archive format")
    }
    if let length = options.tapeLength, length < Int64(command.ordinary.recordSize) {
      throw UsageError(message: "Volume length cannot be less than record size")
    }
    if command.verifies { throw UsageError(message: "Cannot verify multi-volume archives") }
    let name = command.archive.effectiveName.map { String(decoding: $0, as: UTF8.self) } ?? ""
    let named = command.ordinary.byName && command.mode == .create ? Compression(suffixOf: name) ?? .none : .none
    if command.ordinary.compression != nil || named != .none {
      throw UsageError(message: "Cannot use multi-volume compressed archives")
    }
    if command.ordinary.byName, command.mode == .create, ForeignWriter.Format(suffixOf: name) != nil {
      throw UsageError(message: "option '-M' is for tar archives: \(name) names another format", pointsAtHelp: false)
    }
    let label = command.intent.text
    if command.ordinary.writtenFormat.isGNU, label.count > MultiVolumeOptions.longestLabel {
      let limit = MultiVolumeOptions.longestLabel
      throw UsageError(
        message: "\(String(decoding: label, as: UTF8.self)): Volume label is too long (limit is \(limit) bytes)")
    }
    if command.mode == .delete || command.mode == .concatenate {
      throw UsageError(
        message: "option '-M' is not supported with \(command.mode == .delete ? "--delete" : "-A"): members and ends of"
          + " volumes would no longer fit together", pointsAtHelp: false)
    }
  }

  private static func onlyFor(_ option: String, _ modes: String) -> UsageError {
    UsageError(message: "\(option) is for \(modes)", pointsAtHelp: false)
  }
}
