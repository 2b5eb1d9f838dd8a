import Glibc
import TapeIO
import VirtualTape

/// Images of other programs: refused, or read to an end, forwards and back, and the same each time.
final class ImageFuzzer {
  private let folder = Files.scratch()

  func run(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let content = Array(bytes.dropFirst())
    let (path, format): (String, CartridgeImage.Format)
    switch first % 3 {
    case 0:
      (path, format) = ("\(folder)/data", .simh)
      Files.write(content, to: path)
    case 1:
      (path, format) = ("\(folder)/data", .aws)
      Files.write(content, to: path)
    default:
      (path, format) = (folder, .mhvtl)
      // Entries of 512 bytes first, then what they lead to.
      let cut = content.count / 512 * 512
      Files.write(Array(content[..<cut]), to: "\(folder)/indx")
      Files.write(Array(content[cut...]) + content, to: "\(folder)/data")
      Files.write([UInt8](repeating: 0, count: 512), to: "\(folder)/meta")
    }
    _ = CartridgeImage.format(at: Array(path.utf8))
    guard let drive = try? CartridgeImage.open(Array(path.utf8), format, access: .readOnly) else { return }
    defer { try? drive.close() }  // try?: nothing was written
    let read = all(drive)
    for step in [-1, -3, 2, -1000] {
      _ = try? drive.space(filemarks: step)
      _ = try? drive.space(blocks: step)
    }
    guard (try? drive.rewind()) != nil else { return }
    precondition(all(drive) == read, "the image is another one when it is read again")
  }

  /// Lengths of the blocks, -1 for filemarks, -2 for what is damaged.
  private func all(_ drive: ImageDrive) -> [Int] {
    var buffer = BlockBuffer(byteCount: 64 << 10)
    var found: [Int] = []
    while found.count < 10_000 {
      do {
        let before = try drive.position()
        do {
          switch try buffer.withMutableBytes({ (span) throws(DriveError) in try drive.read(into: &span) }) {
          case .endOfData: return found
          case .filemark: found.append(-1)
          case .block(let count): found.append(count)
          }
        } catch {
          found.append(-2)
          // One that cannot be passed ends the image.
          if try drive.position() == before { return found }
        }
      } catch { return found }
    }
    return found
  }
}
