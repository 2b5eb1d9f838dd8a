import ArchiveFormat
import ArchiveOperations
import Glibc
import HostFiles
import TapeIO
import TapeIndex

/// `--test-label`, and `-V` where it says what label must be there.
struct LabelMode {
  let command: TarCommand
  let reporter: Reporter

  /// Prints the label, or says by the exit status whether it is one of the names.
  func run() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let label = try target.isOrdinary ? ordinaryLabel(target) : volumeLabel(target)
    try Self.check(label?.path, command)
    if let label, command.operands.isEmpty || command.verbosity > 0 {
      reporter.list(label, withAttributes: command.verbosity > 1, .label)
    }
    guard !command.operands.isEmpty else { return }
    let isFound = command.operands.contains { operand in
      label.map { NamePattern(operand.name, .selection).matches($0.path) } ?? false
    }
    if !isFound {
      if command.verbosity > 0 { reporter.say("Archive label mismatch") }
      reporter.endsWith(status: 1)
    }
  }

  /// Throws when `-V` names a label that is not there.
  static func check(_ label: [UInt8]?, _ command: TarCommand) throws(OperationError) {
    let wanted = command.intent.text
    guard !wanted.isEmpty else { return }
    let shown = String(decoding: NameQuoting(.locale).quoted(wanted), as: UTF8.self)
    guard let label else { throw .refused("Archive not labeled to match \(shown)", hint: nil) }
    // In an archive of several volumes the label may have a number behind it, and is then the pattern, as in GNU tar.
    let isNumbered =
      command.multiVolume.isOn
      && withoutNumber(label).map { NamePattern($0, [.anchored, .wildcards]).matches(wanted) } ?? false
    guard isNumbered || NamePattern(wanted, [.anchored, .wildcards]).matches(label) else {
      let found = String(decoding: NameQuoting(.locale).quoted(label), as: UTF8.self)
      throw .refused("Volume \(found) does not match \(shown)", hint: nil)
    }
  }

  /// A label without ` Volume N` behind it; nil when it has none.
  private static func withoutNumber(_ label: [UInt8]) -> [UInt8]? {
    let front = label.prefix((label.lastIndex { !(0x30...0x39).contains($0) } ?? -1) + 1)
    let text = Array(" Volume ".utf8)
    guard front.count > text.count, front.suffix(text.count) == text[...] else { return nil }
    return Array(front.dropLast(text.count))
  }

  /// What begins an ordinary archive, if it is a label.
  private func ordinaryLabel(_ target: ArchiveTarget) throws(OperationError) -> Member? {
    let mode = OrdinaryMode(command: command, reporter: reporter, target: target)
    guard let reader = try mode.openReader() as? TarReader else { return nil }
    let first: TarEntry?
    do { first = try reader.nextEntry() } catch { throw .volume(error) }
    guard let first, first.kind == .volumeLabel else { return nil }
    var label = first.member
    // GNU tar has no time for it here.
    label.modified = Timestamp(seconds: 0)
    return label
  }

  /// The text that the volume was labelled with.
  private func volumeLabel(_ target: ArchiveTarget) throws(OperationError) -> Member? {
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(command.archive, target)
    let found = try ReadTarget.open(drive: archive.drive, index: index, vsn: command.archive.vsn, observer: reporter)
    let volume = found.volume.descriptor
    try archive.close()
    guard !volume.text.isEmpty else { return nil }
    return Member(
      path: volume.text, kind: .regular, mode: 0, ownership: Ownership(user: 0, group: 0), modified: volume.created)
  }
}
