import ArchiveFormat
import Glibc
import TapeIO
import VirtualTape

/// What the damage starts from: the cartridge in `base`, which `make-base` wrote with the program itself.
enum Base {
  static let fileNames = ["cartridge.json", "data", "map", "marks"]

  /// The files of the cartridge, by name.
  static func files() -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: fileNames.map { ($0, Files.read("base/\($0)")) })
  }

  /// Everything on the volume in order: blocks, and nil for a filemark.
  static func objects() -> [[UInt8]?] {
    let folder = Files.scratch()
    for (name, bytes) in files() { Files.write(bytes, to: "\(folder)/\(name)") }
    do {
      let drive = try VirtualDrive(path: Array(folder.utf8), access: .readOnly)
      let objects = try readAll(drive)
      try drive.close()
      return objects
    } catch { fatalError("\(error)") }
  }

  /// Reads from where the drive stands to end of data; a block that cannot be read is an empty one.
  static func readAll(_ drive: any TapeDrive) throws(DriveError) -> [[UInt8]?] {
    var objects: [[UInt8]?] = []
    var buffer = BlockBuffer(byteCount: 64 << 10)
    while true {
      let outcome: ReadOutcome
      do {
        outcome = try buffer.withMutableBytes { (span) throws(DriveError) in try drive.read(into: &span) }
      } catch {
        switch error.cause {
        case .mediumError, .bufferTooSmall: objects.append([])
        default: throw error
        }
        // No cartridge of this size has as many: a drive that fails and does not move would never end.
        precondition(objects.count < 100_000, "reading does not end: \(error)")
        continue
      }
      switch outcome {
      case .endOfData: return objects
      case .filemark: objects.append(nil)
      case .block(let count):
        objects.append(buffer.withBytes(first: count) { span in span.withUnsafeBytes { Array($0) } })
      }
    }
  }
}
