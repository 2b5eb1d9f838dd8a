import ArchiveOperations
import LinuxTape
import TapeIO
import TapeIndex
import TapeLabels

/// Which volume lies in a drive, as far as that is known without reading its label.
struct DriveVolume: Equatable {
  /// The cartridge's barcode.
  let barcode: String
  /// The volume that goes by it; nil when the barcode is no VSN.
  let vsn: VSN?
  /// Who knows the barcode.
  let source: String
  /// Whether the index knows a volume of that name.
  let isKnown: Bool

  /// The barcode that the cartridge's chip has, or the changer knows.
  static func find(_ state: DriveState, _ options: ArchiveOptions) throws(OperationError) -> DriveVolume? {
    var found = state.attributes?.barcode.map { ($0, "the cartridge's chip") }
    if let device = options.changer {
      let elements: [ChangerElement]
      do throws(ChangerError) { elements = try MtxChanger(path: device).elements() } catch {
        throw .refused(error.description, hint: error.hint)
      }
      if let code = elements.first(where: { $0.address == .drive(options.driveElement) })?.barcode {
        found = (code, "the changer")
      }
    }
    guard let (barcode, source) = found else { return nil }
    // try?: a barcode that is no VSN names no volume.
    let vsn = try? VSN(String(barcode.prefix(6)))
    var isKnown = false
    if let vsn, let index = try IndexLocation.openForReading(options, .device(Array(state.device.utf8))) {
      do throws(IndexError) { isKnown = try !index.volumes(vsn: vsn).isEmpty } catch { throw .index(error) }
    }
    return DriveVolume(barcode: barcode, vsn: vsn, source: source, isKnown: isKnown)
  }

  var text: String {
    guard let vsn else { return "barcode \(barcode), by \(source)" }
    return "\(vsn) if its label says what its barcode says, \(barcode) from \(source)"
      + (isKnown ? "; the index knows it" : "")
  }
}
