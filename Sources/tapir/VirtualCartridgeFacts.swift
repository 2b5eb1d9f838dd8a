import ArchiveFormat
import ArchiveOperations
import TapeIO
import VirtualTape

/// What a virtual cartridge is, without opening it: nothing is locked.
struct VirtualCartridgeFacts {
  let name: String
  let options: CartridgeOptions
  /// Bytes that what is on it takes.
  let stored: UInt64?

  static func of(_ path: [UInt8]) throws(OperationError) -> VirtualCartridgeFacts {
    do throws(DriveError) {
      return VirtualCartridgeFacts(
        name: String(decoding: path, as: UTF8.self), options: try Cartridge.describe(at: path).options,
        stored: Cartridge.storedSize(at: path))
    } catch { throw .volume(.drive(error)) }
  }

  var lines: [String] {
    var lines: [String] = []
    func row(_ name: String, _ value: String?) { if let value { lines.append(DriveStatusText.row(name, value)) } }
    row("drive", "virtual, at \(name)")
    row("state", "ready")
    row(
      "cartridge",
      "virtual, " + (options.compression == .lz4 ? "compressed" : "not compressed") + (options.isWORM ? ", WORM" : "")
        + ", "
        + (options.isWriteProtected ? "write-protected" : "not write-protected"))
    row("volume", options.vsn.isEmpty ? "not labelled" : "\(options.vsn), by the cartridge's description")
    row("used", fill)
    row("blocks", "each of its own length")
    row("position", "at the beginning of the tape: a virtual tape is rewound whenever it is opened")
    return lines
  }

  /// How full it is.
  var fill: String? { stored.map { "\($0) bytes" + (options.capacity.map { " of \($0)" } ?? "") } }
}
