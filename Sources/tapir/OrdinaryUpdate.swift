import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIndex

/// What an archive holds that is appended to.
struct ArchivedMembers {
  /// The label of its first volume.
  private(set) var label: [UInt8]?
  private let onlyNewer: Bool
  private var times: [[UInt8]: Timestamp] = [:]

  /// - Parameter onlyNewer: whether only members are wanted that are newer than in the archive (`-u`).
  init(onlyNewer: Bool) { self.onlyNewer = onlyNewer }

  mutating func see(_ entry: TarEntry) {
    if entry.kind == .volumeLabel { label = label ?? entry.member.path }
    if onlyNewer { times[entry.member.path] = entry.member.modified }
  }

  /// Whether a member is to be archived.
  func wants(_ member: Member) -> Bool {
    guard var archived = times[member.path] else { return true }
    // Most formats have whole seconds.
    if archived.nanoseconds == 0 { archived.nanoseconds = member.modified.nanoseconds }
    // What is in a directory has names of its own.
    return member.kind != .directory && member.modified > archived
  }
}

/// What changes an ordinary archive that is there: `-r`, `-u`, `-A`, `--delete`.
extension OrdinaryMode {
  /// `-r`, and with `onlyNewer` `-u`: archives behind the last member, over the zeros that end the archive.
  func append(_ signals: Signals, onlyNewer: Bool) throws(OperationError) {
    try checkVolumeOptions()
    if command.multiVolume.isOn { return try appendVolumes(signals, onlyNewer: onlyNewer) }
    let medium = try openForUpdate()
    var found = ArchivedMembers(onlyNewer: onlyNewer)
    let end = try findEnd(medium) { found.see($0) }
    if end > 0 { try LabelMode.check(found.label, command) }
    let writer = try continued(medium, at: end)
    try write(to: writer.tar, medium, signals, size: { writer.output.byteCount }) { found.wants($0) }
  }

  /// `-A`: puts the members of other archives behind those of this one.
  func concatenate() throws(OperationError) {
    try checkVolumeOptions()
    let medium = try openForUpdate()
    let end = try findEnd(medium) { _ in }
    let writer = try continued(medium, at: end)
    for operand in command.operands {
      // As for GNU tar they are files of this machine, whatever their names.
      let other: any ArchiveMedium
      do { other = try LocalMedium(path: operand.name, flags: O_RDONLY, name: MediumOpener.shown(operand.name)) } catch
      {
        throw .medium(MediumOpener.shown(operand.name), "Cannot open", error)
      }
      // Text does not name them, as GNU tar does not.
      let count = try findEnd(other) { entry in
        if reporter.events != nil, entry.kind != .volumeLabel { reporter.report(.member(entry.member)) }
      }
      try seek(other, to: 0)
      try copy(count, from: other, to: writer.output)
      try close(other)
    }
    try onWriting { () throws(ArchiveWriteError) in try writer.tar.finish() }
    try onMedium("Cannot truncate") { () throws(MediumError) in try medium.truncate(to: writer.output.byteCount) }
    try close(medium)
  }

  /// `--delete`: makes the archive anew without some members beside it, and gives it the old one's name. One on another
  /// machine can only be changed where it is.
  func delete() throws(OperationError) {
    try checkVolumeOptions()
    let mode = ReadMode(command: command, reporter: reporter)
    guard path != nil else { throw Self.needsFile }
    let isRemote = if case .remote = target { true } else { false }
    let medium = isRemote ? try openForUpdate() : try open(.reading)
    // No names are none here, and not all.
    if command.operands.isEmpty { return try close(medium) }
    let choice = mode.choice
    var edit = TarEdit()
    var removed: [[UInt8]] = []
    let end = try findEnd(medium) { entry in
      if entry.kind != .volumeLabel, choice.directory(for: entry.member) != nil {
        edit.remove(entry)
        if reporter.events != nil { removed.append(entry.member.path) }
      }
    }
    let kept = edit.kept(endOffset: end)
    if edit.isEmpty {
      try close(medium)
    } else if isRemote {
      try MovedMembers(medium, recordSize: command.ordinary.recordSize).keep(kept)
      try close(medium)
    } else {
      try replace(medium, keeping: kept)
    }
    for path in removed { reporter.report(.changed(.deleted(path))) }
    mode.reportMissing(choice)
  }

  private func replace(_ old: any ArchiveMedium, keeping kept: [Range<Int64>]) throws(OperationError) {
    // A symbolic link stays one.
    guard let path, let resolved = ArchiveTarget.withCString(path, { realpath($0, nil) }) else {
      throw failure("Cannot open")
    }
    defer { free(resolved) }
    let final = OptionScanner.bytes(resolved)
    let temporary = final + Array(".tapir-\(getpid())".utf8)
    let output = ArchiveTarget.withCString(temporary) { Glibc.open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard output >= 0 else { throw failure("Cannot create a file beside it") }
    let medium = LocalMedium(descriptor: output, name: name)
    do throws(OperationError) {
      let sink = try onWriting { () throws(ArchiveWriteError) in
        try ArchiveOutput(medium, compression: .none, recordSize: command.ordinary.recordSize)
      }
      for range in kept {
        try seek(old, to: range.lowerBound)
        try copy(Int64(range.count), from: old, to: sink)
      }
      try onWriting { () throws(ArchiveWriteError) in
        try TarWriter(TarEncoder(format: .gnu), to: sink, continues: true) { _ in }.finish()
      }
      var status = stat()
      guard ArchiveTarget.withCString(final, { stat($0, &status) }) == 0,
        fchown(output, status.st_uid, status.st_gid) == 0, fchmod(output, status.st_mode & 0o7777) == 0,
        fsync(output) == 0
      else { throw failure("Cannot write") }
      try close(medium)
      let renamed = ArchiveTarget.withCString(temporary) { from in
        ArchiveTarget.withCString(final) { rename(from, $0) }
      }
      guard renamed == 0 else { throw failure("Cannot rename") }
    } catch {
      // The old archive is there still; this is of no use.
      _ = ArchiveTarget.withCString(temporary) { unlink($0) }
      throw error
    }
    try close(old)
  }

  // MARK: Parts

  private static var needsFile: OperationError { .refused("Options '-Aru' are incompatible with '-f -'", hint: nil) }

  func openForUpdate() throws(OperationError) -> any ArchiveMedium {
    guard path != nil else { throw Self.needsFile }
    return try open(.updating)
  }

  /// Reads the archive to where its members end; `body` sees each.
  private func findEnd(_ medium: any ArchiveMedium, _ body: (TarEntry) -> Void) throws(OperationError) -> Int64 {
    let input: ArchiveInput
    do {
      input = try ArchiveInput.open(medium, program: nil, looksLikeTar: TarReader.looksLikeTar)
    } catch { throw .volume(error) }
    guard case .bytes(let bytes, isCompressed: false) = input else {
      throw .refused("Cannot update compressed archives", hint: nil)
    }
    do {
      if let file = bytes as? FileInput, try file.peek(1).isEmpty { return 0 }
    } catch { throw .volume(error) }
    let reporter = reporter
    let reader = TarReader(bytes) { reporter.report(.notice($0)) }
    reader.ignoresZeros = command.ordinary.ignoresZeros
    do { while let entry = try reader.nextEntry() { body(entry) } } catch { throw .volume(error) }
    return reader.endOffset ?? 0
  }

  private func continued(
    _ medium: any ArchiveMedium, at end: Int64
  ) throws(OperationError) -> (tar: TarWriter, output: ArchiveOutput) {
    try seek(medium, to: end)
    return try onWriting { () throws(ArchiveWriteError) in
      let output = try ArchiveOutput(
        medium, compression: .none, recordSize: command.ordinary.recordSize, offset: end)
      return (try tarWriter(to: output, continues: end > 0), output)
    }
  }

  private func seek(_ medium: any ArchiveMedium, to offset: Int64) throws(OperationError) {
    do { try medium.seek(to: offset) } catch { throw .medium(medium.name, "Cannot seek", error) }
  }

  private func copy(
    _ count: Int64, from medium: any ArchiveMedium, to output: ArchiveOutput
  ) throws(OperationError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var left = count
    while left > 0 {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(left, Int64(buffer.count)))])
      let got: Int
      do { got = try medium.read(into: part) } catch { throw .medium(medium.name, "Read error", error) }
      guard got > 0 else { throw .volume(.unexpectedEnd) }
      try onWriting { () throws(ArchiveWriteError) in
        try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
      }
      left -= Int64(got)
    }
  }

  private func failure(_ what: String) -> OperationError {
    .refused("\(name): \(what): \(String(cString: strerror(errno)))", hint: nil)
  }
}
