public import TapeIO
public import TapeLabels

/// Goes through the AUL files of a volume one after another, past those whose labels cannot be read: for when no
/// catalogue says where they lie. Each call moves the tape.
public struct FileWalk {
  /// What came next.
  public enum Step {
    /// A file; the tape stands behind its header.
    case file(VolumeReader.Header)
    /// A file whose header cannot be read, by its fseq, and why; what its trailer says that it is, if that can be read.
    case unreadable(UInt64, VolumeError, FileIdentifier?)
  }

  private let reader: VolumeReader
  private let vsn: VSN
  private var sequence: UInt64
  private var block: BlockID?
  /// Why the walk ended, when that was not at end of data.
  public private(set) var failure: VolumeError?
  /// Labels in the trailer of the file that ``pass(_:)`` passed last: 3, unless it was never finished.
  public private(set) var trailerLabels = 0
  /// Block ID of what follows the file passed last; nil when that is not known.
  public var end: BlockID? { block }

  /// Begins at file `sequence`, whose header lies at `block`; nil when that is to be found by counting filemarks.
  public init(reader: VolumeReader, vsn: VSN, sequence: UInt64, block: BlockID?) {
    self.reader = reader
    self.vsn = vsn
    self.sequence = sequence
    self.block = block
  }

  /// The next file. Between two calls the file must be passed, by ``pass(_:)`` or ``passed(_:blockCount:)``, or it is
  /// looked for by counting filemarks from beginning of tape.
  /// - Returns: nil at end of data, in the middle of the last file, or when the drive fails (``failure``).
  public mutating func next() -> Step? {
    let wanted = sequence
    sequence += 1
    do throws(VolumeError) {
      if let known = block {
        block = nil
        try reader.go(to: known)
      } else if try !reader.space(toFile: wanted) {
        return nil
      }
    } catch {
      // The file before lacks its last filemark.
      if case .drive(let cause) = error, cause.cause == .noSuchBlock { return nil }
      failure = error
      return nil
    }
    do throws(VolumeError) {
      guard let header = try reader.nextHeader() else { return nil }
      guard header.user != nil, header.sequence == wanted, header.first.fileSet == vsn.text else {
        throw .mismatch(
          what: "the header of file \(wanted)", expected: "file \(wanted) of \(vsn)",
          found: "file \(header.sequence) of \(header.first.fileSet)", at: header.block,
          device: reader.drive.identity.name)
      }
      return .file(header)
    } catch {
      let unreadable = error
      reader.forgetPosition()
      var identifier: FileIdentifier?
      do throws(VolumeError) {
        // A header that ends with the volume was never finished: that is no damage.
        guard try reader.space(toFile: sequence) else { return nil }
        let end = try reader.here()
        identifier = try reader.trailer(before: end).flatMap { FileIdentifier($0.fileIdentifier) }
        block = end
      } catch { failure = error }
      return .unreadable(wanted, unreadable, identifier)
    }
  }

  /// Passes over the file given last; false when the volume ends in it, or the drive fails (``failure``).
  public mutating func pass(_ header: VolumeReader.Header) -> Bool {
    do throws(VolumeError) {
      reader.forgetPosition()
      try reader.go(to: header.userFile)
      guard let labels = try reader.passFileCountingLabels() else { return false }
      trailerLabels = labels
      block = try reader.here()
      return true
    } catch {
      // Its header is the last thing on the volume.
      if case .drive(let cause) = error, cause.cause == .noSuchBlock { return false }
      failure = error
      return false
    }
  }

  /// Notes that the file given last was read, its trailer too.
  public mutating func passed(_ header: VolumeReader.Header, blockCount: UInt64) {
    // The filemark behind the user file, three labels and their filemark.
    block = header.userFile.advanced(by: Int(blockCount) + 5)
  }
}
