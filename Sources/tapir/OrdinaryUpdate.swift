import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles

/// What changes an ordinary archive that is there: `-r`, `-u`, `-A`, `--delete`.
extension OrdinaryMode {
  /// `-r`, and with `onlyNewer` `-u`: archives behind the last member, over the zeros that end the archive.
  func append(_ signals: Signals, onlyNewer: Bool) throws(OperationError) {
    try checkVolumeOptions()
    let descriptor = try openForUpdate(O_RDWR | O_CREAT)
    var times: [[UInt8]: Timestamp] = [:]
    let end = try findEnd(descriptor) { entry in
      if onlyNewer { times[entry.member.path] = entry.member.modified }
    }
    let writer = try continued(descriptor, at: end)
    let source = try write(to: writer.tar, descriptor, signals) { member in
      guard let archived = times[member.path] else { return true }
      // What is in a directory has names of its own.
      return member.kind != .directory && member.modified > archived
    }
    try cut(descriptor, to: writer.output.byteCount)
    try close(descriptor)
    try finishIncremental(source, signals)
  }

  /// `-A`: puts the members of other archives behind those of this one.
  func concatenate() throws(OperationError) {
    try checkVolumeOptions()
    let descriptor = try openForUpdate(O_RDWR | O_CREAT)
    let end = try findEnd(descriptor) { _ in }
    let writer = try continued(descriptor, at: end)
    for operand in command.operands {
      let other = try openForUpdate(O_RDONLY, operand.name)
      let count = try findEnd(other, operand.name) { _ in }
      guard lseek(other, 0, SEEK_SET) == 0 else { throw failure("Cannot seek") }
      try copy(count, from: other, operand.name, to: writer.output)
      try close(other)
    }
    try onWriting { () throws(ArchiveWriteError) in try writer.tar.finish() }
    try cut(descriptor, to: writer.output.byteCount)
    try close(descriptor)
  }

  /// `--delete`: makes the archive anew without some members beside it, and gives it the old one's name.
  func delete() throws(OperationError) {
    try checkVolumeOptions()
    let mode = ReadMode(command: command, reporter: reporter)
    let descriptor = try openForUpdate(O_RDONLY)
    let choice = mode.choice
    var edit = TarEdit()
    let end = try findEnd(descriptor) { entry in
      if entry.kind != .volumeLabel, choice.directory(for: entry.member) != nil { edit.remove(entry) }
    }
    if edit.isEmpty { try close(descriptor) } else { try replace(descriptor, keeping: edit.kept(endOffset: end)) }
    mode.reportMissing(choice)
  }

  private func replace(_ descriptor: Int32, keeping kept: [Range<Int64>]) throws(OperationError) {
    // A symbolic link stays one.
    guard let path, let resolved = ArchiveTarget.withCString(path, { realpath($0, nil) }) else {
      throw failure("Cannot open")
    }
    defer { free(resolved) }
    let final = OptionScanner.bytes(resolved)
    let temporary = final + Array(".tapir-\(getpid())".utf8)
    let output = ArchiveTarget.withCString(temporary) { Glibc.open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard output >= 0 else { throw failure("Cannot create a file beside it") }
    do throws(OperationError) {
      let sink = try onWriting { () throws(ArchiveWriteError) in
        try ArchiveOutput(
          descriptor: output, name: name, compression: .none, recordSize: command.ordinary.recordSize)
      }
      for range in kept {
        guard lseek(descriptor, off_t(range.lowerBound), SEEK_SET) >= 0 else { throw failure("Cannot seek") }
        try copy(Int64(range.count), from: descriptor, final, to: sink)
      }
      try onWriting { () throws(ArchiveWriteError) in
        try TarWriter(TarEncoder(format: .gnu), to: sink, continues: true) { _ in }.finish()
      }
      var status = stat()
      guard fstat(descriptor, &status) == 0, fchown(output, status.st_uid, status.st_gid) == 0,
        fchmod(output, status.st_mode & 0o7777) == 0, fsync(output) == 0
      else { throw failure("Cannot write") }
      try close(output)
      let renamed = ArchiveTarget.withCString(temporary) { from in
        ArchiveTarget.withCString(final) { rename(from, $0) }
      }
      guard renamed == 0 else { throw failure("Cannot rename") }
    } catch {
      // The old archive is there still; this is of no use.
      _ = ArchiveTarget.withCString(temporary) { unlink($0) }
      throw error
    }
    try close(descriptor)
  }

  // MARK: Parts

  private func openForUpdate(_ flags: Int32, _ other: [UInt8]? = nil) throws(OperationError) -> Int32 {
    guard let file = other ?? path else {
      throw .refused("Options '-Aru' are incompatible with '-f -'", hint: nil)
    }
    let descriptor = ArchiveTarget.withCString(file) { Glibc.open($0, flags | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw failure("Cannot open", file) }
    return descriptor
  }

  /// Reads the archive to where its members end; `body` sees each.
  private func findEnd(
    _ descriptor: Int32, _ file: [UInt8]? = nil, _ body: (TarEntry) -> Void
  ) throws(OperationError) -> Int64 {
    let name = String(decoding: file ?? path ?? [], as: UTF8.self)
    let input: ArchiveInput
    do {
      input = try ArchiveInput.open(
        descriptor: descriptor, name: name, program: nil, looksLikeTar: TarReader.looksLikeTar)
      guard case .bytes(let bytes, isCompressed: false) = input else {
        throw OperationError.refused("Cannot update compressed archives", hint: nil)
      }
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_size == 0 { return 0 }
      let reporter = reporter
      let reader = TarReader(bytes) { reporter.report(.notice($0)) }
      reader.ignoresZeros = command.ordinary.ignoresZeros
      while let entry = try reader.nextEntry() { body(entry) }
      return reader.endOffset ?? 0
    } catch let error as VolumeError { throw .volume(error) } catch let error as OperationError { throw error } catch {
      throw .refused("\(error)", hint: nil)
    }
  }

  private func continued(
    _ descriptor: Int32, at end: Int64
  ) throws(OperationError) -> (tar: TarWriter, output: ArchiveOutput) {
    guard lseek(descriptor, off_t(end), SEEK_SET) == off_t(end) else { throw failure("Cannot seek") }
    return try onWriting { () throws(ArchiveWriteError) in
      let output = try ArchiveOutput(
        descriptor: descriptor, name: name, compression: .none, recordSize: command.ordinary.recordSize, offset: end)
      return (try tarWriter(to: output, continues: end > 0), output)
    }
  }

  private func copy(
    _ count: Int64, from descriptor: Int32, _ file: [UInt8], to output: ArchiveOutput
  ) throws(OperationError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var left = count
    while left > 0 {
      let got = Glibc.read(descriptor, buffer.baseAddress, Int(min(left, Int64(buffer.count))))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw failure("Read error", file) }
      try onWriting { () throws(ArchiveWriteError) in
        try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
      }
      left -= Int64(got)
    }
  }

  /// What was behind the end is gone.
  private func cut(_ descriptor: Int32, to size: Int64) throws(OperationError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("Cannot stat") }
    if status.st_mode & S_IFMT == S_IFREG, ftruncate(descriptor, off_t(size)) != 0 { throw failure("Cannot truncate") }
  }

  private func failure(_ what: String, _ file: [UInt8]? = nil) -> OperationError {
    let why = String(cString: strerror(errno))
    return .refused("\(String(decoding: file ?? path ?? [], as: UTF8.self)): \(what): \(why)", hint: nil)
  }
}
