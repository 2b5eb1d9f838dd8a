import ArchiveFormat
import HostFiles

/// Options about files that are archived, and about members that are meant.
extension TarCommandBuilder {
  /// What is only about files that are archived; false when it is not.
  mutating func sourceOption(_ key: OptionKey, _ given: [UInt8]?) throws(UsageError) -> Bool {
    let value = given ?? []
    switch key {
    case .owner: command.source.overrides.user = try MetadataValues.owner(value, isGroup: false)
    case .group: command.source.overrides.group = try MetadataValues.owner(value, isGroup: true)
    case .ownerMap:
      command.source.overrides.users.merge(try MetadataValues.ownerMap(value, isGroup: false)) { $1 }
    case .groupMap:
      command.source.overrides.groups.merge(try MetadataValues.ownerMap(value, isGroup: true)) { $1 }
    case .mode: command.source.overrides.mode = try MetadataValues.mode(value)
    case .mtime: command.source.overrides.modified = try date(value, "--mtime")
    case .clampMtime: command.source.overrides.clampsTimes = true
    case .sort:
      command.source.order = try choice(value, "--sort", [("none", .none), ("name", .name), ("inode", .inode)])
    case .dereference: command.source.followsLinks = true
    case .hardDereference: command.source.separatesHardLinks = true
    case .holeDetection:
      command.source.holeDetection = try choice(value, "--hole-detection", [("raw", .raw), ("seek", .seek)])
      command.source.detectsHoles = true
    case .atimePreserve:
      command.source.accessTime = try choice(
        given ?? Array("replace".utf8), "--atime-preserve", [("replace", .replaced), ("system", .untouched)])
    case .ignoreFailedRead: command.source.ignoresFailedReads = true
    case .checkLinks: command.source.reportsMissingLinks = true
    default: return false
    }
    return true
  }

  /// What says which members are meant, and what they are called; false when it is not.
  mutating func readingOption(_ key: OptionKey, _ given: [UInt8]?) throws(UsageError) -> Bool {
    let value = given ?? []
    switch key {
    case .newer, .newerMtime:
      guard command.source.newerThan == nil else { throw UsageError(message: "More than one threshold date") }
      let option = key == .newer ? "--after-date" : "--newer-mtime"
      command.source.newerThan = SourceOptions.Threshold(try date(value, option), countsChanges: key == .newer)
    case .startingFile: command.start = NamePattern(MemberName.withoutTrailingSlashes(value), names.selection)
    case .occurrence:
      let number = try number(given ?? Array("1".utf8), "--occurrence", 0...1_000_000_000)
      command.occurrence = number == 0 ? nil : Int(number)
      command.needsNames = true
    case .fastRead: (command.occurrence, command.needsNames) = (1, true)
    case .preserveOrder: command.namesAreInOrder = true
    case .transform:
      do { try command.renaming.transform.add(value) } catch {
        throw UsageError(message: "Invalid transform expression")
      }
    case .showTransformedNames: command.showsNewNames = true
    case .stripComponents: command.renaming.stripComponents = Int(try number(value, "--strip-components", 0...100_000))
    case .xattrsInclude:
      command.source.attributeFilter.included.append(value)
      command.sink.attributeFilter.included.append(value)
      attributes(true)
    case .xattrsExclude:
      command.source.attributeFilter.excluded.append(value)
      command.sink.attributeFilter.excluded.append(value)
      attributes(true)
    case .interactive: command.isInteractive = true
    default: return false
    }
    return true
  }

  mutating func date(_ text: [UInt8], _ option: String) throws(UsageError) -> Timestamp {
    let date = try MetadataValues.date(text)
    if let note = MetadataValues.note(option, text, date) { dateNotes.append(note) }
    return date
  }
}
