import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIO
import TapeIndex

/// What a command line names to be archived: files, and with `@` members of other archives (as bsdtar has it).
final class SourceList: MemberSource {
  private var parts: [any MemberSource]
  private var current = 0

  private init(_ parts: [any MemberSource]) { self.parts = parts }

  /// The source that the operands of `command` name, in their order.
  static func make(
    _ command: TarCommand, _ options: SourceOptions, reporter: Reporter
  ) throws(OperationError) -> any MemberSource {
    let isArchive: (SourceOperand) -> Bool = { $0.name.first == UInt8(ascii: "@") && $0.name.count > 1 }
    guard command.operands.contains(where: isArchive) else {
      if let incremental = options.incremental {
        return IncrementalSource(operands: command.operands, options: options, incremental)
      }
      return HostSource(operands: command.operands, options: options)
    }
    guard options.incremental == nil else {
      throw .refused(
        "\(command.incremental.name) is for files: members of @ARCHIVE are archived as they are",
        hint: "archive them in a run of their own")
    }
    guard options.overrides.isEmpty, options.transform.isEmpty, options.newerThan == nil, !options.removesFiles else {
      throw .refused(
        "--owner, --group, --mode, --mtime, --transform, -N and --remove-files are for files: members of @ARCHIVE are"
          + " archived as they are",
        hint: "archive them in a run of their own")
    }
    var parts: [any MemberSource] = []
    var files: [SourceOperand] = []
    for operand in command.operands {
      guard isArchive(operand) else {
        files.append(operand)
        continue
      }
      if !files.isEmpty { parts.append(HostSource(operands: files, options: options)) }
      files = []
      parts.append(try archive(operand, command, reporter))
    }
    if !files.isEmpty { parts.append(HostSource(operands: files, options: options)) }
    return SourceList(parts)
  }

  private static func archive(
    _ operand: SourceOperand, _ command: TarCommand, _ reporter: Reporter
  ) throws(OperationError) -> any MemberSource {
    var named = ArchiveOptions()
    named.name = Array(operand.name.dropFirst())
    if !operand.baseDirectory.isEmpty, named.name?.first != UInt8(ascii: "/"), named.name != Array("-".utf8) {
      named.name = operand.baseDirectory + [UInt8(ascii: "/")] + (named.name ?? [])
    }
    named.isLocal = command.archive.isLocal
    named.remote = command.archive.remote
    // A default is that of the archive that is written.
    named.indexDatabase = command.archive.hasDefaultIndex ? nil : command.archive.indexDatabase
    let target = try ArchiveTarget.resolve(named, creates: false)
    let exclusions = command.exclusions
    guard !target.isOrdinary else {
      let mode = OrdinaryMode(command: command, reporter: reporter, target: target)
      return ArchiveSource(try mode.openReader()) { !exclusions.excludes($0) }
    }
    if case .library(let path) = target {
      throw .refused(
        "\(String(decoding: operand.name, as: UTF8.self)) is a library: members come out of one volume at a time",
        hint: "name a cartridge in it, such as @\(String(decoding: path, as: UTF8.self))/V00001")
    }
    let opened = try OpenedArchive.open(target, named, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(named, target)
    let found: ReadTarget
    do throws(OperationError) {
      found = try ReadTarget.open(drive: opened.drive, index: index, vsn: nil, observer: reporter)
    } catch {
      guard case .foreign(let contents, _) = error else { throw error }
      var mode = OrdinaryMode(command: command, reporter: reporter, target: target)
      mode.tape = try ForeignTape.open(
        contents, opened.drive, from: .beginningOfTape, needsSizes: true, reporter)
      return ArchiveSource(try mode.openReader()) { !exclusions.excludes($0) }
    }
    var query = MemberQuery(newestOnly: true)
    if !exclusions.isEmpty { query.isExcluded = { exclusions.excludes($0) } }
    return VolumeSource(
      found, drive: opened.drive, query: query,
      bufferSize: command.bufferSize ?? opened.defaultBuffer, observer: reporter)
  }

  func next() -> SourceItem? {
    while current < parts.count {
      if let item = parts[current].next() { return item }
      current += 1
    }
    return nil
  }

  func removeDirectories() -> [MemberNotice] { parts.flatMap { $0.removeDirectories() } }
}
