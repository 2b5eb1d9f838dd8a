import ArchiveExchange
import ArchiveFormat

/// The later volumes of an archive that is read, each closed when the next is asked for.
final class VolumeReading: TarVolumes {
  /// The volume that is read.
  private(set) var medium: any ArchiveMedium
  private let sequence: VolumeSequence
  private let passed: (Int64) -> Void
  private let isCounted: Bool
  /// Whether the archive is the one that is meant, as far as is known.
  var isWanted: () -> Bool = { true }

  /// - Parameters:
  ///   - first: the first volume.
  ///   - passed: is told how many bytes were read; nil when nobody wants to know.
  init(_ first: any ArchiveMedium, _ sequence: VolumeSequence, passed: ((Int64) -> Void)?) {
    medium = first
    self.sequence = sequence
    self.passed = passed ?? { _ in }
    isCounted = passed != nil
  }

  /// The bytes of the first volume, or of the one that is read now.
  var bytes: any UserFileBytes {
    isCounted ? CountedBytes(FileInput(medium), passed: passed) : FileInput(medium)
  }

  func next() throws(VolumeError) -> any UserFileBytes {
    guard isWanted() else { throw .noNextVolume("another archive") }
    do { try medium.close() } catch { throw .noNextVolume("\(medium.name): Cannot close: \(error.text)") }
    do { medium = try sequence.next() } catch { throw .noNextVolume(error.message) }
    return bytes
  }

  func accept() { sequence.accept() }
}
