import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles

/// Ordinary archives of several volumes (`-M`).
extension OrdinaryMode {
  /// `-c`.
  func createVolumes(_ signals: Signals) throws(OperationError) {
    let sequence = try volumes(for: .creating, signals)
    try backUpArchive()
    let medium = try open(.creating)
    let encoder = encoder()
    let label = label.map { TarVolumeHeaders.label($0, volume: 1) }
    let output = output(medium, encoder, sequence, continues: false)
    let reporter = reporter
    let writer = try onWriting { () throws(ArchiveWriteError) in
      try TarWriter(encoder, to: output, label: label) { reporter.report(.notice($0)) }
    }
    try write(to: writer, medium, signals, last: { output.medium })
    sequence.finish()
  }

  /// `-r`, and with `onlyNewer` `-u`: behind the last member of the last volume, and on in further ones.
  func appendVolumes(_ signals: Signals, onlyNewer: Bool) throws(OperationError) {
    let sequence = try volumes(for: .continuing, signals)
    let first = try openForUpdate()
    let reading = VolumeReading(first, sequence, passed: nil)
    var found = ArchivedMembers(onlyNewer: onlyNewer)
    var end: Int64 = 0
    do throws(VolumeError) {
      let input = FileInput(first)
      if try !input.peek(1).isEmpty { end = try findEnd(input, reading) { found.see($0) } }
    } catch { throw .volume(error) }
    let isNew = end == 0 && sequence.volumeNumber == 1
    if !isNew { try LabelMode.check(found.label, command) }
    guard end >= 0 else {
      throw .refused(
        "\(reading.medium.name): Cannot append: the zeros that end the archive begin on the volume before", hint: nil)
    }
    sequence.purpose = .creating
    let medium = reading.medium
    // Whole records from the beginning of the volume on, as it would have been written at once.
    let recordSize = Int64(command.ordinary.recordSize)
    let start = end / recordSize * recordSize
    let kept = try read(medium, from: start, count: Int(end - start))
    try onMedium("Cannot seek") { () throws(MediumError) in try medium.seek(to: start) }
    let encoder = encoder()
    let output = output(medium, encoder, sequence, continues: !isNew, size: start, kept: kept)
    let label = isNew ? label.map { TarVolumeHeaders.label($0, volume: 1) } : nil
    let reporter = reporter
    let writer = try onWriting { () throws(ArchiveWriteError) in
      try TarWriter(encoder, to: output, label: label, continues: !isNew) { reporter.report(.notice($0)) }
    }
    try write(to: writer, medium, signals, last: { output.medium }, size: { output.size }) { found.wants($0) }
    sequence.finish()
  }

  /// Reads all volumes to where the members end.
  /// - Returns: where that is in the last volume.
  private func findEnd(
    _ input: FileInput, _ reading: VolumeReading, _ body: (TarEntry) -> Void
  ) throws(VolumeError) -> Int64 {
    let reporter = reporter
    let reader = TarReader(input) { reporter.report(.notice($0)) }
    reader.volumes = reading
    reader.ignoresZeros = command.ordinary.ignoresZeros
    while let entry = try reader.nextEntry() { body(entry) }
    return (reader.endOffset ?? reader.position) - reader.volumeOffset
  }

  private func read(_ medium: any ArchiveMedium, from offset: Int64, count: Int) throws(OperationError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
    defer { buffer.deallocate() }
    var done = 0
    try onMedium("Cannot seek") { () throws(MediumError) in try medium.seek(to: offset) }
    while done < count {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<count])
      let got = try onMedium("Read error") { () throws(MediumError) in try medium.read(into: part) }
      guard got > 0 else { throw .volume(.unexpectedEnd) }
      done += got
    }
    return Array(buffer[..<done])
  }

  // MARK: Parts

  private var label: [UInt8]? { command.intent.text.isEmpty ? nil : command.intent.text }

  private func volumes(
    for purpose: MediumOpener.Purpose, _ signals: Signals
  ) throws(OperationError) -> VolumeSequence {
    reporter.countsRecords(of: command.ordinary.recordSize, wholeRecords: true)
    return try VolumeSequence(command, reporter: reporter, for: purpose, interruption: signals.interruption) {
      name throws(VolumeSequence.Ended) in
      do throws(OperationError) { try backUpArchive(name) } catch {
        throw VolumeSequence.Ended(message: error.description)
      }
    }
  }

  private func output(
    _ medium: any ArchiveMedium, _ encoder: TarEncoder, _ sequence: VolumeSequence, continues: Bool, size: Int64 = 0,
    kept: [UInt8] = []
  ) -> MultiVolumeOutput {
    let reporter = reporter
    let headers = TarVolumeHeaders(
      encoder, label: label,
      author: command.source.overrides.author(numericOwner: command.source.numericOwner), continues: continues)
    return MultiVolumeOutput(
      medium, recordSize: command.ordinary.recordSize, headers: headers, number: sequence.volumeNumber, size: size,
      kept: kept,
      MultiVolumeOutput.Surroundings(
        limit: command.multiVolume.tapeLength, synchronizes: command.source.removesFiles,
        next: { replaces throws(ArchiveWriteError) in
          do throws(VolumeSequence.Ended) {
            let next = try sequence.next()
            if !replaces { sequence.accept() }
            return next
          } catch { throw .output(error.message) }
        },
        passed: { if reporter.countsBytes { reporter.report(.passed(bytes: Int64($0))) } },
        notify: { reporter.report(.notice($0)) }))
  }

  // MARK: Reading

  /// A reader of an archive of several volumes.
  func volumesReader(_ medium: any ArchiveMedium) throws(OperationError) -> (VolumeReading, VolumeSequence, TarReader) {
    let reporter = reporter
    let sequence = try VolumeSequence(command, reporter: reporter, for: .reading)
    reporter.countsRecords(of: command.ordinary.recordSize, wholeRecords: true)
    let reading = VolumeReading(
      medium, sequence, passed: !reporter.countsBytes ? nil : { reporter.report(.passed(bytes: $0)) })
    let reader = TarReader(reading.bytes) { reporter.report(.notice($0)) }
    reader.volumes = reading
    reader.ignoresZeros = command.ordinary.ignoresZeros
    return (reading, sequence, reader)
  }
}
