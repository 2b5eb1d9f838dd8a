import ArchiveExchange
import ArchiveFormat
import ArchiveOperations
import Glibc
import TapeIO
import TapeLabels

/// A cartridge that another program wrote, as something that the ordinary modes read.
enum ForeignTape {
  /// No label: an archive of bytes, from where the tape stands to the next filemark.
  case unlabelled(any ArchiveMedium)
  /// Labelled files, each a member.
  case labelled(any ArchiveReader)
}

/// The tape file under a drive's head as an archive of bytes.
final class DriveMedium: ArchiveMedium {
  private let drive: any TapeDrive
  private var block: BlockBuffer
  private var rest: Range<Int> = 0..<0
  private var isAtEnd = false

  /// Reads from where the tape stands.
  init(_ drive: any TapeDrive) throws(DriveError) {
    self.drive = drive
    block = BlockBuffer(byteCount: try drive.medium().maximumBlockSize)
  }

  var name: String { drive.identity.name }
  var size: Int64? { nil }
  var isSeekable: Bool { false }
  var takesSingleRecords: Bool { true }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MediumError) -> Int {
    if rest.isEmpty, !isAtEnd {
      do {
        let outcome = try block.withMutableBytes { [drive] (space) throws(DriveError) in try drive.read(into: &space) }
        if case .block(let count) = outcome { rest = 0..<count } else { isAtEnd = true }
      } catch { throw MediumError(code: EIO, text: error.reason, hint: error.hint) }
    }
    let count = min(buffer.count, rest.count)
    guard count > 0 else { return 0 }
    let part = rest.prefix(count)
    block.withBytes(first: part.upperBound) { span in
      span.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[part.lowerBound..<part.upperBound]))
      }
    }
    rest = part.upperBound..<rest.upperBound
    return count
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(MediumError) -> Int { throw Self.readOnly }
  func seek(to offset: Int64) throws(MediumError) {
    throw MediumError(code: ESPIPE, text: String(cString: strerror(ESPIPE)))
  }
  func truncate(to size: Int64) throws(MediumError) { throw Self.readOnly }
  func synchronize() throws(MediumError) {}
  /// Whoever opened the drive closes it.
  func close() throws(MediumError) {}

  private static var readOnly: MediumError { MediumError(code: EROFS, text: String(cString: strerror(EROFS))) }
}

extension ForeignTape {
  /// Makes something to be read of what was found on the cartridge in `drive`.
  /// - Parameters:
  ///   - contents: what was found at beginning of tape.
  ///   - start: where the tape stood when it was opened.
  ///   - needsSizes: whether sizes matter; without, a listing passes over the content.
  static func open(
    _ contents: VolumeContents, _ drive: any TapeDrive, from start: BlockID, needsSizes: Bool, _ reporter: Reporter
  ) throws(OperationError) -> ForeignTape {
    guard case .labelled(let label, let header) = contents else {
      do throws(DriveError) {
        try drive.locate(to: start)
        return .unlabelled(try DriveMedium(drive))
      } catch { throw .volume(.drive(error)) }
    }
    let writer = header.map { ", written by \($0.systemCode)" } ?? ""
    reporter.say(
      "volume \(label.serial) in \(drive.identity.name) is not a volume of tapir\(writer): reading its files as they are"
    )
    return .labelled(
      LabelledReader(
        VolumeReader(drive: drive), ownership: Ownership(user: geteuid(), group: getegid()), needsSizes: needsSizes
      ) { reporter.report(.notice($0)) })
  }
}

extension ReadMode {
  /// Lists, restores or compares what another program wrote.
  func readForeign(
    _ contents: VolumeContents, _ archive: OpenedArchive, from start: BlockID
  ) throws(OperationError) {
    var mode = OrdinaryMode(command: command, reporter: reporter, target: archive.target)
    mode.tape = try ForeignTape.open(
      contents, archive.drive, from: start, needsSizes: command.mode != .list || command.verbosity > 0, reporter)
    try mode.read()
  }
}
